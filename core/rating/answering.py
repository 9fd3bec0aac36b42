"""Keep one answer: checked against the rubric, committed at once, the first one counts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from core.exchange.storable import is_storable, storable_part
from core.rating.content import content_of_campaign
from core.rating.controls import is_right
from core.rating.design import Protocol
from core.rating.endings import lock_of_session, revive
from core.rating.refusals import Cause, RefusalError
from core.rating.sessions import finished_view, view_of
from core.rating.views import Answer, SessionView
from core.studies.rubric import Reason, Rubric
from db.engine import Database
from db.repositories import rating_step
from db.repositories.rating_step import AnsweredItem
from db.tables import (
    AnswerStatus,
    ControlKind,
    Preference,
    SessionStatus,
)
from db.types import utc_now

MOST_COMMENT_CHARACTERS = 5000
MOST_CONFLICTS = 50
"""How many rows of answers that do not count are kept for an item; a person gives a few."""
_MOST_MS = 2**53


def save_answer(
    database: Database, session_id: str, item_id: str, answer: Answer, tab: str
) -> SessionView:
    """Commit one answer; the last one ends the session. Gives what comes next.

    The first answer to an item counts. A second, different one is kept beside it as a conflict, and
    so is one from a tab that may not answer any more.

    Raises:
        RefusalError: the answer is not one to this item's rubric, the item is not of this session,
            the session has ended, or another tab has taken it over.
        StoreError: nothing was stored; the same call can be made again.
    """
    with database.write_bare() as connection:
        item = rating_step.answered_item(connection, item_id) if is_storable(item_id) else None
        if item is None or item.session_id != session_id or _is_not_shown_yet(item):
            raise RefusalError(Cause.OTHER_SESSION)
        content = content_of_campaign(connection, item.campaign_id)
        now = utc_now()
        rows = _rows(session_id, item_id, item, content.rubric, answer, now)
        is_current = item.active_tab == tab
        is_stored = _store(connection, item, rows, is_current=is_current)
        row = rating_step.current_item(connection, session_id)
        if is_stored and row is not None and row.status is SessionStatus.WITHDRAWN:
            # They withdrew in the meantime, and what is refused here is not stored.
            raise RefusalError(Cause.ENDED)
        feedback = _feedback(item, answer) if is_stored else None
        view = view_of(connection, session_id, row, tab, feedback)
        if view is None:
            view = finished_view(connection, session_id, tab)
    # Only now, when what the older tab gave is committed.
    if not is_current:
        raise RefusalError(Cause.OTHER_TAB)
    return view


def _is_not_shown_yet(item: AnsweredItem) -> bool:
    return item.open_position is not None and item.position > item.open_position


def _store(
    connection: Connection,
    item: AnsweredItem,
    rows: list[dict[str, Any]],
    *,
    is_current: bool,
) -> bool:
    """Whether this is now the answer that counts."""
    status = item.status
    if status is SessionStatus.ABANDONED or item.position == item.item_count - 1:
        # What ends a session or takes it up again needs its campaign's lock, before all else.
        status = _status_under_lock(connection, item.session_id, goes_on=is_current)
    if status is SessionStatus.STARTED and is_current and rating_step.add_ratings(connection, rows):
        return True
    if status is not SessionStatus.WITHDRAWN:
        rating_step.keep_conflicts(connection, rows, MOST_CONFLICTS)
    return False


def _status_under_lock(connection: Connection, session_id: str, *, goes_on: bool) -> SessionStatus:
    with Session(connection) as session:
        row = lock_of_session(session, session_id)
        if row.status is SessionStatus.ABANDONED and goes_on:
            revive(session, session_id)
            return SessionStatus.STARTED
        return row.status


def _rows(
    session_id: str,
    item_id: str,
    item: AnsweredItem,
    rubric: Rubric,
    answer: Answer,
    now: datetime,
) -> list[dict[str, Any]]:
    """The rows of `Rating`, one a criterion; the first carries the comment."""
    comment = _checked_comment(rubric, answer)
    protocol = Protocol.PAIR if item.is_pair else Protocol.SCORE
    shown_to_saved_ms = max(0, (now - item.shown_at) // timedelta(milliseconds=1))
    same = {
        "item_id": item_id,
        "session_id": session_id,
        "shown_at": item.shown_at,
        "submitted_at": now,
        "shown_to_saved_ms": shown_to_saved_ms,
        # What the browser claims cannot be longer than what the server saw.
        "active_ms": _claimed(answer.active_ms, shown_to_saved_ms),
        "hidden_ms": _claimed(answer.hidden_ms, shown_to_saved_ms),
        "blur_count": _claimed(answer.blur_count, 1_000_000),
    }
    return [
        {
            **same,
            "criterion": key,
            **_checked_value(rubric, protocol, answer, key),
            "comment": comment if number == 0 else None,
        }
        for number, key in enumerate(rubric.keys)
    ]


def _checked_value(rubric: Rubric, protocol: Protocol, answer: Answer, key: str) -> dict[str, Any]:
    if answer.cannot_judge:
        if not rubric.allows_cannot_judge:
            raise RefusalError(Cause.VALUE_NOT_ON_SCALE)
        return {"value": None, "preference": None, "status": AnswerStatus.CANNOT_JUDGE}
    given = answer.values.get(key)
    if given is None:
        raise RefusalError(Cause.VALUE_MISSING)
    answered = {"value": None, "preference": None, "status": AnswerStatus.ANSWERED}
    if protocol is Protocol.PAIR:
        return {**answered, "preference": _checked_preference(rubric, given)}
    if isinstance(given, bool) or not isinstance(given, int) or given not in rubric.scale.values:
        raise RefusalError(Cause.VALUE_NOT_ON_SCALE)
    return {**answered, "value": given}


def _checked_preference(rubric: Rubric, given: int | str) -> Preference:
    allowed = {Preference.FIRST, Preference.SECOND}
    if rubric.allows_tie:
        allowed.add(Preference.TIE)
    if rubric.allows_both_bad:
        allowed.add(Preference.BOTH_BAD)
    if given not in allowed:
        raise RefusalError(Cause.VALUE_NOT_ON_SCALE)
    return Preference(str(given))


def _checked_comment(rubric: Rubric, answer: Answer) -> str | None:
    comment = storable_part(answer.comment).strip()
    if len(comment) > MOST_COMMENT_CHARACTERS:
        raise RefusalError(Cause.COMMENT_TOO_LONG)
    if rubric.reason is Reason.REQUIRED and not comment:
        raise RefusalError(Cause.REASON_MISSING)
    return comment or None


def _feedback(item: AnsweredItem, answer: Answer) -> str | None:
    """What a wrong answer to a gold item teaches."""
    if item.control_kind is not ControlKind.GOLD or item.feedback is None:
        return None
    right = is_right(
        item.control_kind,
        item.expected,
        _values(answer),
        is_second=item.is_second,
        cannot_judge=answer.cannot_judge,
    )
    return item.feedback if right is False else None


def _values(answer: Answer) -> Mapping[str, int | str]:
    return {} if answer.cannot_judge else answer.values


def _claimed(value: object, most: int) -> int | None:
    """A number that a browser claims, cut to what is possible; null for what is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_MS:
        return None
    return min(value, most)
