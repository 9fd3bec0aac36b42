"""Writes down the attempts at one row, whatever the row is; shared by generation and judging."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from core.errors import StoppedError
from core.exchange.storable import storable_part
from core.models import Models
from core.money.costs import FREE, Costs
from core.patience import patiently
from core.providers.base import (
    OUTAGE_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    ProviderError,
    Usage,
)
from db.repositories import journal
from db.repositories.journal import Call, CallRow
from db.tables import AttemptStatus, CallMode, CallStatus
from db.together import WritingTogether
from db.types import new_id, utc_now

Values = Mapping[str, Any]
Result = TypeVar("Result")

_STILL_KEPT_AFTER = frozenset(
    kind.value
    for kind in OUTAGE_KINDS
    | {FailureKind.TIMEOUT, FailureKind.RATE_LIMITED, FailureKind.NOT_THE_API}
)
"""Failures to fetch an answer after which its provider has it all the same."""

_NOT_PAID = frozenset(
    {
        FailureKind.UNKNOWN_MODEL,
        FailureKind.MODEL_CHANGED,
        FailureKind.UNAUTHORIZED,
        FailureKind.QUOTA_EXHAUSTED,
        FailureKind.INVALID_REQUEST,
        FailureKind.RATE_LIMITED,
        FailureKind.UNAVAILABLE,
        FailureKind.UNREACHABLE,
        FailureKind.NOT_THE_API,
        FailureKind.INPUTS_CHANGED,
    }
)
"""Failures before any answer was made. After the others the provider may have charged for one."""

BUDGET_REACHED = (
    "The next paid call could have passed the run's budget, so no more were made; a limit of "
    "tokens (max_tokens) lowers what a call can cost, and a new run makes what is missing."
)
LOOKED_AGAIN_AFTER_S = 0.2


class _NotSent(Enum):
    """Why there is no call to be made."""

    NOT_OPEN = auto()
    OVER_BUDGET = auto()


class NotOpenError(StoppedError):
    """The row is made, given up, or another run's by now: there is nothing to call for."""


