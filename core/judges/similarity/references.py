"""A response against every reference response of its test case, and one figure of it all."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pydantic import Field

from core.judges.base import (
    UNIT_SCALE,
    Aggregation,
    JudgedResponse,
    JudgeKind,
    Need,
    Options,
    Scale,
    Score,
    Tools,
    Unscored,
)

NO_REFERENCE = Unscored(
    "no_reference",
    "There is no other response of the reference to compare with; generate more samples.",
)
_NO_NUMBER = Unscored(
    "no_number", "The method gave no finite number for this response; choose another model."
)


class SimilarityOptions(Options):
    """What may be set of every judge that compares with the reference."""

    aggregation: Aggregation = Field(
        default=Aggregation.MEAN,
        title="Several references",
        description="Whether the mean of the nearness to each of them counts, or the nearest one.",
    )


@dataclass(frozen=True)
class SimilarityJudge(ABC):
    """What the judges share that compare a response with every reference of its test case."""

    name: ClassVar[str]
    label: ClassVar[str]
    kind = JudgeKind.SIMILARITY
    needs = frozenset({Need.REFERENCES})
    asks_model = False
    is_gate = False
    options: SimilarityOptions = field(default_factory=SimilarityOptions)

    @property
    def scale(self) -> Scale:
        """From 0, nothing in common, to 1, the same."""
        return UNIT_SCALE

    def configuration(self) -> dict[str, Any]:
        """See `core.judges.base.Judge.configuration`."""
        return {**self.method(), "aggregation": self.options.aggregation.value}

    def score(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `core.judges.base.MeasuringJudge.score`; a score that is no finite number is none.

        A blank reference is no reference.
        """
        told = [_without_blank_references(one) for one in responses]
        comparable = [one for one in told if one.references]
        measured = iter(self.measure(comparable, tools) if comparable else ())
        return [_finite(next(measured)) if one.references else NO_REFERENCE for one in told]

    @abstractmethod
    def method(self) -> dict[str, Any]:
        """Everything besides the aggregation that can change a score.

        Raises:
            InvalidInputError: what the judge needs is not installed; the sentence says how to.
        """

    @abstractmethod
    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """One score a response, in order; each has references.

        Raises:
            SlamError: nothing can be scored; the sentence is stored with every response.
        """


def aggregated(values: Sequence[float], aggregation: Aggregation) -> float:
    """The mean or the greatest of the values, one for each reference."""
    return max(values) if aggregation is Aggregation.MAX else math.fsum(values) / len(values)


def nearness(
    values: Sequence[float],
    raws: Sequence[float],
    aggregation: Aggregation,
    details: dict[str, Any],
) -> Score:
    """The score of a response that is as near as ``values`` (0 to 1) to its references.

    Args:
        values: for each reference; a figure that rounding lifts over an end of the scale is put
            back on it.
        raws: the same in the method's own unit.
        aggregation: how they become one.
        details: whatever else is known; the number of references is added.
    """
    raw = aggregated(raws, aggregation)
    value = raw if values is raws else aggregated(values, aggregation)
    return Score(
        value=min(1.0, max(0.0, value)), raw=raw, details={**details, "references": len(values)}
    )


def cosine_score(
    cosines: Sequence[float], aggregation: Aggregation, details: dict[str, Any]
) -> Score:
    """The score of a response with these cosines to its references; a negative one counts as 0."""
    positive = cosines if min(cosines) >= 0 else [max(0.0, cosine) for cosine in cosines]
    return nearness(positive, cosines, aggregation, details)


def _without_blank_references(response: JudgedResponse) -> JudgedResponse:
    if all(text.strip() for text in response.references):
        return response
    return replace(response, references=tuple(text for text in response.references if text.strip()))


def _finite(result: Score | Unscored) -> Score | Unscored:
    if isinstance(result, Unscored):
        return result
    numbers = (result.value, 0.0 if result.raw is None else result.raw)
    return result if all(map(math.isfinite, numbers)) else _NO_NUMBER
