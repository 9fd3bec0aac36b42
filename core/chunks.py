"""A chunk of a run: rows whose calls go to one model, made one beside the other."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.models import Models
from core.preparing import Preparing
from core.providers.base import ProviderError
from core.recording import RowRecorder
from core.rows import OpenRows, open_rows
from db.tables import CallMode
from db.together import WritingTogether


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes chunks of rows.

    Args:
        store: where rows are read and what came is written.
        models: where models are reached.
        preparing: checks a model of our own machine, and warms it up once a turn.
        under_way: the paid calls of each run that are under way.
    """

    store: WritingTogether
    models: Models
    preparing: Preparing
    under_way: Counter[str] = field(default_factory=Counter)

    async def make_chunk(self, run_id: str, row_ids: Sequence[str], mode: CallMode) -> None:
        """Make those of the rows that are not made; failures are stored with their rows.

        Where the model runs on a machine of ours, the chunk waits for the model's turn, and the
        model is loaded and warmed up before the first call.

        Args:
            run_id: the run that wants the rows.
            row_ids: responses, or judgments of one judge, that are for one model.
            mode: how the calls are made.
        """
        rows = await asyncio.to_thread(open_rows, self.store.database, run_id, row_ids, mode)
        if rows is None:
            return
        checked = await self.preparing.check(rows.run, rows.model)
        if isinstance(checked, ProviderError):
            await self._give_up(rows, checked)
            return
        call = replace(rows.call, model_digest=checked.digest, under_way=self.under_way)
        async with self.models.turn(rows.model) as turn:
            changed = await self.preparing.warm_up(rows.run, rows.model, checked, turn)
            if changed is not None:
                await self._give_up(rows, changed)
                return
            recorders = [RowRecorder(self.store, planned, call) for planned in rows.planned]
            making = (recorder.make(self.models) for recorder in recorders)
            # All are waited for, whatever becomes of one: the others' calls are under way and paid.
            for result in await asyncio.gather(*making, return_exceptions=True):
                if isinstance(result, BaseException):
                    raise result

    async def _give_up(self, rows: OpenRows, error: ProviderError) -> None:
        """What no call can make is stored as failed, without calling."""
        for planned in rows.planned:
            recorder = RowRecorder(self.store, planned, rows.call)
            await recorder.gave_up(error.kind.value, str(error))
