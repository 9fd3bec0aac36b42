"""OpenAI embeddings: the cosine of what a provider's model answers, asked once a text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.embeddings import EmbeddingError, EmbeddingStore
from core.judges.base import Score, Unscored, Vectors, configured
from core.judges.methods.openai_embeddings import JUDGE
from core.providers.base import FailureKind, ProviderError
from tests.core.judges.measuring import (
    ENORMOUS,
    ODD_TEXTS,
    REFERENCE,
    UNRELATED,
    judged,
    score_of,
    unscored_of,
)

KNOWN = {"east": (2.0, 0.0), "north": (0.0, 3.0), "north-east": (1.0, 1.0), "west": (-1.0, 0.0)}


class Model:
    """Answers known vectors, one of length 0 for the rest, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, model: str, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([KNOWN.get(text, (0.0, 0.0)) for text in texts], np.float32)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def tools(tmp_path: Path, model: Model) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "e.sqlite3", model="openai/some-embeddings", ask=model)


def test_the_raw_value_is_the_cosine_and_a_negative_one_scores_nothing(
    tools: EmbeddingStore,
) -> None:
    east = score_of(JUDGE, tools, judged("north-east", "east"))
    assert east.raw == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert east.value == east.raw
    west = score_of(JUDGE, tools, judged("west", "north-east", "west"))
    assert west.raw == pytest.approx((1 - np.sqrt(0.5)) / 2, abs=1e-6)
    assert west.value == pytest.approx(0.5, abs=1e-6)
    nearest = configured(JUDGE, {"aggregation": "max"})
    assert score_of(nearest, tools, judged("west", "north-east", "west")).value == 1


def test_each_text_is_asked_for_once(tools: EmbeddingStore, model: Model) -> None:
    batch = [judged("east", "north", "west"), judged("north", "west"), judged("east", "north")]
    JUDGE.score(batch, tools)
    JUDGE.score(batch, tools)
    assert sorted(model.asked) == ["east", "north", "west"]


def test_an_empty_text_is_never_asked_for(tools: EmbeddingStore, model: Model) -> None:
    empty, good, against_empty, against_both = JUDGE.score(
        [
            judged(" \n", "east"),
            judged("east", "east"),
            judged("east", ""),
            judged("east", "", "north"),
        ],
        tools,
    )
    assert getattr(empty, "kind", None) == "empty_text"
    assert getattr(against_empty, "kind", None) == "no_reference"
    assert isinstance(good, Score)
    assert isinstance(against_both, Score)
    assert against_both.details["references"] == 1
    assert sorted(model.asked) == ["east", "north"]


def test_what_is_longer_than_the_model_reads_is_cut_between_characters(
    tools: EmbeddingStore, model: Model
) -> None:
    long = "\u05e9" * 5000
    assert score_of(JUDGE, tools, judged(long, "east")).details["cut"] is True
    assert score_of(JUDGE, tools, judged("east", ENORMOUS)).details["cut"] is True
    assert score_of(JUDGE, tools, judged("east", "north")).details["cut"] is False
    assert "\u05e9" * 4000 in model.asked
    assert max(len(text.encode()) for text in model.asked) == 8000


def test_odd_texts_are_scored_or_unscored_and_a_vector_of_length_0_is_near_to_nothing(
    tools: EmbeddingStore,
) -> None:
    for text in ODD_TEXTS.values():
        [result] = JUDGE.score([judged(text, "east")], tools)
        if isinstance(result, Score):
            assert (result.value, result.raw) == (0, 0)
        else:
            assert result.kind == "empty_text"


def test_without_a_reference_it_is_unscored(tools: EmbeddingStore, model: Model) -> None:
    assert unscored_of(JUDGE, tools, judged("east")).kind == "no_reference"
    assert model.asked == []


def test_what_the_model_refuses_is_passed_on(tmp_path: Path) -> None:
    def refuse(model: str, texts: Sequence[str]) -> Vectors:
        raise ProviderError(FailureKind.UNAUTHORIZED, "The key was refused.")

    tools = EmbeddingStore(tmp_path / "e.sqlite3", model="openai/x", ask=refuse)
    with pytest.raises(ProviderError, match="The key was refused"):
        JUDGE.score([judged(REFERENCE, UNRELATED)], tools)


def test_it_is_one_with_a_model_and_cannot_do_without(tmp_path: Path) -> None:
    assert JUDGE.asks_model
    with pytest.raises(EmbeddingError, match="choose one"):
        JUDGE.score([judged("east", "north")], EmbeddingStore(tmp_path / "e.sqlite3"))


def test_the_longest_text_is_part_of_the_configuration() -> None:
    assert configured(JUDGE, {"max_bytes": 100}).configuration() != JUDGE.configuration()


def test_a_refused_text_fails_only_the_responses_that_use_it(tmp_path: Path) -> None:
    def ask(model: str, texts: Sequence[str]) -> Vectors:
        if "west" in texts:
            raise ProviderError(FailureKind.INVALID_REQUEST, "It is too long.")
        return Model()(model, texts)

    tools = EmbeddingStore(tmp_path / "e.sqlite3", model="openai/x", ask=ask)
    refused, scored, against_refused, empty = JUDGE.score(
        [
            judged("west", "east"),
            judged("north-east", "east"),
            judged("east", "north", "west"),
            judged("", "east"),
        ],
        tools,
    )
    assert refused == against_refused == Unscored("invalid_request", "It is too long.")
    assert isinstance(scored, Score)
    assert scored.raw == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert getattr(empty, "kind", None) == "empty_text"
