"""Ollama, through its official client and its native API, whose last chunk tells every phase.

Field meanings: https://github.com/ollama/ollama/blob/main/docs/api.md. All counts and durations are
absent when zero there, so absent is ``None`` here, never 0.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import ollama

from core.providers.base import (
    ChatReply,
    ChatRequest,
    Clock,
    EmbeddingReply,
    FailureKind,
    LoadedModel,
    ModelFacts,
    Provider,
    ProviderError,
    PullProgress,
    Stopwatch,
    TokenAlternatives,
    Usage,
    ended_by,
)
from core.providers.ollama_api.failures import CAUGHT, failure_of, pull_failure, truncated
from core.providers.ollama_api.names import with_tag
from core.providers.ollama_api.utf8 import refuse_other_than_utf8
from core.providers.openai_api.thinking import ThinkSplitter
from core.providers.vectors import checked_vectors
from core.settings import Settings

paid = False
"""Its models run on machines of our own."""

Answer = TypeVar("Answer")

_FIGURES = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)
_PULL_SILENCE_S = 600.0
"""How long a pull may tell nothing: a large file's digest is verified in silence."""
_SWITCHES = {"on": True, "true": True, "off": False, "none": False, "false": False}
"""Words for reasoning as such, beside the levels that some models know."""


class OllamaProvider:
    """Models of one Ollama server.

    Args:
        host: the server's address.
        timeout_s: how long one request may take, a pull excepted.
        clock: times the answers.
        keep_alive: how long a model stays in memory after a call, as Ollama reads it; ``None``
            leaves it to the server.
    """

    def __init__(
        self, host: str, timeout_s: float, clock: Clock, keep_alive: str | None = None
    ) -> None:
        self._host = host
        self._timeout_s = timeout_s
        self._clock = clock
        self._keep_alive = _keep_alive(keep_alive)
        self._client = _client(host, httpx.Timeout(timeout_s))

    @property
    def host(self) -> str:
        """See `core.providers.base.HostingProvider.host`."""
        return self._host

    async def chat(self, request: ChatRequest) -> ChatReply:
        """See `core.providers.base.Provider.chat`."""
        answer = _Answer(Stopwatch(self._clock))
        asked = self._asked(request)
        try:
            # The client's own time-out is for each wait; a drip of tokens would never reach it.
            async with asyncio.timeout(self._timeout_s):
                answer.watch.start()
                if request.is_streamed:
                    async for chunk in await self._client.chat(**asked, stream=True):
                        answer.add_chunk(chunk)
                else:
                    answer.add(await self._client.chat(**asked))
        except CAUGHT as error:
            failure = failure_of(error, self._host, request.model)
            lost = isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError)
            failure.was_silent = lost and answer.watch.first_chunk_ns is None
            raise failure from error
        return answer.reply(request.model)

    def _asked(self, request: ChatRequest) -> dict[str, Any]:
        return {
            "model": request.model,
            "messages": _messages(request),
            "options": _options(request),
            "format": request.json_schema or ("json" if request.json_mode else None),
            "think": _think(request.reasoning_effort),
            "keep_alive": self._keep_alive,
            # Older servers know neither and leave both out of their answer.
            "logprobs": True if request.top_logprobs is not None else None,
            "top_logprobs": request.top_logprobs,
        }

    async def embed(self, model: str, texts: Sequence[str]) -> EmbeddingReply:
        """See `core.providers.base.EmbeddingProvider.embed`; a text that is too long is refused."""
        # Ollama would cut it in silence.
        embedding = self._client.embed(
            model=model, input=list(texts), truncate=False, keep_alive=self._keep_alive
        )
        answer = await self._ask(embedding, model)
        return EmbeddingReply(
            vectors=checked_vectors(answer.embeddings, len(texts), model),
            usage=Usage(prompt_tokens=answer.prompt_eval_count),
            model_reported=answer.model,
        )

    async def list_models(self) -> list[str]:
        """See `core.providers.base.Provider.list_models`."""
        return sorted(facts.name for facts in await self.installed())

    async def installed(self) -> list[ModelFacts]:
        """See `core.providers.base.HostingProvider.installed`."""
        listed = await self._ask(self._client.list())
        return sorted(
            (_facts(one) for one in listed.models if one.model), key=lambda facts: facts.name
        )

    async def show(self, model: str) -> ModelFacts:
        """See `core.providers.base.HostingProvider.show`; two requests."""
        shown = await self._ask(self._client.show(model), model)
        # Only the list tells the digest and the size.
        listed = {facts.name: facts for facts in await self.installed()}
        facts = listed.get(with_tag(model), ModelFacts(model))
        details = shown.details
        return ModelFacts(
            name=facts.name,
            digest=facts.digest,
            size_bytes=facts.size_bytes,
            parameter_size=facts.parameter_size or (details.parameter_size if details else None),
            quantization=facts.quantization or (details.quantization_level if details else None),
            family=facts.family or (details.family if details else None),
            context_length=_context_length(shown.modelinfo or {}),
            capabilities=tuple(shown.capabilities or ()),
        )

    async def loaded(self) -> list[LoadedModel]:
        """See `core.providers.base.HostingProvider.loaded`."""
        running = await self._ask(self._client.ps())
        return [
            LoadedModel(
                name=one.model,
                digest=one.digest,
                memory_bytes=one.size,
                # Ollama leaves a zero out where the size is told: nothing is on the GPU.
                gpu_memory_bytes=one.size_vram if one.size is None else int(one.size_vram or 0),
                context_length=one.context_length,
            )
            for one in running.models
            if one.model
        ]

    async def load(self, model: str) -> int | None:
        """See `core.providers.base.HostingProvider.load`; an empty request loads."""
        loading = self._client.generate(model=model, prompt="", keep_alive=self._keep_alive)
        return (await self._ask(loading, model)).load_duration

    async def unload(self, model: str) -> None:
        """See `core.providers.base.HostingProvider.unload`; an empty request kept for 0 s."""
        await self._ask(self._client.generate(model=model, prompt="", keep_alive=0), model)

    async def remove(self, model: str) -> None:
        """See `core.providers.base.HostingProvider.remove`."""
        await self._ask(self._client.delete(model), model)

    async def pull(self, model: str) -> AsyncIterator[PullProgress]:
        """See `core.providers.base.HostingProvider.pull`."""
        step = None
        timeout = httpx.Timeout(self._timeout_s, read=_PULL_SILENCE_S)
        async with _client(self._host, timeout) as client:
            try:
                async for line in await client.pull(model, stream=True):
                    step = line.status or step
                    yield PullProgress(step or "", line.digest, line.completed, line.total)
            except ollama.ResponseError as error:
                raise (
                    pull_failure(error, self._host, model) or failure_of(error, self._host, model)
                ) from error
            except CAUGHT as error:
                raise failure_of(error, self._host, model) from error
        if step != "success":
            raise truncated(f"the pull of {model!r}", "it never said that it succeeded")

    async def close(self) -> None:
        """See `core.providers.base.Provider.close`."""
        await self._client.close()  # type: ignore[no-untyped-call]  # ollama leaves it untyped

    async def _ask(self, asking: Awaitable[Answer], model: str | None = None) -> Answer:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asking
        except CAUGHT as error:
            raise failure_of(error, self._host, model) from error


