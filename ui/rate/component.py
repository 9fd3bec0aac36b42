"""The raters' component: one element that shows a whole item, or the end of a session."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.rate.assets import LOADER
from ui.rate.texts import Texts

ITEM = "item"
ENDING = "ending"
PLAIN = "plain"

_component = st.components.v2.component("slam_rate", js=LOADER, isolate_styles=False)


def show(view: str, say: Texts, data: Mapping[str, Any], **on_change: Any) -> Mapping[str, Any]:
    """Draw a view; its key in Streamlit's session state is its name.

    ``on_change`` names callbacks as Streamlit does, ``on_answer_change`` for the trigger
    ``answer``. Gives the triggers of this run, null where there was none.
    """
    # In a list, because Streamlit looks through a dictionary for data frames and loads pandas to do
    # so, which the raters' process must not carry.
    # The title is set by the component too: st.set_page_config would send a message of its own.
    page = {"view": view, "language": say.language, "title": say("page.title")}
    sent = [{**page, **data}]
    result: Mapping[str, Any] = _component(key=view, data=sent, **on_change)
    return result


def given(view: str, trigger: str) -> Any:
    """What a trigger brought, inside its callback."""
    return st.session_state[view].get(trigger)
