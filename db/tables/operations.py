"""Who may do what, who did what, and which processes are alive."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.types import json_field, key_field, moment_field


class Account(SQLModel, table=True):
    """A person of the staff. Only the hash of the password is kept (Argon2id)."""

    id: str = key_field()
    name: str = Field(unique=True, max_length=100)
    password_hash: str
    created_at: datetime = moment_field()


class SignInAttempt(SQLModel, table=True):
    """One try at signing in, so that guessing can be slowed down."""

    __tablename__ = "sign_in_attempt"

    id: str = key_field()
    account_name: str = Field(max_length=100, index=True)
    succeeded: bool
    at: datetime = moment_field(index=True)


class StaffSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of its cookie's token is kept."""

    __tablename__ = "staff_session"

    id: str = key_field()
    account_id: str = Field(foreign_key="account.id")
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment_field()
    expires_at: datetime = moment_field()
    ended_at: datetime | None = moment_field(nullable=True)


class Audit(SQLModel, table=True):
    """One change that a person or the daemon made: who, when, what, from what, to what."""

    id: str = key_field()
    at: datetime = moment_field(index=True)
    actor: str
    action: str = Field(max_length=100)
    subject: str = Field(max_length=100)
    subject_id: str = Field(max_length=64, index=True)
    before: dict[str, Any] | None = json_field(nullable=True)
    after: dict[str, Any] | None = json_field(nullable=True)


class Heartbeat(SQLModel, table=True):
    """The last sign of life of one daemon."""

    executor_id: str = Field(primary_key=True, max_length=100)
    beat_at: datetime = moment_field()
    version: str = Field(max_length=50)


class ImportRecord(SQLModel, table=True):
    """One file that was imported: what was taken, what was left, and each reason."""

    __tablename__ = "import_record"

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    file_name: str
    file_hash: str = Field(max_length=64)
    layout: str = Field(max_length=50)
    report: dict[str, Any] = json_field()
    imported_at: datetime = moment_field()
    imported_by: str
