"""Which judgments a judge still owes a study version, and the run that makes them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core.bench.estimate import Estimate
from core.errors import InvalidInputError
from core.judges.base import (
    AnyJudge,
    LLMJudge,
    Need,
    Unscored,
    asks_model,
    judge_identity,
)
from core.judging.planning import Material, Planned, plan
from core.judging.setups import Setup, read_setup
from core.money.estimates import estimate_judgments
from core.providers.names import parse_model
from core.runs import claim_run
from core.settings import Settings
from core.studies.service import freeze, newest_content, require_prompt
from core.terms import UNPAID, Terms, require_terms
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.responses import Responses
from db.repositories.studies import VersionContent
from db.tables import CallMode, CallStatus, Judge, JudgmentPurpose, Run, RunKind
from db.types import utc_now


@dataclass(frozen=True, slots=True)
class JudgingPlan:
    """A judge's judgments on a version, sorted by what became of them.

    ``unfinished`` and ``failed`` map ids of stored rows to what they are. ``unscorable`` counts
    those about which nothing can be asked; they are not worth a retry. ``failures`` counts all that
    is stored as failed by kind.
    """

    judge_id: str | None
    total: int
    ok: int
    missing: tuple[Planned, ...]
    unfinished: Mapping[str, Planned]
    failed: Mapping[str, Planned]
    unscorable: int
    failures: Mapping[str, int]

    def open(self, *, retry_failed: bool) -> list[Planned]:
        """All that a run would make."""
        again = [*self.unfinished.values(), *(self.failed.values() if retry_failed else ())]
        return [*self.missing, *again]


def plan_judging(
    database: Database,
    study_id: str,
    judge_name: str,
    model: str | None,
    purpose: JudgmentPurpose = JudgmentPurpose.SCORE,
) -> JudgingPlan:
    """What the judge, as the study wants it, has and lacks on the newest version's responses.

    Raises:
        InvalidInputError: the judge lacks its model, or something it needs is not installed.
        NotFoundError: there is no such study or judge.
    """
    with database.read() as session:
        material = _material(session, study_id)
        setup = read_setup(session, study_id, judge_name)
        return _plan(session, material, setup.judge, _checked(setup.judge, model), purpose)


def plan_all(database: Database, study_id: str, setups: Sequence[Setup]) -> list[JudgingPlan]:
    """`plan_judging` for several judges at once, which reads the responses once.

    Returns:
        One plan for every judge and model (`Setup.identities`), in order.

    Raises:
        InvalidInputError: something that a judge needs is not installed.
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        material = _material(session, study_id)
        return [
            _plan(session, material, setup.judge, model, JudgmentPurpose.SCORE)
            for setup in setups
            for model in setup.identities
        ]


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
    purpose: JudgmentPurpose = JudgmentPurpose.SCORE,
) -> Run:
    """Queue a run for the judgments that are missing; the daemon takes it up.

    Args:
        database: the store.
        settings: what may be asked of the providers.
        study_id: the study, whose set-up of the judge is used.
        judge_name: the judge.
        model: the model that the judge asks, if it asks one.
        actor: who asks for it.
        terms: how the calls are made, and the estimate that was confirmed where any is paid.
        retry_failed: whether the stored failures are tried again too.
        purpose: to score, or to see whether injected orders are obeyed.

    Raises:
        InvalidInputError: nothing can be judged, nothing is missing, the judge lacks its model or
            an installed extra, its run is still going on, or something paid would be called that
            was not confirmed.
        NotFoundError: there is no such study or judge.
    """
    ask = _Ask(settings, study_id, judge_name, model, purpose, retry_failed)
    # Planning takes long, and on SQLite nobody else can write meanwhile, so it is done before.
    with database.read() as session:
        wanted = ask.wanted(session)
    with database.write() as session:
        newest_content(session, study_id, lock=True)
        if ask.stamp(session) != wanted.stamp:
            wanted = ask.wanted(session)
        judge, content = wanted.judge, wanted.content
        if terms.mode is not CallMode.DIRECT and not isinstance(judge, LLMJudge):
            raise InvalidInputError(
                f"{judge.label} can only ask its model directly; choose “One by one”."
            )
        require_terms(wanted.estimate, terms, settings)
        stored = _stored_judge(session, judge, wanted.model)
        run = claim_run(
            session,
            RunKind.JUDGING,
            content,
            planned_calls=wanted.calls,
            actor=actor,
            row_ids=wanted.again,
            terms=terms,
            judge_id=stored.id,
        )
        Judgments(session).add(stored.id, run.id, map(_row, wanted.owed.missing))
        freeze(session, content.version, actor)
        return run


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request would make; ``stamp`` is all that this was made from."""

    judge: AnyJudge
    model: str | None
    content: VersionContent
    owed: JudgingPlan
    again: tuple[str, ...]
    calls: int
    estimate: Estimate
    stamp: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Ask:
    """What was asked for."""

    settings: Settings
    study_id: str
    judge_name: str
    model: str | None
    purpose: JudgmentPurpose
    retry_failed: bool

    def wanted(self, session: Session) -> _Wanted:
        """All that a request would make now.

        Raises:
            InvalidInputError: there is nothing to make, or the judge cannot make it.
        """
        stamp = self.stamp(session)
        judge = read_setup(session, self.study_id, self.judge_name).judge
        model = _checked(judge, self.model)
        material = _material(session, self.study_id)
        owed = _plan(session, material, judge, model, self.purpose)
        again = (*owed.unfinished, *(owed.failed if self.retry_failed else ()))
        _check(judge, material, owed, again)
        asked = owed.open(retry_failed=self.retry_failed)
        estimate = estimate_judgments(session, self.settings, material.content, judge, model, asked)
        return _Wanted(judge, model, material.content, owed, again, len(asked), estimate, stamp)

    def stamp(self, session: Session) -> tuple[object, ...]:
        """What decides what is wanted: version, set-up, responses, and what is judged."""
        content = newest_content(session, self.study_id)
        judge = read_setup(session, self.study_id, self.judge_name).judge
        identity = judge_identity(judge, _checked(judge, self.model))
        judgments = Judgments(session)
        stored = judgments.judge_by_identity(identity)
        standing = judgments.standing(stored.id, self.study_id, self.purpose) if stored else []
        return (content.version.id, identity, Responses(session).usable_ids(content), standing)


def _material(session: Session, study_id: str) -> Material:
    content = newest_content(session, study_id)
    return Material(content, Responses(session).usable(content))


def _check(judge: AnyJudge, material: Material, owed: JudgingPlan, again: Sequence[str]) -> None:
    if not material.responses:
        raise InvalidInputError("There is no response to judge yet; generate responses first.")
    if isinstance(judge, LLMJudge):
        require_prompt(material.content, f"{judge.label} cannot read what was asked")
    elif Need.REFERENCES in judge.needs and material.content.reference is None:
        raise InvalidInputError(
            f"{judge.label} compares with the reference, and this study names none; add one."
        )
    if not owed.missing and not again:
        done = f"{judge.label} has made all {owed.ok} judgments"
        raise InvalidInputError(
            f"{done}, and {len(owed.failed)} failed; use “Retry what failed”."
            if owed.failed
            else f"{done}; nothing is missing."
        )


def _checked(judge: AnyJudge, model: str | None) -> str | None:
    """The model's full name, or nothing for a judge that asks none."""
    if not asks_model(judge):
        return None
    if not model:
        raise InvalidInputError(f"{judge.label} needs a model to ask; name one.")
    return parse_model(model).full_name


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
        options=judge.options.model_dump(mode="json"),
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
    session: Session,
    material: Material,
    judge: AnyJudge,
    model: str | None,
    purpose: JudgmentPurpose,
) -> JudgingPlan:
    judgments = Judgments(session)
    stored = judgments.judge_by_identity(judge_identity(judge, model))
    owed = {one.key: one for one in plan(judge, material, purpose)}
    rows = judgments.standing(stored.id, material.content.study.id, purpose) if stored else []
    current = {row.key: row for row in rows if row.key in owed}

    def with_status(status: CallStatus) -> dict[str, Planned]:
        return {row.id: owed[row.key] for row in current.values() if row.status is status}

    failed = with_status(CallStatus.FAILED)
    return JudgingPlan(
        judge_id=stored.id if stored else None,
        total=len(owed),
        ok=len(with_status(CallStatus.OK)),
        missing=tuple(owed[key] for key in sorted(owed.keys() - current.keys())),
        unfinished=with_status(CallStatus.PLANNED),
        failed={key: one for key, one in failed.items() if not isinstance(one.sees, Unscored)},
        unscorable=sum(isinstance(one.sees, Unscored) for one in failed.values()),
        failures=Counter(
            row.error_kind or "" for row in current.values() if row.status is CallStatus.FAILED
        ),
    )


def _row(planned: Planned) -> dict[str, object]:
    """The columns of a judgment that is to be made, or that never can be."""
    row: dict[str, object] = {
        **planned.key._asdict(),
        "purpose": planned.purpose,
        "criterion": planned.criterion,
        "shown_response_ids": list(planned.shown_response_ids),
    }
    if isinstance(planned.sees, Unscored):
        row |= {
            "status": CallStatus.FAILED,
            "error_kind": planned.sees.kind,
            "error_message": planned.sees.message,
            "completed_at": utc_now(),
        }
    return row
