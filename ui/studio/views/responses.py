"""Generation: what is missing, the run that makes it, what came."""

import streamlit as st

from core.generation.service import plan_generation, request_generation
from core.responses import list_responses
from core.runs import newest_progress
from core.studies.service import StudySummary
from db.tables import RunKind
from ui.store import database
from ui.studio.acting import act, guarded
from ui.studio.downloads import offer_downloads
from ui.studio.progress import show_progress
from ui.studio.session import require_staff, study_or_stop, warn_without_daemon


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Responses")
    warn_without_daemon()
    _run(study, actor)
    _responses(study)


@st.fragment(run_every=1.0)
@guarded
def _run(study: StudySummary, actor: str) -> None:
    plan = plan_generation(database(), study.id)
    progress = newest_progress(database(), study.id, RunKind.GENERATION)
    active = progress is not None and progress.is_active
    open_calls = len(plan.missing) + len(plan.unfinished)
    st.write(
        f"Of {plan.total} responses, **{plan.ok}** are stored, **{open_calls}** are still to be "
        f"made and **{len(plan.failed)}** failed."
    )
    left, right = st.columns(2)
    left.button(
        f"Generate {open_calls} responses" if open_calls else "Nothing is missing",
        type="primary",
        key="generate",
        disabled=active or not open_calls,
        on_click=act,
        args=(request_generation, database(), study.id, actor),
    )
    if plan.failed:
        right.button(
            f"Retry what failed ({len(plan.failed)})",
            key="retry_generation",
            disabled=active,
            on_click=act,
            args=(request_generation, database(), study.id, actor),
            kwargs={"retry_failed": True},
        )
    if progress is not None:
        show_progress(progress, actor, "generation")
    if active:
        st.session_state["generating"] = study.id
    elif st.session_state.pop("generating", None) == study.id:
        # The table below belongs to the page, which this fragment does not redraw.
        st.rerun(scope="app")


def _responses(study: StudySummary) -> None:
    st.subheader("What came")
    frame = list_responses(database(), study.id)
    if frame.empty:
        st.info("Nothing is stored yet. Responses appear here as they come; reload to see more.")
        return
    st.dataframe(frame, hide_index=True)
    offer_downloads(frame, f"{study.name} responses")


page()
