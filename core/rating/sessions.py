"""One rater's session: find it by its token, show where it stands, check understanding, withdraw.

The page that calls this holds nothing that matters: a signed token finds the session, and where it
stands is read from the database every time.
"""

from collections.abc import Sequence
from datetime import datetime

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy import Connection
from sqlmodel import Session

from core.exchange.storable import storable_part
from core.rating import endings
from core.rating.content import CampaignContent, content_of_campaign
from core.rating.design import Question
from core.rating.refusals import Cause, RefusalError
from core.rating.reserving import release, reserve
from core.rating.views import (
    ComprehensionView,
    ItemView,
    QuestionView,
    SessionView,
    Stage,
)
from core.studies.template import render
from db.engine import Database
from db.repositories import audits, rating_step
from db.repositories.rating import Campaigns, Sessions
from db.repositories.rating_step import CurrentItem
from db.tables import RatingSession, SessionStatus
from db.types import utc_now

TOKEN_LASTS_S = 90 * 24 * 3600
"""How long the address of a session leads to it."""
COMPREHENSION_ATTEMPTS = 2
_UNDER_WAY = (SessionStatus.STARTED, SessionStatus.ABANDONED)


def session_token(session_id: str, secret: str) -> str:
    """The signed text that stands in the rater's address bar."""
    return str(_signer(secret).dumps(session_id))


def session_of_token(token: str, secret: str) -> str:
    """The session that a token names.

    Raises:
        RefusalError: the token was changed or cut, or is too old.
    """
    try:
        return str(_signer(secret).loads(storable_part(token), max_age=TOKEN_LASTS_S))
    except SignatureExpired as error:
        raise RefusalError(Cause.EXPIRED_ADDRESS) from error
    except BadSignature as error:
        raise RefusalError(Cause.BROKEN_ADDRESS) from error


def claim_tab(database: Database, session_id: str, tab: str) -> None:
    """Make this tab the one that may answer; an older tab is told to stop.

    A session whose items went back to the pool while its rater was away takes them up again.

    Raises:
        RefusalError: there is no such session.
    """
    with database.write() as session:
        row = _row(session, session_id)
        if row.status is SessionStatus.ABANDONED:
            row = endings.lock_of_session(session, session_id)
            if row.status is SessionStatus.ABANDONED:
                endings.revive(session, session_id)
                session.refresh(row)
        row.active_tab = tab
        session.add(row)


def view_session(database: Database, session_id: str, tab: str) -> SessionView:
    """Where the session stands.

    Raises:
        RefusalError: there is no such session.
    """
    with database.read_bare() as connection:
        row = rating_step.current_item(connection, session_id)
        view = view_of(connection, session_id, row, tab)
    if view is not None:
        return view
    # All items are answered but the session has not ended; ordinarily the last answer ends it.
    with database.write_bare() as connection:
        return finished_view(connection, session_id, tab)


def finished_view(connection: Connection, session_id: str, tab: str) -> SessionView:
    """End a session without an open item, inside the caller's transaction, and show its ending."""
    row = rating_step.current_item(connection, session_id)
    if row is None:
        raise RefusalError(Cause.UNKNOWN_SESSION)
    content = content_of_campaign(connection, row.campaign_id)
    endings.finish(connection, session_id, content, utc_now())
    return _ended_view(connection, session_id, content, row.active_tab == tab)


def view_of(
    connection: Connection,
    session_id: str,
    row: CurrentItem | None,
    tab: str,
    feedback: str | None = None,
) -> SessionView | None:
    """What a row says; none for a session that has no open item and has not ended."""
    if row is None:
        raise RefusalError(Cause.UNKNOWN_SESSION)
    content = content_of_campaign(connection, row.campaign_id)
    is_current = row.active_tab == tab
    if row.status not in _UNDER_WAY:
        return _ended_view(connection, session_id, content, is_current)
    if row.understood_at is None:
        return SessionView(
            session_id=session_id,
            stage=Stage.COMPREHENSION,
            language=content.design.language,
            instructions=content.instructions,
            is_current_tab=is_current,
            comprehension=_comprehension(connection, session_id, content),
        )
    if row.item_id is None:
        return None
    return SessionView(
        session_id=session_id,
        stage=Stage.ITEM,
        language=content.design.language,
        instructions=content.instructions,
        is_current_tab=is_current,
        item=_item_view(row, content, utc_now(), feedback),
    )


def answer_comprehension(
    database: Database, session_id: str, chosen: Sequence[int | None], tab: str
) -> SessionView:
    """Keep an attempt at the check of understanding: passed, once more, or screened out.

    Args:
        database: the store.
        session_id: whose session.
        chosen: for each question the index of the chosen option.
        tab: the tab that answers.

    Raises:
        RefusalError: a question has no answer, or the session is elsewhere or has ended.
    """
    with database.write() as session:
        row = endings.lock_of_session(session, session_id)
        if row.active_tab != tab:
            raise RefusalError(Cause.OTHER_TAB)
        if row.status is SessionStatus.ABANDONED:
            endings.revive(session, session_id)
            session.refresh(row)
        if row.status is SessionStatus.STARTED and row.understood_at is None:
            content = content_of_campaign(session.connection(), row.campaign_id)
            _take_attempt(session, row, content.design.comprehension, chosen)
    return view_session(database, session_id, tab)


