"""One rating step: three statements, built once, on a bare connection.

A step is what a rater waits for, so it does without the object-relational layer, whose sessions and
rows would cost more than the statements themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import col

from db.tables import (
    Campaign,
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


@dataclass(frozen=True, slots=True)
class CurrentItem:
    """A session with the first of its items that has no answer; all of the item is null if none."""

    status: SessionStatus
    completion_code: str
    active_tab: str | None
    item_count: int
    question: str
    item_id: str | None
    position: int | None
    response: str | None
    template: str | None
    values: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """An item that is about to get its answer, with what the answer is checked against."""

    session_id: str
    active_tab: str | None
    shown_at: datetime


def current_item(connection: Connection, session_id: str) -> CurrentItem | None:
    """Where the session stands; none when there is no such session."""
    row = connection.execute(_CURRENT, {"session_id": session_id}).first()
    return CurrentItem(*tuple(row)) if row else None


def answered_item(connection: Connection, item_id: str) -> AnsweredItem | None:
    """The item that an answer is for; none when there is no such item."""
    row = connection.execute(_ANSWERED, {"item_id": item_id}).first()
    if row is None:
        return None
    session_id, active_tab, started_at, last_answer_at = row
    return AnsweredItem(session_id, active_tab, last_answer_at or started_at)


def add_rating(connection: Connection, values: Mapping[str, object]) -> bool:
    """Store an answer unless the item has one; says whether it was stored.

    ``values`` are the columns of `Rating` besides its id.
    """
    statement = _ADD_RATING[connection.dialect.name]
    return connection.execute(statement, {"id": new_id(), **values}).rowcount == 1


def has_given(
    connection: Connection, item_id: str, criterion: str, value: int, comment: str | None
) -> bool:
    """Whether that very answer is stored for the item, as the one that counts or as a conflict."""
    return any(
        connection.execute(
            select(col(table.id)).where(
                col(table.item_id) == item_id,
                col(table.criterion) == criterion,
                col(table.value) == value,
                col(table.comment).is_not_distinct_from(comment),
            )
        ).first()
        for table in (Rating, RatingConflict)
    )


def complete(connection: Connection, session_id: str, at: datetime) -> None:
    """Mark the session as complete unless it is."""
    connection.execute(
        update(RatingSession)
        .where(
            col(RatingSession.id) == session_id,
            col(RatingSession.status) == SessionStatus.STARTED,
        )
        .values(status=SessionStatus.COMPLETE, completed_at=at)
    )


_open_item = aliased(Item)
_CURRENT = (
    select(
        col(RatingSession.status),
        col(RatingSession.completion_code),
        col(RatingSession.active_tab),
        col(RatingSession.item_count),
        col(StudyVersion.rubric_question),
        col(Item.id),
        col(Item.position),
        col(Response.text),
        col(PromptTemplate.text),
        col(TestCase.values),
    )
    .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
    .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
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
    .outerjoin(TestCase, col(TestCase.id) == col(Response.test_case_id))
    .outerjoin(PromptTemplate, col(PromptTemplate.id) == col(Response.prompt_template_id))
    .where(col(RatingSession.id) == bindparam("session_id"))
)
_ANSWERED = (
    select(
        col(RatingSession.id),
        col(RatingSession.active_tab),
        col(RatingSession.started_at),
        select(func.max(col(Rating.submitted_at)))
        .where(col(Rating.session_id) == col(RatingSession.id))
        .correlate(RatingSession)
        .scalar_subquery(),
    )
    .join(Item, col(Item.session_id) == col(RatingSession.id))
    .where(col(Item.id) == bindparam("item_id"))
)
_ADD_RATING = {
    name: dialect.insert(Rating).on_conflict_do_nothing(index_elements=["item_id", "criterion"])
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}
