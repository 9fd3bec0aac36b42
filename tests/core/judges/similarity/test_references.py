"""From figures for each reference to one score, or to none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from core.embeddings import EmbeddingStore
from core.judges.base import Aggregation, JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.references import SimilarityJudge, aggregated, cosine_score, nearness
from tests.core.judges.measuring import judged, score_of, unscored_of


@dataclass(frozen=True)
class Numbers(SimilarityJudge):
    """Gives what its text says, as a number."""

    name = "numbers"
    label = "Numbers"

    def method(self) -> dict[str, Any]:
        return {"what": "a number"}

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        numbers = [[float(one.text)] for one in responses]
        return [nearness(one, one, Aggregation.MEAN, {}) for one in numbers]


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_what_is_no_finite_number_is_never_a_score(tools: EmbeddingStore, text: str) -> None:
    assert unscored_of(Numbers(), tools, judged(text, "a reference")).kind == "no_number"


@pytest.mark.parametrize(
    ("text", "value"), [("1.0000000002", 1), ("-0.0000001", 0), ("0.25", 0.25)]
)
def test_what_rounding_lifts_over_the_scale_is_put_back(
    tools: EmbeddingStore, text: str, value: float
) -> None:
    result = score_of(Numbers(), tools, judged(text, "a reference"))
    assert (result.value, result.raw) == (value, float(text))


def test_the_mean_or_the_greatest_is_taken() -> None:
    assert aggregated([0.1, 0.2, 0.6], Aggregation.MEAN) == pytest.approx(0.3)
    assert aggregated([0.1, 0.2, 0.6], Aggregation.MAX) == 0.6


def test_each_negative_cosine_counts_as_none_but_stays_in_the_raw_value() -> None:
    result = cosine_score([0.5, -0.25], Aggregation.MEAN, {"cut": False})
    assert (result.value, result.raw) == (0.25, 0.125)
    assert result.details == {"cut": False, "references": 2}
    assert math.copysign(1, cosine_score([-1.0], Aggregation.MAX, {}).value) == 1


def test_method_and_aggregation_are_the_configuration() -> None:
    assert Numbers().configuration() == {"what": "a number", "aggregation": "mean"}
