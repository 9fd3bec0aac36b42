"""In which direction a judge errs: along the scale, with length, and towards its own kin."""

from typing import Final

import numpy as np
import pandas as pd

from core.analysis.calibration import ranks
from core.analysis.calibration.frames import BIAS_COLUMNS
from core.analysis.calibration.items import Items
from core.analysis.calibration.on_scale import sums_by_case
from core.analysis.calibration.resampling import (
    CodeArray,
    Figure,
    FloatArray,
    Status,
    draws,
    figure,
    ratio,
)
from core.analysis.frames import typed_frame
from core.analysis.kinship import are_kin

__all__ = ["bias_curve", "length_bias", "length_rank", "self_preference"]

_SMALLEST_GROUP: Final = 2
_LEAST_LEFT: Final = 1e-9
"""The share of a regressor that people's scores must leave unexplained."""


def bias_curve(items: Items) -> pd.DataFrame:
    """Return the mean of judge minus people by people's score: `BIAS_COLUMNS`, lowest bin first.

    People's mean is rounded to a step of their scale. A mean of few people is uncertain itself, so
    the lowest bins hold responses that people were too hard on: a judge without any bias seems to
    overrate them a little, and a judge that always gives the same score draws a falling line.
    """
    if not len(items):
        return typed_frame([], BIAS_COLUMNS)
    drawn = draws(items.test_cases)
    steps, _ = items.steps()
    rows: list[dict[str, object]] = []
    for step in np.unique(steps):
        inside = steps == step
        cases = items.cases[inside]
        difference = (items.judged - items.people)[inside]
        responses = sums_by_case(np.ones_like(difference), cases, drawn)
        known = figure(
            ratio(sums_by_case(difference, cases, drawn), responses), len(np.unique(cases))
        )
        rows.append(
            {
                "people_score": items.step_score(int(step)),
                "bias": known.value,
                **{key: value for key, value in known.row().items() if key != "value"},
                "items": int(np.count_nonzero(inside)),
            }
        )
    return typed_frame(rows, BIAS_COLUMNS)


def length_bias(items: Items) -> Figure:
    """Return how many points more the judge gives to a response twice as long that people rate so.

    The slope of the judge's scores on the binary logarithm of the number of words, with people's
    scores held fixed and a fixed effect for each test case, so that prompts that ask for long
    answers do not count. A judge that always gives the same score, or people's on a narrower scale,
    has none. People's means are uncertain, and what they leave of quality unexplained goes to
    length where longer responses are better.
    """
    known = items.only(items.has_length)
    if not len(known):
        return Figure.unknown(Status.NOTHING_SHARED)
    return _slope(known, np.log2(np.maximum(known.words, 1.0)))


def length_rank(items: Items) -> Figure:
    """Return the rank correlation of the judge's scores with length within test cases, pooled."""
    known = items.only(items.has_length)
    if not len(known):
        return Figure.unknown(Status.NOTHING_SHARED)
    drawn = draws(known.test_cases)
    found = ranks.spearman(known.judged, known.words, known.cases, known.cases, drawn)
    return figure(found, known.test_cases)


def self_preference(items: Items, models: "pd.Series[str]", judge_model: str) -> Figure:
    """Return how many points more the judge gives to its kin than to others that people rate so.

    The coefficient of being of the judge's family, as `length_bias` is that of length: people's
    scores are held fixed, and so is the test case. ``models`` are the items' models by name.
    """
    kin = np.array([are_kin(str(model), judge_model) for model in models], dtype=bool)
    if min(np.count_nonzero(kin), np.count_nonzero(~kin)) < _SMALLEST_GROUP:
        return Figure.unknown(Status.NOTHING_SHARED)
    return _slope(items, kin.astype(float))


def _slope(items: Items, about: FloatArray) -> Figure:
    """The slope of the judge's scores on ``about``, people's and the test case held fixed.

    By Frisch, Waugh and Lovell: of both, only what people's scores do not explain is compared.
    """
    # Within a case the means do not change with how often the case is drawn.
    judged, regressor, people = (
        _within_cases(one, items.cases) for one in (items.judged, about, items.people)
    )
    drawn = draws(items.test_cases)

    def products(one: FloatArray, other: FloatArray) -> FloatArray:
        return sums_by_case(one * other, items.cases, drawn)

    # Where people's scores do not vary they explain nothing.
    explained = np.nan_to_num(ratio(products(regressor, people), products(people, people)))
    squares = products(regressor, regressor)
    left = squares - explained * products(regressor, people)
    is_known = left > _LEAST_LEFT * squares
    slope = ratio(
        products(regressor, judged) - explained * products(people, judged),
        np.where(is_known, left, 0.0),
    )
    return figure(slope, items.test_cases)


def _within_cases(values: FloatArray, cases: CodeArray) -> FloatArray:
    means = np.bincount(cases, weights=values) / np.maximum(np.bincount(cases), 1)
    within: FloatArray = values - means[cases]
    return within
