"""Buttons that change something: a refusal is one sentence on the page, never a traceback."""

from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from core.errors import SlamError

P = ParamSpec("P")
_PROBLEM = "problem"


def act(change: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """For ``on_click``: make the change, or keep the reason why it was refused."""
    try:
        change(*args, **kwargs)
    except SlamError as error:
        st.session_state[_PROBLEM] = str(error)


def show_problem() -> None:
    """Say, once, why the last change was refused."""
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(problem)


def guarded(draw: Callable[P, None]) -> Callable[P, None]:
    """For fragments, which run without their page: a refusal is one sentence in their place."""

    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            show_problem()
            draw(*args, **kwargs)
        except SlamError as error:
            st.error(str(error))

    drawn.__qualname__ = draw.__qualname__
    drawn.__module__ = draw.__module__
    return drawn
