"""Which Ollama models are in memory, and until when."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.models import ModelConfig

DEFAULT_KEEP_ALIVE_S = 300.0
# How far away "for ever" is put where a date is asked for, as Ollama does.
_FOREVER_S = 100 * 365 * 24 * 3600.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|\u00b5s|ms|s|m|h)")
_UNIT_S = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass
class Loaded:
    """A model in memory; `leaves_at` is on the monotonic clock, in seconds."""

    model: ModelConfig
    leaves_at: float
    last_used: float
    users: int = 0

    @property
    def expires_at(self) -> str:
        """When it leaves memory, as an RFC 3339 date."""
        left = min(_FOREVER_S, max(0.0, self.leaves_at - time.monotonic()))
        return (datetime.now(UTC) + timedelta(seconds=left)).isoformat()


class Memory:
    """Holds up to `room` models; a further one puts out the one used longest ago."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._loaded: dict[str, Loaded] = {}
        self._loading = asyncio.Lock()

    def listed(self) -> list[Loaded]:
        """List what is in memory, the latest used first."""
        self._forget_expired()
        return sorted(self._loaded.values(), key=lambda one: one.last_used, reverse=True)

    def unload(self, name: str) -> None:
        """Put a model out of memory now."""
        self._loaded.pop(name, None)

    def clear(self) -> None:
        """Put every model out of memory."""
        self._loaded.clear()

    async def load(self, model: ModelConfig, keep_alive_s: float) -> Loaded:
        """Wait until a model is in memory; loading takes its `load_ms`, one model at a time."""
        async with self._loading:
            self._forget_expired()
            if model.name not in self._loaded:
                self._make_room()
                await asyncio.sleep(model.load_ms / 1000)
            now = time.monotonic()
            users = self._loaded[model.name].users if model.name in self._loaded else 0
            loaded = Loaded(model, now + keep_alive_s, now, users)
            self._loaded[model.name] = loaded
            return loaded

    @asynccontextmanager
    async def using(self, model: ModelConfig, keep_alive_s: float) -> AsyncIterator[None]:
        """Load a model and keep it while the block runs and `keep_alive_s` seconds longer."""
        loaded = await self.load(model, keep_alive_s)
        loaded.users += 1
        try:
            yield
        finally:
            current = self._loaded.get(model.name, loaded)
            current.users = max(0, current.users - 1)
            current.last_used = time.monotonic()
            current.leaves_at = current.last_used + keep_alive_s

    def _forget_expired(self) -> None:
        now = time.monotonic()
        for name, loaded in list(self._loaded.items()):
            if loaded.users == 0 and loaded.leaves_at <= now:
                del self._loaded[name]

    def _make_room(self) -> None:
        while len(self._loaded) >= self._room:
            oldest = min(self._loaded.values(), key=lambda one: one.last_used)
            del self._loaded[oldest.model.name]


def keep_alive_seconds(value: object) -> float:
    """Read Ollama's keep_alive: seconds, or a text like "5m"; negative means for ever.

    ValueError says what is wrong with it.
    """
    if value is None:
        return DEFAULT_KEEP_ALIVE_S
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float("inf") if value < 0 else float(value)
    text = str(value).strip()
    if text.startswith("-"):
        return float("inf")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text):
        raise ValueError(f'time: invalid duration "{text}"')
    return sum(float(number) * _UNIT_S[unit] for number, unit in parts)
