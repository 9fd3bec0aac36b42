"""Automatic judges: choose one, run it on all responses, see how far it is."""

import streamlit as st

from core.judges.base import AnyJudge, LLMJudge
from core.judges.registry import judges
from core.judging.service import JudgingPlan, plan_judging, request_judging
from core.runs import newest_progress
from core.studies.service import StudySummary, newest_version
from db.tables import RunKind
from ui.store import database
from ui.studio.acting import act, guarded
from ui.studio.progress import show_progress
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
            _judge(study, judge.name, actor)


def _summary(judge: AnyJudge) -> str:
    """The first sentence of what the judge says of itself."""
    text = (type(judge).__doc__ or "").strip().splitlines()[0]
    return f"{text} Scale: {judge.scale.minimum:g} to {judge.scale.maximum:g}."


@st.fragment(run_every=1.0)
@guarded
def _judge(study: StudySummary, judge_name: str, actor: str) -> None:
    judge = judges()[judge_name]
    model = _model(study, judge) if isinstance(judge, LLMJudge) else None
    plan = plan_judging(database(), study.id, judge_name, model)
    progress = (
        newest_progress(database(), study.id, RunKind.JUDGING, judge_id=plan.judge_id)
        if plan.judge_id
        else None
    )
    _buttons(study, judge_name, model, actor, plan, progress is not None and progress.is_active)
    if progress is not None:
        show_progress(progress, actor, judge_name)


def _model(study: StudySummary, judge: LLMJudge) -> str:
    reference = newest_version(database(), study.id).reference
    return st.text_input(
        "Model to ask",
        reference.model if reference else "openai/gpt-4",
        key=f"model_{judge.name}_{study.id}",
        help="A model that is also a candidate may favour its own answers.",
    )


def _buttons(
    study: StudySummary,
    judge_name: str,
    model: str | None,
    actor: str,
    plan: JudgingPlan,
    active: bool,
) -> None:
    open_calls = len(plan.missing) + len(plan.unfinished)
    st.write(
        f"Of {plan.total} responses, **{plan.ok}** are judged, **{open_calls}** are still to be "
        f"judged and **{len(plan.failed)}** could not be."
    )
    left, right = st.columns(2)
    left.button(
        f"Judge {open_calls} responses" if open_calls else "Nothing is missing",
        type="primary",
        key=f"judge_{judge_name}",
        disabled=active or not open_calls,
        on_click=act,
        args=(request_judging, database(), study.id, judge_name, model, actor),
    )
    if plan.failed:
        right.button(
            f"Retry what failed ({len(plan.failed)})",
            key=f"retry_{judge_name}",
            disabled=active,
            on_click=act,
            args=(request_judging, database(), study.id, judge_name, model, actor),
            kwargs={"retry_failed": True},
        )


page()
