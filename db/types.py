"""Column types and small values that every table shares."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Column, DateTime, Dialect
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.types import JSON, TypeDecorator
from sqlmodel import Field


def new_id() -> str:
    """A random identifier: 32 hexadecimal digits that say nothing of order or kind."""
    return uuid4().hex


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment stored in UTC and given back aware, on SQLite (which forgets zones) too.

    Raises:
        ValueError: a naive datetime was about to be stored.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; turn the others to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: moments are stored with their zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key_field() -> Any:
    """The primary key of every table: a random identifier made by us, never by the database."""
    return Field(default_factory=new_id, primary_key=True, max_length=32)


def moment_field(*, nullable: bool = False, index: bool = False) -> Any:
    """A UTC moment; not-null ones default to now."""
    column: Any = cast(Any, UtcDateTime())
    if nullable:
        return Field(default=None, sa_type=column, nullable=True, index=index)
    return Field(default_factory=utc_now, sa_type=column, index=index)


def json_field(*, nullable: bool = False) -> Any:
    """A JSON document; not-null ones default to an empty object."""
    if nullable:
        return Field(default=None, sa_type=JSON, nullable=True)
    return Field(default_factory=dict, sa_type=JSON)


def list_field() -> Any:
    """A JSON list; an empty one by default."""
    return Field(default_factory=list, sa_type=JSON)


def choice_field(
    kind: type[Any], *, default: Any = ..., nullable: bool = False, index: bool = False
) -> Any:
    """A StrEnum stored by value as text, so that a new member needs no migration of a type."""
    enum = SqlEnum(
        kind,
        native_enum=False,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
        length=32,
    )
    arguments: dict[str, Any] = {} if default is ... else {"default": default}
    return Field(sa_column=Column(enum, nullable=nullable, index=index), **arguments)
