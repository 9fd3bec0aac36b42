"""Answers to attention items, with what each of them asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlmodel import col

from db.tables import Control, ControlKind, Item, Preference, Rating, RatingSession


@dataclass(frozen=True, slots=True)
class AttentionAnswer:
    """What was answered to one criterion of an attention item; null where nothing was chosen.

    ``is_second`` says whether the planted text is the second of a pair.
    """

    session_id: str
    item_id: str
    expected: Mapping[str, Any] | None
    is_second: bool
    criterion: str
    answer: int | Preference | None


def of_session(connection: Connection, session_id: str) -> list[AttentionAnswer]:
    """Every answer of one session to an attention item."""
    return _answers(connection, col(Item.session_id) == session_id)


def of_campaign(
    connection: Connection, campaign_id: str, newest: int | None = None
) -> list[AttentionAnswer]:
    """Every answer of a campaign to an attention item, whatever became of its session.

    With ``newest``, of so many sessions that were started last.
    """
    sessions = select(col(RatingSession.id)).where(col(RatingSession.campaign_id) == campaign_id)
    sessions = sessions.order_by(col(RatingSession.started_at).desc()).limit(newest)
    return _answers(connection, col(Item.session_id).in_(sessions))


def _answers(connection: Connection, of: ColumnElement[bool]) -> list[AttentionAnswer]:
    planted = func.coalesce(col(Item.control_id), col(Item.second_control_id))
    query = (
        select(
            col(Rating.session_id),
            col(Rating.item_id),
            col(Control.expected),
            col(Item.second_control_id).is_not(None),
            col(Rating.criterion),
            col(Rating.value),
            col(Rating.preference),
        )
        .select_from(Item)
        .join(Control, col(Control.id) == planted)
        .join(Rating, col(Rating.item_id) == col(Item.id))
        .where(of, col(Control.kind) == ControlKind.ATTENTION)
    )
    found: list[AttentionAnswer] = []
    for row in connection.execute(query):
        session_id, item_id, expected, is_second, criterion, value, preference = row
        answer = preference if value is None else value
        found.append(AttentionAnswer(session_id, item_id, expected, is_second, criterion, answer))
    return found
