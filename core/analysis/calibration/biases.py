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
    """Return by how many points the judge drifts from people when a response is twice as long.

    The slope of judge minus people on the binary logarithm of the number of words, with a fixed
    effect for each test case, so that prompts that ask for long answers do not count. Above 0 the
    judge favours length more than people do.
    """
    if not len(items) or not np.isfinite(items.words).all():
        return Figure.unknown(Status.NOTHING_SHARED)
    length = _within_cases(np.log2(np.maximum(items.words, 1.0)), items.cases)
    difference = _within_cases(items.judged - items.people, items.cases)
    # Within a case the means do not change with how often the case is drawn.
    drawn = draws(items.test_cases)
    product = sums_by_case(length * difference, items.cases, drawn)
    return figure(ratio(product, sums_by_case(length**2, items.cases, drawn)), items.test_cases)


def length_rank(items: Items) -> Figure:
    """Return the rank correlation of the judge's scores with length within test cases, pooled."""
    if not len(items) or not np.isfinite(items.words).all():
        return Figure.unknown(Status.NOTHING_SHARED)
    drawn = draws(items.test_cases)
    found = ranks.spearman(items.judged, items.words, items.cases, items.cases, drawn)
    return figure(found, items.test_cases)


def self_preference(items: Items, models: "pd.Series[str]", judge_model: str) -> Figure:
    """Return how much more the judge overrates its kin than others, in points of people's scale.

    The mean of judge minus people over responses of models of the judge's family, minus the mean
    over all others; ``models`` are the items' models by name. Without people nothing is known: kin
    may simply be good.
    """
    kin = np.array([are_kin(str(model), judge_model) for model in models], dtype=bool)
    if min(np.count_nonzero(kin), np.count_nonzero(~kin)) < _SMALLEST_GROUP:
        return Figure.unknown(Status.NOTHING_SHARED)
    drawn = draws(items.test_cases)
    difference = items.judged - items.people
    means = [
        ratio(
            sums_by_case(difference[side], items.cases[side], drawn),
            sums_by_case(np.ones(np.count_nonzero(side)), items.cases[side], drawn),
        )
        for side in (kin, ~kin)
    ]
    return figure(means[0] - means[1], items.test_cases)


def _within_cases(values: FloatArray, cases: CodeArray) -> FloatArray:
    means = np.bincount(cases, weights=values) / np.maximum(np.bincount(cases), 1)
    within: FloatArray = values - means[cases]
    return within
