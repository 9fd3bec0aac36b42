"""Which responses a judge gives no score, by model: what is missing is rarely missing by chance."""

from collections.abc import Collection
from typing import Final

import pandas as pd

from core.analysis.calibration.frames import CALLS, RESPONSES, UNSCORED_COLUMNS, complete
from core.analysis.calibration.proportions import proportion
from core.analysis.frames import typed_frame

__all__ = ["failures_by_cause", "lost_calls", "unscored_by_model"]

_NO_CAUSE: Final = "internal"


def unscored_by_model(
    judged: pd.DataFrame,
    calls: pd.DataFrame,
    responses: pd.DataFrame,
    *,
    worth_a_retry: Collection[str],
    judges_all_shown: bool = False,
) -> pd.DataFrame:
    """Return how many responses of each model one judge scored, or could not: `UNSCORED_COLUMNS`.

    ``judged`` are its rows in a `JUDGMENTS` frame, ``calls`` its `CALLS`, ``responses`` all that
    could be judged (`RESPONSES`). A failure of a kind that is ``worth_a_retry`` failed; about what
    has only others (no reference to compare with, nothing to check) the judge cannot say anything,
    however often it is asked, and it is in no share. Of a judge that judges all that it is shown
    at once, a question that failed fails for each of them that no other question scored. Models by
    name.
    """
    RESPONSES.require(responses)
    CALLS.require(calls)
    rows = complete(judged)
    scored = set(rows["response_id"])
    gated = set(rows.loc[rows["gate"] != "", "response_id"])
    lost = lost_calls(calls)
    can_be_retried = lost["error_kind"].isin(list(worth_a_retry))
    failed = _concerned(lost[can_be_retried], judges_all_shown=judges_all_shown) - scored
    cannot = _concerned(lost[~can_be_retried], judges_all_shown=judges_all_shown) - scored - failed
    return typed_frame(
        [
            _row(str(model), set(group["response_id"]), scored, failed, cannot, gated)
            for model, group in responses.groupby("model")
        ],
        UNSCORED_COLUMNS,
    )


def failures_by_cause(calls: pd.DataFrame) -> pd.DataFrame:
    """Return the failed judgments by cause, most frequent first.

    Columns ``error_kind``, ``judgments`` and ``example``, one of the messages.
    """
    CALLS.require(calls)
    grouped = lost_calls(calls).groupby("error_kind")
    counts = grouped.agg(judgments=("response_id", "size"), example=("error_message", "first"))
    return counts.sort_values("judgments", ascending=False).reset_index()


def lost_calls(calls: pd.DataFrame) -> pd.DataFrame:
    """Return the `CALLS` for a score that failed; one without a cause is of the kind internal."""
    lost = calls[(calls["status"] == "failed") & (calls["purpose"] == "score")]
    return lost.assign(error_kind=lost["error_kind"].fillna("").replace("", _NO_CAUSE))


def _concerned(lost: pd.DataFrame, *, judges_all_shown: bool) -> set[str]:
    """The responses for which a question failed."""
    shown = lost["shown_response_ids"] if judges_all_shown else ()
    return {*lost["response_id"], *(one for together in shown for one in together)}


def _row(
    model: str,
    responses: set[str],
    scored: set[str],
    failed: set[str],
    cannot: set[str],
    gated: set[str],
) -> dict[str, object]:
    done, missed = len(responses & scored), len(responses & failed)
    speechless = len(responses & cannot)
    share = proportion(missed, done + missed)
    return {
        "model": model,
        "responses": len(responses),
        "scored": done,
        "failed": missed,
        "cannot": speechless,
        "not_judged": len(responses) - done - missed - speechless,
        "gated": len(responses & gated),
        "failed_share": share.share,
        "lower": share.lower,
        "upper": share.upper,
    }
