"""Gets a model of our own machine ready for a run: the right weights, alone in memory, warmed up.

What this does is recorded as warm-ups, apart from every measured call, so that loading a model is
never booked as latency.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import stamina

from core.hosting.pins import settle_pin
from core.models import Models
from core.providers.base import (
    RETRIED_KINDS,
    ChatRequest,
    FailureKind,
    HostingProvider,
    Provider,
    ProviderError,
)
from core.providers.names import parse_model
from db.engine import Database
from db.repositories.hosting import Hosting
from db.repositories.studies import Studies
from db.tables import Run, WarmUp, WarmUpStatus
from db.types import utc_now

WARM_UP_PROMPT = "Name three colours of the rainbow, one a line."
WARM_UP_MAX_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Checked:
    """A model that may be called; ``None`` is what its host does not tell.

    ``digest`` is of its weights, ``listed_as`` the whole name that its host lists it by.
    """

    digest: str | None = None
    listed_as: str | None = None


@dataclass(slots=True)
class Preparing:
    """Checks models, and warms them up once a turn for each run.

    Args:
        database: where warm-ups and pins are kept.
        models: where models are reached.
        warm_up_requests: how many requests a model answers before the first measured one.
    """

    database: Database
    models: Models
    warm_up_requests: int
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _warm: dict[tuple[str, str], tuple[int, ProviderError | None]] = field(default_factory=dict)

    async def check(self, run: Run, model: str) -> Checked | ProviderError:
        """Look which weights stand behind the model's name, or say why no call can be made.

        This can be done while another model has its turn.

        Args:
            run: who wants it.
            model: ``provider/model``.
        """
        name = parse_model(model)
        provider = self.models.provider(name.provider)
        if not isinstance(provider, HostingProvider):
            return Checked()
        try:
            facts = await _looked_again(
                lambda: self.models.ask(name.provider, lambda: provider.show(name.model))
            )
        except ProviderError as error:
            return error
        problem = await asyncio.to_thread(self._changed, run, model, facts.digest)
        if problem is not None:
            return ProviderError(FailureKind.MODEL_CHANGED, problem)
        return Checked(facts.digest, facts.name)

    async def warm_up(
        self, run: Run, model: str, checked: Checked, turn: int | None
    ) -> ProviderError | None:
        """Bring the model into memory, alone, and let it answer once or more; once a turn.

        What goes wrong is recorded; the calls themselves then find out. Only where other weights
        were loaded than were looked at before the turn, no call can be made, and that is given.

        Args:
            run: who wants it.
            model: ``provider/model``.
            checked: what `check` said.
            turn: the number of the model's turn; ``None`` where it needs none.
        """
        name = parse_model(model)
        chat = provider = self.models.provider(name.provider)
        if turn is None or not isinstance(provider, HostingProvider):
            return None
        async with self._lock:
            known = self._warm.get((run.id, model))
            if known is not None and known[0] == turn:
                return known[1]
            warming = _WarmingUp(self.database, run.id, model, name.model, provider, checked)
            with suppress(ProviderError):
                await warming.load()
                for number in range(1, self.warm_up_requests + 1):
                    await warming.request(chat, number)
            # Earlier turns are over, and with them what was warm then.
            self._warm = {key: one for key, one in self._warm.items() if one[0] == turn}
            problem = None
            if warming.loaded_digest not in (None, checked.digest):
                problem = await asyncio.to_thread(self._changed, run, model, warming.loaded_digest)
            error = ProviderError(FailureKind.MODEL_CHANGED, problem) if problem else None
            self._warm[run.id, model] = turn, error
            return error

    def _changed(self, run: Run, model: str, digest: str | None) -> str | None:
        """Why the weights under this name must not be called for the run's study, if so."""
        with self.database.read() as session:
            version = Studies(session).version(run.study_version_id)
            if version is None:
                return None
            candidates = Studies(session).content(version).candidates
        parameters = next((one.parameters for one in candidates if one.model == model), {})
        return settle_pin(self.database, version.study_id, model, parameters, digest)


_PASSES = RETRIED_KINDS | {FailureKind.TIMEOUT}
_looked_again = stamina.AsyncRetryingCaller(attempts=3, wait_initial=0.5, timeout=None).on(
    lambda error: isinstance(error, ProviderError) and error.kind in _PASSES
)
"""To look costs nothing, and to give up a whole chunk for one lost answer costs a run."""


@dataclass(slots=True)
class _WarmingUp:
    """One model's load and warm-up requests, each recorded, also when it fails."""

    database: Database
    run_id: str
    model: str
    name: str
    provider: HostingProvider
    checked: Checked
    loaded_digest: str | None = None

    async def load(self) -> None:
        """Bring the model into memory, alone, and note how much of that it takes."""

        async def load() -> dict[str, Any]:
            for other in await self.provider.loaded():
                if other.name != self.checked.listed_as:
                    # One model at a time: its memory and its computing power are wanted.
                    await self.provider.unload(other.name)
            began_ns = time.perf_counter_ns()
            told_ns = await self.provider.load(self.name)
            # Ollama does not time a load that no question came with.
            load_duration_ns = told_ns or time.perf_counter_ns() - began_ns
            return {"load_duration_ns": load_duration_ns, **await self._memory()}

        await self._record(0, load)

    async def _memory(self) -> dict[str, Any]:
        for one in await self.provider.loaded():
            if one.name == self.checked.listed_as:
                self.loaded_digest = one.digest
                return {
                    "memory_bytes": one.memory_bytes,
                    "gpu_memory_bytes": one.gpu_memory_bytes,
                    "context_length": one.context_length,
                }
        return {}

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
                    digest=self.checked.digest,
                    **columns,
                )
                await asyncio.to_thread(self._keep, warm_up)

    def _keep(self, warm_up: WarmUp) -> None:
        with self.database.write() as session:
            Hosting(session).add_warm_up(warm_up)