def understood(session: Session, row: RatingSession, now: datetime) -> None:
    """Reserve a session's items, or end it where nothing is left to rate."""
    campaign = Campaigns(session).locked(row.campaign_id)
    if campaign is None or row.seed is None:
        raise RefusalError(Cause.UNKNOWN_SESSION)
    content = content_of_campaign(session.connection(), row.campaign_id)
    row.understood_at = now
    row.item_count = reserve(session, campaign, content.design, row.id, row.seed, now)
    if not row.item_count:
        row.status, row.ended_at = SessionStatus.NOTHING_LEFT, now
    session.add(row)


def withdraw(database: Database, session_id: str, *, delete_answers: bool) -> SessionView:
    """End a session at its rater's wish; it does not count, and on request its answers go.

    The platform's id of the person and the code stay, to pay by and not to ask them again.

    Raises:
        RefusalError: there is no such session.
    """
    with database.write() as session:
        row = endings.lock_of_session(session, session_id)
        now = utc_now()
        if row.status is not SessionStatus.WITHDRAWN:
            row.status, row.ended_at = SessionStatus.WITHDRAWN, now
            session.add(row)
            session.flush()
            release(session, session_id, now)
        if delete_answers and row.data_deleted_at is None:
            row.data_deleted_at = now
            session.add(row)
            content = content_of_campaign(session.connection(), row.campaign_id)
            platform = content.design.platform
            kept = {platform.rater_parameter, platform.study_parameter, platform.session_parameter}
            deleted = Sessions(session).delete_answers(row, kept)
            audits.record(
                session,
                actor="rater",
                action="delete answers",
                subject="rating_session",
                subject_id=session_id,
                after={"answers deleted": deleted},
            )
        tab = row.active_tab or ""
    return view_session(database, session_id, tab)


def _take_attempt(
    session: Session,
    row: RatingSession,
    questions: Sequence[Question],
    chosen: Sequence[int | None],
) -> None:
    answers = [one for one in chosen if one is not None]
    if len(answers) != len(questions):
        raise RefusalError(Cause.VALUE_MISSING)
    for one, question in zip(answers, questions, strict=True):
        if one not in range(len(question.options)):
            raise RefusalError(Cause.VALUE_NOT_ON_SCALE)
    passed = answers == [question.right for question in questions]
    number = Sessions(session).add_attempt(row.id, answers, passed=passed)
    now = utc_now()
    if passed:
        understood(session, row, now)
    elif number >= COMPREHENSION_ATTEMPTS:
        row.status, row.ended_at = SessionStatus.SCREENED_OUT, now
        session.add(row)


def _comprehension(
    connection: Connection, session_id: str, content: CampaignContent
) -> ComprehensionView:
    with Session(connection) as session:
        made = Sessions(session).attempts(session_id)
    return ComprehensionView(
        instructions=content.instructions,
        questions=tuple(
            QuestionView(one.text, one.options) for one in content.design.comprehension
        ),
        attempts_left=COMPREHENSION_ATTEMPTS - made,
    )


def _item_view(
    row: CurrentItem, content: CampaignContent, now: datetime, feedback: str | None
) -> ItemView:
    if row.item_id is None or row.position is None:
        raise RefusalError(Cause.UNKNOWN_SESSION)
    texts = (row.first_text, row.second_text)
    return ItemView(
        item_id=row.item_id,
        number=row.position + 1,
        total=row.item_count,
        protocol=content.design.protocol,
        rubric=content.rubric,
        task=render(row.template or "", row.values or {}),
        # Blank lines at the ends would tell planted texts from what models wrote.
        responses=tuple(text.strip() for text in texts if text is not None),
        minutes_left=_minutes_left(row, content.design.seconds_per_item, now),
        feedback=feedback,
    )


def _minutes_left(row: CurrentItem, planned_s: float, now: datetime) -> int:
    """At the rater's own pace once there is one, within a third and three times the planned."""
    done = row.position or 0
    pace_s = planned_s
    if done >= 3:
        spent_s = (now - (row.understood_at or row.started_at)).total_seconds()
        pace_s = min(max(spent_s / done, planned_s / 3), planned_s * 3)
    return max(1, round((row.item_count - done) * pace_s / 60))


def _ended_view(
    connection: Connection, session_id: str, content: CampaignContent, is_current: bool
) -> SessionView:
    with Session(connection) as session:
        ending = endings.ending_of(session, _row(session, session_id), content)
    return SessionView(
        session_id=session_id,
        stage=Stage.ENDED,
        language=content.design.language,
        instructions=content.instructions,
        is_current_tab=is_current,
        ending=ending,
    )


def _row(session: Session, session_id: str) -> RatingSession:
    row = Sessions(session).get(session_id)
    if row is None:
        raise RefusalError(Cause.UNKNOWN_SESSION)
    return row


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="rating-session")
