"""What machines made: runs of work, responses, judgments, and every attempt at them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from db.types import choice_field, json_field, key_field, list_field, moment_field


class RunKind(StrEnum):
    """What a run makes."""

    GENERATION = "generation"
    JUDGING = "judging"


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class CallMode(StrEnum):
    """How a run's calls are made. Only ``direct`` calls are timed.

    ``background``: the provider keeps the answer until it is fetched, so that a crash cannot make
    it be paid twice. ``batch``: handed over in bulk, cheaper, answered within a day.
    """

    DIRECT = "direct"
    BACKGROUND = "background"
    BATCH = "batch"


class CallStatus(StrEnum):
    """Where a response or judgment stands. Only ``ok`` has a value; ``failed`` can be retried."""

    PLANNED = "planned"
    OK = "ok"
    FAILED = "failed"


class AttemptStatus(StrEnum):
    """How one call ended. ``in_doubt``: sent, then the caller died; it may have been paid."""

    SENT = "sent"
    OK = "ok"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


class Origin(StrEnum):
    """Where a row came from."""

    COLLECTED = "collected"
    IMPORTED = "imported"


class Run(SQLModel, table=True):
    """One request for work: a version's missing responses, or a judge's missing judgments.

    ``dispatched_at`` is when a daemon last took it on itself to put the open calls into queues.
    ``estimated_cost_usd`` is what the person who asked for it confirmed; null when nothing it
    calls is paid. ``spent_usd`` and ``reserved_usd`` (calls under way or in doubt, at their most)
    together never pass ``budget_usd``. ``stop_reason`` says why it was stopped if not by a person.
    """

    id: str = key_field()
    kind: RunKind = choice_field(RunKind)
    study_version_id: str = Field(foreign_key="study_version.id", index=True)
    judge_id: str | None = Field(default=None, foreign_key="judge.id")
    status: RunStatus = choice_field(RunStatus, default=RunStatus.QUEUED, index=True)
    call_mode: CallMode = choice_field(CallMode, default=CallMode.DIRECT)
    planned_calls: int
    estimated_cost_usd: float | None = None
    budget_usd: float | None = None
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    stop_reason: str | None = None
    requested_at: datetime = moment_field()
    requested_by: str
    dispatched_at: datetime | None = moment_field(nullable=True)
    started_at: datetime | None = moment_field(nullable=True)
    ended_at: datetime | None = moment_field(nullable=True)
    cancel_requested_at: datetime | None = moment_field(nullable=True)


class Response(SQLModel, table=True):
    """One generated answer of one candidate to one test case.

    The timeline is of the attempt that succeeded, in nanoseconds from the moment the request was
    sent; null where the provider or the import did not tell. It is as measured, and
    ``load_duration_ns`` of it was spent on loading the model and is no latency. ``reasoning_text``
    is what a model thought aloud, kept apart from its answer; ``reasoning_tokens`` are part of
    ``completion_tokens``, and ``cached_prompt_tokens`` of ``prompt_tokens``. ``model_digest`` is of
    the weights that answered. ``provider_figures`` holds the provider's own durations and counts
    under the names of its API.
    """

    __table_args__ = (
        UniqueConstraint("prompt_template_id", "test_case_id", "candidate_id", "sample_index"),
    )

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    prompt_template_id: str = Field(foreign_key="prompt_template.id")
    test_case_id: str = Field(foreign_key="test_case.id", index=True)
    candidate_id: str = Field(foreign_key="candidate.id", index=True)
    sample_index: int
    status: CallStatus = choice_field(CallStatus, default=CallStatus.PLANNED, index=True)
    origin: Origin = choice_field(Origin, default=Origin.COLLECTED)
    run_id: str | None = Field(default=None, foreign_key="run.id", index=True)
    external_id: str | None = Field(default=None, max_length=200, index=True)
    text: str | None = None
    reasoning_text: str | None = None
    finish_reason: str | None = Field(default=None, max_length=64)
    prompt_tokens: int | None = None
    cached_prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    first_chunk_ns: int | None = Field(default=None, sa_type=BigInteger)
    time_to_first_token_ns: int | None = Field(default=None, sa_type=BigInteger)
    last_token_ns: int | None = Field(default=None, sa_type=BigInteger)
    duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    load_duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    model_reported: str | None = None
    model_digest: str | None = Field(default=None, max_length=100)
    provider_figures: dict[str, Any] = json_field()
    cost_usd: float | None = None
    error_kind: str | None = Field(default=None, max_length=64)
    error_message: str | None = None
    created_at: datetime = moment_field()
    completed_at: datetime | None = moment_field(nullable=True)


class Judge(SQLModel, table=True):
    """One automatic method with everything that can change its output; ``identity`` hashes it.

    ``options`` are those that a person may set; null of judges that are older than options.
    """

    id: str = key_field()
    identity: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=100)
    label: str
    model: str | None = None
    configuration: dict[str, Any] = json_field()
    options: dict[str, Any] | None = json_field(nullable=True)
    scale_min: float
    scale_max: float
    created_at: datetime = moment_field()


class JudgeSetup(SQLModel, table=True):
    """How a study wants a judge: one of the numbered versions, the newest is in force.

    Append-only. ``models`` are those that the judge asks, as ``provider/model``; several make a
    panel.
    """

    __tablename__ = "judge_setup"
    __table_args__ = (UniqueConstraint("study_id", "judge_name", "number"),)

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    judge_name: str = Field(max_length=100)
    number: int
    models: list[str] = list_field()
    options: dict[str, Any] = json_field()
    created_at: datetime = moment_field()
    created_by: str


class JudgmentPurpose(StrEnum):
    """Why a judgment was asked for: to score, or to see whether an injected order is obeyed."""

    SCORE = "score"
    INJECTION = "injection"


class Judgment(SQLModel, table=True):
    """One judge's answer to one question about one response, or about several of them.

    ``response_id`` is the response that was judged; of several to choose from, the first of those
    shown. ``shown_response_ids`` are all that were shown, in order: one, a pair, or a set; empty
    where a judge measured. ``chosen_response_id`` is the best one where there was a choice, null
    for a tie. ``criterion`` is the one asked about, null where the whole rubric was.

    ``inputs_hash`` hashes all that the judge saw besides the response itself, so that new
    references make new judgments and keep the old ones. ``score`` is on the judge's scale;
    ``raw_score`` is the same in the method's own unit.
    """

    __table_args__ = (UniqueConstraint("judge_id", "response_id", "inputs_hash", "repeat_index"),)

    id: str = key_field()
    judge_id: str = Field(foreign_key="judge.id", index=True)
    response_id: str = Field(foreign_key="response.id", index=True)
    inputs_hash: str = Field(max_length=64)
    repeat_index: int = 0
    purpose: JudgmentPurpose = choice_field(JudgmentPurpose, default=JudgmentPurpose.SCORE)
    criterion: str | None = Field(default=None, max_length=100)
    shown_response_ids: list[str] = list_field()
    chosen_response_id: str | None = Field(default=None, foreign_key="response.id")
    status: CallStatus = choice_field(CallStatus, default=CallStatus.PLANNED, index=True)
    run_id: str | None = Field(default=None, foreign_key="run.id", index=True)
    score: float | None = None
    raw_score: float | None = None
    reasoning: str | None = None
    details: dict[str, Any] = json_field()
    raw_reply: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    cost_usd: float | None = None
    error_kind: str | None = Field(default=None, max_length=64)
    error_message: str | None = None
    created_at: datetime = moment_field()
    completed_at: datetime | None = moment_field(nullable=True)


class JudgeTrial(SQLModel, table=True):
    """One question put to a judge as somebody is setting it up, to see what comes of it.

    It is no judgment and counts nowhere. ``options`` hold what differs from the judge's defaults,
    saved or not; ``inputs_hash`` says which of the questions about the response was put, and
    ``judge_label`` what the page of what was spent calls it. ``raw_reply`` is kept, and
    ``error_message`` says why, where the reply could not be read.
    """

    __tablename__ = "judge_trial"

    id: str = key_field()
    study_id: str = Field(foreign_key="study.id", index=True)
    judge_name: str = Field(max_length=100)
    judge_label: str
    model: str | None = Field(default=None, max_length=300)
    options: dict[str, Any] = json_field()
    response_id: str = Field(foreign_key="response.id")
    inputs_hash: str = Field(max_length=64)
    status: CallStatus = choice_field(CallStatus, default=CallStatus.PLANNED, index=True)
    score: float | None = None
    raw_score: float | None = None
    reasoning: str | None = None
    details: dict[str, Any] = json_field()
    raw_reply: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    cost_usd: float | None = None
    error_kind: str | None = Field(default=None, max_length=64)
    error_message: str | None = None
    requested_at: datetime = moment_field()
    requested_by: str
    started_at: datetime | None = moment_field(nullable=True)
    completed_at: datetime | None = moment_field(nullable=True)


class Attempt(SQLModel, table=True):
    """One call that was sent for a response, a judgment or the trial of a judge.

    Append-only, apart from its ending.

    ``model`` is ``provider/model``. ``external_id`` is what the provider calls the answer that it
    keeps (a background response), ``batch_id`` the batch it went with. ``reserved_usd`` is the most
    the call was expected to cost; of an attempt in doubt, the most that it may have cost.
    """

    id: str = key_field()
    response_id: str | None = Field(default=None, foreign_key="response.id", index=True)
    judgment_id: str | None = Field(default=None, foreign_key="judgment.id", index=True)
    judge_trial_id: str | None = Field(default=None, foreign_key="judge_trial.id", index=True)
    run_id: str | None = Field(default=None, foreign_key="run.id", index=True)
    batch_id: str | None = Field(default=None, foreign_key="batch.id", index=True)
    model: str | None = Field(default=None, max_length=300)
    number: int
    external_id: str | None = Field(default=None, max_length=200)
    status: AttemptStatus = choice_field(AttemptStatus, default=AttemptStatus.SENT)
    sent_at: datetime = moment_field()
    ended_at: datetime | None = moment_field(nullable=True)
    duration_ns: int | None = Field(default=None, sa_type=BigInteger)
    error_kind: str | None = Field(default=None, max_length=64)
    error_message: str | None = None
    http_status: int | None = None
    retry_after_ms: int | None = None
    raw_reply: str | None = None
    prompt_tokens: int | None = None
    cached_prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    reserved_usd: float | None = None
    cost_usd: float | None = None


class BatchStatus(StrEnum):
    """Where a batch stands. ``preparing``: perhaps not yet known to the provider."""

    PREPARING = "preparing"
    SUBMITTED = "submitted"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Batch(SQLModel, table=True):
    """Calls that were handed to a provider in bulk, to be answered within a day.

    Its own id goes along with it, so that after a crash it is found again at the provider instead
    of being sent and paid a second time.
    """

    id: str = key_field()
    run_id: str = Field(foreign_key="run.id", index=True)
    provider: str = Field(max_length=100)
    external_id: str | None = Field(default=None, max_length=200)
    status: BatchStatus = choice_field(BatchStatus, default=BatchStatus.PREPARING, index=True)
    calls: int
    created_at: datetime = moment_field()
    submitted_at: datetime | None = moment_field(nullable=True)
    ended_at: datetime | None = moment_field(nullable=True)
    error_message: str | None = None
