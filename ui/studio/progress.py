"""How a run is shown: bar, rate, time left, cost so far, failures, cancel."""

from datetime import timedelta

import streamlit as st

from core.runs import Progress, cancel_run
from db.tables import RunStatus
from ui.store import database
from ui.studio.acting import act

_WORDS = {
    RunStatus.QUEUED: "waits for the daemon",
    RunStatus.RUNNING: "is going on",
    RunStatus.CANCELLED: "was cancelled; what is stored stays",
    RunStatus.FINISHED: "is finished",
}


def show_progress(progress: Progress, actor: str, key: str, version_id: str) -> None:
    """Draw one run; a finished one of another version only says that it was."""
    if progress.run.study_version_id != version_id and not progress.is_active:
        st.caption("The last run was for an earlier version of the study.")
        return
    run, counts = progress.run, progress.counts
    total = progress.done + counts.planned
    share = progress.done / total if total else 1.0
    text = f"The run {_WORDS[run.status]}: {progress.done} of {total} calls"
    st.progress(share, text=text)
    columns = st.columns(4)
    columns[0].metric("Stored", counts.ok)
    columns[1].metric("Failed", counts.failed)
    rate = progress.calls_per_minute
    columns[2].metric("Calls a minute", f"{rate:.0f}" if rate else "-")
    left = progress.time_left
    columns[3].metric("Time left", in_words(left) if left else "-")
    st.caption(_cost(progress))
    if progress.is_active and run.cancel_requested_at is None:
        st.button(
            "Cancel this run",
            key=f"cancel_{key}",
            on_click=act,
            args=(key, cancel_run, database(), run.id, actor),
        )
    if progress.failures:
        st.error(f"{counts.failed} calls failed; the rest is stored. The causes:")
        st.dataframe(
            [
                {"model or judge": one.model, "calls": one.calls, "cause": one.message}
                for one in progress.failures
            ],
            hide_index=True,
        )


def in_words(span: timedelta) -> str:
    """A span in the unit a person would use."""
    seconds = round(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def _cost(progress: Progress) -> str:
    counts = progress.counts
    parts = [f"Cost so far: ${counts.cost_usd:.4f} by list price"]
    if counts.unpriced:
        parts.append(f"{counts.unpriced} calls went to models without a list price")
    if counts.in_doubt:
        parts.append(f"{counts.in_doubt} calls were cut off and may have been paid")
    return "; ".join(parts) + "."
