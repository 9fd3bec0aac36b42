"""A chunk of a run: rows whose calls go to one model, made one beside the other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.generation.making import planned_responses
from core.judging.making import planned_judgments
from core.models import Models
from core.preparing import Preparing
from core.providers.base import ProviderError
from core.recording import CallContext, PlannedCall, RowRecorder
from db.engine import Database
from db.repositories.work import Work
from db.tables import Run, RunKind
from db.together import WritingTogether


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes chunks of rows.

    Args:
        store: where rows are read and what came is written.
        models: where models are reached.
        preparing: gets a model of our own machine ready, once a turn.
    """

    store: WritingTogether
    models: Models
    preparing: Preparing

    async def make_chunk(self, run_id: str, row_ids: Sequence[str]) -> None:
        """Make those of the rows that are not made; failures are stored with their rows.

        Where the model runs on a machine of ours, the chunk waits for the model's turn, and the
        model is loaded and warmed up before the first call.

        Args:
            run_id: the run that wants the rows.
            row_ids: responses, or judgments of one judge, that are for one model.
        """
        run, rows = await asyncio.to_thread(read_rows, self.store.database, run_id, row_ids)
        if run is None or not rows:
            return
        model = rows[0].model
        call = CallContext(run_id, mode=run.call_mode)
        async with self.models.turn(model) as turn:
            prepared = await self.preparing.prepare(run, model, turn)
            if isinstance(prepared, ProviderError):
                await self._give_up(rows, call, prepared)
                return
            call = replace(call, model_digest=prepared.digest)
            recorders = [RowRecorder(self.store, row, call) for row in rows]
            await asyncio.gather(*(recorder.make(self.models) for recorder in recorders))

    async def _give_up(
        self, rows: Sequence[PlannedCall], call: CallContext, error: ProviderError
    ) -> None:
        """What no call can make is stored as failed, without calling."""
        for row in rows:
            await RowRecorder(self.store, row, call).gave_up(error.kind.value, str(error))


def read_rows(
    database: Database, run_id: str, row_ids: Sequence[str]
) -> tuple[Run | None, list[PlannedCall]]:
    """The run, and the calls for those of the rows that are still its to make."""
    with database.read() as session:
        run = Work(session).run(run_id)
    if run is None or run.cancel_requested_at is not None:
        return run, []
    plan = planned_responses if run.kind is RunKind.GENERATION else planned_judgments
    return run, plan(database, run_id, row_ids)
