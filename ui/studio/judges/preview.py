"""What a judge would be asked about one response, and what it answers when it is tried."""

from dataclasses import replace
from datetime import datetime, timedelta

import streamlit as st

from core.errors import InvalidInputError, SlamError
from core.judges.base import JudgedResponse, JudgeTask, Unscored
from core.judging.examples import shows_examples
from core.judging.preview import Question, blind_responses, preview
from core.judging.setups import Setup
from core.judging.trials import PATIENCE_S, request_trial, trial_of
from core.money.confirmation import Confirmation, confirmation_of
from core.money.estimates import estimate_judging
from db.tables import CallStatus, JudgeTrial
from db.types import utc_now
from ui.plain import plain
from ui.store import database, settings
from ui.studio.acting import act, guarded, show_problem
from ui.studio.judges.form import Form
from ui.studio.judges.place import Place, is_locked
from ui.studio.progress import UNKNOWN, dollars, in_words

_LOOKED_EVERY_S = 0.5
_GRACE = timedelta(seconds=30)
"""An ending is stored in less, also on a busy machine."""
_LOCKED = (
    "Its examples tell what people gave, so they are left out here, and it cannot be tested with "
    "them, while people's results are locked; a run shows them to the model all the same."
)


def show_preview(place: Place, form: Form, typed: Setup | str) -> None:
    """Draw the question as the form makes it, and the button that tries it."""
    st.markdown("##### What it sees of one response")
    chosen = _choose_response(place, form)
    if chosen is None:
        return
    if isinstance(typed, str):
        st.warning(plain(f"Nothing can be shown while the set-up cannot be used: {typed}"))
        return
    models = list(typed.models)
    if len(models) > 1:
        st.selectbox("Model of the panel", models, key=form.key("model"))
    setup = _of_one_model(form, typed)
    is_hidden = place.is_locked and shows_examples(setup.judge)
    questions = preview(
        database(), place.study.id, setup.judge, setup.identities[0], chosen,
        with_examples=not is_hidden,
    )  # fmt: skip
    question = _choose_question(form, questions)
    if question is None:
        st.info("Nothing would be asked about this response.")
        return
    _show_question(question)
    if is_hidden:
        st.caption(_LOCKED)
    elif not isinstance(question.planned.sees, Unscored):
        _offer_trial(place, form, setup, chosen, question)


def _choose_response(place: Place, form: Form) -> str | None:
    """A response by its number: which model wrote it is not told."""
    cases = {one.id: one.name for one in place.content.test_cases}
    left, right = st.columns(2)
    case_id = left.selectbox(
        "Test case", list(cases), format_func=cases.__getitem__, key=form.key("case")
    )
    ids = blind_responses(database(), place.study.id, case_id) if case_id else []
    if not ids:
        st.info("There is no response to this test case yet; generate it on the page “Responses”.")
        return None
    number = right.number_input(
        f"Response (1 to {len(ids)})", 1, len(ids), 1, key=form.key(f"number_{case_id}"),
        help="Without its model's name, as the judge sees it.",
    )  # fmt: skip
    return ids[int(number) - 1]


def _of_one_model(form: Form, setup: Setup) -> Setup:
    chosen = st.session_state.get(form.key("model"))
    if not setup.models:
        return setup
    return replace(setup, models=(chosen if chosen in setup.models else setup.models[0],))


def _choose_question(form: Form, questions: list[Question]) -> Question | None:
    if len(questions) < 2:
        return questions[0] if questions else None
    number = st.number_input(
        f"Question (1 to {len(questions)})", 1, len(questions), 1,
        key=form.key(f"question_{len(questions)}"),
        help="One for each order, criterion or reference response, as it is set up.",
    )  # fmt: skip
    return questions[int(number) - 1]


def _show_question(question: Question) -> None:
    sees, request = question.planned.sees, question.request
    if isinstance(sees, Unscored):
        st.warning(plain(sees.message))
    elif isinstance(sees, JudgedResponse):
        _show_measured(sees)
    elif request is not None and isinstance(sees, JudgeTask):
        st.code(request.prompt, language=None, wrap_lines=True, height=420)
        st.caption(f"About {question.tokens:,} tokens are read, the schema of the answer included.")
        if request.json_schema is not None:
            with st.expander("Schema of the answer"):
                st.json(request.json_schema)


def _show_measured(sees: JudgedResponse) -> None:
    st.caption("No model is asked a question; this is what is measured.")
    st.code(sees.text, language=None, wrap_lines=True)
    parts = [
        f"{len(sees.references)} reference responses to compare with" if sees.references else "",
        f"{len(sees.corpus)} responses to the test case" if sees.corpus else "",
        f"{len(sees.facts)} values of the test case" if sees.facts else "",
    ]
    if said := ", ".join(part for part in parts if part):
        st.caption(f"Besides: {said}.")


