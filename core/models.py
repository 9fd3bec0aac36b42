"""All models within reach: providers made when first asked, each with its limits."""

import asyncio
import time
from weakref import WeakKeyDictionary

from core.providers.base import ChatRequest, Clock, Provider
from core.providers.calling import Limits, Recorder, Result, call
from core.providers.names import parse_model
from core.providers.registry import create_provider
from core.settings import Settings


class Models:
    """Calls any model by its ``provider/model`` name, under the provider's limits.

    Connections and limits belong to the event loop that is running, because asynchronous clients
    cannot move between loops; each loop gets its own and closes them itself with `close`.
    """

    def __init__(self, settings: Settings, clock: Clock = time.perf_counter_ns) -> None:
        self._settings = settings
        self._clock = clock
        self._by_loop: WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[str, tuple[Provider, Limits]]
        ] = WeakKeyDictionary()

    async def call(self, model: str, request: ChatRequest, recorder: Recorder[Result]) -> Result:
        """Call ``model`` with retries; see `core.providers.calling.call`.

        Raises:
            ProviderError: there is no usable answer; every attempt is recorded.
            InvalidInputError: ``model`` names no known provider.
        """
        provider, limits = self._provider(parse_model(model).provider)
        return await call(provider, request, limits, recorder)

    async def list_models(self, provider_name: str) -> list[str]:
        """The models a provider offers, as ``provider/model``.

        Raises:
            ProviderError: the provider does not answer.
        """
        provider, _ = self._provider(provider_name)
        return [f"{provider_name}/{model}" for model in await provider.list_models()]

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        for provider, _ in self._by_loop.pop(asyncio.get_running_loop(), {}).values():
            await provider.close()

    def _provider(self, name: str) -> tuple[Provider, Limits]:
        made = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        if name not in made:
            made[name] = (
                create_provider(name, self._settings, self._clock),
                self._limits(name),
            )
        return made[name]

    def _limits(self, name: str) -> Limits:
        at_once = self._settings.concurrent_requests
        if name == "ollama":
            at_once = self._settings.concurrent_requests_ollama
        return Limits(at_once, self._settings.requests_per_minute)
