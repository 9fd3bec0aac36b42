"""What a provider is: one streamed, timed call, its reply and its failures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from core.errors import SlamError

Clock = Callable[[], int]
"""A monotonic clock in nanoseconds; `time.perf_counter_ns` outside tests."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call: the name the provider knows, the prompt, and how to answer.

    ``json_schema`` asks for an answer that fits a JSON schema; ``None`` values are left to the
    provider.
    """

    model: str
    prompt: str
    system_prompt: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    json_schema: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """When things happened, in nanoseconds from the moment the request was sent.

    ``first_chunk_ns`` is the first thing on the stream, be it empty; ``time_to_first_token_ns`` the
    first chunk that carries text; both are ``None`` when there was none.
    """

    first_chunk_ns: int | None
    time_to_first_token_ns: int | None
    last_token_ns: int | None
    duration_ns: int


@dataclass(frozen=True, slots=True)
class ChatReply:
    """A finished answer. Token counts are the provider's own; ``None`` when it gave none."""

    text: str
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    timeline: Timeline
    model_reported: str | None = None
    provider_figures: dict[str, Any] = field(default_factory=dict)


class FailureKind(StrEnum):
    """Why a call failed, in the few kinds that are treated differently."""

    UNKNOWN_MODEL = "unknown_model"
    UNAUTHORIZED = "unauthorized"
    QUOTA_EXHAUSTED = "quota_exhausted"
    INVALID_REQUEST = "invalid_request"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    UNPARSABLE = "unparsable"
    INTERNAL = "internal"


RETRIED_KINDS = frozenset(
    {
        FailureKind.RATE_LIMITED,
        FailureKind.UNAVAILABLE,
        FailureKind.UNREACHABLE,
        FailureKind.TRUNCATED,
        FailureKind.EMPTY,
    }
)
"""Kinds that are worth another call at once. A time-out is not: the call may have been paid.

An empty answer is only where the model stopped by itself: what a limit or a filter left empty is
empty again at the next call.
"""


class ProviderError(SlamError):
    """A call that gave no usable answer; ``str(error)`` is one sentence.

    ``finish_reason`` and the token counts are those of an answer that came but is of no use; it
    was paid all the same.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        http_status: int | None = None,
        retry_after_ms: int | None = None,
        finish_reason: str | None = None,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.http_status = http_status
        self.retry_after_ms = retry_after_ms
        self.finish_reason = finish_reason
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens

    @property
    def was_metered(self) -> bool:
        """Whether the provider told what the useless answer used."""
        return self.prompt_tokens is not None or self.completion_tokens is not None


class Provider(Protocol):
    """A place where models answer. Made once per event loop; `close` gives its connections back."""

    async def chat(self, request: ChatRequest) -> ChatReply:
        """Make one call, once: no retries, no cache.

        Raises:
            ProviderError: there is no usable answer.
        """
        ...

    async def list_models(self) -> list[str]:
        """The names of the models on offer, sorted.

        Raises:
            ProviderError: the provider does not answer.
        """
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


@dataclass(slots=True)
class Stopwatch:
    """Takes the times of one streamed answer."""

    clock: Clock
    sent_ns: int = 0
    first_chunk_ns: int | None = None
    first_token_ns: int | None = None
    last_token_ns: int | None = None

    def start(self) -> None:
        """The request is about to be sent."""
        self.sent_ns = self.clock()

    def chunk(self, *, has_text: bool) -> None:
        """A chunk arrived; only those with text are tokens (an empty role chunk is not)."""
        elapsed = self.clock() - self.sent_ns
        if self.first_chunk_ns is None:
            self.first_chunk_ns = elapsed
        if has_text:
            if self.first_token_ns is None:
                self.first_token_ns = elapsed
            self.last_token_ns = elapsed

    def stop(self) -> Timeline:
        """The answer is whole."""
        return Timeline(
            first_chunk_ns=self.first_chunk_ns,
            time_to_first_token_ns=self.first_token_ns,
            last_token_ns=self.last_token_ns,
            duration_ns=self.clock() - self.sent_ns,
        )


def retry_after_ms(header: str | None) -> int | None:
    """A ``Retry-After`` header in seconds (RFC 9110, 10.2.3) as milliseconds; dates are ignored.

    What is longer than 24 days is cut, since the attempt's column holds 32 bits.
    """
    try:
        return min(max(0, round(float(header) * 1000)), 2**31 - 1) if header else None
    except (ValueError, OverflowError):
        return None


def ended_by(finish_reason: str | None) -> str:
    """What ended an empty answer, where it was not the model itself, as a part of a sentence."""
    if finish_reason in (None, "stop"):
        return ""
    if finish_reason == "length":
        return ", since it reached its limit of tokens before any text; raise max_tokens"
    return f", ended by {finish_reason!r}"
