"""All models within reach: providers made when first asked, each behind its gate."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakKeyDictionary

from core.gates import Gate, OwnKeeper, SharedKeeper
from core.providers.base import (
    BatchProvider,
    ChatRequest,
    Clock,
    HostingProvider,
    Provider,
    ProviderError,
    ResumableProvider,
)
from core.providers.calling import Lane, Recorder, Result, call
from core.providers.gate import Pace, is_outage
from core.providers.names import parse_model
from core.providers.registry import configured_limits, create_provider
from core.settings import Settings
from db.engine import Database
from db.tables import CallMode

Answer = TypeVar("Answer")
ASKED_AGAIN_AFTER_S = 0.5


class Turns:
    """Lets the users of one model at a time onto a machine: the next model waits for the last user.

    Turns go by first come, first served; who asks for the model that is on joins at once, unless
    another model waits already.
    """

    def __init__(self) -> None:
        self.model: str | None = None
        self.number = 0
        self._users = 0
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def of(self, model: str) -> AsyncIterator[int]:
        """Wait for the model's turn and hold it; gives the number of the turn."""
        if self._users and (model != self.model or self._waiting):
            await self._wait(model)
        else:
            self._begin(model)
        try:
            yield self.number
        finally:
            self._leave()

    def _begin(self, model: str) -> None:
        if model != self.model:
            self.model = model
            self.number += 1
        self._users += 1

    async def _wait(self, model: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((model, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The turn was given in the moment it was no longer wanted.
                self._leave()
            raise

    def _leave(self) -> None:
        self._users -= 1
        if self._users:
            return
        first: str | None = None
        while self._waiting:
            model, turn = self._waiting[0]
            if not turn.cancelled():
                if first is not None and model != first:
                    return
                first = model
                self._begin(model)
                turn.set_result(None)
            self._waiting.popleft()


@dataclass(slots=True)
class _Reached:
    """One provider as one event loop reaches it."""

    provider: Provider
    lane: Lane
    turns: Turns = field(default_factory=Turns)


class Models:
    """Calls any model by its ``provider/model`` name, under the provider's limits.

    Connections and gates belong to the event loop that is running, because asynchronous clients
    cannot move between loops; each loop gets its own and closes them itself with `close`.

    Args:
        settings: where the providers are and what may be asked of them.
        database: where the gates' state is shared with other daemons; without one, this process
            keeps its own.
        clock: times the answers.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database | None = None,
        clock: Clock = time.perf_counter_ns,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Reached]] = (
            WeakKeyDictionary()
        )

    async def call(
        self,
        model: str,
        request: ChatRequest,
        recorder: Recorder[Result],
        *,
        in_background: bool = False,
        provider: Provider | None = None,
    ) -> Result:
        """Call ``model`` with retries; see `core.providers.calling.call`.

        ``provider`` stands in for the model's own where the call is none of a chat.

        Raises:
            ProviderError: there is no usable answer; every attempt is recorded.
            InvalidInputError: ``model`` names no known provider.
        """
        reached = self._reach(parse_model(model).provider)
        return await call(
            provider or reached.provider,
            request,
            reached.lane,
            recorder,
            in_background=in_background,
        )

    async def ask(self, provider_name: str, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask a provider something that costs nothing, waiting while it is down.

        Raises:
            ProviderError: it answers, but not this.
        """
        gate = self._reach(provider_name).lane.gate
        while True:
            leave = await gate.enter(0)
            try:
                answer = await question()
            except ProviderError as error:
                await gate.failed(leave, error)
                if not is_outage(error):
                    raise
                # Until it is taken for dead, nothing else would slow these questions down.
                await asyncio.sleep(0 if gate.is_dead else ASKED_AGAIN_AFTER_S)
            except asyncio.CancelledError:
                await gate.unused(leave)
                raise
            else:
                await gate.lives()
                return answer

    @asynccontextmanager
    async def turn(self, model: str) -> AsyncIterator[int | None]:
        """Hold the model's turn on the machine that hosts it; gives the number of the turn.

        Models of a provider that hosts them elsewhere need no turns; then it is ``None``.

        Raises:
            InvalidInputError: ``model`` names no known provider.
        """
        reached = self._reach(parse_model(model).provider)
        if not isinstance(reached.provider, HostingProvider):
            yield None
            return
        async with reached.turns.of(model) as number:
            yield number

    def provider(self, name: str) -> Provider:
        """The provider of that name, as this event loop reaches it."""
        return self._reach(name).provider

    async def list_models(self, provider_name: str) -> list[str]:
        """The models a provider offers, as ``provider/model``.

        Raises:
            ProviderError: the provider does not answer.
        """
        listed = await self.provider(provider_name).list_models()
        return [f"{provider_name}/{model}" for model in listed]

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        for reached in self._by_loop.pop(asyncio.get_running_loop(), {}).values():
            await reached.provider.close()

    def _reach(self, name: str) -> _Reached:
        made = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        if name not in made:
            provider = create_provider(name, self._settings, self._clock)
            made[name] = _Reached(provider, self._lane(name))
        return made[name]

    def _lane(self, name: str) -> Lane:
        limits = configured_limits(name, self._settings)
        keeper = SharedKeeper(self._database, name) if self._database else OwnKeeper()
        pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        return Lane(limits.concurrent_requests, Gate(pace, keeper))


def call_modes(provider_name: str, settings: Settings) -> tuple[CallMode, ...]:
    """The ways in which the provider's models can be called, the ordinary one first.

    Raises:
        KeyError: there is no provider of that name.
    """
    provider = create_provider(provider_name, settings, time.perf_counter_ns)
    offers = {CallMode.BACKGROUND: ResumableProvider, CallMode.BATCH: BatchProvider}
    return (CallMode.DIRECT, *(mode for mode, kind in offers.items() if isinstance(provider, kind)))
