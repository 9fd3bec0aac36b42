"""A judge's identity changes with everything that can change its answers, and with nothing else."""

from typing import Any

import pytest

from core.judges.base import judge_identity
from core.judges.methods.gpt_scorer import GPTScorer
from core.judges.registry import judges


class WarmScorer(GPTScorer):
    temperature = 1.0


class RewordedScorer(GPTScorer):
    def configuration(self) -> dict[str, Any]:
        return {**super().configuration(), "prompt": "Grade this."}


class RenamedScorer(GPTScorer):
    name = "another"


def test_an_identity_is_the_same_every_time() -> None:
    first = judge_identity(GPTScorer(), "openai/gpt-4")
    assert first == judge_identity(GPTScorer(), "openai/gpt-4")
    assert len(first) == 64


@pytest.mark.parametrize(
    ("judge", "model"),
    [
        (GPTScorer(), "openai/gpt-4-turbo"),
        (GPTScorer(), None),
        (WarmScorer(), "openai/gpt-4"),
        (RewordedScorer(), "openai/gpt-4"),
        (RenamedScorer(), "openai/gpt-4"),
    ],
)
def test_another_model_or_configuration_is_another_identity(
    judge: GPTScorer, model: str | None
) -> None:
    assert judge_identity(judge, model) != judge_identity(GPTScorer(), "openai/gpt-4")


@pytest.mark.similarity
def test_every_judge_has_an_identity_of_its_own() -> None:
    identities = {judge_identity(judge, None) for judge in judges().values()}
    assert len(identities) == len(judges())
