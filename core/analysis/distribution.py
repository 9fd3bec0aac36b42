"""How often each model got each score: the boxes of figures 8 and 9 of the SLaM paper."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.answers import Scale, answers_on, judgments_by_judge
from core.analysis.frames import DISTRIBUTION_COLUMNS, PEOPLE, typed_frame

__all__ = ["judged_score_distribution", "rated_score_distribution"]

_STEPS: Final = 10
_MOST_WHOLE_STEPS: Final = 20


def rated_score_distribution(ratings: pd.DataFrame, criterion: str, scale: Scale) -> pd.DataFrame:
    """Return how often the people gave each model each score of the rubric's `scale`.

    `ratings` is a `RATINGS` frame; the result has `DISTRIBUTION_COLUMNS`, models by name. Each
    whole number has a bin; a scale of more than 20 steps has eleven bins, a tenth of it apart. A
    score between two bins counts for the nearer one, a half for the upper. Raises as `answers_on`.
    """
    answers = answers_on(ratings, criterion, scale)
    span = scale[1] - scale[0]
    steps = round(span) if span <= _MOST_WHOLE_STEPS else _STEPS
    rows = [
        row
        for model, group in answers.groupby("model")
        for row in _bins(PEOPLE, str(model), group["value"].to_numpy(dtype=float), scale, steps)
    ]
    return typed_frame(rows, DISTRIBUTION_COLUMNS)


def judged_score_distribution(judgments: pd.DataFrame) -> pd.DataFrame:
    """Return how often each judge gave each model each score, judges and models by name.

    `judgments` is a `JUDGMENTS` frame; the result has `DISTRIBUTION_COLUMNS`. The eleven bins lie a
    tenth of the judge's own scale apart: the integers for a 0 to 10 scorer, 0, 0.1, ..., 1 for a
    similarity.
    """
    rows = [
        row
        for judge, scale, judged in judgments_by_judge(judgments)
        for model, group in judged.groupby("model")
        for row in _bins(judge, str(model), group["score"].to_numpy(dtype=float), scale, _STEPS)
    ]
    return typed_frame(rows, DISTRIBUTION_COLUMNS)


def _bins(
    source: str, model: str, values: npt.NDArray[np.float64], scale: Scale, steps: int
) -> Iterator[dict[str, object]]:
    lowest, highest = scale
    # np.round would send a half to the even neighbour, so 4.5 to 4 and 5.5 to 6.
    nearest = np.floor((values - lowest) / (highest - lowest) * steps + 0.5).astype(int)
    counts = np.bincount(nearest, minlength=steps + 1)
    for step, count in enumerate(counts.tolist()):
        yield {
            "source": source,
            "model": model,
            "score": lowest + step * (highest - lowest) / steps,
            "bin_width": (highest - lowest) / steps,
            "count": count,
            "share": count / len(values),
            "scale_min": lowest,
            "scale_max": highest,
        }
