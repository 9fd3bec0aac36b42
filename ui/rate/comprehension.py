"""The check of understanding: questions about the instructions, before the first item."""

import streamlit as st

from core.rating.refusals import RefusalError
from core.rating.sessions import answer_comprehension
from core.rating.views import ComprehensionView, SessionView
from ui.rate.safe import as_markdown, as_written
from ui.rate.speaking import dress, say_cause, speaking
from ui.rate.texts import Texts
from ui.store import database


def show(view: SessionView, check: ComprehensionView, tab: str) -> None:
    """Draw the questions, without an answer to begin with, and the instructions below."""
    say = speaking()
    dress(say)
    st.title(say("comprehension.heading"))
    if st.session_state.pop("not_right", False):
        st.warning(say("comprehension.not_right"))
    st.markdown(_attempts(say, check.attempts_left))
    # With new keys for each attempt all questions are open again, and a second click on the button
    # of an earlier attempt is nobody's.
    with st.form(f"comprehension_{check.attempts_left}", border=False):
        chosen = [_question(check, index) for index in range(len(check.questions))]
        is_given = st.form_submit_button(say("comprehension.check"), type="primary")
    if is_given:
        _answer(view.session_id, chosen, tab, say)
    with st.expander(say("comprehension.instructions"), expanded=True):
        st.markdown(as_markdown(check.instructions))


def _attempts(say: Texts, attempts_left: int) -> str:
    if attempts_left == 1:
        return say("comprehension.last_attempt")
    return say("comprehension.attempts_left", attempts=attempts_left)


def _question(check: ComprehensionView, index: int) -> int | None:
    question = check.questions[index]
    return st.radio(
        as_written(question.text),
        range(len(question.options)),
        index=None,
        format_func=lambda option: as_written(question.options[option]),
        key=f"question_{check.attempts_left}_{index}",
    )


def _answer(session_id: str, chosen: list[int | None], tab: str, say: Texts) -> None:
    try:
        view = answer_comprehension(database(), session_id, chosen, tab)
    except RefusalError as refusal:
        say_cause(say, refusal.cause)
        return
    st.session_state["view"] = view
    st.session_state["not_right"] = view.comprehension is not None
    st.rerun()
