"""What all daemons together may send to each provider: one row a provider, changed under a lock."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text, update
from sqlmodel import col

from db.tables import ProviderGate

_TABLE = ProviderGate.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it


def locked(connection: Connection, provider: str) -> Row[Any]:
    """The provider's row, made at first sight, and nobody else's until the transaction ends."""
    query = select(_TABLE).where(col(ProviderGate.provider) == provider)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update()
    row = connection.execute(query).first()
    if row is None:
        _make(connection, provider)
        row = connection.execute(query).one()
    return row


def keep(connection: Connection, provider: str, values: dict[str, Any]) -> None:
    """Store new values for the provider's row."""
    connection.execute(
        update(_TABLE).where(col(ProviderGate.provider) == provider).values(**values)
    )


def everything(connection: Connection) -> Sequence[Row[Any]]:
    """The rows of all providers, by name."""
    return connection.execute(select(_TABLE).order_by(col(ProviderGate.provider))).all()


def now_ms(connection: Connection) -> int:
    """The moment in ms since 1970, by the one clock that all daemons share."""
    if connection.dialect.name == "sqlite":
        # A file is shared by the processes of one machine.
        return time.time_ns() // 1_000_000
    query = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")
    return int(connection.execute(query).scalar_one())


def _make(connection: Connection, provider: str) -> None:
    values = ProviderGate(provider=provider).model_dump()
    if connection.dialect.name == "sqlite":
        connection.execute(insert(_TABLE).values(**values))
        return
    from sqlalchemy.dialects.postgresql import insert as insert_unless_there

    connection.execute(insert_unless_there(_TABLE).values(**values).on_conflict_do_nothing())
