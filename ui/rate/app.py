"""The raters' process: one page, served as fast as Streamlit can."""

import streamlit as st
from streamlit.runtime import runtime

# Streamlit sends a page's first message at once and the rest no sooner than this after it. With the
# 5 ms it comes with, every step that touches a database waits for the second batch; the rating step
# of benchmarks/rating_step.py takes half as long again. There is no option for it.
FLUSH_INTERVAL_S = 0.001
runtime.MESSAGE_FLUSH_INTERVAL_SECS = FLUSH_INTERVAL_S  # type: ignore[misc]  # Streamlit's Final

app = st.App("page.py")
