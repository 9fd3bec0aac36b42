"""The comparison of `rating_step`: the raters' widgets on a page that keeps nothing."""

import streamlit as st

TASK = "Write a short briefing in at most four sentences.\n\n" + "Plan for the day\n" * 12
RESPONSE = "You finished a good deal yesterday, and today's plans fit your goals well. " * 5

SCALE_ENDS = (
    '<div class="scale-ends"><span>0 useless</span><span>10 could not be better</span></div>'
)

st.set_page_config(page_title="Bare", layout="centered")
number = st.session_state.setdefault("number", 1)


def go_on() -> None:
    """Show the next item."""
    st.session_state["number"] += 1


st.progress(min(1.0, (number - 1) / 1000), text=f"Response {number} of 1000")
st.markdown("**What the assistant was asked**")
with st.container(border=True, height=260):
    st.text(TASK)
st.markdown("**The response**")
with st.container(border=True):
    st.text(RESPONSE)
with st.form(f"form_{number}", border=False):
    st.segmented_control(
        "How good is it?",
        options=list(range(11)),
        key=f"score_{number}",
        required=True,
        width="stretch",
    )
    st.html(SCALE_ENDS)
    st.empty()
    st.text_area("Comment (optional)", key=f"comment_{number}", max_chars=5000, height=68)
    st.form_submit_button("Save and go on", key=f"submit_{number}", on_click=go_on)
