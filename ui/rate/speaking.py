"""In which language a page speaks."""

import streamlit as st

from core.rating.refusals import Cause
from ui.rate import component
from ui.rate.texts import Texts, preferred_language, texts

_LANGUAGE = "language"


def speaking(language: str | None = None) -> Texts:
    """The sentences of the campaign, or of the browser until a campaign is known."""
    if language is not None:
        st.session_state[_LANGUAGE] = language
    known = st.session_state.get(_LANGUAGE)
    return texts(known or preferred_language(st.context.headers.get("Accept-Language")))


def dress(say: Texts) -> None:
    """Give a page that Streamlit's own widgets make its language, its title and its style."""
    component.show(component.PLAIN, say, {})


def say_cause(say: Texts, cause: Cause) -> None:
    """Tell why somebody is refused."""
    st.info(say.of_cause(cause))
