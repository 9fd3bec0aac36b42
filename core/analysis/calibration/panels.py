"""Panels: several models asked by the same set-up, and their mean as one more judge."""

from collections.abc import Mapping

import pandas as pd

from core.analysis.calibration.frames import complete

__all__ = ["with_panels"]


def with_panels(
    judgments: pd.DataFrame, members_wanted: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Return a `JUDGMENTS` frame with one more judge for each set-up that asks several models.

    A set-up's judges share method and criterion, and are those in force: with other options they
    would be other judges. The panel's score of a response is the mean of its members', each moved
    onto 0 to 1; a response that a member did not score has none, since a mean over the others would
    be another panel's. ``members_wanted`` maps a method to the number of models of its set-up:
    where some of them scored nothing at all, the panel is of the others, and its name says so.
    """
    wanted = members_wanted or {}
    rows = complete(judgments)
    asking = rows[rows["in_force"] & (rows["judge_model"] != "")]
    panels = [
        _panel(str(criterion), members, wanted.get(str(method), 0))
        for (method, criterion), members in asking.groupby(["method", "criterion"])
        if members["judge_model"].nunique() > 1
    ]
    return pd.concat([rows, *panels], ignore_index=True) if panels else rows


def _panel(criterion: str, members: pd.DataFrame, wanted: int) -> pd.DataFrame:
    count = members["judge_model"].nunique()
    size = f"{count} of {wanted}" if count < wanted else f"{count}"
    first = members.iloc[0]
    label = str(first["judge"]).partition(f" by {first['judge_model']}")[0]
    span = members["scale_max"] - members["scale_min"]
    shares = members.assign(
        score=(members["score"] - members["scale_min"]) / span,
        measured_score=(members["measured_score"] - members["scale_min"]) / span,
    )
    panel = shares.groupby("response_id").agg(
        method=("method", "first"),
        test_case=("test_case", "first"),
        model=("model", "first"),
        sample_index=("sample_index", "first"),
        score=("score", "mean"),
        measured_score=("measured_score", "mean"),
        judgments=("judge_model", "nunique"),
        spread=("score", "std"),
        gate=("gate", "first"),
    )
    named = (
        panel[panel["judgments"] == count]
        .reset_index()
        .assign(
            judge=f"Panel of {size}: {label}" + (f" · {criterion}" if criterion else ""),
            criterion=criterion,
            scale_min=0.0,
            scale_max=1.0,
        )
    )
    return complete(named)
