"""What it takes to run one judge, the agreement to it, and how its runs go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bench.estimate import Estimate
from core.errors import InvalidInputError, SlamError
from core.judges.base import LLMJudge
from core.judges.registry import judges
from core.judging.planning import INJECTED_RESPONSES
from core.judging.service import plan_judging, request_judging
from core.judging.setups import Setup, setup_of
from core.money.confirmation import Confirmation
from core.money.estimates import estimate_judging
from core.runs import newest_progress
from core.terms import Terms, possible_modes
from db.tables import CallMode, JudgmentPurpose, RunKind
from ui.plain import plain
from ui.store import database, settings
from ui.studio.acting import act, guarded, show_problem
from ui.studio.estimate import confirm_estimate
from ui.studio.judges.place import Place, is_free
from ui.studio.progress import show_gates, show_progress

_KEPT_S = 30


def show_running(place: Place, setup: Setup) -> None:
    """Draw the buttons that run a judge and how its last runs went; polls while one goes on."""
    name = setup.judge.name
    is_running = place.is_running(name)
    if not is_running:
        _offer_run(place, setup)
        if isinstance(setup.judge, LLMJudge):
            _offer_injection(place, setup)
    show_problem(f"run_{name}")
    if models := place.models(name):
        every = 1.0 if is_running else None
        draw = st.fragment(guarded(_progress), run_every=every)
        draw(place.study.id, place.study.version_id, models, place.actor, is_running)


def _offer_run(place: Place, setup: Setup) -> None:
    name, found = setup.judge.name, place.coverages[setup.judge.name]
    open_count, failed = sum(one.open for one in found), sum(one.failed for one in found)
    if not open_count and not failed:
        st.caption("Nothing is missing.")
        return
    again = bool(failed) and st.checkbox(
        f"Retry what failed ({failed:,})",
        value=not open_count,
        key=f"retry_{name}_{place.study.version_id}_{failed}",
    )
    calls = open_count + (failed if again else 0)
    parts, terms = _terms(place, setup, JudgmentPurpose.SCORE, again=again)
    count = "1 judgment" if calls == 1 else f"{calls:,} judgments"
    st.button(
        f"Make {count}",
        type="primary",
        key=f"judge_{name}",
        disabled=not calls or terms is None,
        on_click=act,
        args=(f"run_{name}", _request, place, name, parts, terms),
        kwargs={"purpose": JudgmentPurpose.SCORE, "again": again},
    )


def _offer_injection(place: Place, setup: Setup) -> None:
    """The check whether the judge does what an order in a response says."""
    name = setup.judge.name
    with st.expander(
        "Does it obey orders in a response?", key=f"obeys_{name}", on_change="rerun"
    ) as box:
        if not box.open:
            return
        st.caption(
            f"The judge is shown up to {INJECTED_RESPONSES} responses a second time, each with an "
            "order to itself put into it, such as to give the best score. Its card tells how "
            "often it obeyed. These judgments count nowhere else."
        )
        parts, terms = _terms(place, setup, JudgmentPurpose.INJECTION, again=False)
        if not any(parts.values()):
            st.caption("It was shown all of them.")
            return
        st.button(
            "See whether it obeys orders in a response",
            key=f"inject_{name}",
            disabled=terms is None,
            on_click=act,
            args=(f"run_{name}", _request, place, name, parts, terms),
            kwargs={"purpose": JudgmentPurpose.INJECTION, "again": False},
        )


Parts = dict[str | None, Estimate]
"""``model -> what its calls will take``, of each model with anything to make."""


def _terms(
    place: Place, setup: Setup, purpose: JudgmentPurpose, *, again: bool
) -> tuple[Parts, Terms | None]:
    """The estimate a model and what was agreed to for all together; none while it is not yet."""
    name = setup.judge.name
    parts = _estimates(place.study.id, name, setup.models, purpose, again, place.stamp(name))
    if is_free(setup.judge):
        return parts, Terms()
    together = Estimate(tuple(one for part in parts.values() for one in part.models))
    if not together.calls:
        return parts, Terms()
    modes = possible_modes(together, settings())
    if not isinstance(setup.judge, LLMJudge):
        modes = (CallMode.DIRECT,)
    mode, confirmation = confirm_estimate(together, modes, place.actor, f"{name}_{purpose.value}")
    if together.paid_calls and confirmation is None:
        return parts, None
    return parts, Terms(mode, confirmation)


@st.cache_data(ttl=_KEPT_S, max_entries=50, show_spinner="Estimating…")
def _estimates(
    study_id: str,
    judge_name: str,
    models: tuple[str, ...],
    purpose: JudgmentPurpose,
    again: bool,
    stamp: str,
) -> Parts:
    """Writing thousands of prompts to count them takes a second, so it is kept for as long as
    nothing changes.
    """
    judge = setup_of(database(), study_id, judge_name).judge
    found: Parts = {}
    for model in models or (None,):
        plan = plan_judging(database(), study_id, judge_name, model, purpose)
        asked = plan.open(retry_failed=again)
        if asked:
            found[model] = estimate_judging(database(), settings(), study_id, judge, model, asked)
    return found


def _request(
    place: Place,
    judge_name: str,
    parts: Parts,
    terms: Terms,
    *,
    purpose: JudgmentPurpose,
    again: bool,
) -> None:
    """One run a model, in order, each on its share of what was agreed to."""
    for model, part in parts.items():
        request_judging(
            database(), settings(), place.study.id, judge_name, model, place.actor,
            share_of(terms, part), retry_failed=again, purpose=purpose,
        )  # fmt: skip


def share_of(terms: Terms, part: Estimate) -> Terms:
    """What was agreed to for all models together, as it is for one of them.

    Its part of the sum is by the estimate, and so is its part of the budget.
    """
    whole = terms.confirmation
    if whole is None or not part.paid_calls:
        return replace(terms, confirmation=None)
    is_batched = terms.mode is CallMode.BATCH
    most = (part.batched() if is_batched else part).priced_most_usd
    budget = whole.budget_usd
    if budget is not None and most is not None and whole.most_usd:
        budget *= most / whole.most_usd
    own = Confirmation(most, budget, whole.unpriced, whole.actor)
    return replace(terms, confirmation=own)


def _progress(
    study_id: str,
    version_id: str,
    models: Mapping[str, str | None],
    actor: str,
    polling: bool,
) -> None:
    """How the newest run of each judge (one a model) goes, or how it ended."""
    found = [
        one
        for judge_id in models
        if (one := newest_progress(database(), study_id, RunKind.JUDGING, judge_id=judge_id))
    ]
    is_paused = any(show_gates(one) for one in found[:1])
    for one in found:
        judge_id = one.run.judge_id or ""
        show_progress(
            one, actor, f"run_{judge_id}", version_id, is_paused=is_paused,
            model=models[judge_id] if len(models) > 1 else None,
        )  # fmt: skip
        show_problem(f"run_{judge_id}")
    if any(one.is_active for one in found) != polling:
        # The page decides how often this is drawn, and counts what is missing.
        st.rerun(scope="app")


def retry(place: Place, judge_name: str) -> None:
    """Run a judge that costs nothing again, with all that failed; for callbacks."""
    request_judging(
        database(), settings(), place.study.id, judge_name, None, place.actor, retry_failed=True
    )


def run_all(place: Place, judge_names: Sequence[str], bar: DeltaGenerator | None = None) -> None:
    """Run what is missing of judges that cost nothing, and show on a bar how far that is.

    Raises:
        InvalidInputError: some could not be run; the others are.
    """
    refused = []
    for number, name in enumerate(judge_names):
        if bar is not None:
            said = f"Queueing {plain(judges()[name].label)}, {number + 1} of {len(judge_names)}…"
            bar.progress(number / len(judge_names), said)
        try:
            request_judging(database(), settings(), place.study.id, name, None, place.actor)
        except SlamError as error:
            refused.append(str(error))
    if refused:
        raise InvalidInputError(" ".join(refused))
