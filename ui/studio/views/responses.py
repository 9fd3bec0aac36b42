"""Generation: what is missing, the run that makes it, what came."""

import pandas as pd
import streamlit as st

from core.generation.service import plan_generation, request_generation
from core.responses import list_responses
from core.runs import newest_progress
from core.studies.service import StudySummary
from db.tables import RunKind
from ui.store import database
from ui.studio.acting import act, guarded, show_problem
from ui.studio.downloads import offer_downloads
from ui.studio.progress import show_progress
from ui.studio.session import (
    choose_version,
    require_staff,
    study_or_stop,
    warn_without_daemon,
)

_PLACE = "generation"


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    version_number = choose_version(study)
    st.title("Responses")
    warn_without_daemon()
    progress = newest_progress(database(), study.id, RunKind.GENERATION)
    polling = progress is not None and progress.is_active
    draw = st.fragment(guarded(_run), run_every=1.0 if polling else None)
    draw(study, actor, polling)
    _responses(study, version_number, polling)


def _run(study: StudySummary, actor: str, polling: bool) -> None:
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
        args=(_PLACE, request_generation, database(), study.id, actor),
    )
    if plan.failed:
        right.button(
            f"Retry what failed ({len(plan.failed)})",
            key="retry_generation",
            disabled=active,
            on_click=act,
            args=(_PLACE, request_generation, database(), study.id, actor),
            kwargs={"retry_failed": True},
        )
    show_problem(_PLACE)
    if progress is not None:
        show_progress(progress, actor, _PLACE, study.version_id)
    if active != polling:
        # The page decides how often this is drawn, and draws the table below.
        st.rerun(scope="app")


def _responses(study: StudySummary, version_number: int, polling: bool) -> None:
    st.subheader("What came")
    frame = list_responses(database(), study.id, version_number)
    if frame.empty and polling:
        st.info("The table appears here when the run is over.")
        return
    if frame.empty:
        st.info(
            f"Version {version_number} has no response yet."
            + (" Earlier versions can be chosen in the sidebar." if version_number > 1 else "")
        )
        return
    st.dataframe(frame, hide_index=True)
    offer_downloads(frame, f"{study.name} responses")
    _one_response(frame)


def _one_response(frame: pd.DataFrame) -> None:
    """One response to read in full."""
    labels = [
        f"{row.model}, {row.test_case}, sample {row.sample_index}" for row in frame.itertuples()
    ]
    chosen = st.selectbox("Read one in full", range(len(labels)), format_func=labels.__getitem__)
    if chosen is not None:
        with st.container(border=True):
            st.text(frame["text"].iloc[chosen])


page()
