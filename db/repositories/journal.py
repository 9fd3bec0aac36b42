"""The journal of calls: each attempt before it is sent and how it ended, on a bare connection.

This runs twice for every call to a model, 140 times a second in a large run, which is why it does
without the object-relational layer. Statements are built once; the rows of `Response`, `Judgment`
and `JudgeTrial` have their common columns under the same names. A trial belongs to no run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlmodel import col

from db.tables import Attempt, AttemptStatus, CallStatus, JudgeTrial, Judgment, Response, Run
from db.types import utc_now

Call = Response | Judgment | JudgeTrial
_ATTEMPT_COLUMNS: Mapping[type[Call], str] = {
    Response: "response_id",
    Judgment: "judgment_id",
    JudgeTrial: "judge_trial_id",
}
_ATTEMPT: Table = Attempt.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
_RUN: Table = Run.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it


@dataclass(frozen=True, slots=True)
class CallRow:
    """One row that calls are made for."""

    table: type[Call]
    id: str

    @property
    def attempt_column(self) -> str:
        """The column of `Attempt` that names the row."""
        return _ATTEMPT_COLUMNS[self.table]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a row and the run that wants it stand: may it be called for, and how often it was."""

    status: CallStatus
    belongs_to_run: bool
    is_cancelled: bool
    attempts: int

    @property
    def is_open(self) -> bool:
        """Whether the run may call for it now."""
        return self.status is CallStatus.PLANNED and self.belongs_to_run and not self.is_cancelled


def standing(connection: Connection, row: CallRow, run_id: str) -> Standing:
    """Look at the row; on PostgreSQL it is nobody else's until the transaction ends."""
    query = _standing(row.table)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update(of=_table(row.table))
    found = connection.execute(query, {"row": row.id, "run": run_id}).one()
    return Standing(
        status=found.status,
        belongs_to_run=found.run_id == run_id,
        is_cancelled=found.cancel_requested_at is not None,
        attempts=found.attempts,
    )


def reserve(connection: Connection, run_id: str, most_usd: float) -> bool:
    """Set money aside for a call; false where the run's budget could be passed by it."""
    result = connection.execute(_RESERVE, {"run": run_id, "most": most_usd})
    return result.rowcount == 1


def write_sent(connection: Connection, attempt: Mapping[str, Any]) -> None:
    """Journal an attempt that is about to be sent."""
    connection.execute(_INSERT_ATTEMPT, dict(attempt))


def write_started(connection: Connection, attempt_id: str, external_id: str) -> None:
    """Note by which id the provider keeps the attempt's answer."""
    connection.execute(
        update(_ATTEMPT).where(col(Attempt.id) == attempt_id).values(external_id=external_id)
    )


def kept_answer(
    connection: Connection, row: CallRow, failure_kinds: frozenset[str]
) -> tuple[str, str] | None:
    """The row's last attempt and its answer's id, if the provider may still have that answer.

    Args:
        connection: an open transaction.
        row: what was asked for.
        failure_kinds: the failures after which the provider may have it all the same.
    """
    last = connection.execute(
        select(_ATTEMPT.c.id, _ATTEMPT.c.external_id, _ATTEMPT.c.status, _ATTEMPT.c.error_kind)
        .where(_ATTEMPT.c[row.attempt_column] == row.id)
        .order_by(col(Attempt.number).desc())
        .limit(1)
    ).first()
    if last is None or last.external_id is None:
        return None
    is_open = last.status in (AttemptStatus.SENT, AttemptStatus.IN_DOUBT)
    if is_open or last.error_kind in failure_kinds:
        return last.id, last.external_id
    return None


def doubt(connection: Connection, row: CallRow) -> None:
    """Mark attempts that were sent before a crash, and never ended, as in doubt."""
    connection.execute(
        update(_ATTEMPT)
        .where(
            _ATTEMPT.c[row.attempt_column] == row.id,
            col(Attempt.status) == AttemptStatus.SENT,
        )
        .values(status=AttemptStatus.IN_DOUBT, ended_at=utc_now())
    )


def end_attempt(connection: Connection, attempt_id: str, values: Mapping[str, Any]) -> None:
    """Store how an attempt ended: ``ended_at`` (the first one stays) and whatever else is told."""
    connection.execute(_end_attempt(tuple(sorted(values))), {"attempt": attempt_id, **values})


def store_value(connection: Connection, row: CallRow, values: Mapping[str, Any]) -> bool:
    """Put a usable answer into the row unless it has one; says whether it was put there."""
    result = connection.execute(
        _store_value(row.table, tuple(sorted(values))), {"row": row.id, **values}
    )
    return result.rowcount == 1


def settle(connection: Connection, row: CallRow, attempt_id: str, cost_usd: float) -> None:
    """Book what an attempt cost, on its own run and on the row, in place of what was set aside.

    Once only: who comes second, be it another daemon or the same write again, books nothing.
    """
    attempt = _unsettled(connection, attempt_id)
    if attempt is None:
        return
    connection.execute(_PRICE, {"attempt": attempt_id, "cost": cost_usd})
    aside = attempt.reserved_usd or 0.0
    connection.execute(_SETTLE, {"run": attempt.run_id, "aside": aside, "cost": cost_usd})
    connection.execute(_add_cost(row.table), {"row": row.id, "cost": cost_usd})


def release(connection: Connection, attempt_id: str) -> None:
    """Give back what was set aside for an attempt that nobody will have to pay."""
    attempt = _unsettled(connection, attempt_id)
    if attempt is not None and attempt.reserved_usd:
        connection.execute(_FREE, {"attempt": attempt_id})
        values = {"run": attempt.run_id, "aside": attempt.reserved_usd, "cost": 0.0}
        connection.execute(_SETTLE, values)


