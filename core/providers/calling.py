"""One call with its limits and retries; every attempt is told to a recorder before and after.

Retries are `stamina`'s: exponential with jitter, bounded in number, and a provider's
``Retry-After`` is obeyed unless it is longer than the patience. While the provider is taken for
dead, calls wait at its gate instead of using up their attempts. Where a reply came but cannot be
read, the model is asked once more.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import stamina

from core.errors import StoreError
from core.providers.base import (
    RETRIED_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    HostingProvider,
    Provider,
    ProviderError,
    ResumableProvider,
)
from core.providers.gate import LONGEST_WAIT_MS, Leave, is_outage

_log = logging.getLogger("slam.calls")
Kept = TypeVar("Kept", covariant=True)
Result = TypeVar("Result")

MAX_ATTEMPTS = 5
MAX_TRIALS = 20
"""How often one call may be the trial of a provider that is taken for dead, or be refused."""
MAX_WAIT_S = 30.0
LONGEST_RETRY_AFTER_S = LONGEST_WAIT_MS / 1000
ASSUMED_ANSWER_TOKENS = 300
"""What an answer without a limit is expected to use, until its own count corrects it."""


class Recorder(Protocol[Kept]):
    """Where attempts are written down: before a call is sent, and how it ended."""

    async def sent(self) -> str:
        """Journal that a call is about to be sent; gives the attempt's id."""
        ...

    async def resumable(self) -> tuple[str, str] | None:
        """The last attempt and the id of its answer, when the provider still keeps it for us."""
        ...

    async def started(self, attempt_id: str, external_id: str) -> None:
        """Store the id by which the provider keeps the attempt's answer."""
        ...

    async def succeeded(self, attempt_id: str, reply: ChatReply) -> Kept:
        """Store a usable reply; a `ProviderError` raised here makes the attempt a failed one."""
        ...

    async def failed(self, attempt_id: str, error: ProviderError) -> None:
        """Store why the attempt failed."""
        ...


class Gate(Protocol):
    """What stands in front of a provider; `core.gates.Gate` is the one."""

    @property
    def is_dead(self) -> bool:
        """Whether the provider is taken for dead."""
        ...

    async def enter(self, expected_tokens: int) -> Leave:
        """Wait until a call that is expected to use so many tokens may leave."""
        ...

    async def answered(self, leave: Leave, reply: ChatReply) -> None:
        """The call was answered."""
        ...

    async def failed(self, leave: Leave, error: ProviderError) -> None:
        """The call failed."""
        ...

    async def unused(self, leave: Leave) -> None:
        """The call is not made after all."""
        ...

    async def lives(self) -> None:
        """The provider answered something else."""
        ...


@dataclass(slots=True)
class Slot:
    """One place among the calls that are under way."""

    _places: asyncio.Semaphore
    _is_held: bool = False

    async def take(self) -> None:
        """Wait for a place, unless it is held already."""
        if not self._is_held:
            await self._places.acquire()
            self._is_held = True

    def free(self) -> None:
        """Give the place back, unless it was."""
        if self._is_held:
            self._is_held = False
            self._places.release()


