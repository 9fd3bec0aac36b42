"""One call with its limits and retries; every attempt is told to a recorder before and after.

Retries are `stamina`'s: exponential with jitter, bounded in number and time, and a provider's
``Retry-After`` is obeyed unless it is longer than the patience. Limits are per provider: calls in
flight, calls a minute, and a shared moment before which nothing is sent after a 429.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import stamina
from aiolimiter import AsyncLimiter

from core.providers.base import (
    RETRIED_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
)

Kept = TypeVar("Kept", covariant=True)
Result = TypeVar("Result")

MAX_ATTEMPTS = 5
MAX_WAIT_S = 30.0
MAX_TOTAL_S = 600.0


class Recorder(Protocol[Kept]):
    """Where attempts are written down: before a call is sent, and how it ended."""

    async def sent(self) -> str:
        """Journal that a call is about to be sent; gives the attempt's id."""
        ...

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> Kept:
        """Store a usable reply; a `ProviderError` raised here makes the attempt a failed one."""
        ...

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """Store why the attempt failed."""
        ...


@dataclass(slots=True)
class Limits:
    """What one provider may be asked at a time, shared by all calls of one event loop."""

    concurrent_requests: int
    requests_per_minute: int
    in_flight: asyncio.Semaphore = field(init=False)
    pace: AsyncLimiter = field(init=False)
    not_before_s: float = 0.0

    def __post_init__(self) -> None:
        self.in_flight = asyncio.Semaphore(self.concurrent_requests)
        # A short window keeps a fresh start from sending a whole minute's calls at once.
        self.pace = AsyncLimiter(max(1.0, self.requests_per_minute / 60), 1.0)

    def pause(self, seconds: float) -> None:
        """Let nothing out for ``seconds`` from now; the furthest pause wins."""
        self.not_before_s = max(self.not_before_s, asyncio.get_running_loop().time() + seconds)

    async def wait(self) -> None:
        """Wait for a running pause to end and for the pace to allow a call."""
        while (left := self.not_before_s - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(left)
        await self.pace.acquire()


async def call(
    provider: Provider, request: ChatRequest, limits: Limits, recorder: Recorder[Result]
) -> Result:
    """Call until there is a usable reply, the failure is final, or the patience is used up.

    Raises:
        ProviderError: the last attempt's failure, already recorded.
    """
    # The slot is held until the result is stored, so that what a kill can leave in doubt is never
    # more than the number of slots.
    async with limits.in_flight:
        # The patience is for the provider's failures, so its clock does not run while the call
        # waits for its turn.
        await limits.wait()
        async for attempt in stamina.retry_context(
            on=_patience,
            attempts=MAX_ATTEMPTS,
            timeout=MAX_TOTAL_S,
            wait_initial=0.5,
            wait_max=MAX_WAIT_S,
        ):
            with attempt:
                if attempt.num > 1:
                    await limits.wait()
                return await _attempt(provider, request, limits, recorder)
    raise AssertionError("unreachable: the last attempt's error is raised")


async def _attempt(
    provider: Provider, request: ChatRequest, limits: Limits, recorder: Recorder[Result]
) -> Result:
    attempt_id = await recorder.sent()
    try:
        reply = await provider.chat(request)
        return await recorder.succeeded(attempt_id, reply)
    except ProviderError as error:
        if _asks_too_much(error):
            # Waiting would freeze every call to the provider; a person may retry when it is over.
            final = _naming_the_wait(error)
            await recorder.failed(attempt_id, final)
            raise final from error
        await recorder.failed(attempt_id, error)
        if error.kind is FailureKind.RATE_LIMITED:
            limits.pause((error.retry_after_ms or 0) / 1000)
        raise


def _asks_too_much(error: ProviderError) -> bool:
    wait_s = (error.retry_after_ms or 0) / 1000
    return error.kind in RETRIED_KINDS and wait_s > MAX_TOTAL_S


def _naming_the_wait(error: ProviderError) -> ProviderError:
    wait_s = (error.retry_after_ms or 0) / 1000
    return ProviderError(
        FailureKind.RATE_LIMITED,
        f"{error} It asks to wait {wait_s:.0f} seconds, which is longer than the "
        f"{MAX_TOTAL_S:.0f} that SLaM waits; retry after that time.",
        http_status=error.http_status,
        retry_after_ms=error.retry_after_ms,
    )


def _patience(error: Exception) -> bool | float:
    """Stamina's hook: whether to try again, or after how many seconds."""
    if not isinstance(error, ProviderError) or error.kind not in RETRIED_KINDS:
        return False
    if error.kind is FailureKind.EMPTY and error.finish_reason != "stop":
        return False
    if _asks_too_much(error):
        return False
    return True if error.retry_after_ms is None else error.retry_after_ms / 1000
