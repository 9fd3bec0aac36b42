"""Automatic judges: set one up, see what it would be asked, run it, see how far it is."""

from functools import partial

import streamlit as st

from core.exchange.judgments_export import judgments_frame
from core.judges.registry import judges
from ui.store import database
from ui.studio.downloads import offer_downloads
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
    if place.responses:
        _offer_judgments(place)


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


def _offer_judgments(place: Place) -> None:
    """Buttons for every judgment; the files name the models, so there are none while locked."""
    st.subheader("Judgments, one a row")
    if place.is_locked:
        st.caption("They name the models; they can be taken away once the names are unlocked.")
        return
    st.caption(
        "Of all versions and all judges: what was shown, answered and paid, and why there is no "
        "score where there is none."
    )
    offer_downloads(
        partial(judgments_frame, database(), place.study.id), f"{place.study.name} judgments"
    )


page()
