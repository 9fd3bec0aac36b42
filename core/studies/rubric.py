"""The rubric: what people and judges are asked about a response, and on which scale.

It belongs to a version of a study, so that every answer to it, a person's or a judge's, is an
answer to the same question.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.errors import InvalidInputError
from core.exchange.storable import is_storable

DEFAULT_QUESTION = (
    "How good is this response? Rate its quality and how relevant it is to what was asked."
)
QUALITY = "quality"
"""The key of a rubric's only criterion."""
MOST_CRITERIA = 20
_KEY = re.compile(r"[a-z][a-z0-9_]{0,99}")


class Reason(StrEnum):
    """Whether an answer may, or must, come with a comment."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Criterion(BaseModel):
    """One thing that is asked about a response; ``key`` names it in tables and exports."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = QUALITY
    question: str = DEFAULT_QUESTION


class Scale(BaseModel):
    """Whole numbers from ``minimum`` (worst) to ``maximum`` (best), with words for both ends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: int = 0
    maximum: int = 10
    minimum_label: str = "useless"
    maximum_label: str = "could not be better"

    @property
    def values(self) -> range:
        """All values, worst first."""
        return range(self.minimum, self.maximum + 1)


class Rubric(BaseModel):
    """What is asked about a response, or about two of them beside each other.

    ``scale`` is for scores. ``allows_tie`` (about the same) and ``allows_both_bad`` are for pairs.
    ``allows_cannot_judge`` makes "I cannot judge this" an answer of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    criteria: tuple[Criterion, ...] = (Criterion(),)
    scale: Scale = Scale()
    allows_tie: bool = True
    allows_both_bad: bool = False
    allows_cannot_judge: bool = True
    reason: Reason = Reason.OPTIONAL

    @property
    def question(self) -> str:
        """All that is asked, as one text: the only question, or a numbered list."""
        if len(self.criteria) == 1:
            return self.criteria[0].question
        return "\n".join(
            f"{number}. {one.question}" for number, one in enumerate(self.criteria, start=1)
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all criteria."""
        return tuple(one.key for one in self.criteria)

    def asks_the_same_as(self, other: "Rubric") -> bool:
        """Whether answers to both may be averaged: the same criteria on the same scale."""
        ends = (self.scale.minimum, self.scale.maximum)
        return self.criteria == other.criteria and ends == (
            other.scale.minimum,
            other.scale.maximum,
        )

    def document(self) -> dict[str, Any]:
        """The rubric as JSON; `rubric_of` reads it back."""
        return self.model_dump(mode="json")

    def checked(self) -> "Rubric":
        """The same with texts trimmed.

        Raises:
            InvalidInputError: something cannot be taken; the sentence says what and how to mend it.
        """
        rubric = self.model_copy(
            update={
                "criteria": tuple(
                    Criterion(key=one.key.strip(), question=one.question.strip())
                    for one in self.criteria
                )
            }
        )
        rubric._check_criteria()
        rubric._check_scale()
        return rubric

    def _check_criteria(self) -> None:
        if not 1 <= len(self.criteria) <= MOST_CRITERIA:
            raise InvalidInputError(
                f"{len(self.criteria)} criteria cannot be asked; choose 1 to {MOST_CRITERIA}."
            )
        for one in self.criteria:
            if not _KEY.fullmatch(one.key):
                raise InvalidInputError(
                    f"The criterion {one.key[:40]!r} needs a name of small letters, digits and "
                    "underscores that begins with a letter."
                )
            if not 1 <= len(one.question) <= 2000 or not is_storable(one.question):
                raise InvalidInputError(
                    f"The criterion {one.key!r} needs a question of 1 to 2000 characters; type one."
                )
        twice = next((key for key in self.keys if self.keys.count(key) > 1), None)
        if twice:
            raise InvalidInputError(f"Two criteria are named {twice!r}; rename one.")

    def _check_scale(self) -> None:
        scale = self.scale
        if not scale.minimum < scale.maximum <= scale.minimum + 1000:
            raise InvalidInputError(
                f"A scale from {scale.minimum} to {scale.maximum} cannot be used; it must go up, "
                "by at most 1000."
            )
        for label in (scale.minimum_label, scale.maximum_label):
            if len(label) > 60 or not is_storable(label):
                raise InvalidInputError(
                    f"The scale's label {label[:40]!r} must have at most 60 characters."
                )


DEFAULT_RUBRIC = Rubric()


def single_question(question: str) -> Rubric:
    """The default rubric with another question."""
    return Rubric(criteria=(Criterion(question=question),))


def rubric_of(document: Mapping[str, Any]) -> Rubric:
    """The rubric that `Rubric.document` made."""
    return Rubric.model_validate(document)


@lru_cache(maxsize=256)
def rubric_of_json(text: str) -> Rubric:
    """The rubric of stored JSON; a rating step reads the same one again and again."""
    return Rubric.model_validate_json(text)
