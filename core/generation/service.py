"""Which responses a study version still needs, and the run that makes them."""

from dataclasses import dataclass

from sqlmodel import Session

from core.errors import InvalidInputError
from core.money.estimates import estimate_responses
from core.runs import claim_run
from core.settings import Settings
from core.studies.service import freeze, newest_content, require_prompt
from core.terms import UNPAID, Terms, require_terms
from db.engine import Database
from db.repositories.responses import Key, Responses
from db.repositories.studies import VersionContent
from db.tables import CallStatus, Run, RunKind


@dataclass(frozen=True, slots=True)
class Plan:
    """A version's responses: all that belong to it, sorted by what became of them.

    ``missing`` were never planned; ``unfinished`` were planned and not made (a cancelled run);
    the two last hold response ids.
    """

    total: int
    ok: int
    missing: tuple[Key, ...]
    unfinished: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How many responses a version wants, and what became of them; cheap to ask for."""

    total: int
    ok: int
    failed: int

    @property
    def open_calls(self) -> int:
        """Responses that were never asked for, or not made."""
        return self.total - self.ok - self.failed


def generation_standing(database: Database, study_id: str) -> Standing:
    """How the newest version's responses stand, counted in the store.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        counts = Responses(session).counts(content)
    models, cases = len(content.candidates), len(content.test_cases)
    return Standing(
        total=models * cases * content.version.samples_per_case,
        ok=counts.get(CallStatus.OK, 0),
        failed=counts.get(CallStatus.FAILED, 0),
    )


def plan_generation(database: Database, study_id: str) -> Plan:
    """What the newest version of the study has and lacks.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        return _plan(session, newest_content(session, study_id))


def request_generation(
    database: Database,
    settings: Settings,
    study_id: str,
    actor: str,
    terms: Terms = UNPAID,
    *,
    retry_failed: bool = False,
) -> Run:
    """Queue a run for the responses that the newest version lacks; the daemon takes it up.

    The version is frozen by this.

    Args:
        database: the store.
        settings: what may be asked of the providers.
        study_id: the study.
        actor: who asks for it.
        terms: how the calls are made, and the estimate that was confirmed where any is paid.
        retry_failed: whether the stored failures are tried again too.

    Raises:
        InvalidInputError: nothing is missing, a run of the study is still going on, or something
            paid would be called that was not confirmed.
        NotFoundError: there is no such study.
    """
    with database.write() as session:
        content = newest_content(session, study_id, lock=True)
        require_prompt(content, "nothing can be generated")
        plan = _plan(session, content)
        again = [*plan.unfinished, *(plan.failed if retry_failed else ())]
        if not plan.missing and not again:
            raise InvalidInputError(_nothing_to_do(plan))
        estimate = estimate_responses(session, settings, content, plan.missing, again)
        require_terms(estimate, terms, settings)
        run = claim_run(
            session,
            RunKind.GENERATION,
            content,
            planned_calls=len(plan.missing) + len(again),
            actor=actor,
            row_ids=again,
            terms=terms,
        )
        Responses(session).add_planned(content, run.id, plan.missing)
        freeze(session, content.version, actor)
        return run


def _nothing_to_do(plan: Plan) -> str:
    if plan.failed:
        return (
            f"Nothing is missing, but {len(plan.failed)} responses failed; "
            "use “Retry what failed” to call them again."
        )
    return f"All {plan.total} responses are stored; add a case, a model or samples to make more."


def _plan(session: Session, content: VersionContent) -> Plan:
    stored = Responses(session).statuses(content)
    keys: list[Key] = [
        (candidate.id, case.id, sample)
        for candidate in content.candidates
        for sample in range(content.version.samples_per_case)
        for case in content.test_cases
    ]

    def with_status(status: CallStatus) -> tuple[str, ...]:
        return tuple(row_id for row_id, found in stored.values() if found is status)

    return Plan(
        total=len(keys),
        ok=len(with_status(CallStatus.OK)),
        missing=tuple(key for key in keys if key not in stored),
        unfinished=with_status(CallStatus.PLANNED),
        failed=with_status(CallStatus.FAILED),
    )