@dataclass(frozen=True, slots=True)
class CallContext:
    """What all calls of a chunk have in common: their run, what they cost, how they are made.

    ``model_digest`` is of the weights that will answer; ``None`` where the provider tells none.
    ``under_way`` counts the paid calls of each run that this process has under way.
    """

    run_id: str
    costs: Costs = FREE
    mode: CallMode = CallMode.DIRECT
    model_digest: str | None = None
    under_way: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One row that is to be made by a call.

    Args:
        row_type: `Response`, `Judgment` or `JudgeTrial`.
        row_id: which one.
        model: ``provider/model``.
        request: gives the call; what it raises is the row's failure.
        values: what a usable reply puts into the row's columns; a `ProviderError` it raises means
            that the reply is not usable after all.
    """

    row_type: type[Call]
    row_id: str
    model: str
    request: Callable[[], ChatRequest]
    values: Callable[[ChatReply, CallContext], Values]


@dataclass(slots=True)
class RowRecorder:
    """The attempts at one planned call, written down at once.

    Database work runs in threads, so that the event loop that times the answers never waits on it.
    """

    store: WritingTogether
    planned: PlannedCall
    call: CallContext
    _most_usd: float | None = None
    _is_counted: bool = False

    async def make(self, models: Models) -> CallStatus:
        """Call the model for the row and store what came, also when nothing usable did.

        Returns:
            How the row stands; without a call where it is not the run's to make.
        """
        try:
            request = self.prepare()
            in_background = self.call.mode is CallMode.BACKGROUND
            with self._counted():
                await models.call(self.planned.model, request, self, in_background=in_background)
        except NotOpenError:
            return await patiently(asyncio.to_thread, self._status)
        except ProviderError as error:
            await self.gave_up(error.kind.value, str(error))
            return CallStatus.FAILED
        except (Exception, SystemExit) as error:
            # One broken call must not fail its chunk; what it was is stored with the row.
            await self.gave_up(FailureKind.INTERNAL.value, str(_internal(error)))
            return CallStatus.FAILED
        return CallStatus.OK

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """While a paid call is under way, others of its run may wait for what it leaves over."""
        try:
            yield
        finally:
            if self._is_counted:
                self.call.under_way[self.call.run_id] -= 1

    def prepare(self) -> ChatRequest:
        """The call, with what it costs at most in mind; raises what the plan raises."""
        request = self.planned.request()
        self._most_usd = self.call.costs.most_of(request)
        return request

    def sent_with(self, batch_id: str, connection: Connection) -> bool:
        """Journal the call as part of a batch; false where the budget could be passed by it.

        A row that is not the run's to make any more is left out.
        """
        return self._journal(connection, new_id(), batch_id) is not _NotSent.OVER_BUDGET

    async def sent(self) -> str:
        """See `core.providers.calling.Recorder.sent`."""
        attempt_id = new_id()
        while True:
            others = self.call.under_way[self.call.run_id]
            write = partial(self._sent, attempt_id, stops=not others)
            journalled = await patiently(self._write, write)
            if journalled is not _NotSent.OVER_BUDGET or not others:
                break
            # Calls under way will cost less than their most, which leaves room for this one.
            await asyncio.sleep(LOOKED_AGAIN_AFTER_S)
        if isinstance(journalled, _NotSent):
            raise NotOpenError
        if self._most_usd is not None and not self._is_counted:
            self._is_counted = True
            self.call.under_way[self.call.run_id] += 1
        return journalled

    async def resumable(self) -> tuple[str, str] | None:
        """See `core.providers.calling.Recorder.resumable`."""
        return await patiently(asyncio.to_thread, self._resumable)

    async def started(self, attempt_id: str, external_id: str) -> None:
        """See `core.providers.calling.Recorder.started`."""
        await patiently(self._write, partial(self._started, attempt_id, external_id))

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> None:
        """See `core.providers.calling.Recorder.succeeded`."""
        reply = _storable(reply)
        values: Values | ProviderError
        try:
            values = self.planned.values(reply, self.call)
        except ProviderError as error:
            values = error
        except (Exception, SystemExit) as error:
            # The reply is paid, whatever its reader breaks at.
            values = _internal(error)
        await patiently(self._write, partial(self._succeeded, attempt_id, reply, values))
        if isinstance(values, ProviderError):
            raise values

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """See `core.providers.calling.Recorder.failed`."""
        await patiently(self._write, partial(self._failed, attempt_id, error))

    async def gave_up(self, kind: str, message: str) -> None:
        """Store that the row failed for good; a retry on demand starts anew."""
        await patiently(self._write, partial(self._gave_up, kind, message))

    def gave_up_at_once(self, kind: str, message: str) -> None:
        """`gave_up` for callers that are in a thread."""
        self.store.submit(partial(self._gave_up, kind, message)).result()

    @property
    def _row(self) -> CallRow:
        return CallRow(self.planned.row_type, self.planned.row_id)

    def _status(self) -> CallStatus:
        with self.store.database.read_bare() as connection:
            return journal.standing(connection, self._row, self.call.run_id).status

    async def _write(self, write: Callable[[Connection], Result]) -> Result:
        return await self.store.write(write)

    def _sent(self, attempt_id: str, connection: Connection, *, stops: bool) -> str | _NotSent:
        journalled = self._journal(connection, attempt_id)
        if journalled is _NotSent.OVER_BUDGET and stops:
            journal.stop(connection, self.call.run_id, BUDGET_REACHED)
        return journalled

    def _journal(
        self, connection: Connection, attempt_id: str, batch_id: str | None = None
    ) -> str | _NotSent:
        """Journal an attempt and give its id, or say why there is no call to be made."""
        # A call may have waited long for its turn. Looking here, in the transaction that
        # journals it, nothing is sent any more once its run is being cancelled.
        found = journal.standing(connection, self._row, self.call.run_id)
        if found.attempts and journal.is_journalled(connection, attempt_id):
            return attempt_id
        if not found.is_open:
            return _NotSent.NOT_OPEN
        most_usd = self._most_usd
        if most_usd is not None and not journal.reserve(connection, self.call.run_id, most_usd):
            return _NotSent.OVER_BUDGET
        if found.attempts:
            journal.doubt(connection, self._row)
        attempt = self._attempt(attempt_id, found.attempts + 1, batch_id)
        journal.write_sent(connection, attempt)
        return attempt_id

    def _attempt(self, attempt_id: str, number: int, batch_id: str | None) -> Values:
        return {
            "id": attempt_id,
            "batch_id": batch_id,
            self._row.attempt_column: self._row.id,
            "run_id": self.call.run_id,
            "model": self.planned.model,
            "number": number,
            "status": AttemptStatus.SENT,
            "sent_at": utc_now(),
            "reserved_usd": self._most_usd,
        }

    def _resumable(self) -> tuple[str, str] | None:
        with self.store.database.read_bare() as connection:
            return journal.kept_answer(connection, self._row, _STILL_KEPT_AFTER)

    def _started(self, attempt_id: str, external_id: str, connection: Connection) -> None:
        journal.write_started(connection, attempt_id, external_id)

    def _succeeded(
        self,
        attempt_id: str,
        reply: ChatReply,
        values: Values | ProviderError,
        connection: Connection,
    ) -> None:
        cost = self.call.costs.of(reply.usage)
        ending = attempt_columns(reply)
        if isinstance(values, ProviderError):
            ending |= {"status": AttemptStatus.FAILED, "raw_reply": reply.text}
        else:
            # Where another daemon was first (this one was taken for dead), its answer stays.
            common = {
                "prompt_tokens": reply.usage.prompt_tokens,
                "completion_tokens": reply.usage.completion_tokens,
                "duration_ns": reply.timeline.duration_ns,
                "completed_at": ending["ended_at"],
            }
            journal.store_value(connection, self._row, {**common, **values})
            # An answer that was fetched late ends what an earlier failure left.
            ending |= dict.fromkeys(("error_kind", "error_message", "http_status"))
        journal.end_attempt(connection, attempt_id, ending)
        if cost is not None:
            journal.settle(connection, self._row, attempt_id, cost)

    def _failed(self, attempt_id: str, error: ProviderError, connection: Connection) -> None:
        # An empty or cut answer is paid like a whole one.
        cost = self.call.costs.of(error.usage) if error.usage.is_known else None
        ending: dict[str, Any] = {
            "status": AttemptStatus.FAILED,
            "ended_at": utc_now(),
            "error_kind": error.kind.value,
            "error_message": str(error),
            "http_status": error.http_status,
            "retry_after_ms": error.retry_after_ms,
        }
        if error.usage.is_known:
            ending |= _tokens(error.usage)
        journal.end_attempt(connection, attempt_id, ending)
        is_kept = self.call.mode is CallMode.BACKGROUND and error.kind.value in _STILL_KEPT_AFTER
        if cost is not None:
            journal.settle(connection, self._row, attempt_id, cost)
        elif self._most_usd is not None and error.kind in _NOT_PAID and not is_kept:
            journal.release(connection, attempt_id)

    def _gave_up(self, kind: str, message: str, connection: Connection) -> None:
        # Made by another daemon, or taken over by a later run, it is left alone.
        journal.give_up(connection, self._row, self.call.run_id, kind, message)


def attempt_columns(reply: ChatReply) -> dict[str, Any]:
    """What an answer puts into the columns of its attempt."""
    return {
        "status": AttemptStatus.OK,
        "ended_at": utc_now(),
        "duration_ns": reply.timeline.duration_ns,
        **_tokens(reply.usage),
    }


def _tokens(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "cached_prompt_tokens": usage.cached_prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def _internal(error: BaseException) -> ProviderError:
    """What an unforeseen exception says, in characters that both databases hold."""
    message = storable_part(f"{type(error).__name__}: {error}")
    return ProviderError(FailureKind.INTERNAL, message)


def _storable(reply: ChatReply) -> ChatReply:
    """PostgreSQL cannot store the character NUL; the standard's stand-in marks where it was."""
    reasoning = reply.reasoning_text
    return replace(
        reply,
        text=reply.text.replace("\x00", "\ufffd"),
        reasoning_text=reasoning.replace("\x00", "\ufffd") if reasoning else reasoning,
    )
