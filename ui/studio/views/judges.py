"""Automatic judges: choose one, run it on all responses, see how far it is."""

import streamlit as st

from core.errors import SlamError
from core.judges.base import AnyJudge, LLMJudge
from core.judges.registry import judges
from core.judging.service import plan_judging, request_judging, stored_judge_id
from core.money.estimates import estimate_judging
from core.runs import Progress, newest_progress
from core.studies.service import StudySummary, newest_version
from core.terms import UNPAID, Terms, possible_modes
from db.tables import RunKind
from ui.plain import plain
from ui.store import database, settings
from ui.studio.acting import act, guarded, show_problem
from ui.studio.estimate import confirm_estimate
from ui.studio.progress import show_gates, show_progress
from ui.studio.session import require_staff, study_or_stop, warn_without_daemon


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Judges")
    warn_without_daemon()
    for judge in judges().values():
        with st.container(border=True):
            st.subheader(judge.label)
            st.caption(_summary(judge))
            _draw(study, judge, actor)


def _summary(judge: AnyJudge) -> str:
    """The first sentence of what the judge says of itself."""
    text = (type(judge).__doc__ or "").strip().splitlines()[0]
    return text


def _draw(study: StudySummary, judge: AnyJudge, actor: str) -> None:
    model = _model(study, judge) if isinstance(judge, LLMJudge) else None
    try:
        progress = _progress(study, judge.name, model)
    except SlamError as error:
        st.error(plain(error))
        return
    polling = progress is not None and progress.is_active
    draw = st.fragment(guarded(_judge), run_every=1.0 if polling else None)
    draw(study, judge.name, model, actor, polling)


def _judge(
    study: StudySummary, judge_name: str, model: str | None, actor: str, polling: bool
) -> None:
    progress = _progress(study, judge_name, model)
    active = progress is not None and progress.is_active
    if not active:
        # While it goes on, counting what is missing would cost more than the run's own progress.
        _buttons(study, judge_name, model, actor)
    show_problem(judge_name)
    if progress is not None:
        is_paused = show_gates(progress)
        show_progress(progress, actor, judge_name, study.version_id, is_paused=is_paused)
    if active != polling:
        st.rerun(scope="app")


def _progress(study: StudySummary, judge_name: str, model: str | None) -> Progress | None:
    judge_id = stored_judge_id(database(), judge_name, model)
    if judge_id is None:
        return None
    return newest_progress(database(), study.id, RunKind.JUDGING, judge_id=judge_id)


def _model(study: StudySummary, judge: LLMJudge) -> str:
    reference = newest_version(database(), study.id).reference
    return st.text_input(
        "Model to ask",
        reference.model if reference else "openai/gpt-4",
        key=f"model_{judge.name}_{study.id}",
        help="A model that is also a candidate may favour its own answers.",
    )


def _buttons(study: StudySummary, judge_name: str, model: str | None, actor: str) -> None:
    plan = plan_judging(database(), study.id, judge_name, model)
    if plan.total == 0:
        st.info("There is no response to judge yet; generate responses first.")
        return
    open_calls = len(plan.missing) + len(plan.unfinished)
    st.write(
        f"Of {plan.total} responses, **{plan.ok}** are judged, **{open_calls}** are still to be "
        f"judged and **{len(plan.failed)}** could not be."
    )
    if not open_calls and not plan.failed:
        st.button("Nothing is missing", disabled=True, key=f"judge_{judge_name}")
        return
    again = bool(plan.failed) and st.checkbox(
        f"Retry what failed ({len(plan.failed)})",
        value=not open_calls,
        key=f"retry_{judge_name}_{study.version_id}_{len(plan.failed)}",
    )
    repeated = [*plan.unfinished, *(plan.failed if again else ())]
    calls = len(plan.missing) + len(repeated)
    terms, agreed = UNPAID, True
    if model is not None:
        estimate = estimate_judging(
            database(), settings(), study.id, judge_name, model, plan.missing, repeated
        )
        modes = possible_modes(estimate, settings())
        terms = Terms(*confirm_estimate(estimate, modes, actor, judge_name))
        agreed = not estimate.paid_calls or terms.confirmation is not None
    st.button(
        f"Judge {calls} responses",
        type="primary",
        key=f"judge_{judge_name}",
        disabled=not calls or not agreed,
        on_click=act,
        args=(
            judge_name,
            request_judging,
            database(),
            settings(),
            study.id,
            judge_name,
            model,
            actor,
            terms,
        ),
        kwargs={"retry_failed": again},
    )


page()
