"""Models on our own machines: what was pulled, what is pinned, what was seen; prices and limits."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from db.types import choice_field, json_field, key_field, moment_field


class PullStatus(StrEnum):
    """Where a pull stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ModelPull(SQLModel, table=True):
    """One request to fetch a model onto the machine that hosts models. ``model`` is full.

    Bytes are summed over the layers that the server told of; null until it told any.
    """

    __tablename__ = "model_pull"

    id: str = key_field()
    model: str = Field(max_length=300, index=True)
    status: PullStatus = choice_field(PullStatus, default=PullStatus.QUEUED, index=True)
    step: str | None = Field(default=None, max_length=200)
    completed_bytes: int | None = Field(default=None, sa_type=BigInteger)
    total_bytes: int | None = Field(default=None, sa_type=BigInteger)
    bytes_per_second: float | None = None
    digest: str | None = Field(default=None, max_length=100)
    requested_at: datetime = moment_field()
    requested_by: str
    started_at: datetime | None = moment_field(nullable=True)
    progress_at: datetime | None = moment_field(nullable=True)
    ended_at: datetime | None = moment_field(nullable=True)
    cancel_requested_at: datetime | None = moment_field(nullable=True)
    error_kind: str | None = Field(default=None, max_length=64)
    error_message: str | None = None


class ModelPin(SQLModel, table=True):
    """The digest that a study found under a model's name when it first used it."""

    __tablename__ = "model_pin"
    __table_args__ = (UniqueConstraint("study_id", "model"),)

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    model: str = Field(max_length=300)
    digest: str = Field(max_length=100)
    pinned_at: datetime = moment_field()


class WarmUpStatus(StrEnum):
    """How a warm-up ended."""

    OK = "ok"
    FAILED = "failed"


class WarmUp(SQLModel, table=True):
    """One load of a model or one warm-up request, kept apart from every measured call.

    ``number`` 0 is the load itself, higher ones are requests. Memory is what the server said the
    loaded model takes, and how much of it is on the GPU; less there means that part spilled to the
    CPU. Unknown is null.
    """

    __tablename__ = "warm_up"

    id: str = key_field()
    run_id: str | None = Field(default=None, foreign_key="run.id", index=True)
    model: str = Field(max_length=300, index=True)
    host: str = Field(max_length=300)
    number: int
    status: WarmUpStatus = choice_field(WarmUpStatus)
    sent_at: datetime = moment_field()
    duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    load_duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    digest: str | None = Field(default=None, max_length=100)
    memory_bytes: int | None = Field(default=None, sa_type=BigInteger)
    gpu_memory_bytes: int | None = Field(default=None, sa_type=BigInteger)
    context_length: int | None = None
    error_kind: str | None = Field(default=None, max_length=64)
    error_message: str | None = None
    figures: dict[str, Any] = json_field()


class Price(SQLModel, table=True):
    """The price of one model from one day on, as a person entered it; the newest entry counts.

    US dollars per million tokens. ``batch_factor`` multiplies the price of a batched call; null
    prices no batch. A row is never changed: a correction is a later row.
    """

    id: str = key_field()
    model: str = Field(max_length=300, index=True)
    prompt_usd_per_million_tokens: float
    cached_prompt_usd_per_million_tokens: float | None = None
    completion_usd_per_million_tokens: float
    batch_factor: float | None = None
    valid_from: date
    source: str
    created_at: datetime = moment_field()
    created_by: str


class ProviderGate(SQLModel, table=True):
    """What all daemons together may send to one provider now; moments in ms since 1970, UTC.

    Limits a minute are what the provider told of itself; null where it told nothing. A call may
    leave at ``next_request_ms`` and ``next_token_ms`` at the earliest, and not before
    ``not_before_ms`` (it was asked to wait) nor ``retry_at_ms`` (it is taken for dead since
    ``dead_since_ms``, for ``dead_reason``).
    """

    __tablename__ = "provider_gate"

    provider: str = Field(primary_key=True, max_length=100)
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    next_request_ms: int = Field(default=0, sa_type=BigInteger)
    next_token_ms: int = Field(default=0, sa_type=BigInteger)
    not_before_ms: int = Field(default=0, sa_type=BigInteger)
    failures_in_a_row: int = 0
    dead_since_ms: int | None = Field(default=None, sa_type=BigInteger)
    retry_at_ms: int = Field(default=0, sa_type=BigInteger)
    trials: int = 0
    dead_reason: str | None = None
