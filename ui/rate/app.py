"""The raters' process: one page, served as fast as Streamlit can."""

import streamlit as st
import streamlit.runtime.runtime

# Streamlit sends a page's first message at once and the rest no sooner than this after it. With the
# 5 ms it comes with, every step that touches a database waits for the second batch; the rating step
# of benchmarks/rating_step.py takes half as long again. There is no option for it.
FLUSH_INTERVAL_S = 0.001
_OPTION = "MESSAGE_FLUSH_INTERVAL_SECS"
setattr(streamlit.runtime.runtime, _OPTION, FLUSH_INTERVAL_S)

app = st.App("page.py")
