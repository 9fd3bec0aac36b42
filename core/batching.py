"""Calls handed over in bulk: cheaper, answered within a day, and never timed.

A batch is journalled with its attempts before it is handed over, and its id goes along. So after a
crash at any moment it is found again at the provider instead of being sent a second time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import stamina

from core.models import Models
from core.providers.base import (
    OUTAGE_KINDS,
    BatchProvider,
    BatchState,
    ChatReply,
    ChatRequest,
    FailureKind,
    ProviderError,
)
from core.providers.names import parse_model
from core.recording import BUDGET_REACHED, RowRecorder
from core.rows import open_rows
from db.repositories import journal
from db.repositories.batches import Batches
from db.tables import Batch, BatchStatus, CallMode
from db.together import WritingTogether
from db.types import utc_now

LOST = ProviderError(
    FailureKind.TRUNCATED, "The batch ended without an answer to this call; retry it."
)


@dataclass(frozen=True, slots=True)
class _Handed:
    """A journalled batch: the recorder and the request of each attempt that goes with it."""

    batch: Batch
    recorders: Mapping[str, RowRecorder]
    requests: Mapping[str, ChatRequest]


@dataclass(frozen=True, slots=True)
class Batching:
    """Makes rows by batches.

    Args:
        store: where rows are read and what came is written.
        models: where models are reached.
        poll_interval_s: how often a provider is asked how far a batch is.
    """

    store: WritingTogether
    models: Models
    poll_interval_s: float

    async def make(self, run_id: str, row_ids: Sequence[str]) -> None:
        """Hand those of the rows that are not made over, wait for the answers, and store them.

        Running it again goes on where it was, whatever it was broken off at.
        """
        handed = await asyncio.to_thread(self._hand_over, run_id, row_ids)
        if handed is None:
            return
        provider = self._provider(handed.batch)
        try:
            external_id = await self._submit(provider, handed)
            state = await self._wait(provider, external_id)
        except ProviderError as error:
            await self._end(handed, BatchStatus.FAILED, error)
            return
        await self._collect(provider, handed, external_id, state)

    async def cancel(self, run_id: str) -> None:
        """Have the provider stop the run's batches, and store what is answered by then."""
        for batch in await asyncio.to_thread(self._open_batches, run_id):
            provider = self._provider(batch)
            handed = await asyncio.to_thread(self._again, batch)
            try:
                external_id = batch.external_id or await patiently(provider.find_batch, batch.id)
                if external_id is None:
                    await self._end(handed, BatchStatus.CANCELLED)
                    continue
                await patiently(provider.cancel_batch, external_id)
                state = await self._wait(provider, external_id)
            except ProviderError as error:
                await self._end(handed, BatchStatus.CANCELLED, error)
                continue
            await self._collect(provider, handed, external_id, state, BatchStatus.CANCELLED)

    def _provider(self, batch: Batch) -> BatchProvider:
        provider = self.models.provider(batch.provider)
        if not isinstance(provider, BatchProvider):
            raise TypeError(f"{batch.provider} takes no batches")
        return provider

    def _open_batches(self, run_id: str) -> Sequence[Batch]:
        with self.store.database.read() as session:
            return Batches(session).open_of_run(run_id)

    def _hand_over(self, run_id: str, row_ids: Sequence[str]) -> _Handed | None:
        """Find the batch that these rows are in, or journal a new one for those that are open."""
        with self.store.database.read() as session:
            found = Batches(session).holding(row_ids)
        if found is not None:
            return self._again(found)
        rows = open_rows(self.store.database, run_id, row_ids, CallMode.BATCH)
        if rows is None:
            return None
        recorders = [RowRecorder(self.store, planned, rows.call) for planned in rows.planned]
        askable = [recorder for recorder in recorders if _request_of(recorder) is not None]
        provider = parse_model(rows.model).provider
        batch = Batch(run_id=run_id, provider=provider, calls=len(askable))
        if not askable or not self._journal(batch, askable):
            return None
        return self._again(batch)

    def _journal(self, batch: Batch, recorders: Sequence[RowRecorder]) -> bool:
        """Store the batch with all its attempts, or nothing where the budget could be passed."""
        with self.store.database.write() as session:
            session.add(batch)
            session.flush()
            connection = session.connection()
            sent = [recorder.sent_with(batch.id, connection) for recorder in recorders]
            if all(sent):
                return True
            session.rollback()
        with self.store.database.write_bare() as connection:
            journal.stop(connection, batch.run_id, BUDGET_REACHED)
        return False

    def _again(self, batch: Batch) -> _Handed:
        """The batch's attempts that are not answered, with the calls that they are."""
        with self.store.database.read() as session:
            attempts = {
                one.response_id or one.judgment_id or "": one.id
                for one in Batches(session).unanswered(batch.id)
            }
        # Whoever may have asked for the rows again meanwhile: these answers are theirs.
        rows = open_rows(
            self.store.database, batch.run_id, list(attempts), CallMode.BATCH, of_any_run=True
        )
        if rows is None:
            return _Handed(batch, {}, {})
        recorders = {
            attempts[planned.row_id]: RowRecorder(self.store, planned, rows.call)
            for planned in rows.planned
        }
        requests = {
            attempt_id: request
            for attempt_id, recorder in recorders.items()
            if (request := _request_of(recorder)) is not None
        }
        return _Handed(batch, recorders, requests)

    async def _submit(self, provider: BatchProvider, handed: _Handed) -> str:
        batch = handed.batch
        if batch.external_id is not None:
            return batch.external_id
        # A crash may have come between handing it over and noting its id.
        external_id = await patiently(provider.find_batch, batch.id)
        if external_id is None:
            external_id = await _submit_once(provider, batch.id, handed.requests)
        await asyncio.to_thread(self._note, batch.id, external_id)
        return external_id

    async def _wait(self, provider: BatchProvider, external_id: str) -> BatchState:
        while True:
            state = await patiently(provider.batch_state, external_id)
            if state.is_over:
                return state
            await asyncio.sleep(self.poll_interval_s)

    async def _collect(
        self,
        provider: BatchProvider,
        handed: _Handed,
        external_id: str,
        state: BatchState,
        status: BatchStatus = BatchStatus.FINISHED,
    ) -> None:
        left = dict(handed.recorders)
        problem = ProviderError(FailureKind.UNAVAILABLE, state.problem) if state.problem else None
        try:
            results = await patiently(_all_results, provider, external_id)
        except ProviderError as error:
            results, problem = {}, problem or error
        for attempt_id, result in results.items():
            recorder = left.pop(attempt_id, None)
            if recorder is not None:
                await _store(recorder, attempt_id, result)
        if problem is not None and status is BatchStatus.FINISHED:
            status = BatchStatus.FAILED
        await self._end(_Handed(handed.batch, left, {}), status, problem)

    async def _end(
        self, handed: _Handed, status: BatchStatus, error: ProviderError | None = None
    ) -> None:
        """Close the batch; what has no answer fails, unless a person gave up on it."""
        for attempt_id, recorder in handed.recorders.items():
            await recorder.failed(attempt_id, error or LOST)
            if status is not BatchStatus.CANCELLED:
                await recorder.gave_up((error or LOST).kind.value, str(error or LOST))
        await asyncio.to_thread(self._close, handed.batch.id, status, error, utc_now())

    def _note(self, batch_id: str, external_id: str) -> None:
        with self.store.database.write() as session:
            batch = Batches(session).get(batch_id)
            batch.external_id, batch.status = external_id, BatchStatus.SUBMITTED
            batch.submitted_at = utc_now()
            session.add(batch)

    def _close(
        self, batch_id: str, status: BatchStatus, error: ProviderError | None, at: datetime
    ) -> None:
        with self.store.database.write() as session:
            batch = Batches(session).get(batch_id)
            batch.status, batch.ended_at = status, at
            batch.error_message = str(error) if error else None
            session.add(batch)


