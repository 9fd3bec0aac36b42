"""The set-up of one judge, in the sidebar: what is typed there is tried out before it is saved."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.errors import SlamError
from core.judges.base import AnyJudge, Example, LLMJudge, asks_model
from core.judges.registry import judge_named
from core.judging.setups import (
    Setup,
    checked_setup,
    default_setup,
    save_setup,
    setup_history,
)
from core.providers.names import parse_model
from db.tables import JudgeSetup
from ui.plain import plain
from ui.store import database
from ui.studio.acting import act, show_problem
from ui.studio.judges.fields import as_typed, draw_field, form_fields, from_typed
from ui.studio.judges.place import Place
from ui.studio.offers import models_on_offer

EXAMPLES = "examples"
_MODELS_HELP = (
    "As `provider/model`. Several make a panel: each answers by itself, and the panel's score is "
    "their mean. A model that is also a candidate may favour its own answers."
)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one judge in one study.

    Widgets that are not drawn forget what they hold, so it is kept in the session beside them.
    """

    study_id: str
    judge: AnyJudge

    @property
    def place(self) -> str:
        """Where a refusal is shown."""
        return f"setup_{self.study_id}_{self.judge.name}"

    def key(self, field: str) -> str:
        """The key of a widget."""
        return f"{self.place}_{field}"

    @property
    def kept(self) -> dict[str, Any]:
        """What the widgets hold, or held when they were last drawn."""
        found: dict[str, Any] = st.session_state.setdefault(self.key("kept"), {})
        return found

    def fill(self, setup: Setup) -> None:
        """Put a set-up into the form; for callbacks, and before anything is drawn."""
        examples = getattr(setup.judge.options, EXAMPLES, ())
        values = {**as_typed(setup.judge.options), "models": "\n".join(setup.models)}
        st.session_state[self.key("kept")] = {**values, EXAMPLES: tuple(examples)}
        for name, value in values.items():
            st.session_state[self.key(name)] = value

    def value(self, name: str) -> Any:
        """What a widget holds now, also within a callback."""
        return st.session_state.get(self.key(name), self.kept.get(name))

    def draw(self, name: str, field: Any) -> None:
        """Draw the widget of an option and keep what it holds."""
        st.session_state.setdefault(self.key(name), self.kept.get(name))
        self.kept[name] = draw_field(name, field, self.key(name))

    @property
    def examples(self) -> tuple[Example, ...]:
        """The examples that go with the set-up."""
        return tuple(self.kept.get(EXAMPLES, ()))

    def options(self) -> dict[str, Any]:
        """All options as typed, unchecked.

        Raises:
            InvalidInputError: a field that is edited as JSON holds none.
        """
        names = form_fields(self.judge.options)
        values = from_typed(self.judge.options, {name: self.value(name) for name in names})
        if EXAMPLES in type(self.judge.options).model_fields:
            values[EXAMPLES] = self.examples
        return values

    def setup(self) -> Setup:
        """The set-up as typed.

        Raises:
            InvalidInputError: something in it cannot be used.
        """
        models = str(self.value("models") or "").splitlines()
        return checked_setup(self.judge.name, models, self.options())


def edit_setup(place: Place, judge_name: str) -> tuple[Form, Setup | str]:
    """Draw the form in the caller's container.

    Returns:
        The form, and the set-up as typed, or the sentence that says why it cannot be used.
    """
    judge = judge_named(judge_name)
    in_force = place.setup(judge_name)
    form = Form(place.study.id, judge)
    if not form.kept:
        form.fill(in_force or _defaults(place, judge))
    number = None if in_force is None else in_force.number
    st.subheader(f"Set-up of {plain(judge.label)}")
    st.caption(_of_version(number))
    if asks_model(judge):
        _models(form)
    for name, field in form_fields(judge.options).items():
        form.draw(name, field)
    typed = _typed(form)
    return form, typed


