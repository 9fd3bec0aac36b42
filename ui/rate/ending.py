"""The end of a session: what it came to, the code, the way back to the platform."""

import streamlit as st

from core.rating.views import Ending
from ui.rate import component, panels
from ui.rate.speaking import speaking


def show(ending: Ending) -> None:
    """Draw the end, whatever it came to."""
    say = speaking()
    outcome = ending.outcome.value
    triggers = component.show(
        component.ENDING,
        say,
        {
            "heading": say(f"ending.{outcome}"),
            "explained": say(f"ending.{outcome}_explained"),
            "code": ending.code,
            "return_url": ending.return_url,
            "can_withdraw": ending.can_withdraw,
            "texts": say.section("ending"),
        },
        on_open_change=panels.open_given,
    )
    is_handled = st.session_state.pop("handled", False)
    if triggers["open"] is not None and not is_handled:
        panels.open_panel(triggers["open"])
        st.rerun()
