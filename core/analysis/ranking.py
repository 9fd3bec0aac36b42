"""From the scores of models to their ranking, with ties kept as ties."""

import math
from collections.abc import Mapping
from itertools import groupby
from typing import Final

import pandas as pd

from core.analysis.frames import RANKING_COLUMNS, typed_frame
from core.errors import InvalidInputError

__all__ = ["rank_models", "scores_by_source", "tie_groups"]

# Means of the same ratings summed in another order differ in their last bits; no one would call
# models apart that differ by less than this on a 0 to 10 scale.
_TIE_DECIMALS: Final = 9


def scores_by_source(quality: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the mean of every model, by source, from a frame with `QUALITY_COLUMNS`."""
    return {
        str(source): {
            str(model): float(mean)
            for model, mean in zip(rows["model"], rows["mean"], strict=True)
            if not pd.isna(mean)
        }
        for source, rows in quality.groupby("source")
    }


def tie_groups(scores: Mapping[str, float]) -> list[list[str]]:
    """Return the models from worst to best, tied ones together and in order of name.

    Higher scores are better. Raises `InvalidInputError` for a score that is not a finite number.
    """
    for model, score in scores.items():
        if not math.isfinite(score):
            raise InvalidInputError(
                f"The score of {model} is {score}: leave it out of the ranking."
            )
    rounded = {model: round(score, _TIE_DECIMALS) for model, score in scores.items()}
    ordered = sorted(rounded, key=lambda model: (rounded[model], model))
    return [list(group) for _, group in groupby(ordered, key=lambda model: rounded[model])]


def rank_models(scores: Mapping[str, float]) -> pd.DataFrame:
    """Return the ranking of the models with mid-ranks, best first: `RANKING_COLUMNS`.

    Tied models share the mean of the ranks they take up together. Raises as `tie_groups`.
    """
    rows: list[dict[str, object]] = []
    better = 0
    for group in reversed(tie_groups(scores)):
        rank = better + (len(group) + 1) / 2
        rows.extend(
            {"model": model, "score": scores[model], "rank": rank, "tied": len(group) > 1}
            for model in group
        )
        better += len(group)
    return typed_frame(rows, RANKING_COLUMNS)
