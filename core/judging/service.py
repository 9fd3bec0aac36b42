"""Which judgments a judge still owes a study version, and the run that makes them."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core.errors import InvalidInputError
from core.judges.base import AnyJudge, LLMJudge, SimilarityJudge, judge_identity
from core.judges.registry import judge_named
from core.judging.inputs import inputs_hash, inputs_of
from core.money.estimates import estimate_judgments
from core.providers.names import parse_model
from core.runs import claim_run
from core.settings import Settings
from core.studies.service import freeze, newest_content, require_prompt
from core.terms import UNPAID, Terms, require_terms
from db.engine import Database
from db.repositories.judgments import JudgmentKey, Judgments
from db.repositories.responses import Responses
from db.repositories.studies import VersionContent
from db.tables import CallStatus, Judge, Run, RunKind


@dataclass(frozen=True, slots=True)
class JudgingPlan:
    """A judge's judgments on a version, sorted by what became of them."""

    judge_id: str | None
    total: int
    ok: int
    missing: tuple[JudgmentKey, ...]
    unfinished: tuple[str, ...]
    failed: tuple[str, ...]


def plan_judging(
    database: Database, study_id: str, judge_name: str, model: str | None
) -> JudgingPlan:
    """What the judge has and lacks on the newest version's responses.

    Raises:
        InvalidInputError: the judge lacks its model, or something it needs is not installed.
        NotFoundError: there is no such study or judge.
    """
    judge, model = _resolve(judge_name, model)
    with database.read() as session:
        content = newest_content(session, study_id)
        stored = Judgments(session).judge_by_identity(judge_identity(judge, model))
        return _plan(session, content, judge, stored)


def stored_judge_id(database: Database, judge_name: str, model: str | None) -> str | None:
    """The id of the judge with this model, once it has been asked for anything.

    Raises:
        InvalidInputError: the judge lacks its model, or something it needs is not installed.
        NotFoundError: there is no such judge.
    """
    judge, model = _resolve(judge_name, model)
    with database.read() as session:
        stored = Judgments(session).judge_by_identity(judge_identity(judge, model))
        return stored.id if stored else None


def request_judging(
    database: Database,
    settings: Settings,
    study_id: str,
    judge_name: str,
    model: str | None,
    actor: str,
    terms: Terms = UNPAID,
    *,
    retry_failed: bool = False,
) -> Run:
    """Queue a run for the judgments that are missing; the daemon takes it up.

    Args:
        database: the store.
        settings: what may be asked of the providers.
        study_id: the study.
        judge_name: the judge.
        model: the model that the judge asks, if it asks one.
        actor: who asks for it.
        terms: how the calls are made, and the estimate that was confirmed where any is paid.
        retry_failed: whether the stored failures are tried again too.

    Raises:
        InvalidInputError: nothing can be judged, nothing is missing, the judge lacks its model or
            an installed extra, its run is still going on, or something paid would be called that
            was not confirmed.
        NotFoundError: there is no such study or judge.
    """
    judge, model = _resolve(judge_name, model)
    with database.write() as session:
        content = newest_content(session, study_id, lock=True)
        stored = _stored_judge(session, judge, model)
        plan = _plan(session, content, judge, stored)
        again = [*plan.unfinished, *(plan.failed if retry_failed else ())]
        _check(judge, content, plan, again)
        estimate = estimate_judgments(
            session, settings, content, judge_name, model, plan.missing, again
        )
        require_terms(estimate, terms, settings)
        run = claim_run(
            session,
            RunKind.JUDGING,
            content,
            planned_calls=len(plan.missing) + len(again),
            actor=actor,
            row_ids=again,
            terms=terms,
            judge_id=stored.id,
        )
        Judgments(session).add_planned(stored.id, run.id, plan.missing)
        freeze(session, content.version, actor)
        return run


def _check(judge: AnyJudge, content: VersionContent, plan: JudgingPlan, again: list[str]) -> None:
    if plan.total == 0:
        raise InvalidInputError("There is no response to judge yet; generate responses first.")
    if isinstance(judge, LLMJudge):
        require_prompt(content, f"{judge.label} cannot read what was asked")
    if isinstance(judge, SimilarityJudge) and content.reference is None:
        raise InvalidInputError(
            f"{judge.label} compares with the reference, and this study names none; add one."
        )
    if not plan.missing and not again:
        done = f"{judge.label} has judged all {plan.ok} responses"
        raise InvalidInputError(
            f"{done}, and {len(plan.failed)} failed; use “Retry what failed”."
            if plan.failed
            else f"{done}; nothing is missing."
        )


def _resolve(judge_name: str, model: str | None) -> tuple[AnyJudge, str | None]:
    judge = judge_named(judge_name)
    if not isinstance(judge, LLMJudge):
        return judge, None
    if not model:
        raise InvalidInputError(f"{judge.label} needs a model to ask; name one.")
    return judge, parse_model(model).full_name


def _stored_judge(session: Session, judge: AnyJudge, model: str | None) -> Judge:
    identity = judge_identity(judge, model)
    stored = Judgments(session).judge_by_identity(identity)
    if stored is not None:
        return stored
    new = Judge(
        identity=identity,
        name=judge.name,
        label=judge.label,
        model=model,
        configuration=judge.configuration(),
        scale_min=judge.scale.minimum,
        scale_max=judge.scale.maximum,
    )
    try:
        with session.begin_nested():
            session.add(new)
    except IntegrityError:
        # Another study asked for the same judge meanwhile and has committed it.
        stored = Judgments(session).judge_by_identity(identity)
        if stored is None:
            raise
        return stored
    return new


def _plan(
    session: Session, content: VersionContent, judge: AnyJudge, stored: Judge | None
) -> JudgingPlan:
    inputs = inputs_of(judge, content, Responses(session).usable(content))
    keys = {(one, inputs_hash(judged)) for one, judged in inputs.items()}
    rows = Judgments(session).of_judge(stored.id, inputs) if stored else []
    wanted = {
        (row.response_id, row.inputs_hash): row
        for row in rows
        if (row.response_id, row.inputs_hash) in keys
    }

    def with_status(status: CallStatus) -> tuple[str, ...]:
        return tuple(row.id for row in wanted.values() if row.status is status)

    return JudgingPlan(
        judge_id=stored.id if stored else None,
        total=len(keys),
        ok=len(with_status(CallStatus.OK)),
        missing=tuple(sorted(key for key in keys if key not in wanted)),
        unfinished=with_status(CallStatus.PLANNED),
        failed=with_status(CallStatus.FAILED),
    )