@dataclass(slots=True)
class _Answer:
    """One answer as it comes in."""

    watch: Stopwatch
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    splitter: ThinkSplitter = field(default_factory=ThinkSplitter)
    logprobs: list[Any] = field(default_factory=list)
    last: ollama.ChatResponse | None = None

    def add_chunk(self, chunk: ollama.ChatResponse) -> None:
        """Take a chunk of a stream, and the time."""
        self.watch.chunk(has_text=self.add(chunk))

    def add(self, chunk: ollama.ChatResponse) -> bool:
        """Take a chunk, or the whole; says whether it carried text of the answer."""
        # A model without a reasoning template leaves its thoughts at the start of the answer.
        text, thoughts = self.splitter.feed(chunk.message.content or "")
        self.texts.append(text)
        self.thoughts += [chunk.message.thinking or "", thoughts]
        self.logprobs += chunk.logprobs or ()
        self.last = chunk
        return bool(text)

    def reply(self, model: str) -> ChatReply:
        """The whole answer.

        Raises:
            ProviderError: it has no end, or no text.
        """
        text, thoughts = self.splitter.finish()
        if text and self.watch.first_chunk_ns is not None:
            self.watch.chunk(has_text=True)
        timeline = self.watch.stop()
        last = self.last
        usage = Usage(last.prompt_eval_count, last.eval_count) if last else Usage()
        if last is None or not last.done:
            error = truncated(f"the call to {model!r}", "its last message did not come")
            error.usage = usage
            raise error
        answer = "".join([*self.texts, text])
        if not answer.strip():
            raise ProviderError(
                FailureKind.EMPTY,
                f"Ollama's model {model!r} gave an empty answer{ended_by(last.done_reason)}.",
                finish_reason=last.done_reason,
                usage=usage,
            )
        return ChatReply(
            text=answer,
            finish_reason=last.done_reason,
            usage=usage,
            timeline=timeline,
            reasoning_text="".join([*self.thoughts, thoughts]).strip() or None,
            load_duration_ns=last.load_duration,
            model_reported=last.model,
            provider_figures={
                name: last.get(name) for name in _FIGURES if last.get(name) is not None
            },
            token_logprobs=tuple(map(_alternatives, self.logprobs)) or None,
        )


