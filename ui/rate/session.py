"""A session's page: whatever stage it is in, in one tab at a time."""

from uuid import uuid4

import streamlit as st

from core.rating.sessions import claim_tab, view_session
from core.rating.views import SessionView, Stage
from ui.rate import comprehension, ending, item, panels
from ui.rate.presence import presence
from ui.rate.speaking import dress, speaking
from ui.store import database


def show(session_id: str) -> None:
    """Draw where the session stands.

    Raises:
        RefusalError: there is no such session.
        StoreError: the database cannot be reached.
    """
    presence.saw(session_id)
    tab = st.session_state.setdefault("tab", uuid4().hex)
    if st.session_state.get("claimed") != session_id:
        claim_tab(database(), session_id, tab)
        st.session_state["claimed"] = session_id
    # It comes from the database: with the answer just kept, or read now.
    view = st.session_state.pop("view", None) or view_session(database(), session_id, tab)
    speaking(view.language)
    _show_stage(view, tab)


def _show_stage(view: SessionView, tab: str) -> None:
    if not view.is_current_tab and view.stage is not Stage.ENDED:
        # What follows says it all; a refusal must not turn up at a later item.
        st.session_state.pop("problem", None)
        _show_other_tab(view.session_id)
    elif panels.show_open(view):
        return
    elif view.comprehension is not None:
        comprehension.show(view, view.comprehension, tab)
    elif view.item is not None:
        item.show(view.session_id, view.item, tab)
    elif view.ending is not None:
        presence.left(view.session_id)
        ending.show(view.ending)


def _show_other_tab(session_id: str) -> None:
    say = speaking()
    dress(say)
    st.info(say("page.other_tab"))
    if st.button(say("page.take_over"), type="primary"):
        st.session_state.pop("claimed")
        st.rerun()
