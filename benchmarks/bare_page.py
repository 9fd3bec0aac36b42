"""The comparison of `rating_step`: the raters' component on a page that keeps nothing."""

from typing import Any

import streamlit as st
import streamlit.runtime.runtime

# As often as the raters' process (ui/rate/app.py): both pages run under the same settings.
_OPTION = "MESSAGE_FLUSH_INTERVAL_SECS"
setattr(streamlit.runtime.runtime, _OPTION, 0.001)

TASK = "Write a short briefing in at most four sentences.\n\n" + "Plan for the day\n" * 12
RESPONSE = "You finished a good deal yesterday, and today's plans fit your goals well. " * 5
LOADER = "export default () => {};"
TEXTS = {f"sentence_{number}": "A sentence of the page, in one language." for number in range(30)}
RUBRIC = {
    "criteria": [{"key": "quality", "question": "How good is this response?"}],
    "scale": {
        "minimum": 0,
        "maximum": 10,
        "minimum_label": "useless",
        "maximum_label": "could not be better",
    },
    "allows_tie": True,
    "allows_both_bad": False,
    "allows_cannot_judge": True,
    "reason": "optional",
}


@st.cache_resource
def component() -> Any:
    """Registered once a process."""
    return st.components.v2.component("bare", js=LOADER, isolate_styles=False)


def go_on() -> None:
    """Show the next item."""
    st.session_state["number"] += 1


number = st.session_state.setdefault("number", 1)
component()(
    key="item",
    # In a list as on the raters' page, or Streamlit would load pandas for it.
    data=[
        {
            "view": "item",
            "language": "en",
            "title": "Bare",
            "item_id": f"{number:032x}",
            "number": number,
            "total": 1000,
            "protocol": "score",
            "rubric": RUBRIC,
            "task": TASK,
            "responses": (RESPONSE,),
            "minutes_left": 5,
            "feedback": None,
            "texts": TEXTS,
            "problem": None,
        }
    ],
    on_answer_change=go_on,
    on_open_change=lambda: None,
)
