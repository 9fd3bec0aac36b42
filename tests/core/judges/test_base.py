"""A judge's identity changes with everything that can change its answers, and with nothing else."""

from dataclasses import dataclass
from typing import Any

import pytest

from core.errors import InvalidInputError
from core.judges.base import asks_model, configured, judge_identity
from core.judges.methods.scorer import JUDGE, Scorer
from core.judges.registry import judges


@dataclass(frozen=True)
class RewordedScorer(Scorer):
    def configuration(self) -> dict[str, Any]:
        return {**super().configuration(), "wording": "Grade this."}


@dataclass(frozen=True)
class RenamedScorer(Scorer):
    name = "another"


def test_an_identity_is_the_same_every_time() -> None:
    first = judge_identity(Scorer(), "openai/gpt-4")
    assert first == judge_identity(Scorer(), "openai/gpt-4")
    assert len(first) == 64


@pytest.mark.parametrize(
    ("judge", "model"),
    [
        (JUDGE, "openai/gpt-4-turbo"),
        (JUDGE, None),
        (configured(JUDGE, {"temperature": 1.0}), "openai/gpt-4"),
        (RewordedScorer(), "openai/gpt-4"),
        (RenamedScorer(), "openai/gpt-4"),
    ],
)
def test_another_model_or_configuration_is_another_identity(
    judge: Scorer, model: str | None
) -> None:
    assert judge_identity(judge, model) != judge_identity(JUDGE, "openai/gpt-4")


def test_options_that_are_not_named_have_their_defaults() -> None:
    warm = configured(JUDGE, {"temperature": 1.0, "repeats": 3})
    assert configured(warm, {"repeats": 3}) == configured(JUDGE, {"repeats": 3})
    assert configured(warm, {}) == JUDGE


def test_an_option_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^Scorer cannot use colour = 'red'"):
        configured(JUDGE, {"colour": "red"})


def test_who_asks_a_model_says_so() -> None:
    assert asks_model(JUDGE)
    assert asks_model(judges()["openai_embeddings"])
    assert not asks_model(judges()["tf_idf"])


@pytest.mark.similarity
def test_every_judge_has_an_identity_of_its_own() -> None:
    identities = {judge_identity(judge, None) for judge in judges().values()}
    assert len(identities) == len(judges())
