"""What a provider is: one timed call, its reply and its failures; and embeddings."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from core.errors import SlamError

Clock = Callable[[], int]
"""A monotonic clock in nanoseconds; `time.perf_counter_ns` outside tests."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call: the name the provider knows, the prompt, and how to answer.

    ``json_schema`` asks for an answer that fits a JSON schema, ``json_mode`` for any JSON object;
    ``reasoning_effort`` is a model's own word, such as ``low``. ``None`` values are left to the
    provider. An answer that is not ``is_streamed`` comes whole, which costs less and tells no times
    of tokens. ``top_logprobs`` is how many alternatives of each token are to be told with their
    log-probabilities; models that tell none leave them out or refuse the call (`no_probabilities`).
    """

    model: str
    prompt: str
    system_prompt: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Any] | None = None
    json_mode: bool = False
    reasoning_effort: str | None = None
    is_streamed: bool = True
    top_logprobs: int | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """When things happened, in nanoseconds from the moment the request was sent.

    ``first_chunk_ns`` is the first thing on the stream, be it empty or a thought;
    ``time_to_first_token_ns`` the first chunk that carries text of the answer; both are ``None``
    when there was none, and for an answer that was not streamed. ``duration_ns`` is ``None`` for
    an answer that was made in our absence and whose provider tells no times.
    """

    first_chunk_ns: int | None
    time_to_first_token_ns: int | None
    last_token_ns: int | None
    duration_ns: int | None


@dataclass(frozen=True, slots=True)
class ObservedLimits:
    """What a provider told of its limits with one answer; ``None`` where it told nothing.

    Limits are a minute's, whatever the provider's own window is.
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by the provider's own count; ``None`` where it gave none.

    ``cached_prompt_tokens`` are part of ``prompt_tokens`` and ``reasoning_tokens`` of
    ``completion_tokens``.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_prompt_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def is_known(self) -> bool:
        """Whether the provider told anything."""
        return self.prompt_tokens is not None or self.completion_tokens is not None


@dataclass(frozen=True, slots=True)
class TokenAlternatives:
    """One token of an answer, and the tokens that could have stood in its place.

    ``alternatives`` are pairs of text and log-probability (natural logarithm), likeliest first; the
    sampled token itself is among them where it was likely enough.
    """

    text: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class ChatReply:
    """A finished answer.

    ``reasoning_text`` is what the model thought aloud, never part of ``text``. ``load_duration_ns``
    is the part of the time that went into loading the model. ``token_logprobs`` are of the tokens
    of the answer, in order, after those of thoughts that were written into it; ``None`` where the
    provider gave none.
    """

    text: str
    finish_reason: str | None
    usage: Usage
    timeline: Timeline
    reasoning_text: str | None = None
    load_duration_ns: int | None = None
    model_reported: str | None = None
    observed_limits: ObservedLimits | None = None
    provider_figures: dict[str, Any] = field(default_factory=dict)
    token_logprobs: tuple[TokenAlternatives, ...] | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingReply:
    """The vectors of some texts, in the texts' order; all are finite and of one length."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage
    model_reported: str | None = None


class FailureKind(StrEnum):
    """Why a call failed, in the few kinds that are treated differently."""

    UNKNOWN_MODEL = "unknown_model"
    MODEL_CHANGED = "model_changed"
    UNAUTHORIZED = "unauthorized"
    QUOTA_EXHAUSTED = "quota_exhausted"
    INVALID_REQUEST = "invalid_request"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    NOT_THE_API = "not_the_api"
    TIMEOUT = "timeout"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    REFUSED = "refused"
    DISK_FULL = "disk_full"
    INPUTS_CHANGED = "inputs_changed"
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

OUTAGE_KINDS = frozenset({FailureKind.UNAVAILABLE, FailureKind.UNREACHABLE})
"""Kinds that say nothing of the call and much of the provider; a row of them takes it for dead."""


class ProviderError(SlamError):
    """A call that gave no usable answer; ``str(error)`` is one sentence.

    ``finish_reason`` and ``usage`` are those of an answer that came but is of no use; it was paid
    all the same. ``was_silent`` says that the connection was lost before anything came back, as
    it is by a proxy before a dead server.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        http_status: int | None = None,
        retry_after_ms: int | None = None,
        finish_reason: str | None = None,
        usage: Usage | None = None,
        observed_limits: ObservedLimits | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.http_status = http_status
        self.retry_after_ms = retry_after_ms
        self.finish_reason = finish_reason
        self.usage = usage or Usage()
        self.observed_limits = observed_limits
        self.was_silent = False


