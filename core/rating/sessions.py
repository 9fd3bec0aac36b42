"""One rater's session: start it, show the next item, keep an answer, complete it.

The page that calls this holds nothing that matters: a signed token finds the session, and where it
stands is read from the database every time.
"""

import random
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection
from sqlmodel import Session

from core.errors import InvalidInputError, NotFoundError
from core.exchange.storable import is_storable, storable_part
from core.rating.assignment import PoolEntry, assign
from core.studies.template import render
from db.engine import Database
from db.repositories import rating_step
from db.repositories.rating import Campaigns, Sessions, new_rater
from db.repositories.responses import excluded_ids
from db.repositories.studies import Studies
from db.tables import (
    Campaign,
    CampaignStatus,
    RatingConflict,
    RatingSession,
    SessionStatus,
    Subject,
)
from db.types import utc_now

CRITERION = "quality"
SCORES = range(11)
RESERVED_FOR = timedelta(hours=2)
"""A session that is not complete after so long was abandoned; its items return to the pool."""
PLATFORM_ID_PARAMETERS = ("PROLIFIC_PID", "participantId", "workerId")
"""Where recruiting platforms put their id of the person; the first that is there counts."""
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_MAX_COMMENT = 5000
_TAKEN_PART = (
    "This participant id has already taken part in this study; each can take part once. "
    "The address of your finished session still shows your code."
)
_UNKNOWN_SESSION = "This session is not known here; open the link you were given again."


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person reads before they start. It tells nothing of models."""

    campaign_id: str
    name: str
    description: str
    instructions: str
    consent: str
    items: int


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item as it is shown: the task and one response to it, nothing of who wrote it."""

    item_id: str
    number: int
    total: int
    question: str
    task: str
    response: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """Where a session stands: an item to rate, or the completion code."""

    session_id: str
    item: ItemView | None
    completion_code: str | None
    is_current_tab: bool


def invitation(database: Database, link_token: str) -> Invitation:
    """What the link opens.

    Raises:
        NotFoundError: the link is wrong, expired, or its campaign is closed.
    """
    with database.read() as session:
        campaign = _campaign(session, link_token)
        _check_open(campaign)
        version = Studies(session).version(campaign.study_version_id)
        return Invitation(
            campaign_id=campaign.id,
            name=campaign.name,
            description=version.description if version else "",
            instructions=campaign.instructions,
            consent=campaign.consent,
            items=campaign.items_per_session,
        )


def start_session(
    database: Database, link_token: str, start_nonce: str, arrival: Mapping[str, str]
) -> str:
    """Reserve items for a person who agreed; gives the session's id.

    The same press of the button (``start_nonce``), or the same person as the recruiting platform
    names them, gets the same session again, also when the campaign takes no new ones any more.

    Raises:
        InvalidInputError: the person whom the platform names has taken part already, or nothing is
            left to rate.
        NotFoundError: the link is wrong, expired, or its campaign is closed.
    """
    arrival = {storable_part(name)[:100]: storable_part(arrival[name])[:500] for name in arrival}
    external_id = _external_id(arrival)
    with database.write() as session:
        sessions = Sessions(session)
        # One start at a time: two presses make one session, and each sees what others reserved.
        campaign = _campaign(session, link_token, lock=True)
        earlier = sessions.by_start_nonce(start_nonce)
        if earlier is None and external_id is not None:
            earlier = sessions.of_external_rater(campaign.id, external_id)
            # A platform's id is no secret, and a complete session's page shows what is paid for.
            if earlier is not None and earlier.status is SessionStatus.COMPLETE:
                raise InvalidInputError(_TAKEN_PART)
        if earlier is not None:
            return earlier.id
        _check_open(campaign)
        reserved = _reserve(session, campaign)
        if not reserved:
            raise InvalidInputError(
                "There is nothing left to rate in this study; tell whoever sent you the link."
            )
        rater = new_rater(campaign.id, external_id)
        started = RatingSession(
            campaign_id=campaign.id,
            rater_id=rater.id,
            start_nonce=start_nonce,
            completion_code=_new_code(),
            arrival=arrival,
            item_count=len(reserved),
            consented_at=utc_now(),
        )
        session.add(rater)
        session.flush()
        session.add(started)
        session.flush()
        sessions.add_items(started.id, reserved)
        return started.id


def is_under_way(database: Database, link_token: str, arrival: Mapping[str, str]) -> bool:
    """Whether the platform's person has an unfinished session, to go on with by `start_session`."""
    external_id = _external_id(arrival)
    if external_id is None or not is_storable(link_token):
        return False
    with database.read() as session:
        campaign = Campaigns(session).by_link(link_token)
        earlier = campaign and Sessions(session).of_external_rater(campaign.id, external_id)
        return bool(earlier and earlier.status is SessionStatus.STARTED)


def session_token(session_id: str, secret: str) -> str:
    """The signed text that stands in the rater's address bar."""
    return str(_signer(secret).dumps(session_id))


def session_of_token(token: str, secret: str) -> str:
    """The session that a token names.

    Raises:
        NotFoundError: the token was changed or cut.
    """
    try:
        return str(_signer(secret).loads(storable_part(token)))
    except BadSignature as error:
        raise NotFoundError(
            "This address is not complete; open the link that you were given again."
        ) from error


