"""How often each model wins the comparisons of a pair study."""

from typing import Final

import numpy as np
import pandas as pd

from core.analysis.answers import Scale, rows_on_criterion
from core.analysis.frames import PEOPLE, PREFERENCES, SHARE_COLUMNS, typed_frame
from core.analysis.intervals import crossed_estimate
from core.analysis.quality import quality_row
from core.errors import InvalidInputError

__all__ = ["points_of", "preference_share_by_model"]

_SHARE_SCALE: Final[Scale] = (0.0, 1.0)
_POINTS_OF_FIRST: Final = {"first": 1.0, "tie": 0.5, "both_bad": 0.5, "second": 0.0}


def preference_share_by_model(preferences: pd.DataFrame, criterion: str) -> pd.DataFrame:
    """Return the share of its comparisons that each model won, best model first.

    A tie is half a win for each model, and so is "both bad": who says it prefers neither.

    `preferences` is a `PREFERENCES` frame; the result has `SHARE_COLUMNS`. As everywhere, the share
    is taken within each test case and test cases weigh the same; the interval is clustered by rater
    and test case (`intervals.crossed_estimate`). Comparisons of a model with itself are left out:
    they say nothing about models. Raises `InvalidInputError` for a criterion that nobody answered
    and for a preference that is not first, second, tie or both_bad.
    """
    PREFERENCES.require(preferences)
    chosen = rows_on_criterion(preferences, criterion)
    rows = []
    for model, group in _points(chosen).groupby("model"):
        points = group["points"].to_numpy(dtype=float)
        estimate = crossed_estimate(
            points, group["test_case"].tolist(), group["rater_id"].tolist(), _SHARE_SCALE
        )
        counts = {
            "ratings": len(group),
            "raters": group["rater_id"].nunique(),
            "test_cases": group["test_case"].nunique(),
            "wins": int(np.count_nonzero(points == 1.0)),
            "ties": int((group["preference"] == "tie").sum()),
            "both_bad": int((group["preference"] == "both_bad").sum()),
            "losses": int(np.count_nonzero(points == 0.0)),
        }
        rows.append(quality_row(PEOPLE, str(model), estimate, _SHARE_SCALE) | counts)
    frame = typed_frame(rows, SHARE_COLUMNS)
    return frame.sort_values(["mean", "model"], ascending=[False, True], ignore_index=True)


def points_of(comparisons: pd.DataFrame) -> "pd.Series[float]":
    """Return what the response shown first got of one point in each comparison.

    `comparisons` is a `PREFERENCES` frame. Raises `InvalidInputError` for a preference that is not
    first, second, tie or both_bad.
    """
    unknown = set(comparisons["preference"]) - set(_POINTS_OF_FIRST)
    if unknown:
        raise InvalidInputError(
            f"A preference is {min(map(str, unknown))!r}: it must be first, second, tie or "
            "both_bad."
        )
    return comparisons["preference"].map(_POINTS_OF_FIRST).astype(float)


def _points(comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return two rows per comparison: what the first model got of one point, and the second."""
    points_of_first = points_of(comparisons)
    of_models = comparisons[comparisons["first_model"] != comparisons["second_model"]]
    points = points_of_first[of_models.index]
    who = of_models[["rater_id", "test_case", "preference"]]
    first = who.assign(model=of_models["first_model"], points=points)
    second = who.assign(model=of_models["second_model"], points=1.0 - points)
    return pd.concat([first, second], ignore_index=True)
