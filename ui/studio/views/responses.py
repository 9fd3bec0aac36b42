"""Generation: what is missing, the run that makes it, what came."""

import pandas as pd
import streamlit as st

from core.generation.service import (
    Standing,
    generation_standing,
    plan_generation,
    request_generation,
)
from core.money.estimates import estimate_generation
from core.responses import count_responses, list_responses
from core.runs import newest_progress
from core.studies.service import StudySummary
from core.terms import Terms, possible_modes
from db.tables import RunKind
from ui.store import database, settings
from ui.studio.acting import act, guarded, show_problem
from ui.studio.downloads import offer_downloads
from ui.studio.estimate import confirm_estimate
from ui.studio.progress import UNKNOWN, show_gates, show_progress
from ui.studio.session import (
    choose_version,
    require_staff,
    study_or_stop,
    warn_without_daemon,
)

_PLACE = "generation"
_ROWS_AT_ONCE = 200


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
    standing = generation_standing(database(), study.id)
    progress = newest_progress(database(), study.id, RunKind.GENERATION)
    active = progress is not None and progress.is_active
    st.write(
        f"Of {standing.total:,} responses, **{standing.ok:,}** are stored, "
        f"**{standing.open_calls:,}** are still to be made and **{standing.failed:,}** failed."
    )
    if not active:
        _ask(study, standing, actor)
    show_problem(_PLACE)
    if progress is not None:
        is_paused = show_gates(progress)
        show_progress(progress, actor, _PLACE, study.version_id, is_paused=is_paused)
    if active != polling:
        # The page decides how often this is drawn, and draws the table below.
        st.rerun(scope="app")


def _ask(study: StudySummary, standing: Standing, actor: str) -> None:
    """What can be asked for now, what it would take, and the button that asks for it."""
    if not standing.open_calls and not standing.failed:
        st.button("Nothing is missing", disabled=True, key="generate")
        return
    again = bool(standing.failed) and st.checkbox(
        f"Retry what failed ({standing.failed})",
        value=not standing.open_calls,
        key=f"retry_{study.version_id}_{standing.failed}",
    )
    plan = plan_generation(database(), study.id)
    repeated = [*plan.unfinished, *(plan.failed if again else ())]
    estimate = estimate_generation(database(), settings(), study.id, plan.missing, repeated)
    modes = possible_modes(estimate, settings())
    mode, confirmation = confirm_estimate(estimate, modes, actor, _PLACE)
    st.button(
        f"Generate {estimate.calls} responses",
        type="primary",
        key="generate",
        disabled=not estimate.calls or bool(estimate.paid_calls and confirmation is None),
        on_click=act,
        args=(
            _PLACE,
            request_generation,
            database(),
            settings(),
            study.id,
            actor,
            Terms(mode, confirmation),
        ),
        kwargs={"retry_failed": again},
    )


def _responses(study: StudySummary, version_number: int, polling: bool) -> None:
    st.subheader("What came")
    if polling:
        st.info("The table appears here when the run is over.")
        return
    total = count_responses(database(), study.id, version_number)
    if not total:
        st.info(
            f"Version {version_number} has no response yet."
            + (" Earlier versions can be chosen in the sidebar." if version_number > 1 else "")
        )
        return
    first = 0
    if total > _ROWS_AT_ONCE:
        pages = -(-total // _ROWS_AT_ONCE)
        page_number = st.number_input(
            f"Page of {pages} ({total:,} responses)", 1, pages, 1, key=f"page_{study.version_id}"
        )
        first = (int(page_number) - 1) * _ROWS_AT_ONCE
    frame = list_responses(database(), study.id, version_number, first=first, limit=_ROWS_AT_ONCE)
    shown = frame.rename(columns=lambda name: name.replace("_", " "))
    st.dataframe(shown, hide_index=True, placeholder=UNKNOWN)
    offer_downloads(
        lambda: list_responses(database(), study.id, version_number), f"{study.name} responses"
    )
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
