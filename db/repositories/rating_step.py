"""One rating step: a few statements, built once, on a bare connection.

A step is what a rater waits for, so it does without the object-relational layer, whose sessions and
rows would cost more than the statements themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, bindparam, cast, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from db.tables import (
    Campaign,
    Control,
    ControlKind,
    Item,
    PromptTemplate,
    Rating,
    RatingConflict,
    RatingSession,
    Response,
    SessionStatus,
    StudyVersion,
    TestCase,
)
from db.types import new_id

_GIVEN = ("item_id", "criterion", "value", "preference", "status", "comment")
"""What makes an answer to a criterion the same as another."""


@dataclass(frozen=True, slots=True)
class FixedContent:
    """What does not change once a campaign is open; the two documents as stored JSON."""

    instructions: str
    design: str
    rubric: str


@dataclass(frozen=True, slots=True)
class CurrentItem:
    """A session with the first of its items that has no answer; all of the item is null if none.

    A text is what stands on the screen: a planted one where the item has a control.
    """

    campaign_id: str
    status: SessionStatus
    active_tab: str | None
    item_count: int
    understood_at: datetime | None
    started_at: datetime
    item_id: str | None
    position: int | None
    first_text: str | None
    second_text: str | None
    template: str | None
    values: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """An item that is about to get its answer, with what the answer is checked against.

    ``open_position`` is that of the session's first item without an answer, null when all have one.
    The control's fields are null unless the item was planted; ``is_second`` says whether the
    planted text is the second one.
    """

    session_id: str
    campaign_id: str
    status: SessionStatus
    active_tab: str | None
    item_count: int
    position: int
    open_position: int | None
    shown_at: datetime
    is_pair: bool
    is_second: bool
    control_kind: ControlKind | None
    expected: dict[str, Any] | None
    feedback: str | None


def fixed_content(connection: Connection, campaign_id: str) -> FixedContent | None:
    """The campaign's instructions and documents; none when there is no such campaign."""
    row = connection.execute(_FIXED, {"campaign_id": campaign_id}).first()
    return FixedContent(*tuple(row)) if row else None


def current_item(connection: Connection, session_id: str) -> CurrentItem | None:
    """Where the session stands; none when there is no such session."""
    row = connection.execute(_CURRENT, {"session_id": session_id}).first()
    return CurrentItem(*tuple(row)) if row else None


def answered_item(connection: Connection, item_id: str) -> AnsweredItem | None:
    """The item that an answer is for; none when there is no such item."""
    row = connection.execute(_ANSWERED, {"item_id": item_id}).first()
    return AnsweredItem(*tuple(row)) if row else None


def add_ratings(connection: Connection, rows: Sequence[Mapping[str, object]]) -> bool:
    """Store the answer to an item, a row a criterion, unless it has one; says whether it did.

    The rows are columns of `Rating` besides its id.
    """
    statement = _ADD_RATING[connection.dialect.name]
    first, *rest = ({"id": new_id(), **row} for row in rows)
    if connection.execute(statement, first).rowcount != 1:
        return False
    if rest:
        connection.execute(statement, rest)
    return True


def keep_conflicts(connection: Connection, rows: Sequence[Mapping[str, Any]], most: int) -> None:
    """Store an answer to an item that does not count, a row a criterion.

    What is stored already, as the answer that counts or as a conflict, is not stored again, and
    nothing is once the item has ``most`` rows of conflicts.
    """
    answers = [{name: row[name] for name in _GIVEN} for row in rows]
    conflicts = [one for one in answers if not _is_stored(connection, one)]
    if not conflicts or _conflicts_of(connection, answers[0]["item_id"]) >= most:
        return
    with Session(connection) as session:
        session.add_all(RatingConflict(**one) for one in conflicts)
        session.flush()


def revive(connection: Connection, session_id: str) -> None:
    """An abandoned session goes on."""
    _set_status(connection, session_id, SessionStatus.ABANDONED, {"status": SessionStatus.STARTED})


def end(connection: Connection, session_id: str, status: SessionStatus, at: datetime) -> None:
    """Give a session under way its ending; one that has ended keeps it."""
    values: dict[str, object] = {"status": status, "ended_at": at}
    if status is SessionStatus.COMPLETE:
        values["completed_at"] = at
    _set_status(connection, session_id, SessionStatus.STARTED, values)


