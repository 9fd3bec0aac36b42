"""All that one running sandbox holds, and how it works on a request for text."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from sandbox.answering import Answer, Ask, answer
from sandbox.embedding import Vectors, spoil
from sandbox.faults import FaultBook, StreamPlan
from sandbox.journal import Entry, Journal
from sandbox.limits import Keys, Limits
from sandbox.memory import Memory
from sandbox.models import Catalog, ModelConfig
from sandbox.pacing import Timeline, paced, schedule


class Sandbox:
    """The models, the armed faults, the journal, and what is in memory.

    `seed` decides the texts of requests that bring no seed themselves; `room` is how many Ollama
    models fit into memory at once. `fetched` is how many bytes of each layer are on the disk.
    """

    def __init__(self, catalog: Catalog | None = None, *, seed: int = 0, room: int = 1) -> None:
        self.catalog = catalog or Catalog()
        self.faults = FaultBook()
        self.journal = Journal()
        self.memory = Memory(room)
        self.limits = Limits()
        self.keys = Keys()
        self.fetched: dict[str, int] = {}
        self._seed = seed
        self._answered = 0
        self._slots: dict[tuple[str, int], asyncio.Semaphore] = {}

    def work_on(self, model: ModelConfig, ask: Ask, entry: Entry) -> "Work":
        """Decide the answer to a request and what happens to it on the way."""
        self._answered += 1
        repeat = (self._seed, self._answered)
        spoils = self.faults.take(model.name, "bad_judgment") is not None
        asked_before = self.journal.asked_before((model.name, hash(ask.messages)))
        behaving = replace(model, bad_judge_rate=1.0) if spoils else model
        decided = answer(behaving, ask, repeat, asked_before)
        plan = self.faults.plan(model.name)
        if plan.empty:
            decided = replace(decided, tokens=())
        times = schedule(model, len(decided.tokens), plan, repeat)
        entry.purpose = "judgment" if decided.judged else "text"
        entry.prompt_tokens = ask.prompt_tokens
        return Work(self, model, ask, entry, decided, plan, times)

    def spoiled(self, model: ModelConfig, vectors: Vectors) -> Vectors:
        """Give the embeddings as they are, or spoilt where a fault asks for that."""
        fault = self.faults.take(model.name, "odd_embedding")
        return spoil(vectors, fault["how"]) if fault else vectors

    @asynccontextmanager
    async def slot(self, model: ModelConfig) -> AsyncIterator[None]:
        """Wait for a free slot of a model that answers only so many requests at once."""
        if not model.parallel:
            yield
            return
        key = (model.name, model.parallel)
        async with self._slots.setdefault(key, asyncio.Semaphore(model.parallel)):
            yield


class Work:
    """One answer on its way: decided at once, then sent token by token at its times."""

    def __init__(
        self,
        sandbox: Sandbox,
        model: ModelConfig,
        ask: Ask,
        entry: Entry,
        decided: Answer,
        plan: StreamPlan,
        times: list[float],
    ) -> None:
        self._sandbox = sandbox
        self.model = model
        self.ask = ask
        self.answer = decided
        self.plan = plan
        self.times = times
        self.entry = entry
        self.timeline = Timeline(time.monotonic_ns())

    async def tokens(self) -> AsyncIterator[str]:
        """Give the tokens when they are due, `StreamCut` where a fault breaks the stream."""
        self.entry.answer_tokens = 0
        async for token in paced(self.answer.tokens, self.times, self.plan, self.timeline):
            self.entry.answer_tokens += 1
            yield token

    @asynccontextmanager
    async def started(self, keep_alive_s: float | None = None) -> AsyncIterator[None]:
        """Load the model where `keep_alive_s` is given, find a free slot, and set the clock."""
        async with AsyncExitStack() as stack:
            if keep_alive_s is not None:
                await stack.enter_async_context(
                    self._sandbox.memory.using(self.model, keep_alive_s)
                )
            self.timeline.loaded_ns = time.monotonic_ns()
            await stack.enter_async_context(self._sandbox.slot(self.model))
            self.timeline.admitted_ns = time.monotonic_ns()
            yield
