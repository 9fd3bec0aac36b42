"""What opens in an item's place and goes back to it: the instructions, and stopping."""

from typing import Any

import streamlit as st

from core.rating.sessions import withdraw
from core.rating.views import SessionView, Stage
from ui.rate import component
from ui.rate.safe import as_markdown
from ui.rate.speaking import dress, speaking
from ui.store import database

_PANEL = "panel"
_INSTRUCTIONS = "instructions"
_STOP = "stop"
_DELETE = "delete"


def open_given() -> None:
    """The component's callback: open what it names."""
    st.session_state["handled"] = True
    for view in (component.ITEM, component.ENDING):
        if view in st.session_state and (name := component.given(view, "open")) is not None:
            open_panel(name)


def open_panel(name: Any) -> None:
    """Open a panel from the next run on; a name that comes from outside and is none is nothing."""
    if name in (_INSTRUCTIONS, _STOP):
        st.session_state[_PANEL] = name


def show_open(view: SessionView) -> bool:
    """Draw the panel that is open; gives whether one is."""
    panel = st.session_state.get(_PANEL)
    can_stop = view.ending is None or view.ending.can_withdraw
    if panel == _INSTRUCTIONS and view.stage is not Stage.ENDED:
        _show_instructions(view)
    elif panel == _STOP and view.stage is not Stage.ENDED:
        _show_stop(view)
    elif panel in (_STOP, _DELETE) and can_stop:
        _show_delete(view)
    else:
        return False
    return True


def _show_instructions(view: SessionView) -> None:
    say = speaking()
    dress(say)
    st.title(say("panel.instructions"))
    st.markdown(as_markdown(view.instructions))
    if st.button(say("panel.back_to_item"), type="primary"):
        _go_to(None)


def _show_stop(view: SessionView) -> None:
    say = speaking()
    dress(say)
    st.title(say("panel.stop_heading"))
    st.markdown(say("panel.stop_explained"))
    if st.button(say("panel.go_on"), type="primary"):
        _go_to(None)
    if st.button(say("panel.keep_answers")):
        _withdraw(view.session_id, delete_answers=False)
    if st.button(say("panel.delete_answers")):
        _go_to(_DELETE)


def _show_delete(view: SessionView) -> None:
    say = speaking()
    dress(say)
    st.title(say("panel.delete_heading"))
    st.markdown(say("panel.delete_explained"))
    if st.button(say("panel.delete_not"), type="primary"):
        _go_to(None)
    if st.button(say("panel.delete_answers")):
        _withdraw(view.session_id, delete_answers=True)


def _withdraw(session_id: str, *, delete_answers: bool) -> None:
    st.session_state["view"] = withdraw(database(), session_id, delete_answers=delete_answers)
    _go_to(None)


def _go_to(panel: str | None) -> None:
    st.session_state[_PANEL] = panel
    st.rerun()
