"""Quality by model, as the people and as each judge see it (figures 8 and 9 of the SLaM paper)."""

from collections.abc import Iterable, Mapping

import pandas as pd

from core.analysis.answers import Scale, answers_on, judgments_by_judge
from core.analysis.frames import PEOPLE, QUALITY_COLUMNS, typed_frame
from core.analysis.intervals import Estimate, crossed_estimate, nested_estimate

__all__ = ["judged_quality_by_model", "quality_by_model", "quality_row"]


def quality_by_model(ratings: pd.DataFrame, criterion: str, scale: Scale) -> pd.DataFrame:
    """Return each model's mean rating on one criterion with its 95 % interval, best model first.

    `ratings` is a `RATINGS` frame; the result has `QUALITY_COLUMNS` with source `PEOPLE` and the
    rubric's `scale`. The mean is over the ratings of a test case, then over test cases, each with
    the same weight. `ratings` counts rated responses. For the interval see
    `intervals.crossed_estimate`. Raises `InvalidInputError` as `answers_on`.
    """
    rows = []
    for model, group in answers_on(ratings, criterion, scale).groupby("model"):
        estimate = crossed_estimate(
            group["value"].to_numpy(dtype=float),
            group["test_case"].tolist(),
            group["rater_id"].tolist(),
            scale,
        )
        row = quality_row(PEOPLE, str(model), estimate, scale)
        rows.append(row | _counts(group) | {"raters": group["rater_id"].nunique()})
    return _best_first(rows)


def judged_quality_by_model(judgments: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each judge and model with its 95 % interval.

    `judgments` is a `JUDGMENTS` frame; the result has `QUALITY_COLUMNS` with the judge's name as
    source, its own scale, and no raters; judges by name, then the best model first. Weights are as
    in `quality_by_model`. For the interval see `intervals.nested_estimate`.
    """
    rows = []
    for judge, scale, judged in judgments_by_judge(judgments):
        for model, group in judged.groupby("model"):
            estimate = nested_estimate(
                group["score"].to_numpy(dtype=float),
                group["test_case"].tolist(),
                group["response_id"].tolist(),
                scale,
            )
            row = quality_row(judge, str(model), estimate, scale)
            rows.append(row | _counts(group) | {"raters": pd.NA})
    return _best_first(rows)


def quality_row(source: str, model: str, estimate: Estimate, scale: Scale) -> dict[str, object]:
    """Return a row of `QUALITY_COLUMNS`, all but its counts."""
    return {
        "source": source,
        "model": model,
        "mean": estimate.mean,
        "lower": estimate.lower,
        "upper": estimate.upper,
        "status": estimate.status.value,
        "note": estimate.note,
        "scale_min": scale[0],
        "scale_max": scale[1],
    }


def _counts(group: pd.DataFrame) -> dict[str, object]:
    return {"ratings": len(group), "test_cases": group["test_case"].nunique()}


def _best_first(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    frame = typed_frame(rows, QUALITY_COLUMNS)
    return frame.sort_values(
        ["source", "mean", "model"], ascending=[True, False, True], ignore_index=True
    )
