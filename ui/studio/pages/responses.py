"""Generation: what is missing, the run that makes it, what came."""

import streamlit as st

from core.errors import SlamError
from core.generation.service import plan_generation, request_generation
from core.responses import list_responses
from core.runs import newest_progress
from core.studies.service import StudySummary
from db.tables import RunKind
from ui.store import database
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
        f"Generate {open_calls} responses",
        type="primary",
        key="generate",
        disabled=active or not open_calls,
        on_click=_request,
        args=(study.id, actor, False),
    )
    if plan.failed:
        right.button(
            f"Retry what failed ({len(plan.failed)})",
            key="retry_generation",
            disabled=active,
            on_click=_request,
            args=(study.id, actor, True),
        )
    if problem := st.session_state.pop("generation_problem", None):
        st.error(problem)
    if progress is not None:
        show_progress(progress, actor, "generation")


def _request(study_id: str, actor: str, retry_failed: bool) -> None:
    try:
        request_generation(database(), study_id, actor, retry_failed=retry_failed)
    except SlamError as error:
        st.session_state["generation_problem"] = str(error)


def _responses(study: StudySummary) -> None:
    st.subheader("What came")
    frame = list_responses(database(), study.id)
    if frame.empty:
        st.info("Nothing is stored yet. Responses appear here as they come; reload to see more.")
        return
    st.dataframe(frame, hide_index=True)
    offer_downloads(frame, f"{study.name} responses")


page()
