"""Which responses a judge gives no score, by model: what is missing is rarely missing by chance."""

import pandas as pd

from core.analysis.calibration.frames import CALLS, RESPONSES, UNSCORED_COLUMNS, complete
from core.analysis.calibration.proportions import proportion
from core.analysis.frames import typed_frame

__all__ = ["failures_by_cause", "unscored_by_model"]


def unscored_by_model(
    judged: pd.DataFrame,
    calls: pd.DataFrame,
    responses: pd.DataFrame,
    *,
    judges_all_shown: bool = False,
) -> pd.DataFrame:
    """Return how many responses of each model one judge scored, or could not: `UNSCORED_COLUMNS`.

    ``judged`` are its rows in a `JUDGMENTS` frame, ``calls`` its `CALLS`, ``responses`` all that
    could be judged (`RESPONSES`). Of a judge that judges all that it is shown at once, a question
    that failed fails for each of them that no other question scored. Models by name.
    """
    RESPONSES.require(responses)
    CALLS.require(calls)
    rows = complete(judged)
    scored = set(rows["response_id"])
    gated = set(rows.loc[rows["gate"] != "", "response_id"])
    lost = calls[(calls["status"] == "failed") & (calls["purpose"] == "score")]
    failed = set(lost["response_id"])
    if judges_all_shown:
        failed |= {one for shown in lost["shown_response_ids"] for one in shown}
    failed -= scored
    return typed_frame(
        [
            _row(str(model), set(group["response_id"]), scored, failed, gated)
            for model, group in responses.groupby("model")
        ],
        UNSCORED_COLUMNS,
    )


def failures_by_cause(calls: pd.DataFrame) -> pd.DataFrame:
    """Return the failed judgments by cause, most frequent first.

    Columns ``error_kind``, ``judgments`` and ``example``, one of the messages.
    """
    CALLS.require(calls)
    failed = calls[(calls["status"] == "failed") & (calls["purpose"] == "score")]
    grouped = failed.assign(
        error_kind=failed["error_kind"].fillna("").replace("", "unknown")
    ).groupby("error_kind")
    counts = grouped.agg(judgments=("response_id", "size"), example=("error_message", "first"))
    return counts.sort_values("judgments", ascending=False).reset_index()


def _row(
    model: str, responses: set[str], scored: set[str], failed: set[str], gated: set[str]
) -> dict[str, object]:
    done, missed = len(responses & scored), len(responses & failed)
    share = proportion(missed, done + missed)
    return {
        "model": model,
        "responses": len(responses),
        "scored": done,
        "failed": missed,
        "not_judged": len(responses) - done - missed,
        "gated": len(responses & gated),
        "failed_share": share.share,
        "lower": share.lower,
        "upper": share.upper,
    }
