"""Automatic judges: set one up, see what it would be asked, run it, see how far it is."""

import streamlit as st

from core.judges.registry import judges
from ui.studio.judges.drawing import examples_input
from ui.studio.judges.form import edit_setup, save_or_load
from ui.studio.judges.groups import Typed, show_groups
from ui.studio.judges.place import Place, open_judge, place_of
from ui.studio.judges.warnings import show_broken, show_names
from ui.studio.session import require_staff, study_or_stop, warn_without_daemon


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Judges")
    warn_without_daemon()
    place = place_of(study, actor)
    with st.sidebar:
        typed = _set_up(place)
    if not place.responses:
        st.info("There is no response to judge yet; generate responses on the page “Responses”.")
    show_broken()
    show_names(place)
    show_groups(place, typed)


def _set_up(place: Place) -> Typed:
    """The form of the judge that is open, drawn first, so that the page shows what it says."""
    name = open_judge()
    if name not in judges():
        st.caption("Open a judge to set it up here.")
        return None
    form, typed = edit_setup(place, name)
    examples_input(place, form)
    save_or_load(place, form, typed)
    return form, typed


page()
