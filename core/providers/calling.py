"""One call with its limits and retries; every attempt is told to a recorder before and after.

Retries are `stamina`'s: exponential with jitter, bounded in number, and a provider's
``Retry-After`` is obeyed unless it is longer than the patience. While the provider is taken for
dead, calls wait at its gate instead of using up their attempts.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import stamina

from core.providers.base import (
    RETRIED_KINDS,
    ChatReply,
    ChatRequest,
    FailureKind,
    Provider,
    ProviderError,
    ResumableProvider,
)
from core.providers.gate import Leave, is_outage

Kept = TypeVar("Kept", covariant=True)
Result = TypeVar("Result")

MAX_ATTEMPTS = 5
MAX_TRIALS = 20
"""How often one call may be the trial of a provider that is taken for dead."""
MAX_WAIT_S = 30.0
LONGEST_RETRY_AFTER_S = 600.0
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


@dataclass(slots=True)
class Lane:
    """The way to one provider: how many calls are under way at a time, and the gate before it."""

    concurrent_requests: int
    gate: Gate
    in_flight: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.in_flight = asyncio.Semaphore(self.concurrent_requests)


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
    # The slot is held until the result is stored, so that what a kill can leave in doubt is never
    # more than the number of slots.
    async with lane.in_flight:
        async for attempt in stamina.retry_context(
            on=_patience, attempts=MAX_ATTEMPTS, timeout=None, wait_initial=0.5, wait_max=MAX_WAIT_S
        ):
            with attempt:
                return await _while_dead(provider, request, lane, recorder, in_background)
    raise AssertionError("unreachable: the last attempt's error is raised")


async def _while_dead(
    provider: Provider,
    request: ChatRequest,
    lane: Lane,
    recorder: Recorder[Result],
    in_background: bool,
) -> Result:
    """One attempt, made again as long as its failures only say that the provider is down."""
    for _ in range(MAX_TRIALS - 1):
        try:
            return await _attempt(provider, request, lane, recorder, in_background)
        except ProviderError as error:
            if not (is_outage(error) and lane.gate.is_dead) or _asks_too_much(error):
                raise
    return await _attempt(provider, request, lane, recorder, in_background)


async def _attempt(
    provider: Provider,
    request: ChatRequest,
    lane: Lane,
    recorder: Recorder[Result],
    in_background: bool,
) -> Result:
    leave = await lane.gate.enter(_expected_tokens(request))
    attempt_id, external_id = await _begin(provider, recorder, in_background)
    try:
        if in_background and isinstance(provider, ResumableProvider):
            reply = await _in_background(provider, request, recorder, attempt_id, external_id)
        else:
            reply = await provider.chat(request)
    except ProviderError as error:
        if _asks_too_much(error):
            # Waiting would freeze every call to the provider; a person may retry when it is over.
            final = _naming_the_wait(error)
            await recorder.failed(attempt_id, final)
            raise final from error
        await lane.gate.failed(leave, error)
        await recorder.failed(attempt_id, error)
        raise
    await lane.gate.answered(leave, reply)
    try:
        return await recorder.succeeded(attempt_id, reply)
    except ProviderError as error:
        await recorder.failed(attempt_id, error)
        raise


async def _begin(
    provider: Provider, recorder: Recorder[Result], in_background: bool
) -> tuple[str, str | None]:
    if in_background and isinstance(provider, ResumableProvider):
        kept = await recorder.resumable()
        if kept is not None:
            return kept
    return await recorder.sent(), None


async def _in_background(
    provider: ResumableProvider,
    request: ChatRequest,
    recorder: Recorder[Result],
    attempt_id: str,
    external_id: str | None,
) -> ChatReply:
    if external_id is None:
        external_id = await provider.start(request)
        await recorder.started(attempt_id, external_id)
    return await provider.fetch(external_id, request)


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
    """Stamina's hook: whether to try again, or after how many seconds."""
    if not isinstance(error, ProviderError) or error.kind not in RETRIED_KINDS:
        return False
    if error.kind is FailureKind.EMPTY and error.finish_reason != "stop":
        return False
    if _asks_too_much(error):
        return False
    return True if error.retry_after_ms is None else error.retry_after_ms / 1000
