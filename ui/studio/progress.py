"""How a run is shown: bar, rate, time left, cost so far, failures, cancel."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from core.gates import gate_states
from core.money.paid import is_paid_model
from core.runs import Progress, cancel_run
from db.repositories.work import Failure
from db.tables import RunStatus
from db.types import utc_now
from ui.plain import plain
from ui.store import database
from ui.studio.acting import act

UNKNOWN = "–"  # noqa: RUF001  a dash, not a minus
_CAUSES_SHOWN = 20
_WORDS = {
    RunStatus.QUEUED: "waits for the daemon",
    RunStatus.RUNNING: "is going on",
    RunStatus.CANCELLED: "was cancelled; what is stored stays",
    RunStatus.FINISHED: "is finished",
}


def show_progress(
    progress: Progress,
    actor: str,
    key: str,
    version_id: str,
    *,
    is_paused: bool = False,
    model: str | None = None,
) -> None:
    """Draw one run; a finished one of another version only says that it was.

    While calls are paused, nothing is said of how fast it goes. ``model`` tells it from other runs
    that are drawn beside it.
    """
    if progress.run.study_version_id != version_id and not progress.is_active:
        st.caption("The last run was for an earlier version of the study.")
        return
    run, counts = progress.run, progress.counts
    total = progress.done + counts.planned
    share = progress.done / total if total else 1.0
    words = _WORDS[run.status]
    if run.status is RunStatus.CANCELLED and run.stop_reason is not None:
        words = "was stopped; what is stored stays"
    if not progress.is_active:
        # What could be asked for next stands above.
        st.divider()
    of_model = f" of {plain(model)}" if model else ""
    st.progress(share, text=f"The run{of_model} {words}: {progress.done:,} of {total:,} calls")
    rate, left = progress.calls_per_minute, progress.time_left
    if is_paused:
        rate = left = None
    with st.container(horizontal=True):
        st.metric("Stored", f"{counts.ok:,}")
        st.metric("Failed", f"{counts.failed:,}")
        st.metric("Calls a minute", f"{rate:,.0f}" if rate else UNKNOWN)
        st.metric("Time left", in_words(left) if left else UNKNOWN)
    if run.stop_reason is not None:
        st.warning(plain(run.stop_reason))
    st.caption(plain(_cost(progress)))
    if progress.is_active and run.cancel_requested_at is None:
        st.button(
            "Cancel this run",
            key=f"cancel_{key}",
            on_click=act,
            args=(key, cancel_run, database(), run.id, actor),
        )
    if progress.failures:
        _causes(counts.failed, progress.failures)


def _causes(failed: int, failures: Sequence[Failure]) -> None:
    """The causes in full: a data frame would cut a sentence off at its cell's edge."""
    calls = "1 call" if failed == 1 else f"{failed:,} calls"
    st.error(f"{calls} failed; the rest is stored. The causes:")
    shown = failures[:_CAUSES_SHOWN]
    st.table(
        {
            "model or judge": [plain(one.model) for one in shown],
            "calls": [one.calls for one in shown],
            "cause": [plain(one.message) for one in shown],
        },
        hide_index=True,
    )
    if rest := failures[_CAUSES_SHOWN:]:
        st.caption(f"The rarest {len(rest):,} causes are left out here.")


def in_words(span: timedelta) -> str:
    """A span in the unit a person would use."""
    seconds = round(span.total_seconds())
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def show_gates(progress: Progress) -> bool:
    """While a run goes on, say which provider holds it up, why, and that it resumes by itself.

    Returns:
        Whether any provider does.
    """
    if not progress.is_active:
        return False
    is_paused = False
    now_ms = round(utc_now().timestamp() * 1000)
    for provider, gate in gate_states(database()).items():
        if gate.dead_since_ms is not None:
            is_paused = True
            wait_s = max(0, gate.retry_at_ms - now_ms) / 1000
            st.warning(
                plain(
                    f"Calls to {provider} have been paused since {_clock(gate.dead_since_ms)} UTC: "
                    f"{gate.dead_reason} It is tried again in {wait_s:.0f} s, and the work goes on "
                    "by itself once it answers."
                )
            )
        elif gate.not_before_ms > now_ms + 1000:
            is_paused = True
            wait_s = (gate.not_before_ms - now_ms) / 1000
            st.info(
                plain(
                    f"{provider} asked to wait; calls to it go on by themselves in {wait_s:.0f} s."
                )
            )
    return is_paused


def _clock(moment_ms: int) -> str:
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC):%H:%M:%S}"


def _cost(progress: Progress) -> str:
    run, counts = progress.run, progress.counts
    parts = [f"Cost so far: {dollars(counts.cost_usd)} by list price"]
    if run.budget_usd is not None:
        parts.append(f"the budget is {dollars(run.budget_usd)}")
    unpriced = sum(
        calls for model, calls in counts.unpriced_by_model.items() if is_paid_model(model)
    )
    if unpriced:
        parts.append(f"{unpriced} calls went to models without a known price")
    if counts.in_doubt:
        most = f", for at most {dollars(counts.in_doubt_usd)}" if counts.in_doubt_usd else ""
        parts.append(f"{counts.in_doubt} calls were cut off and may have been paid{most}")
    return "; ".join(parts) + "."


def dollars(usd: float | None) -> str:
    """A sum as a person reads it: parts of a cent only where it is small; unknown is a dash."""
    if usd is None:
        return UNKNOWN
    return f"${usd:,.2f}" if usd >= 0.1 or usd == round(usd, 2) else f"${usd:.4f}"
