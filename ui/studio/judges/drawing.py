"""Examples for a judge's model, drawn in its form from what people gave."""

import streamlit as st

from core.judging.examples import draw_examples
from core.studies.rubric import rubric_of
from ui.store import database
from ui.studio.acting import act
from ui.studio.blinding import people_are_locked
from ui.studio.judges.form import EXAMPLES, Form
from ui.studio.judges.place import Place

MOST_EXAMPLES = 20


def examples_input(place: Place, form: Form) -> None:
    """Draw the part of the form about examples, for a judge that takes any."""
    if EXAMPLES not in type(form.judge.options).model_fields:
        return
    examples = form.examples
    with st.expander(f"Examples from people's ratings ({len(examples)})"):
        st.caption(
            "Shown to the model with the people's scores, where the prompt has {{examples}}. An "
            "example never helps to judge its own test case, and no calibration counts it."
        )
        if people_are_locked(place.study.id, place.actor):
            return
        for number, one in enumerate(examples, start=1):
            st.text(f"{number}. {one.score:.0%} of the scale: {_short(one.response)}")
        _draw_form(place, form)
        if examples:
            st.button(
                "Show no examples", key=form.key("no_examples"),
                on_click=act, args=(form.place, _put, form, ()),
            )  # fmt: skip


def _draw_form(place: Place, form: Form) -> None:
    rubric = rubric_of(place.content.version.rubric)
    st.number_input("How many examples", 1, MOST_EXAMPLES, 3, key=form.key("count"))
    if len(rubric.keys) > 1:
        st.selectbox("By people's answers to", rubric.keys, key=form.key("criterion"))
    st.number_input("Seed of the examples", 0, None, 0, step=1, key=form.key("examples_seed"))
    st.button(
        "Draw examples", key=form.key("draw"),
        on_click=act, args=(form.place, _draw, form, rubric.keys[0]),
    )  # fmt: skip


def _draw(form: Form, only_criterion: str) -> None:
    criterion = st.session_state.get(form.key("criterion"), only_criterion)
    count, seed = (int(st.session_state[form.key(one)]) for one in ("count", "examples_seed"))
    _put(form, draw_examples(database(), form.study_id, count, criterion, seed))


def _put(form: Form, examples: tuple[object, ...]) -> None:
    form.kept[EXAMPLES] = examples


def _short(text: str, longest: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"