def no_probabilities(model: str | None) -> ProviderError:
    """The failure of a call that wants ``top_logprobs`` of a model that tells none."""
    return ProviderError(
        FailureKind.INVALID_REQUEST,
        f"{repr(model) if model else 'The model'} tells no probabilities of its tokens; "
        "read the score from the reply instead.",
    )


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


@runtime_checkable
class EmbeddingProvider(Protocol):
    """A provider whose models turn texts into vectors."""

    async def embed(self, model: str, texts: Sequence[str]) -> EmbeddingReply:
        """Embed the texts in one call, once: no retries, no cache.

        Args:
            model: the name the provider knows.
            texts: at least one, none of them empty; as many as the provider takes at a time
                (OpenAI takes 2,048 with 300,000 tokens together).

        Raises:
            ProviderError: there is not one usable vector for each text.
        """
        ...


@runtime_checkable
class ResumableProvider(Protocol):
    """A provider that makes and keeps an answer, to be fetched as often as one likes.

    After a crash the same answer is fetched again instead of being paid a second time.
    """

    async def start(self, request: ChatRequest) -> str:
        """Ask for an answer, and give the id it will be fetched by.

        Raises:
            ProviderError: it was refused.
        """
        ...

    async def fetch(self, external_id: str, request: ChatRequest) -> ChatReply:
        """Wait for the answer of that id.

        Raises:
            ProviderError: there is no usable answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is; ``problem`` is why it will never give answers, in one sentence."""

    is_over: bool
    done: int
    total: int
    problem: str | None = None


@runtime_checkable
class BatchProvider(Protocol):
    """A provider that takes many calls at once and answers within a day, for less money."""

    async def submit_batch(self, label: str, requests: Mapping[str, ChatRequest]) -> str:
        """Hand over calls by names of our own; ``label`` goes along. Gives the batch's id.

        Raises:
            ProviderError: it was refused.
        """
        ...

    async def find_batch(self, label: str) -> str | None:
        """The id of the batch that was handed over with this label, if there is one.

        Raises:
            ProviderError: the provider does not answer.
        """
        ...

    async def batch_state(self, external_id: str) -> BatchState:
        """How far the batch is.

        Raises:
            ProviderError: the provider does not answer.
        """
        ...

    def batch_results(
        self, external_id: str
    ) -> AsyncIterator[tuple[str, ChatReply | ProviderError]]:
        """What came of each call of a batch that is over, by our names; nothing for lost ones.

        Raises:
            ProviderError: the provider does not answer.
        """
        ...

    async def cancel_batch(self, external_id: str) -> None:
        """Ask the provider to stop a batch; what is answered by then is paid.

        Raises:
            ProviderError: the provider does not answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a host tells of a model it has; ``None`` where it does not.

    ``digest`` names the weights; bytes are of the file.
    """

    name: str
    digest: str | None = None
    size_bytes: int | None = None
    parameter_size: str | None = None
    quantization: str | None = None
    family: str | None = None
    context_length: int | None = None
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in a host's memory, and how much of it is on the GPU.

    Less GPU memory than memory means that part of it spilled to the CPU.
    """

    name: str
    digest: str | None
    memory_bytes: int | None
    gpu_memory_bytes: int | None
    context_length: int | None


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One message of a pull: the step in the host's words, and the bytes of its layer."""

    step: str
    layer_digest: str | None = None
    completed_bytes: int | None = None
    total_bytes: int | None = None


@runtime_checkable
class HostingProvider(Protocol):
    """A provider whose models live on a machine of ours: they are fetched, loaded and removed."""

    @property
    def host(self) -> str:
        """The address of the machine."""
        ...

    def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """Fetch a model, telling the progress; going on where an earlier pull stopped.

        Raises:
            ProviderError: the model does not exist, or the pull broke off.
        """
        ...

    async def remove(self, model: str) -> None:
        """Delete a model from the machine.

        Raises:
            ProviderError: there is no such model, or the host does not answer.
        """
        ...

    async def installed(self) -> list[ModelFacts]:
        """The models on the machine, by name.

        Raises:
            ProviderError: the host does not answer.
        """
        ...

    async def show(self, model: str) -> ModelFacts:
        """All that the host tells of one model.

        Raises:
            ProviderError: there is no such model, or the host does not answer.
        """
        ...

    async def loaded(self) -> list[LoadedModel]:
        """The models in memory.

        Raises:
            ProviderError: the host does not answer.
        """
        ...

    async def load(self, model: str) -> int | None:
        """Bring a model into memory; gives the nanoseconds that the host says it took.

        Raises:
            ProviderError: it cannot be loaded.
        """
        ...

    async def unload(self, model: str) -> None:
        """Free the memory that a model takes.

        Raises:
            ProviderError: the host does not answer.
        """
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