def _offer_trial(
    place: Place, form: Form, setup: Setup, response_id: str, question: Question
) -> None:
    estimate = estimate_judging(
        database(), settings(), place.study.id, setup.judge, setup.identities[0], [question.planned]
    )
    confirmation = None
    if estimate.paid_calls:
        confirmation = confirmation_of(estimate, None, place.actor)
        most = dollars(estimate.most_usd) if estimate.most_usd is not None else None
        costs = f"costs at most {most}" if most else "costs what nobody knows: it has no price"
        st.caption(
            plain(
                f"One call to {setup.identities[0]}, which {costs}. It is paid again if it must be "
                "repeated, and counted on the page “Spend”."
            )
        )
    st.button(
        "Test on this response", key=form.key("test"),
        on_click=act,
        args=(form.key("trial"), _try, form, response_id, question.planned.key.inputs_hash,
              place.actor, confirmation),
    )  # fmt: skip
    show_problem(form.key("trial"))
    trial_id = st.session_state.get(form.key("trial_id"))
    if trial_id is None:
        return
    trial = trial_of(database(), trial_id)
    if not _is_of(trial, setup, question):
        st.caption("The last test was of another response, question or set-up.")
    else:
        is_waiting = trial.status is CallStatus.PLANNED
        every = _LOOKED_EVERY_S if is_waiting else None
        st.fragment(guarded(_show_trial), run_every=every)(form, trial_id, is_waiting)


def _is_of(trial: JudgeTrial, setup: Setup, question: Question) -> bool:
    """Whether a trial is of what is shown."""
    options = setup.judge.options.model_dump(mode="json", exclude_defaults=True)
    key = question.planned.key
    return (trial.model, trial.options, trial.inputs_hash) == (
        setup.identities[0],
        options,
        key.inputs_hash,
    )


def _try(
    form: Form,
    response_id: str,
    inputs_hash: str,
    actor: str,
    confirmation: Confirmation | None,
) -> None:
    setup = _of_one_model(form, form.setup())
    if shows_examples(setup.judge) and is_locked(form.study_id):
        raise InvalidInputError(_LOCKED)
    trial = request_trial(
        database(), settings(), form.study_id, setup, response_id, inputs_hash, actor, confirmation
    )
    st.session_state[form.key("trial_id")] = trial.id


def _show_trial(form: Form, trial_id: str, was_waiting: bool) -> None:
    trial = trial_of(database(), trial_id)
    with st.container(border=True):
        if trial.status is CallStatus.PLANNED:
            st.info(_waiting(trial, utc_now()))
            return
        _show_outcome(form, trial)
    if was_waiting:
        st.rerun(scope="app")


def _waiting(trial: JudgeTrial, now: datetime) -> str:
    """How long somebody has waited for a test, and when that ends."""
    limit = f"{PATIENCE_S:.0f} s"
    if trial.started_at is None:
        waited = in_words(now - trial.requested_at)
        return (
            f"The test has waited {waited} for the daemon; once it is taken up, it ends by itself "
            f"after {limit} at the latest."
        )
    waited = in_words(now - trial.started_at)
    if now - trial.started_at > timedelta(seconds=PATIENCE_S) + _GRACE:
        return (
            f"The test was taken up {waited} ago and should have ended after {limit}, so the "
            "daemon has stopped in the middle of it; start the daemon and test again."
        )
    return f"The test has gone on for {waited}; it ends by itself after {limit} at the latest."


def _show_outcome(form: Form, trial: JudgeTrial) -> None:
    if trial.error_message is not None:
        st.error(plain(trial.error_message))
    with st.container(horizontal=True):
        st.metric("Score" if trial.score is not None else "Choice", _answer(form, trial))
        st.metric("Time", _time(trial.duration_ns))
        if trial.model is not None:
            st.metric("Cost", dollars(trial.cost_usd))
    if trial.reasoning:
        st.text(trial.reasoning)
    if trial.raw_reply is not None:
        st.caption("The reply as it came")
        st.code(trial.raw_reply, language=None, wrap_lines=True)
    if trial.details:
        st.caption("What else was read from it")
        st.json(trial.details, expanded=False)
    st.caption("A test is no judgment: it counts nowhere.")


def _time(duration_ns: int | None) -> str:
    if duration_ns is None:
        return UNKNOWN
    return f"{duration_ns / 1e9:.2f} s" if duration_ns >= 1e9 else f"{duration_ns / 1e6:.0f} ms"


def _answer(form: Form, trial: JudgeTrial) -> str:
    if trial.score is not None:
        maximum = _scale_maximum(form)
        return f"{trial.score:g}" if maximum is None else f"{trial.score:.4g} of {maximum:g}"
    choice = trial.details.get("choice")
    if isinstance(choice, int):
        return f"The response shown as number {choice + 1}"
    return "A tie" if choice == "tie" else UNKNOWN


def _scale_maximum(form: Form) -> float | None:
    try:
        return form.setup().judge.scale.maximum
    except SlamError:
        return None