def _is_stored(connection: Connection, answer: Mapping[str, object]) -> bool:
    return any(
        connection.execute(
            select(col(table.id)).where(
                *(
                    col(getattr(table, name)).is_not_distinct_from(value)
                    for name, value in answer.items()
                )
            )
        ).first()
        for table in (Rating, RatingConflict)
    )


def _conflicts_of(connection: Connection, item_id: object) -> int:
    query = select(func.count()).where(col(RatingConflict.item_id) == item_id)
    return int(connection.execute(query).scalar_one())


def _set_status(
    connection: Connection, session_id: str, before: SessionStatus, values: Mapping[str, object]
) -> None:
    connection.execute(
        update(RatingSession)
        .where(col(RatingSession.id) == session_id, col(RatingSession.status) == before)
        .values(**values)
    )


_FIXED = (
    select(
        col(Campaign.instructions),
        cast(col(Campaign.design), String),
        cast(col(StudyVersion.rubric), String),
    )
    .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
    .where(col(Campaign.id) == bindparam("campaign_id"))
)
_open_item = aliased(Item)
_second_response = aliased(Response)
_second_control = aliased(Control)
_CURRENT = (
    select(
        col(RatingSession.campaign_id),
        col(RatingSession.status),
        col(RatingSession.active_tab),
        col(RatingSession.item_count),
        col(RatingSession.understood_at),
        col(RatingSession.started_at),
        col(Item.id),
        col(Item.position),
        func.coalesce(col(Control.text), col(Response.text)),
        func.coalesce(col(_second_control.text), col(_second_response.text)),
        col(PromptTemplate.text),
        col(TestCase.values),
    )
    .select_from(RatingSession)
    .outerjoin(
        Item,
        (col(Item.session_id) == col(RatingSession.id))
        & (
            col(Item.position)
            == select(func.min(_open_item.position))
            .where(
                col(_open_item.session_id) == bindparam("session_id"),
                ~exists().where(col(Rating.item_id) == col(_open_item.id)),
            )
            .scalar_subquery()
        ),
    )
    .outerjoin(Response, col(Response.id) == col(Item.response_id))
    .outerjoin(_second_response, col(_second_response.id) == col(Item.second_response_id))
    .outerjoin(Control, col(Control.id) == col(Item.control_id))
    .outerjoin(_second_control, col(_second_control.id) == col(Item.second_control_id))
    .outerjoin(TestCase, col(TestCase.id) == col(Response.test_case_id))
    .outerjoin(PromptTemplate, col(PromptTemplate.id) == col(Response.prompt_template_id))
    .where(col(RatingSession.id) == bindparam("session_id"))
)
_ANSWERED = (
    select(
        col(RatingSession.id),
        col(RatingSession.campaign_id),
        col(RatingSession.status),
        col(RatingSession.active_tab),
        col(RatingSession.item_count),
        col(Item.position),
        select(func.min(_open_item.position))
        .where(
            col(_open_item.session_id) == col(RatingSession.id),
            ~exists().where(col(Rating.item_id) == col(_open_item.id)),
        )
        .correlate(RatingSession)
        .scalar_subquery(),
        func.coalesce(
            select(func.max(col(Rating.submitted_at)))
            .where(col(Rating.session_id) == col(RatingSession.id))
            .correlate(RatingSession)
            .scalar_subquery(),
            col(RatingSession.understood_at),
            col(RatingSession.started_at),
        ),
        col(Item.second_response_id).is_not(None),
        col(Item.second_control_id).is_not(None),
        col(Control.kind),
        col(Control.expected),
        col(Control.feedback),
    )
    .select_from(Item)
    .join(RatingSession, col(RatingSession.id) == col(Item.session_id))
    .outerjoin(
        Control,
        col(Control.id) == func.coalesce(col(Item.control_id), col(Item.second_control_id)),
    )
    .where(col(Item.id) == bindparam("item_id"))
)
_ADD_RATING = {
    # Without the option, PostgreSQL's driver does not tell whether an insert found a conflict.
    name: dialect.insert(Rating)
    .on_conflict_do_nothing(index_elements=["item_id", "criterion"])
    .execution_options(preserve_rowcount=True)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
