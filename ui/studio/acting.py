"""Buttons that change something: a refusal is one sentence at the button, never a traceback."""

import time
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from core.errors import SlamError
from ui.plain import plain
from ui.studio.session import signed_in

P = ParamSpec("P")
_SHOWN_FOR_S = 60.0


def act(place: str, change: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """For ``on_click``: make the change, or keep the reason why it was refused for its ``place``.

    Callbacks run before their page, so the sign-in is looked at here too.
    """
    st.session_state.pop(_key(place), None)
    if signed_in() is None:
        _refuse(place, "You are signed out; sign in again.")
        return
    try:
        change(*args, **kwargs)
    except SlamError as error:
        _refuse(place, str(error))


def show_problem(place: str) -> None:
    """Say why the last change of this place was refused, for a minute or until the next one."""
    sentence, at = st.session_state.get(_key(place), (None, 0.0))
    if sentence is not None and time.monotonic() - at < _SHOWN_FOR_S:
        st.error(plain(sentence))


def guarded(draw: Callable[P, None]) -> Callable[P, None]:
    """For fragments, which run without their page: checks the sign-in, refuses in one sentence."""

    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        if signed_in() is None:
            st.info("You are signed out; reload the page to sign in again.")
            return
        try:
            draw(*args, **kwargs)
        except SlamError as error:
            st.error(plain(error))

    drawn.__qualname__ = draw.__qualname__
    drawn.__module__ = draw.__module__
    return drawn


def _refuse(place: str, sentence: str) -> None:
    st.session_state[_key(place)] = (sentence, time.monotonic())


def _key(place: str) -> str:
    return f"problem_{place}"
