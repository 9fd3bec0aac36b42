"""What every staff page shares: who is signed in, and which study is looked at."""

import streamlit as st

from core.accounts import signed_in_name
from core.runs import daemon_is_alive
from core.studies.service import StudySummary, list_studies
from ui.store import database
from ui.studio.access import COOKIE, SIGN_IN_PATH

NEW_STUDY = "New study…"
_CHOICE = "study_choice"


def require_staff() -> str:
    """The name of who is signed in; anybody else sees nothing more than the way to the form.

    The guard before the process has checked this already; pages check it again so that they are
    never shown by a process that was started without it.
    """
    name = signed_in_name(database(), st.context.cookies.get(COOKIE))
    if name is None:
        st.info("Sign in to see this page.")
        st.link_button("Sign in", SIGN_IN_PATH)
        st.stop()
    return name


def choose_study() -> None:
    """The select box of studies, in the sidebar; the address remembers the choice."""
    studies = list_studies(database())
    names = [study.name for study in studies]
    wanted = st.session_state.pop("study_wanted", None) or st.query_params.get("study")
    options = [*names, NEW_STUDY]
    if _CHOICE not in st.session_state or wanted is not None:
        kept = st.session_state.get(_CHOICE)
        first = wanted if wanted in names else kept
        st.session_state[_CHOICE] = first if first in options else options[0]
    if st.session_state[_CHOICE] not in options:
        st.session_state[_CHOICE] = options[0]
    st.selectbox("Study", options, key=_CHOICE, on_change=_forget_address)


def _forget_address() -> None:
    st.query_params.pop("study", None)


def show_study(name: str) -> None:
    """Make the study of that name the one looked at, from the next run on."""
    st.session_state["study_wanted"] = name


def chosen_study() -> StudySummary | None:
    """The study that is looked at; none while a new one is being made."""
    choice = st.session_state.get(_CHOICE)
    return next((study for study in list_studies(database()) if study.name == choice), None)


def study_or_stop() -> StudySummary:
    """The study that is looked at; without one, a page ends with a hint."""
    study = chosen_study()
    if study is None:
        st.info("There is no study yet. Make one on the page “Study”, or import one.")
        st.stop()
    return study


def warn_without_daemon() -> None:
    """Say so when nobody will do the work."""
    if not daemon_is_alive(database()):
        st.warning(
            "The evaluation daemon does not answer, so nothing will be made until it runs; "
            "start it with `make run` or `python -m daemon`."
        )