def _request_of(recorder: RowRecorder) -> ChatRequest | None:
    """The call to make; where there is none, why not is stored as the row's failure."""
    try:
        return recorder.prepare()
    except ProviderError as error:
        recorder.gave_up_at_once(error.kind.value, str(error))
        return None


async def _submit_once(
    provider: BatchProvider, label: str, requests: Mapping[str, ChatRequest]
) -> str:
    """Hand the batch over; where the provider's word is lost, look whether it has it."""
    try:
        return await provider.submit_batch(label, requests)
    except ProviderError as error:
        if not _passes(error):
            raise
        external_id = await patiently(provider.find_batch, label)
        if external_id is None:
            raise
        return external_id


async def _all_results(
    provider: BatchProvider, external_id: str
) -> dict[str, ChatReply | ProviderError]:
    return {name: result async for name, result in provider.batch_results(external_id)}


async def _store(recorder: RowRecorder, attempt_id: str, result: ChatReply | ProviderError) -> None:
    try:
        if isinstance(result, ProviderError):
            raise result
        await recorder.succeeded(attempt_id, result)
    except ProviderError as error:
        await recorder.failed(attempt_id, error)
        await recorder.gave_up(error.kind.value, str(error))


def _passes(error: Exception) -> bool:
    """Looking again costs nothing, so whatever can pass is waited out."""
    kinds = OUTAGE_KINDS | {FailureKind.RATE_LIMITED, FailureKind.TIMEOUT, FailureKind.TRUNCATED}
    return isinstance(error, ProviderError) and error.kind in kinds


patiently = stamina.AsyncRetryingCaller(
    attempts=200, timeout=None, wait_initial=1.0, wait_max=60.0
).on(_passes)
