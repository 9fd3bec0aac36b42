"""The raters' process: one page, served as fast as Streamlit can."""

import logging

import streamlit as st
import streamlit.runtime.runtime
from starlette.middleware import Middleware

# The page's own modules too, so that the first rater does not wait for their imports.
from ui.rate import assets, entrance, session  # noqa: F401
from ui.rate.gate import Gate
from ui.rate.presence import presence
from ui.rate.speaking import speaking
from ui.store import settings

# Streamlit sends a page's first message at once and the rest no sooner than this after it. With the
# 5 ms it comes with, every step that touches a database waits for the second batch; the rating step
# of benchmarks/rating_step.py takes half as long again. There is no option for it.
FLUSH_INTERVAL_S = 0.001
_OPTION = "MESSAGE_FLUSH_INTERVAL_SECS"
setattr(streamlit.runtime.runtime, _OPTION, FLUSH_INTERVAL_S)

_LOGGER = logging.getLogger(__name__)


def _show_calmly(error: Exception) -> bool:
    """Log what nobody foresaw, and show one sentence instead of Streamlit's report."""
    _LOGGER.error("a rater's page failed", exc_info=error)
    st.warning(speaking()("page.problem"))
    return True


app = st.App(
    "page.py",
    on_script_error=_show_calmly,
    routes=[assets.route],
    middleware=[
        Middleware(Gate, presence=presence, capacity=lambda: settings().raters_per_process)
    ],
)