def _alternatives(told: Any) -> TokenAlternatives:
    """One of the client's log-probabilities, a class that it does not export."""
    others = ((one.token, one.logprob) for one in told.top_logprobs or ())
    likeliest_first = sorted(others, key=lambda one: -one[1])
    return TokenAlternatives(told.token, told.logprob, tuple(likeliest_first))


def _client(host: str, timeout: httpx.Timeout) -> ollama.AsyncClient:
    return ollama.AsyncClient(
        host=host,
        timeout=timeout,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [refuse_other_than_utf8]},
    )


def _keep_alive(setting: str | None) -> str | float | None:
    """Numbers are seconds, and Ollama takes them only as numbers."""
    is_number = setting is not None and re.fullmatch(r"-?\d+(\.\d+)?", setting)
    return float(setting) if setting is not None and is_number else setting


def _facts(one: ollama.ListResponse.Model) -> ModelFacts:
    details = one.details
    return ModelFacts(
        name=one.model or "",
        digest=one.digest,
        size_bytes=one.size,
        parameter_size=(details.parameter_size if details else None) or None,
        quantization=(details.quantization_level if details else None) or None,
        family=(details.family if details else None) or None,
    )


def _context_length(model_info: Mapping[str, Any]) -> int | None:
    """The longest context the model was made for; its key begins with the architecture."""
    found = (value for name, value in model_info.items() if name.endswith(".context_length"))
    return next((value for value in found if isinstance(value, int)), None)


def _messages(request: ChatRequest) -> list[dict[str, str]]:
    system = [{"role": "system", "content": request.system_prompt}] if request.system_prompt else []
    return [*system, {"role": "user", "content": request.prompt}]


def _options(request: ChatRequest) -> dict[str, Any]:
    options = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "num_predict": request.max_tokens,
        "seed": request.seed,
        "stop": list(request.stop) or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def _think(effort: str | None) -> Any:
    """Ollama's ``think``: whether to reason at all, or a level such as ``low``."""
    return None if effort is None else _SWITCHES.get(effort, effort)


def create(settings: Settings, clock: Clock) -> Provider:
    """Ollama at ``OLLAMA_HOST``."""
    return OllamaProvider(
        settings.ollama_host, settings.request_timeout_s, clock, settings.ollama_keep_alive
    )
