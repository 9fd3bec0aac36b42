"""Writes down the attempts at one row, whatever the row is; shared by generation and judging."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import stamina
from sqlmodel import Session

from core.bench.prices import cost_usd
from core.errors import StoreError
from core.models import Models
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError
from db.engine import Database
from db.repositories.work import Work
from db.tables import Attempt, AttemptStatus, CallStatus, Judgment, Response, Run
from db.types import utc_now

Call = Response | Judgment

_patiently = stamina.AsyncRetryingCaller(
    attempts=6, timeout=None, wait_initial=5.0, wait_max=60.0, wait_jitter=1.0
).on(StoreError)
"""What is written here may have been paid, so a locked store is tried again for minutes."""


class _NotOpenError(Exception):
    """The row is made, given up, or another run's by now: there is nothing to call for."""


@dataclass(slots=True)
class RowRecorder:
    """The attempts at one response or judgment, each in a short transaction of its own.

    Database work runs in a thread, so that the event loop that times the answers never waits on it.

    Args:
        database: the store.
        row_type: `Response` or `Judgment`.
        row_id: the row that the attempts are for.
        run_id: the run that asked for it.
        model: ``provider/model``, for the price.
        store: puts a usable reply into the row; a `ProviderError` it raises means that the reply
            is not usable after all.
    """

    database: Database
    row_type: type[Call]
    row_id: str
    run_id: str
    model: str
    store: Callable[[Call, ChatReply], None]

    async def make(self, models: Models, request: Callable[[], ChatRequest]) -> CallStatus:
        """Call the model for the row and store what came, also when nothing usable did.

        Args:
            models: where the model is reached.
            request: gives the call; what it raises is stored as the row's failure.

        Returns:
            How the row stands; without a call where it is not this run's to make.
        """
        try:
            await models.call(self.model, request(), self)
        except _NotOpenError:
            return await asyncio.to_thread(self._status)
        except ProviderError as error:
            await self.gave_up(error.kind.value, str(error))
            return CallStatus.FAILED
        except Exception as error:
            # One broken call must not fail its chunk; what it was is stored with the row.
            await self.gave_up(FailureKind.INTERNAL.value, f"{type(error).__name__}: {error}")
            return CallStatus.FAILED
        return CallStatus.OK

    async def sent(self) -> str:
        """See `core.providers.calling.Recorder.sent`."""
        return await _patiently(asyncio.to_thread, self._sent)

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> None:
        """See `core.providers.calling.Recorder.succeeded`."""
        # PostgreSQL cannot store the character NUL; the standard's stand-in marks where it was.
        reply = replace(reply, text=reply.text.replace("\x00", "\ufffd"))
        await _patiently(asyncio.to_thread, partial(self._succeeded, attempt_id, reply))

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """See `core.providers.calling.Recorder.failed`."""
        await _patiently(asyncio.to_thread, partial(self._failed, attempt_id, error))

    @property
    def _response_id(self) -> str | None:
        return self.row_id if self.row_type is Response else None

    @property
    def _judgment_id(self) -> str | None:
        return self.row_id if self.row_type is Judgment else None

    def _row(self, session: Session) -> Call:
        # Locked on PostgreSQL, so that of two daemons only the first one's answer is stored.
        if self.row_type is Response:
            return session.get_one(Response, self.row_id, with_for_update=True)
        return session.get_one(Judgment, self.row_id, with_for_update=True)

    def _is_open(self, row: Call) -> bool:
        return row.status is CallStatus.PLANNED and row.run_id == self.run_id

    def _status(self) -> CallStatus:
        with self.database.read() as session:
            return self._row(session).status

    def _sent(self) -> str:
        with self.database.write() as session:
            run = session.get(Run, self.run_id)
            # A call may have waited long for its turn. Looking here, in the transaction that
            # journals it, nothing is sent any more once its run is being cancelled.
            if not self._is_open(self._row(session)) or run is None or run.cancel_requested_at:
                raise _NotOpenError
            work = Work(session)
            work.doubt_unanswered(self._response_id, self._judgment_id)
            attempt = Attempt(
                run_id=self.run_id,
                number=work.attempts(self._response_id, self._judgment_id) + 1,
                response_id=self._response_id,
                judgment_id=self._judgment_id,
            )
            session.add(attempt)
            return attempt.id

    def _succeeded(self, attempt_id: str, reply: ChatReply) -> None:
        cost = cost_usd(self.model, reply.usage.prompt_tokens, reply.usage.completion_tokens)
        with self.database.write() as session:
            attempt = Work(session).attempt(attempt_id)
            row = self._row(session)
            _finish(attempt, reply, cost)
            row.cost_usd = _total(row.cost_usd, cost)
            session.add(attempt)
            session.add(row)
            if row.status is CallStatus.OK:
                # Another daemon was first (this one was taken for dead); its answer stays.
                attempt.status = AttemptStatus.OK
                return
            try:
                self.store(row, reply)
            except ProviderError as error:
                attempt.raw_reply = reply.text
                unusable: ProviderError | None = error
            else:
                unusable = None
                attempt.status = AttemptStatus.OK
                row.status = CallStatus.OK
                row.error_kind = row.error_message = None
            row.prompt_tokens = reply.usage.prompt_tokens
            row.completion_tokens = reply.usage.completion_tokens
            row.duration_ns = reply.timeline.duration_ns
            row.completed_at = utc_now()
        if unusable is not None:
            raise unusable

    def _failed(self, attempt_id: str, error: ProviderError) -> None:
        with self.database.write() as session:
            attempt = Work(session).attempt(attempt_id)
            attempt.status = AttemptStatus.FAILED
            attempt.ended_at = attempt.ended_at or utc_now()
            attempt.error_kind = error.kind.value
            attempt.error_message = str(error)
            attempt.http_status = error.http_status
            attempt.retry_after_ms = error.retry_after_ms
            if error.usage.is_known:
                # An empty or cut answer is paid like a whole one.
                cost = cost_usd(
                    self.model, error.usage.prompt_tokens, error.usage.completion_tokens
                )
                attempt.prompt_tokens = error.usage.prompt_tokens
                attempt.completion_tokens = error.usage.completion_tokens
                attempt.cost_usd = cost
                row = self._row(session)
                row.cost_usd = _total(row.cost_usd, cost)
                session.add(row)
            session.add(attempt)

    async def gave_up(self, kind: str, message: str) -> None:
        """Store that the row failed for good; a retry on demand starts anew."""
        await _patiently(asyncio.to_thread, partial(self._gave_up, kind, message))

    def _gave_up(self, kind: str, message: str) -> None:
        with self.database.write() as session:
            row = self._row(session)
            if not self._is_open(row):
                # Made by another daemon, or taken over by a later run, which asks anew.
                return
            row.status = CallStatus.FAILED
            row.error_kind, row.error_message = kind, message
            row.completed_at = utc_now()
            session.add(row)


def _finish(attempt: Attempt, reply: ChatReply, cost: float | None) -> None:
    attempt.ended_at = utc_now()
    attempt.duration_ns = reply.timeline.duration_ns
    attempt.prompt_tokens = reply.usage.prompt_tokens
    attempt.completion_tokens = reply.usage.completion_tokens
    attempt.cost_usd = cost


def _total(before: float | None, cost: float | None) -> float | None:
    """Unusable replies were paid too, so a row's cost sums its attempts."""
    return cost if before is None else before + (cost or 0.0)