@dataclass(slots=True)
class Lane:
    """The way to one provider: how many calls are under way at a time, and the gate before it."""

    concurrent_requests: int
    gate: Gate
    _places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.concurrent_requests)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Wait for a place among the calls under way, and hold it until it is freed or left."""
        slot = Slot(self._places)
        await slot.take()
        try:
            yield slot
        finally:
            slot.free()


async def call(
    provider: Provider,
    request: ChatRequest,
    lane: Lane,
    recorder: Recorder[Result],
    *,
    in_background: bool = False,
) -> Result:
    """Call until there is a usable reply, the failure is final, or the patience is used up.

    Args:
        provider: who is asked.
        request: what for.
        lane: the limits of that provider.
        recorder: told of every attempt.
        in_background: let a provider that can do so keep the answer until it is fetched, so that
            it is not paid twice after a crash.

    Raises:
        ProviderError: the last attempt's failure, already recorded.
    """
    async with lane.slot() as slot:
        making = _Making(provider, request, lane.gate, slot, recorder, in_background)
        try:
            # Nearly always it works, and the machinery of retries is a tenth of a call's CPU.
            return await making.while_dead()
        except ProviderError as error:
            first_failure = error
        async for attempt in stamina.retry_context(
            on=making.patience,
            attempts=MAX_ATTEMPTS,
            timeout=None,
            wait_initial=0.5,
            wait_max=MAX_WAIT_S,
        ):
            with attempt:
                if attempt.num == 1:
                    raise first_failure
                return await making.while_dead()
    raise AssertionError("unreachable: the last attempt's error is raised")


@dataclass(frozen=True, slots=True)
class _Making(Generic[Result]):
    """The making of one answer; ``unread`` are the failures of replies that could not be read."""

    provider: Provider
    request: ChatRequest
    gate: Gate
    slot: Slot
    recorder: Recorder[Result]
    in_background: bool
    unread: list[ProviderError] = field(default_factory=list)

    def patience(self, error: Exception) -> bool | float:
        """Stamina's hook: whether to try again, or after how many seconds."""
        if self.unread and error is self.unread[-1]:
            return 0.0 if len(self.unread) == 1 else False
        return _patience(error)

    async def while_dead(self) -> Result:
        """One attempt, made again as long as its failures only say that the provider is down.

        A refusal for too many calls says nothing of the call either; its pause is the gate's.
        """
        for _ in range(MAX_TRIALS - 1):
            try:
                return await self._attempt()
            except ProviderError as error:
                if _asks_too_much(error) or not self._is_of_the_provider(error):
                    raise
        return await self._attempt()

    def _is_of_the_provider(self, error: ProviderError) -> bool:
        if error.kind is FailureKind.RATE_LIMITED:
            return True
        # What was lost in silence may have been paid, unless it was asked of our own machine.
        is_free = not error.was_silent or isinstance(self.provider, HostingProvider)
        return is_outage(error) and self.gate.is_dead and is_free

    async def _attempt(self) -> Result:
        await self.slot.take()
        leave = await self.gate.enter(_expected_tokens(self.request))
        was_sent = False
        try:
            attempt_id, external_id = await self._begin()
            was_sent = True
            reply = await self._answer(attempt_id, external_id)
        except ProviderError as error:
            final = _naming_the_wait(error) if _asks_too_much(error) else error
            await self.recorder.failed(attempt_id, final)
            await self._tell(self.gate.failed(leave, error))
            raise final from error
        except BaseException:
            if not was_sent:
                await self._tell(self.gate.unused(leave))
            raise
        storing = asyncio.ensure_future(self.recorder.succeeded(attempt_id, reply))
        # The task runs before the next call in line does, and its write comes before the one that
        # journals that call. So what a kill can leave in doubt is still never more than the slots.
        self.slot.free()
        try:
            return await storing
        except ProviderError as error:
            if error.kind is FailureKind.UNPARSABLE:
                self.unread.append(error)
            await self.recorder.failed(attempt_id, error)
            raise
        finally:
            await self._tell(self.gate.answered(leave, reply))

    async def _tell(self, telling: Awaitable[None]) -> None:
        """Tell the gate; a paid answer is not lost because the gate could not be told."""
        try:
            await telling
        except StoreError as error:
            _log.warning("a provider's gate could not be told: %s", error)

    async def _begin(self) -> tuple[str, str | None]:
        if self.in_background and isinstance(self.provider, ResumableProvider):
            kept = await self.recorder.resumable()
            if kept is not None:
                return kept
        return await self.recorder.sent(), None

    async def _answer(self, attempt_id: str, external_id: str | None) -> ChatReply:
        if not (self.in_background and isinstance(self.provider, ResumableProvider)):
            return await self.provider.chat(self.request)
        if external_id is None:
            external_id = await self.provider.start(self.request)
            await self.recorder.started(attempt_id, external_id)
        return await self.provider.fetch(external_id, self.request)


def _expected_tokens(request: ChatRequest) -> int:
    letters = len(request.prompt) + len(request.system_prompt or "")
    return letters // 4 + (request.max_tokens or ASSUMED_ANSWER_TOKENS)


def _asks_too_much(error: ProviderError) -> bool:
    wait_s = (error.retry_after_ms or 0) / 1000
    return error.kind in RETRIED_KINDS and wait_s > LONGEST_RETRY_AFTER_S


def _naming_the_wait(error: ProviderError) -> ProviderError:
    wait_s = (error.retry_after_ms or 0) / 1000
    return ProviderError(
        FailureKind.RATE_LIMITED,
        f"{error} It asks to wait {wait_s:.0f} seconds, which is longer than the "
        f"{LONGEST_RETRY_AFTER_S:.0f} that SLaM waits; retry after that time.",
        http_status=error.http_status,
        retry_after_ms=error.retry_after_ms,
    )


def _patience(error: Exception) -> bool | float:
    if not isinstance(error, ProviderError) or error.kind not in RETRIED_KINDS:
        return False
    if error.kind is FailureKind.EMPTY and error.finish_reason != "stop":
        return False
    if _asks_too_much(error):
        return False
    return True if error.retry_after_ms is None else error.retry_after_ms / 1000