def claim_tab(database: Database, session_id: str, tab: str) -> None:
    """Make this tab the one that may answer; an older tab is told to stop.

    Raises:
        NotFoundError: there is no such session.
    """
    with database.write() as session:
        row = _session(session, session_id)
        row.active_tab = tab
        session.add(row)


def view_session(database: Database, session_id: str, tab: str) -> SessionView:
    """Where the session stands.

    Raises:
        NotFoundError: there is no such session.
    """
    with database.read_bare() as connection:
        row = rating_step.current_item(connection, session_id)
    if row is not None and row.item_id is None and row.status is SessionStatus.STARTED:
        # Ordinarily the last answer completes the session.
        with database.write_bare() as connection:
            rating_step.complete(connection, session_id, utc_now())
    return _view(session_id, row, tab)


def _view(session_id: str, row: rating_step.CurrentItem | None, tab: str) -> SessionView:
    if row is None:
        raise NotFoundError(_UNKNOWN_SESSION)
    is_current = row.active_tab == tab
    if row.item_id is None or row.template is None or row.values is None or row.position is None:
        return SessionView(session_id, None, row.completion_code, is_current)
    item = ItemView(
        item_id=row.item_id,
        number=row.position + 1,
        total=row.item_count,
        question=row.question,
        task=render(row.template, row.values),
        response=row.response or "",
    )
    return SessionView(session_id, item, None, is_current)


def save_answer(
    database: Database, session_id: str, item_id: str, value: int, comment: str, tab: str
) -> SessionView:
    """Commit one answer; the last one completes the session. Gives what comes next.

    The first answer to an item counts. A second, different one is kept beside it as a conflict, and
    so is one from a tab that may not answer any more.

    Raises:
        InvalidInputError: the value is no whole number from 0 to 10, the comment is too long, or
            another tab has taken the session over.
        NotFoundError: the item is not of this session.
        StoreError: nothing was stored; the same call can be made again.
    """
    comment = storable_part(comment).strip()
    if value not in SCORES:
        raise InvalidInputError(f"A rating of {value} is not on the scale; choose 0 to 10.")
    if len(comment) > _MAX_COMMENT:
        raise InvalidInputError(
            f"The comment has {len(comment)} characters; shorten it to {_MAX_COMMENT}."
        )
    with database.write_bare() as connection:
        item = rating_step.answered_item(connection, item_id)
        if item is None or item.session_id != session_id:
            raise NotFoundError("This rating belongs to another session; reload the page.")
        is_current = item.active_tab == tab
        now = utc_now()
        answer = {
            "item_id": item_id,
            "session_id": session_id,
            "criterion": CRITERION,
            "value": value,
            "comment": comment or None,
            "shown_at": item.shown_at,
            "submitted_at": now,
            "shown_to_saved_ms": _elapsed_ms(now - item.shown_at),
        }
        if not (is_current and rating_step.add_rating(connection, answer)):
            _keep_conflict(connection, item_id, value, comment or None)
        row = rating_step.current_item(connection, session_id)
        if row is not None and row.item_id is None:
            rating_step.complete(connection, session_id, now)
    # Only now, when what the older tab gave is committed.
    if not is_current:
        raise InvalidInputError(
            "This session goes on in another tab; rate there, or reload to go on here."
        )
    return _view(session_id, row, tab)


def _keep_conflict(connection: Connection, item_id: str, value: int, comment: str | None) -> None:
    if rating_step.has_given(connection, item_id, CRITERION, value, comment):
        return
    with Session(connection) as session:
        session.add(
            RatingConflict(item_id=item_id, criterion=CRITERION, value=value, comment=comment)
        )
        session.flush()


def _external_id(arrival: Mapping[str, str]) -> str | None:
    values = (storable_part(arrival.get(name, ""))[:200] for name in PLATFORM_ID_PARAMETERS)
    return next((value for value in values if value), None)


def _campaign(session: Session, link_token: str, *, lock: bool = False) -> Campaign:
    # What no database holds is no link, and PostgreSQL would not even look for it.
    campaign = (
        Campaigns(session).by_link(link_token, lock=lock) if is_storable(link_token) else None
    )
    if campaign is None:
        raise NotFoundError("This link leads nowhere; check that it was copied whole.")
    return campaign


def _check_open(campaign: Campaign) -> None:
    if campaign.status is CampaignStatus.CLOSED:
        raise NotFoundError("This study is closed and takes no more ratings; thank you.")
    if campaign.expires_at is not None and campaign.expires_at <= utc_now():
        raise NotFoundError("This link has expired; ask whoever sent it for a new one.")


def _session(session: Session, session_id: str) -> RatingSession:
    row = Sessions(session).get(session_id)
    if row is None:
        raise NotFoundError(_UNKNOWN_SESSION)
    return row


def _reserve(session: Session, campaign: Campaign) -> list[str]:
    excluded = excluded_ids(session, Subject.RESPONSE)
    pool = [
        PoolEntry(
            response_id=response.id,
            test_case_id=response.test_case_id,
            candidate_id=response.candidate_id,
            times_shown=times,
        )
        for response, times in Campaigns(session).pool(campaign.id, utc_now() - RESERVED_FOR)
        if response.id not in excluded
    ]
    return assign(pool, campaign.items_per_session, random.SystemRandom())


def _new_code() -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(10))


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="rating-session")


def _elapsed_ms(elapsed: timedelta) -> int:
    return round(elapsed / timedelta(milliseconds=1))
