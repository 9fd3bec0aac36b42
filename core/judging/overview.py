"""How all judges of a study stand, as a page lists them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.errors import SlamError
from core.judges.base import AnyJudge, LLMJudge, Need, Shape, judge_identity
from core.judges.measuring import BROKEN_JUDGE
from core.judges.registry import judges
from core.judging.service import JudgingPlan, plan_all
from core.judging.setups import Setup, read_setup
from core.providers.base import FailureKind
from core.runs import ACTIVE
from core.studies.service import newest_content
from db.engine import Database
from db.repositories.judging_overview import JudgeRun, JudgingOverview
from db.repositories.responses import Responses
from db.tables import Judge

WORTH_A_RETRY = frozenset({*(kind.value for kind in FailureKind), BROKEN_JUDGE})
"""The kinds of failures after which asking again may help; any other has nothing to say."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the newest version's responses a judge has judged, with one model if it asks one.

    ``failed`` can be tried again; ``cannot`` are those about which the judge has nothing to say,
    such as a response without a reference to compare with. ``causes`` counts both by their kind;
    ``cause`` is the sentence stored with most of what failed.
    """

    judge_id: str | None
    model: str | None
    total: int
    ok: int
    open: int
    failed: int
    cannot: int
    causes: Mapping[str, int]
    cause: str | None = None

    @property
    def has_run(self) -> bool:
        """Whether anything was ever made or tried."""
        return self.judge_id is not None


def coverage_of(plan: JudgingPlan, model: str | None, cause: str | None = None) -> Coverage:
    """A plan as figures, with the sentence that was stored with most of what failed."""
    failed = sum(count for kind, count in plan.failures.items() if kind in WORTH_A_RETRY)
    return Coverage(
        judge_id=plan.judge_id,
        model=model,
        total=plan.total,
        ok=plan.ok,
        open=len(plan.missing) + len(plan.unfinished),
        failed=failed,
        cannot=sum(plan.failures.values()) - failed,
        causes=dict(plan.failures),
        cause=cause,
    )


@dataclass(frozen=True, slots=True)
class JudgeState:
    """A judge as the study wants it, and what it was asked for as that.

    ``models`` maps the ids of the stored judges that ever had a run here to the model of each;
    ``active_ids`` are of those whose run still goes on. ``stamp`` is another whenever `coverages`
    may have become another.
    """

    setup: Setup
    models: Mapping[str, str | None]
    active_ids: tuple[str, ...]
    stamp: str


def judge_states(database: Database, study_id: str) -> dict[str, JudgeState | str]:
    """``judge name -> how it is set up``, or the sentence that says why it cannot be used here.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        newest_content(session, study_id)
        overview = JudgingOverview(session, study_id)
        responses, runs = overview.responses_stamp(), overview.runs()
        found: dict[str, JudgeState | str] = {}
        for name in judges():
            try:
                found[name] = _state(read_setup(session, study_id, name), runs, responses)
            except SlamError as error:
                found[name] = str(error)
    return found


def _state(setup: Setup, runs: Sequence[JudgeRun], responses: str) -> JudgeState:
    models = {judge_identity(setup.judge, model): model for model in setup.identities}
    mine = [run for run in runs if run.identity in models]
    active = (run.judge_id for run in mine if run.status in ACTIVE)
    return JudgeState(
        setup=setup,
        models={run.judge_id: models[run.identity] for run in mine},
        active_ids=tuple(dict.fromkeys(active)),
        stamp=repr((responses, list(models), [(run.run_id, run.status.value) for run in mine])),
    )


def coverages(
    database: Database, study_id: str, setups: Sequence[Setup]
) -> dict[str, tuple[Coverage, ...]]:
    """``judge name -> its coverage``, once a model that it asks; reads the responses once.

    Raises:
        InvalidInputError: something that a judge needs is not installed.
        NotFoundError: there is no such study.
    """
    plans = iter(plan_all(database, study_id, setups))
    with database.read() as session:
        overview = JudgingOverview(session, study_id)
        return {
            setup.judge.name: tuple(
                _with_cause(overview, next(plans), model) for model in setup.identities
            )
            for setup in setups
        }


def _with_cause(overview: JudgingOverview, plan: JudgingPlan, model: str | None) -> Coverage:
    kinds = WORTH_A_RETRY.intersection(plan.failures)
    cause = overview.usual_failure(plan.judge_id, kinds) if plan.judge_id and kinds else None
    return coverage_of(plan, model, cause)


def count_usable(database: Database, study_id: str) -> int:
    """How many responses of the newest version can be judged.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        return Responses(session).count_usable(newest_content(session, study_id))


def stored_judges(database: Database, study_id: str, judge_name: str) -> list[tuple[Judge, int]]:
    """The judges that earlier and present set-ups made, oldest first, with their judgments."""
    with database.read() as session:
        return list(JudgingOverview(session, study_id).judgments_made(judge_name))


def compares_with_reference(judge: AnyJudge) -> bool:
    """Whether the judge is of no use without a response of the reference."""
    if isinstance(judge, LLMJudge):
        return judge.asking.shape in (Shape.BESIDE_REFERENCE, Shape.PAIR)
    return Need.REFERENCES in judge.needs
