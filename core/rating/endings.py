"""How a session ends: complete or not, with a code of its own and the way back to the platform."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection
from sqlmodel import Session

from core.rating.attention import attention_failures
from core.rating.content import CampaignContent
from core.rating.design import CampaignDesign, Outcome, Platform
from core.rating.refusals import Cause, RefusalError
from core.rating.reserving import release, retain
from core.rating.views import Ending
from db.repositories import attention, rating_step
from db.repositories.exclusions import is_left_out
from db.repositories.rating import Campaigns, Sessions
from db.tables import RatingSession, SessionStatus

_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_WITHDRAWABLE = {
    SessionStatus.COMPLETE,
    SessionStatus.FAILED_CHECKS,
    SessionStatus.SCREENED_OUT,
    SessionStatus.WITHDRAWN,
}


def new_code() -> str:
    """A code to be paid by: ten letters and digits that cannot be mistaken for each other."""
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))


def finish(
    connection: Connection, session_id: str, content: CampaignContent, now: datetime
) -> None:
    """End a session whose last item is answered: complete, unless its checks failed."""
    with Session(connection) as session:
        row = lock_of_session(session, session_id)
        if row.status is SessionStatus.ABANDONED:
            # The last answer came at the moment at which the items went back to the pool.
            revive(session, session_id)
        status = _status_of(connection, session_id, content.design)
        rating_step.end(connection, session_id, status, now)
        if status is not SessionStatus.COMPLETE or is_left_out(session, row):
            release(session, session_id, now)
            session.flush()


def revive(session: Session, session_id: str) -> None:
    """Let an abandoned session, whose campaign's lock is held, hold its items again."""
    rating_step.revive(session.connection(), session_id)
    retain(session, session_id)
    session.flush()


def lock_of_session(session: Session, session_id: str) -> RatingSession:
    """The session's row, once its campaign's lock is held and its own.

    Whatever gives reservations back or takes them up holds both, and takes them in this order
    before it changes a session: two that wait for each other would be the end of both. An answer
    refers to its session's row, so PostgreSQL lets nobody store one while the row is held.

    Raises:
        RefusalError: there is no such session.
    """
    row = Sessions(session).get(session_id)
    if row is None:
        raise RefusalError(Cause.UNKNOWN_SESSION)
    Campaigns(session).locked(row.campaign_id)
    session.refresh(row, with_for_update=True)
    return row


def ending_of(session: Session, row: RatingSession, content: CampaignContent) -> Ending:
    """What a rater whose session has ended is told."""
    outcome = Outcome(row.status)
    # Whoever withdraws what was complete has worked for it.
    paid_as = Outcome.COMPLETE if row.completed_at is not None else outcome
    platform = content.design.platform
    rater_id = Sessions(session).external_id_of(row) or ""
    return Ending(
        outcome=outcome,
        code=row.completion_code,
        return_url=_return_url(platform, paid_as, row.completion_code, rater_id, row.arrival),
        can_withdraw=row.status in _WITHDRAWABLE and row.data_deleted_at is None,
    )


def _status_of(connection: Connection, session_id: str, design: CampaignDesign) -> SessionStatus:
    """What becomes of a session with all items answered."""
    if design.attention_items:
        failures = attention_failures(attention.of_session(connection, session_id))
        if failures.total() > design.attention_failures_allowed:
            return SessionStatus.FAILED_CHECKS
    return SessionStatus.COMPLETE


def _return_url(
    platform: Platform, outcome: Outcome, own_code: str, rater_id: str, arrival: Mapping[str, str]
) -> str | None:
    if platform.return_url is None:
        return None
    values = {
        "code": platform.codes.get(outcome, own_code),
        "rater_id": rater_id,
        "study_id": arrival.get(platform.study_parameter or "", ""),
        "session_id": arrival.get(platform.session_parameter or "", ""),
    }
    url = platform.return_url
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return url
