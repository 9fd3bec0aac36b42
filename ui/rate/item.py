"""One item, drawn by the component as a whole; its answer is kept as soon as it comes."""

from functools import partial
from typing import Any

import streamlit as st

from core.errors import StoreError
from core.rating.answering import save_answer
from core.rating.design import Protocol
from core.rating.refusals import Cause, RefusalError
from core.rating.views import ItemView
from core.studies.rubric import DEFAULT_QUESTION
from ui.rate import component, panels
from ui.rate.answers import given_answer, nonce_of
from ui.rate.speaking import speaking
from ui.rate.texts import Texts
from ui.store import database


def show(session_id: str, item: ItemView, tab: str) -> None:
    """Draw the item, with why its answer was refused, if it was."""
    say = speaking()
    triggers = component.show(
        component.ITEM,
        say,
        data_of(item, say, st.session_state.pop("problem", None)),
        on_answer_change=partial(_keep_given, session_id, tab),
        on_open_change=panels.open_given,
    )
    # After a restart of the server the page comes back without having run, and what was pressed
    # arrives without its callback; it is then dealt with here.
    is_handled = st.session_state.pop("handled", False)
    if triggers["answer"] is not None and not is_handled:
        _keep(session_id, tab, triggers["answer"])
        st.rerun()
    if triggers["open"] is not None and not is_handled:
        panels.open_panel(triggers["open"])
        st.rerun()


def data_of(item: ItemView, say: Texts, problem: tuple[Cause, str] | None = None) -> dict[str, Any]:
    """What the component is given to show; a problem is a cause and the press it is about."""
    return {
        "item_id": item.item_id,
        "number": item.number,
        "total": item.total,
        "protocol": item.protocol.value,
        "rubric": _rubric_of(item, say),
        "task": item.task,
        "responses": item.responses,
        "minutes_left": item.minutes_left,
        "feedback": item.feedback,
        "texts": say.section("item"),
        "problem": problem and {"text": say.of_cause(problem[0]), "nonce": problem[1]},
    }


def _rubric_of(item: ItemView, say: Texts) -> dict[str, Any]:
    """The rubric; the question that nobody wrote is said in the page's language and protocol."""
    document = item.rubric.document()
    is_pair = item.protocol is Protocol.PAIR
    default = say("item.default_question_pair" if is_pair else "item.default_question")
    for criterion in document["criteria"]:
        if criterion["question"] == DEFAULT_QUESTION:
            criterion["question"] = default
    return document


def _keep_given(session_id: str, tab: str) -> None:
    st.session_state["handled"] = True
    _keep(session_id, tab, component.given(component.ITEM, "answer"))


def _keep(session_id: str, tab: str, sent: Any) -> None:
    try:
        given = given_answer(sent)
        view = save_answer(database(), session_id, given.item_id, given.answer, tab)
    except RefusalError as refusal:
        st.session_state["problem"] = (refusal.cause, nonce_of(sent))
    except StoreError:
        st.session_state["problem"] = (Cause.STORE_BUSY, nonce_of(sent))
    else:
        st.session_state["view"] = view
