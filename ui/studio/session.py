"""What every staff page shares: who is signed in, and which study is looked at."""

import streamlit as st

from core.accounts import signed_in_name
from core.runs import daemon_is_alive
from core.studies.service import StudySummary, list_studies
from ui.store import database
from ui.studio.access import COOKIE, SIGN_IN_PATH

NEW_STUDY = "New study…"
_CHOICE = "study_choice"


def signed_in() -> str | None:
    """The name of who is signed in in this browser; ``None`` for nobody."""
    return signed_in_name(database(), st.context.cookies.get(COOKIE))


def require_staff() -> str:
    """The name of who is signed in; anybody else sees nothing more than the way to the form.

    The guard before the process has checked this already; pages check it again so that they are
    never shown by a process that was started without it.
    """
    name = signed_in()
    if name is None:
        st.info("Sign in to see this page.")
        st.html(f'<a href="{SIGN_IN_PATH}">Sign in</a>')
        st.stop()
    return name


def choose_study() -> None:
    """The select box of studies, in the sidebar; the address remembers the choice."""
    names = [study.name for study in list_studies(database())]
    options = [*names, NEW_STUDY]
    wanted = st.session_state.pop("study_wanted", None)
    if wanted is None and _CHOICE not in st.session_state:
        wanted = st.query_params.get("study")
    if wanted in options:
        st.session_state[_CHOICE] = wanted
    elif st.session_state.get(_CHOICE) not in options:
        st.session_state[_CHOICE] = options[0]
    choice = st.selectbox("Study", options, key=_CHOICE)
    if choice in names:
        st.query_params["study"] = choice
    else:
        st.query_params.pop("study", None)


def choose_version(study: StudySummary) -> int:
    """Which version to look at, where there are several: in the sidebar, the newest first."""
    if study.version_number == 1:
        return 1
    numbers = list(range(study.version_number, 0, -1))
    with st.sidebar:
        chosen = st.selectbox(
            "Version to look at",
            numbers,
            key=f"version_{study.version_id}",
            help="Work goes on with the newest; earlier ones and their results stay.",
        )
    return int(chosen or study.version_number)


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
