"""The incoming rows, checked, as the statistics take them: one value per person and response."""

from collections.abc import Iterator
from typing import TypeAlias

import pandas as pd

from core.analysis.frames import JUDGMENTS, RATINGS
from core.errors import InvalidInputError

__all__ = ["Scale", "answers_on", "judgments_by_judge", "rows_on_criterion"]

Scale: TypeAlias = tuple[float, float]
"""Lowest and highest score that a source can give."""


def answers_on(ratings: pd.DataFrame, criterion: str, scale: Scale) -> pd.DataFrame:
    """Return the rows of a `RATINGS` frame on one criterion: one per session and response.

    Criteria are never averaged: they are answers to different questions. Raises
    `InvalidInputError` for a criterion that nobody answered and for a rating outside the scale.
    """
    RATINGS.require(ratings)
    _require_inside(ratings["value"], scale, "rating")
    return rows_on_criterion(ratings, criterion)


def judgments_by_judge(judgments: pd.DataFrame) -> Iterator[tuple[str, Scale, pd.DataFrame]]:
    """Yield each judge's name, scale and rows, judges in order of name.

    `judgments` is a `JUDGMENTS` frame. Raises `InvalidInputError` for a judge with more than one
    scale, whose scores cannot be averaged, and for a score outside the scale.
    """
    JUDGMENTS.require(judgments)
    for judge, rows in judgments.groupby("judge"):
        scales = set(zip(rows["scale_min"], rows["scale_max"], strict=True))
        if len(scales) != 1:
            raise InvalidInputError(
                f"The judge {judge} has judgments on {len(scales)} different scales: "
                "analyse each scale on its own."
            )
        lowest, highest = scales.pop()
        scale = (float(lowest), float(highest))
        _require_inside(rows["score"], scale, f"score of the judge {judge}")
        yield str(judge), scale, rows


def rows_on_criterion(rows: pd.DataFrame, criterion: str) -> pd.DataFrame:
    """Return the rows on one criterion; raise `InvalidInputError` if others are there but not it.

    A frame without any rows has none on any criterion: a study that nobody has answered yet.
    """
    chosen = rows[rows["criterion"] == criterion]
    if chosen.empty and not rows.empty:
        known = ", ".join(sorted({str(name) for name in rows["criterion"]}))
        raise InvalidInputError(
            f"Nobody answered the criterion {criterion!r}: choose from {known}."
        )
    return chosen


def _require_inside(values: "pd.Series[float]", scale: Scale, what: str) -> None:
    lowest, highest = scale
    for value in values:
        if not lowest <= value <= highest:
            raise InvalidInputError(
                f"A {what} is {value}, which is not on the scale from {lowest:g} to {highest:g}."
            )