def is_in_force(place: Place, typed: Setup | str) -> bool:
    """Whether what is typed is what is saved."""
    if isinstance(typed, str):
        return False
    saved = place.setup(typed.judge.name)
    return saved is not None and (typed.judge.options, typed.models) == (
        saved.judge.options,
        saved.models,
    )


def save_or_load(place: Place, form: Form, typed: Setup | str) -> None:
    """The end of the form: why it cannot be saved, the buttons, and earlier versions."""
    if isinstance(typed, str):
        st.error(plain(typed))
    else:
        show_problem(form.place)
    if message := st.session_state.pop(form.key("message"), None):
        st.success(plain(message))
    is_saved = is_in_force(place, typed)
    if is_saved:
        st.caption("What is in force.")
    elif isinstance(typed, Setup):
        st.caption("Not saved yet: it can be tested before.")
    st.button(
        "Save", type="primary", key=form.key("save"), disabled=is_saved,
        on_click=act, args=(form.place, _save, form, place.actor),
    )  # fmt: skip
    st.button(
        "Back to the defaults", key=form.key("defaults"),
        on_click=act, args=(form.place, _fill_with_defaults, place, form),
    )  # fmt: skip
    st.caption(
        "Saving makes another judge of it. What the judge found as it was stays, and both stand "
        "beside each other in the results."
    )
    _history(form)


def _models(form: Form) -> None:
    st.session_state.setdefault(form.key("models"), form.kept.get("models"))
    form.kept["models"] = st.text_area(
        "Models to ask, one a line", key=form.key("models"), height=100, help=_MODELS_HELP
    )
    if isinstance(form.judge, LLMJudge):
        _warn_of_absent_models(form.kept["models"])


def _warn_of_absent_models(typed: str) -> None:
    """A name that its provider does not list is likely mistyped; the provider has the last word."""
    for line in dict.fromkeys(one.strip() for one in typed.splitlines() if one.strip()):
        try:
            name = parse_model(line)
        except SlamError:
            continue
        offered, problem = models_on_offer(name.provider)
        if not problem and name.full_name not in offered:
            listed = ", ".join(offered[:5])
            st.caption(plain(f"{name.provider} does not list {name.full_name}; it has {listed}."))


def _typed(form: Form) -> Setup | str:
    try:
        return form.setup()
    except SlamError as error:
        return str(error)


def _defaults(place: Place, judge: AnyJudge) -> Setup:
    reference = place.content.reference
    return default_setup(judge.name, reference.model if reference else None)


def _save(form: Form, actor: str) -> None:
    wanted = form.setup()
    saved = save_setup(
        database(),
        form.study_id,
        form.judge.name,
        models=wanted.models,
        options=form.options(),
        actor=actor,
    )
    st.session_state[form.key("message")] = (
        f"Version {saved.number} of the set-up is saved: run {form.judge.label} to judge with it. "
        "What it found before stays."
    )


def _fill_with_defaults(place: Place, form: Form) -> None:
    form.fill(_defaults(place, form.judge))


def _of_version(number: int | None) -> str:
    if number is None:
        return "What was saved cannot be used any more; change it or go back to the defaults."
    return f"Version {number} is in force." if number else "As it comes: nothing was saved yet."


def _history(form: Form) -> None:
    saved = setup_history(database(), form.study_id, form.judge.name)
    versions = {one.number: one for one in saved}
    if not versions:
        return
    with st.expander(f"Versions that were saved ({len(versions)})"):
        number = st.selectbox(
            "Version", list(versions), format_func=lambda one: _version(versions[one]),
            key=form.key(f"version_{len(versions)}"),
        )  # fmt: skip
        if number is not None:
            st.button(
                "Load into the form", key=form.key("load"),
                on_click=act, args=(form.place, _load, form, versions[number]),
            )  # fmt: skip


def _version(one: JudgeSetup) -> str:
    return f"{one.number}, by {one.created_by}, {one.created_at:%Y-%m-%d %H:%M} UTC"


def _load(form: Form, version: JudgeSetup) -> None:
    form.fill(checked_setup(form.judge.name, version.models, version.options))