def is_journalled(connection: Connection, attempt_id: str) -> bool:
    """Whether an attempt of that id is there: a commit can go through and its word be lost."""
    query = select(_ATTEMPT.c.id).where(_ATTEMPT.c.id == attempt_id)
    return connection.execute(query).first() is not None


def give_up(connection: Connection, row: CallRow, run_id: str, kind: str, message: str) -> None:
    """Store that the row failed, if it is still the run's to make."""
    connection.execute(
        _give_up(row.table),
        {"row": row.id, "run": run_id, "kind": kind, "message": message, "now": utc_now()},
    )


def stop(connection: Connection, run_id: str, reason: str) -> None:
    """Note why not all of a run's rows will be made; the first reason stays."""
    connection.execute(
        update(_RUN)
        .where(col(Run.id) == run_id, col(Run.stop_reason).is_(None))
        .values(stop_reason=reason)
    )


_INSERT_ATTEMPT = insert(_ATTEMPT)
_RESERVE = (
    update(_RUN)
    .where(
        _RUN.c.id == bindparam("run"),
        or_(
            _RUN.c.budget_usd.is_(None),
            # Sums of the same figures in another order differ by less than this share.
            _RUN.c.spent_usd + _RUN.c.reserved_usd + bindparam("most")
            <= _RUN.c.budget_usd * (1 + 1e-9),
        ),
    )
    .values(reserved_usd=_RUN.c.reserved_usd + bindparam("most"))
)
_UNSETTLED = select(_ATTEMPT.c.run_id, _ATTEMPT.c.reserved_usd).where(
    _ATTEMPT.c.id == bindparam("attempt"), _ATTEMPT.c.cost_usd.is_(None)
)
_PRICE = (
    update(_ATTEMPT)
    .where(_ATTEMPT.c.id == bindparam("attempt"))
    .values(cost_usd=bindparam("cost"), reserved_usd=None)
)
_FREE = update(_ATTEMPT).where(_ATTEMPT.c.id == bindparam("attempt")).values(reserved_usd=None)
_SETTLE = (
    update(_RUN)
    .where(_RUN.c.id == bindparam("run"))
    .values(
        reserved_usd=_RUN.c.reserved_usd - bindparam("aside"),
        spent_usd=_RUN.c.spent_usd + bindparam("cost"),
    )
)


def _unsettled(connection: Connection, attempt_id: str) -> Row[Any, Any] | None:
    """The attempt unless its cost is known, nobody else's until the transaction ends."""
    query = _UNSETTLED if connection.dialect.name == "sqlite" else _UNSETTLED.with_for_update()
    return connection.execute(query, {"attempt": attempt_id}).first()


def _table(kind: type[Call]) -> Table:
    table: Table = kind.__table__  # type: ignore[union-attr]  # SQLModel does not declare it
    return table


@cache
def _standing(kind: type[Call]) -> Select[Any]:
    table = _table(kind)
    mine = _ATTEMPT.c[CallRow(kind, "").attempt_column]
    attempts = select(func.count()).where(mine == table.c.id).scalar_subquery()
    return (
        select(
            table.c.status, table.c.run_id, _RUN.c.cancel_requested_at, attempts.label("attempts")
        )
        .join_from(table, _RUN, _RUN.c.id == bindparam("run"))
        .where(table.c.id == bindparam("row"))
    )


@cache
def _end_attempt(names: tuple[str, ...]) -> Update:
    told: dict[str, Any] = {name: bindparam(name) for name in names if name != "ended_at"}
    moment = bindparam("ended_at", type_=_ATTEMPT.c.ended_at.type)
    ended_at = func.coalesce(_ATTEMPT.c.ended_at, moment)
    return (
        update(_ATTEMPT)
        .where(_ATTEMPT.c.id == bindparam("attempt"))
        .values(ended_at=ended_at, **told)
    )


@cache
def _store_value(kind: type[Call], names: tuple[str, ...]) -> Update:
    table = _table(kind)
    return (
        update(table)
        .where(and_(table.c.id == bindparam("row"), table.c.status != CallStatus.OK))
        .values(
            status=CallStatus.OK,
            error_kind=None,
            error_message=None,
            **{name: bindparam(name) for name in names},
        )
    )


@cache
def _add_cost(kind: type[Call]) -> Update:
    table = _table(kind)
    cost = func.coalesce(table.c.cost_usd, 0.0) + bindparam("cost")
    return update(table).where(table.c.id == bindparam("row")).values(cost_usd=cost)


@cache
def _give_up(kind: type[Call]) -> Update:
    table = _table(kind)
    # What a judge's model wrote is kept where it can be seen, though nobody could read it.
    unread = (
        select(_ATTEMPT.c.raw_reply)
        .where(_ATTEMPT.c.judgment_id == table.c.id, _ATTEMPT.c.raw_reply.is_not(None))
        .order_by(_ATTEMPT.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    kept = {"raw_reply": unread} if kind is Judgment else {}
    return (
        update(table)
        .where(
            table.c.id == bindparam("row"),
            table.c.run_id == bindparam("run"),
            table.c.status == CallStatus.PLANNED,
        )
        .values(
            status=CallStatus.FAILED,
            error_kind=bindparam("kind"),
            error_message=bindparam("message"),
            completed_at=bindparam("now"),
            **kept,
        )
    )
