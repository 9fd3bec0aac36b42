"""How each session of a campaign ended: who it was, the code, and the attention items."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.tables import (
    Control,
    ControlKind,
    Item,
    Preference,
    Rater,
    Rating,
    RatingSession,
    SessionStatus,
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session with its person and what was answered; null where nothing tells."""

    session: RatingSession
    rater: Rater
    items_answered: int
    active_ms: int | None


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A session's own code; ``was_finished`` holds also after the answers were taken back."""

    code: str
    status: SessionStatus
    pseudonym: str
    was_finished: bool


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """One answer to one criterion of an attention item, with what was expected."""

    session_id: str
    item_id: str
    expected: Mapping[str, Any] | None
    is_second: bool
    criterion: str
    answer: int | Preference | None


class Outcomes:
    """Queries over one campaign's sessions within one transaction."""

    def __init__(self, session: Session, campaign_id: str) -> None:
        self.session = session
        self.campaign_id = campaign_id

    def sessions(self) -> list[SessionRow]:
        """Every session of the campaign, oldest first."""
        items = (
            select_columns(
                col(Rating.session_id).label("session_id"),
                func.max(col(Rating.active_ms)).label("active_ms"),
            )
            .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
            .where(self._ours())
            .group_by(col(Rating.session_id), col(Rating.item_id))
            .subquery()
        )
        sums = (
            select_columns(
                items.c.session_id,
                func.count().label("answered"),
                func.sum(items.c.active_ms).label("active_ms"),
            )
            .group_by(items.c.session_id)
            .subquery()
        )
        rows = self.session.exec(
            select(RatingSession, Rater, sums.c.answered, sums.c.active_ms)
            .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .outerjoin(sums, sums.c.session_id == col(RatingSession.id))
            .where(self._ours())
            .order_by(col(RatingSession.started_at), col(RatingSession.id))
        ).all()
        return [
            SessionRow(one, rater, answered or 0, None if active is None else int(active))
            for one, rater, answered, active in rows
        ]

    def codes(self) -> list[CodeRow]:
        """The own code of every session."""
        query = (
            select(
                RatingSession.completion_code,
                RatingSession.status,
                Rater.pseudonym,
                RatingSession.completed_at,
            )
            .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .where(self._ours())
        )
        return [
            CodeRow(code, SessionStatus(status), name, completed_at is not None)
            for code, status, name, completed_at in self.session.exec(query)
        ]

    def attention_answers(self, newest: int | None = None) -> list[CheckAnswer]:
        """Every answer to an attention item, whatever became of its session.

        With ``newest``, of so many sessions that were started last.
        """
        ours = select(RatingSession.id).where(self._ours())
        ours = ours.order_by(col(RatingSession.started_at).desc()).limit(newest)
        return [
            *self._checks(ours, Item.control_id, False),
            *self._checks(ours, Item.second_control_id, True),
        ]

    def _checks(self, sessions: Any, control_id: Any, is_second: bool) -> Iterator[CheckAnswer]:
        columns = (Rating.session_id, Rating.item_id, Rating.criterion, Rating.value)
        query = (
            select_columns(col(Control.expected), col(Rating.preference), *map(col, columns))
            .select_from(Item)
            .join(Control, col(Control.id) == col(control_id))
            .join(Rating, col(Rating.item_id) == col(Item.id))
            .where(
                col(Item.session_id).in_(sessions),
                col(Control.kind) == ControlKind.ATTENTION,
            )
        )
        for row in self.session.connection().execute(query):
            expected, preference, session_id, item_id, criterion, value = row
            answer = preference if value is None else value
            yield CheckAnswer(session_id, item_id, expected, is_second, criterion, answer)

    def _ours(self) -> ColumnElement[bool]:
        return col(RatingSession.campaign_id) == self.campaign_id
