"""A chunk of judgments that are measured, with the vectors of an embedding model where asked for.

Calls to an embedding model go the way of all calls: through the provider's gate, with retries,
journalled before they are sent, within the run's budget. One call embeds many texts, so its
attempts are booked on the first judgment of the chunk.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from core.embeddings import AskForVectors, EmbeddingStore
from core.errors import StoppedError
from core.judges.base import Vectors
from core.judging.making import measure
from core.models import Models
from core.money.prices import costs_of, load_price_book, today
from core.providers.base import (
    ChatReply,
    ChatRequest,
    EmbeddingProvider,
    EmbeddingReply,
    FailureKind,
    ProviderError,
    Timeline,
)
from core.providers.names import parse_model
from core.providers.registry import server_address
from core.recording import CallContext, PlannedCall, RowRecorder, attempt_columns
from core.settings import Settings
from db.engine import Database
from db.repositories import journal
from db.repositories.journal import Call
from db.repositories.judgments import Judgments
from db.repositories.work import Work
from db.tables import CallMode, Judgment
from db.together import WritingTogether


async def measure_chunk(
    store: WritingTogether, models: Models, settings: Settings, run_id: str, row_ids: Sequence[str]
) -> None:
    """Measure those of the judgments that are the run's and not made; failures are stored too.

    Args:
        store: where rows are read and what came is written.
        models: where an embedding model is reached, if the judge asks one.
        settings: where vectors are kept.
        run_id: the run that wants the judgments.
        row_ids: judgments of one judge.
    """
    model = await asyncio.to_thread(_model, store.database, run_id)
    loop = asyncio.get_running_loop()
    calls = EmbeddingCalls(store, models, loop, run_id, row_ids[0], model) if model else None
    tools = vectors_of(settings, model, calls.vectors if calls else None)
    try:
        await asyncio.to_thread(measure, store.database, run_id, row_ids, tools)
    except StoppedError:
        # The run is cancelled or out of money: what is not measured stays open for another one.
        return


def vectors_of(settings: Settings, model: str | None, ask: AskForVectors | None) -> EmbeddingStore:
    """The vectors kept here, with those of ``model`` as its server of these settings gives them."""
    server = server_address(parse_model(model).provider, settings) if model else None
    return EmbeddingStore(settings.embeddings_path, model=model, server=server, ask=ask)


def _model(database: Database, run_id: str) -> str | None:
    with database.read() as session:
        run = Work(session).run(run_id)
        return Judgments(session).judge(run.judge_id).model if run and run.judge_id else None


@dataclass(frozen=True, slots=True)
class EmbeddingCalls:
    """Calls to an embedding model from a thread; they are made in the event loop.

    Attempts are booked on the row ``row_id`` of ``row_type`` and written down by ``recorder``.
    """

    store: WritingTogether
    models: Models
    loop: asyncio.AbstractEventLoop
    run_id: str
    row_id: str
    model: str
    row_type: type[Call] = Judgment
    recorder: "type[EmbeddingRecorder] | None" = None

    def vectors(self, model: str, texts: Sequence[str]) -> Vectors:
        """The vectors of the texts, in order; waits for them.

        Raises:
            StoppedError: no call is to be made any more.
            ProviderError: there is not one vector a text.
        """
        asked = asyncio.run_coroutine_threadsafe(self._ask(texts), self.loop)
        return np.asarray(asked.result(), dtype=np.float32)

    async def _ask(self, texts: Sequence[str]) -> Sequence[tuple[float, ...]]:
        book = await asyncio.to_thread(load_price_book, self.store.database)
        context = CallContext(
            self.run_id, costs=costs_of(book, self.model, CallMode.DIRECT, today())
        )
        name = parse_model(self.model)
        embedding = EmbeddingAsChat(self.models.provider(name.provider), self.model, texts)
        # What is read is all that is paid; it is what a budget must know.
        request = ChatRequest(name.model, "\n".join(texts), max_tokens=1)
        planned = PlannedCall(
            self.row_type, self.row_id, self.model, lambda: request, lambda *_: {}
        )
        recorder = (self.recorder or EmbeddingRecorder)(self.store, planned, context)
        recorder.prepare()
        async with self.models.turn(self.model):
            await self.models.call(self.model, request, recorder, provider=embedding)
        return embedding.reply.vectors


class EmbeddingAsChat:
    """An embedding model as a provider of calls: the same gate, retries and records serve it."""

    def __init__(self, provider: object, model: str, texts: Sequence[str]) -> None:
        self.provider, self.model, self.texts = provider, model, texts
        self.reply: EmbeddingReply

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Embed the texts; the reply's text is empty, and its vectors are kept here."""
        if not isinstance(self.provider, EmbeddingProvider):
            raise ProviderError(
                FailureKind.INVALID_REQUEST,
                f"The provider of {self.model!r} offers no embeddings; name another model.",
            )
        began_ns = time.perf_counter_ns()
        self.reply = await self.provider.embed(request.model, self.texts)
        return ChatReply(
            text="",
            finish_reason=None,
            usage=replace(self.reply.usage, completion_tokens=0),
            timeline=Timeline(None, None, None, time.perf_counter_ns() - began_ns),
        )

    async def list_models(self) -> list[str]:
        """Nothing: the provider itself is asked for that."""
        return []

    async def close(self) -> None:
        """Nothing: the connections are the provider's."""


class EmbeddingRecorder(RowRecorder):
    """Books attempts on a row without making it: that is done once it is measured."""

    def _succeeded(
        self,
        attempt_id: str,
        reply: ChatReply,
        values: Mapping[str, Any] | ProviderError,
        connection: Connection,
    ) -> None:
        journal.end_attempt(connection, attempt_id, attempt_columns(reply))
        cost = self.call.costs.of(reply.usage)
        if cost is not None:
            journal.settle(connection, self._row, attempt_id, cost)
