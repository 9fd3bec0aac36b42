"""Gets a model of our own machine ready for a run: the right weights, alone in memory, warmed up.

What this does is recorded as warm-ups, apart from every measured call, so that loading a model is
never booked as latency.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from core.hosting.pins import settle_pin
from core.models import Models
from core.providers.base import (
    ChatRequest,
    FailureKind,
    HostingProvider,
    Provider,
    ProviderError,
)
from core.providers.names import parse_model
from db.engine import Database
from db.repositories.studies import Studies
from db.tables import Run, WarmUp, WarmUpStatus
from db.types import utc_now

WARM_UP_PROMPT = "Name three colours of the rainbow, one a line."
WARM_UP_MAX_TOKENS = 16
_FINAL = frozenset({FailureKind.UNKNOWN_MODEL, FailureKind.MODEL_CHANGED})
"""What no call could mend; after anything else, the calls themselves find out."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that is ready; ``digest`` is of its weights, ``None`` where its host tells none."""

    digest: str | None = None


@dataclass(slots=True)
class Preparing:
    """Gets models ready, once a turn for each run.

    Args:
        database: where warm-ups and pins are kept.
        models: where models are reached.
        warm_up_requests: how many requests a model answers before the first measured one.
    """

    database: Database
    models: Models
    warm_up_requests: int
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _ready: dict[tuple[str, str], tuple[int, Prepared | ProviderError]] = field(
        default_factory=dict
    )

    async def prepare(self, run: Run, model: str, turn: int | None) -> Prepared | ProviderError:
        """Get ``model`` ready, or say why no call to it can be made.

        Args:
            run: who wants it.
            model: ``provider/model``.
            turn: the number of the model's turn; ``None`` where it needs none.
        """
        name = parse_model(model)
        chat = provider = self.models.provider(name.provider)
        if turn is None or not isinstance(provider, HostingProvider):
            return Prepared()
        async with self._lock:
            known = self._ready.get((run.id, model))
            if known is None or known[0] != turn:
                result = await self._get_ready(run, model, name.model, provider, chat)
                # Earlier turns are over, and with them what was ready then.
                self._ready = {key: one for key, one in self._ready.items() if one[0] == turn} | {
                    (run.id, model): (turn, result)
                }
            return self._ready[run.id, model][1]

    async def _get_ready(
        self, run: Run, model: str, name: str, provider: HostingProvider, chat: Provider
    ) -> Prepared | ProviderError:
        warming = _WarmingUp(self.database, run.id, model, name, provider)
        try:
            facts = await provider.show(name)
            problem = await asyncio.to_thread(self._changed, run, model, facts.digest)
            if problem is not None:
                return ProviderError(FailureKind.MODEL_CHANGED, problem)
            # A host lists a model by its whole name, which can be longer than what was asked for.
            warming.digest, warming.listed_as = facts.digest, facts.name
            for other in await provider.loaded():
                if other.name != facts.name:
                    # One model at a time: its memory and its computing power are wanted.
                    await provider.unload(other.name)
            await warming.load()
            for number in range(1, self.warm_up_requests + 1):
                await warming.request(chat, number)
        except ProviderError as error:
            return error if error.kind in _FINAL else Prepared(warming.digest)
        return Prepared(warming.digest)

    def _changed(self, run: Run, model: str, digest: str | None) -> str | None:
        """Why the weights under this name must not be called for the run's study, if so."""
        with self.database.read() as session:
            version = Studies(session).version(run.study_version_id)
            if version is None:
                return None
            candidates = Studies(session).content(version).candidates
        parameters = next((one.parameters for one in candidates if one.model == model), {})
        return settle_pin(self.database, version.study_id, model, parameters, digest)


@dataclass(slots=True)
class _WarmingUp:
    """One model's load and warm-up requests, each recorded, also when it fails."""

    database: Database
    run_id: str
    model: str
    name: str
    provider: HostingProvider
    digest: str | None = None
    listed_as: str | None = None

    async def load(self) -> None:
        """Bring the model into memory and note how much of that it takes."""

        async def load() -> dict[str, Any]:
            began_ns = time.perf_counter_ns()
            told_ns = await self.provider.load(self.name)
            # Ollama does not time a load that no question came with.
            load_duration_ns = told_ns or time.perf_counter_ns() - began_ns
            loaded = [one for one in await self.provider.loaded() if one.name == self.listed_as]
            memory = {
                "memory_bytes": loaded[0].memory_bytes,
                "gpu_memory_bytes": loaded[0].gpu_memory_bytes,
                "context_length": loaded[0].context_length,
            }
            return {"load_duration_ns": load_duration_ns, **(memory if loaded else {})}

        await self._record(0, load)

    async def request(self, provider: Provider, number: int) -> None:
        """Have the model answer once; what it says is of no interest."""

        async def request() -> dict[str, Any]:
            asked = ChatRequest(self.name, WARM_UP_PROMPT, max_tokens=WARM_UP_MAX_TOKENS)
            reply = await provider.chat(asked)
            return {
                "load_duration_ns": reply.load_duration_ns,
                "figures": dict(reply.provider_figures),
            }

        await self._record(number, request)

    async def _record(self, number: int, action: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        sent_at, began_ns = utc_now(), time.perf_counter_ns()
        columns: dict[str, Any] = {}
        try:
            columns = {"status": WarmUpStatus.OK, **await action()}
        except ProviderError as error:
            columns = {
                "status": WarmUpStatus.FAILED,
                "error_kind": error.kind.value,
                "error_message": str(error),
            }
            raise
        finally:
            if columns:
                warm_up = WarmUp(
                    run_id=self.run_id,
                    model=self.model,
                    host=self.provider.host,
                    number=number,
                    sent_at=sent_at,
                    duration_ns=time.perf_counter_ns() - began_ns,
                    digest=self.digest,
                    **columns,
                )
                await asyncio.to_thread(self._keep, warm_up)

    def _keep(self, warm_up: WarmUp) -> None:
        with self.database.write() as session:
            session.add(warm_up)
