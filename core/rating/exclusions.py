"""Leave things out and let them count again: appended decisions, each with a rule and a reason.

Nothing that people gave is changed or deleted. The last decision of each rule about a thing holds;
it is out while any rule excludes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from core.errors import InvalidInputError
from core.exchange.storable import is_storable
from core.rating.reserving import release, retain
from db.engine import Database
from db.repositories import audits, exclusions
from db.repositories.rating import Campaigns
from db.tables import Exclusion, Origin, RatingSession, SessionStatus, Subject
from db.types import utc_now

BY_HAND = "by_hand"
"""The rule of decisions that a person takes without one."""
_MAX_REASON = 2000
_AT_A_TIME = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """A stored decision; one that ``stands`` was not followed by another of the same rule."""

    row: Exclusion
    stands: bool


def exclude(
    database: Database,
    subject: Subject,
    subject_ids: Sequence[str],
    rule: str,
    reason: str,
    evidence: Mapping[str, Mapping[str, Any]],
    actor: str,
) -> int:
    """Let things not count any more; items of a session that is left out return to the pool.

    Decisions are stored a few at a time: raters' answers must not wait for hundreds. Should that
    break off in the middle, the same request again goes on with the rest.

    Args:
        database: where to store.
        subject: what the ids are of.
        subject_ids: those that this rule excludes already are passed over.
        rule: the rule that decides.
        reason: why, in the researcher's words.
        evidence: by id what the rule saw, with its thresholds.
        actor: who decides.

    Returns:
        How many decisions were stored.

    Raises:
        InvalidInputError: there is no reason, or it cannot be stored.
    """
    reason = _checked(reason)
    wanted = list(dict.fromkeys(subject_ids))
    stored = 0
    for start in range(0, len(wanted), _AT_A_TIME):
        with database.write() as session:
            some = wanted[start : start + _AT_A_TIME]
            _lock_campaigns(session, subject, some)
            held = _held_by(session, subject, some, rule)
            new = [one for one in some if one not in held]
            _decide(session, subject, new, True, rule, reason, evidence, actor)
        stored += len(new)
    return stored


def include_again(
    database: Database, subject: Subject, subject_id: str, rule: str, reason: str, actor: str
) -> None:
    """Take a rule's decision back; nothing changes where the rule excludes nothing.

    The thing counts again unless another rule still excludes it.

    Raises:
        InvalidInputError: there is no reason, or it cannot be stored.
    """
    reason = _checked(reason)
    with database.write() as session:
        _lock_campaigns(session, subject, [subject_id])
        if subject_id in _held_by(session, subject, [subject_id], rule):
            _decide(session, subject, [subject_id], False, rule, reason, {}, actor)


def list_exclusions(database: Database, campaign_id: str) -> list[Decision]:
    """Every decision about a campaign's sessions, raters, ratings and responses, newest first."""
    with database.read() as session:
        decisions = exclusions.decisions_in_campaigns(session, [campaign_id])
    standing = {one.id for one in exclusions.standing(decisions).values()}
    return [Decision(one, one.id in standing) for one in reversed(decisions)]


def rules_of_study(database: Database, study_id: str) -> dict[str, int]:
    """``rule -> how many things it leaves out of the study's results now``, by the rule's name."""
    with database.read() as session:
        campaigns = [one.id for one in Campaigns(session).of_study(study_id)]
        decisions = exclusions.decisions_in_campaigns(session, campaigns)
    counts = {one.rule: 0 for one in sorted(decisions, key=lambda one: one.rule)}
    for decision in exclusions.standing(decisions).values():
        counts[decision.rule] += decision.excluded
    return {rule: count for rule, count in counts.items() if count}


def _checked(reason: str) -> str:
    trimmed = reason.strip()
    if not 1 <= len(trimmed) <= _MAX_REASON or not is_storable(trimmed):
        raise InvalidInputError(
            f"The decision needs a reason of 1 to {_MAX_REASON} characters; type one."
        )
    return trimmed


def _held_by(
    session: Session, subject: Subject, subject_ids: Iterable[str], rule: str
) -> frozenset[str]:
    """Which of the things the rule excludes now."""
    decisions = exclusions.decisions_about(session, subject, subject_ids)
    return frozenset(
        one.subject_id
        for one in exclusions.standing(decisions).values()
        if one.rule == rule and one.excluded
    )


def _lock_campaigns(session: Session, subject: Subject, subject_ids: Sequence[str]) -> None:
    """Whoever decides about the same sessions waits; in one order, so that nobody does for ever."""
    for campaign_id in sorted(
        {one.campaign_id for one in _sessions_of(session, subject, subject_ids)}
    ):
        Campaigns(session).locked(campaign_id)
    session.expire_all()


def _decide(
    session: Session,
    subject: Subject,
    subject_ids: Sequence[str],
    excluded: bool,
    rule: str,
    reason: str,
    evidence: Mapping[str, Mapping[str, Any]],
    actor: str,
) -> None:
    """Append the decisions, and move the items of the sessions that they concern."""
    concerned = _sessions_of(session, subject, subject_ids)
    before = _left_out(session, concerned)
    for subject_id in subject_ids:
        session.add(
            Exclusion(
                subject=subject,
                subject_id=subject_id,
                excluded=excluded,
                rule=rule,
                reason=reason,
                evidence=dict(evidence.get(subject_id, {})) or None,
                created_by=actor,
            )
        )
        audits.record(
            session,
            actor=actor,
            action="exclude" if excluded else "include again",
            subject=subject.value,
            subject_id=subject_id,
            after={"rule": rule, "reason": reason},
        )
    session.flush()
    after = _left_out(session, concerned)
    now = utc_now()
    for session_id in sorted(after - before):
        release(session, session_id, now)
    for session_id in sorted(before - after):
        retain(session, session_id)


def _sessions_of(
    session: Session, subject: Subject, subject_ids: Sequence[str]
) -> Sequence[RatingSession]:
    """The finished sessions that hold reservations of ours and count or not by these decisions."""
    found: Sequence[RatingSession] = []
    if subject is Subject.SESSION:
        found = exclusions.sessions_by_ids(session, subject_ids)
    elif subject is Subject.RATER:
        found = exclusions.sessions_of_raters(session, subject_ids)
    return [
        one
        for one in found
        if one.origin is Origin.COLLECTED and one.status is SessionStatus.COMPLETE
    ]


def _left_out(session: Session, sessions: Sequence[RatingSession]) -> set[str]:
    out = exclusions.excluded_ids(session, Subject.SESSION)
    raters = exclusions.excluded_ids(session, Subject.RATER)
    return {one.id for one in sessions if one.id in out or one.rater_id in raters}
