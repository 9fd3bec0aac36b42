"""Ollama, through its official client and its native API, whose last chunk tells every phase.

Field meanings: https://github.com/ollama/ollama/blob/main/docs/api.md. All counts and durations are
absent when zero there, so absent is ``None`` here, never 0.
"""

import asyncio
import json
from typing import Any

import httpx
import ollama

from core.providers.base import (
    ChatReply,
    ChatRequest,
    Clock,
    FailureKind,
    Provider,
    ProviderError,
    Stopwatch,
    Usage,
    ended_by,
    retry_after_ms,
)
from core.settings import Settings

_FIGURES = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
)


class OllamaProvider:
    """Models of one Ollama server."""

    def __init__(self, host: str, timeout_s: float, clock: Clock) -> None:
        self._host = host
        self._timeout_s = timeout_s
        self._clock = clock
        self._client = ollama.AsyncClient(host=host, timeout=timeout_s)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """See `core.providers.base.Provider.chat`."""
        watch = Stopwatch(self._clock)
        texts: list[str] = []
        last: ollama.ChatResponse | None = None
        try:
            # The client's own time-out is for each wait; a drip of tokens would never reach it.
            async with asyncio.timeout(self._timeout_s):
                watch.start()
                stream = await self._client.chat(
                    model=request.model,
                    messages=_messages(request),
                    stream=True,
                    options=_options(request),
                    format=request.json_schema,
                )
                async for chunk in stream:
                    text = chunk.message.content or ""
                    watch.chunk(has_text=bool(text))
                    texts.append(text)
                    last = chunk
        except TimeoutError as error:
            raise self._too_slow(request.model) from error
        except json.JSONDecodeError as error:
            raise ProviderError(
                FailureKind.TRUNCATED,
                f"Ollama's answer from {request.model!r} cannot be read; try again.",
            ) from error
        except (ollama.ResponseError, httpx.HTTPError, ConnectionError) as error:
            raise self._failure(error, request.model) from error
        timeline = watch.stop()
        if last is None or not last.done:
            raise ProviderError(
                FailureKind.TRUNCATED,
                f"Ollama's answer from {request.model!r} broke off before its end; try again.",
                usage=_usage(last),
            )
        if not "".join(texts).strip():
            raise ProviderError(
                FailureKind.EMPTY,
                f"Ollama's model {request.model!r} gave an empty answer"
                f"{ended_by(last.done_reason)}.",
                finish_reason=last.done_reason,
                usage=_usage(last),
            )
        figures = {name: last.get(name) for name in _FIGURES if last.get(name) is not None}
        return ChatReply(
            text="".join(texts),
            finish_reason=last.done_reason,
            usage=_usage(last),
            timeline=timeline,
            model_reported=last.model,
            provider_figures=figures,
        )

    async def list_models(self) -> list[str]:
        """See `core.providers.base.Provider.list_models`."""
        try:
            listed = await self._client.list()
        except (ollama.ResponseError, httpx.HTTPError, ConnectionError) as error:
            raise self._failure(error, "") from error
        return sorted(one.model for one in listed.models if one.model)

    async def close(self) -> None:
        """See `core.providers.base.Provider.close`."""
        await self._client.close()  # type: ignore[no-untyped-call]  # ollama leaves it untyped

    def _failure(self, error: Exception, model: str) -> ProviderError:
        if isinstance(error, ollama.ResponseError):
            return _refusal(error, model)
        if isinstance(error, httpx.TimeoutException):
            return self._too_slow(model)
        if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
            return ProviderError(
                FailureKind.TRUNCATED, f"Ollama's answer from {model!r} broke off; try again."
            )
        return ProviderError(
            FailureKind.UNREACHABLE,
            f"Ollama does not answer at {self._host}; start it, or set OLLAMA_HOST.",
        )

    def _too_slow(self, model: str) -> ProviderError:
        return ProviderError(
            FailureKind.TIMEOUT,
            f"Ollama at {self._host} took longer than allowed for {model!r}; "
            "raise SLAM_REQUEST_TIMEOUT_S or try again.",
        )


def _refusal(error: ollama.ResponseError, model: str) -> ProviderError:
    status = error.status_code
    if status == 404:
        return ProviderError(
            FailureKind.UNKNOWN_MODEL,
            f"Ollama has no model {model!r}; pull it with: ollama pull {model}.",
            http_status=status,
        )
    kind = FailureKind.INVALID_REQUEST
    if status == 429:
        kind = FailureKind.RATE_LIMITED
    elif status >= 500:
        kind = FailureKind.UNAVAILABLE
    elif status < 400:
        # An error line inside a stream that began with 200 carries no status of its own.
        kind = FailureKind.TRUNCATED
    return ProviderError(
        kind,
        f"Ollama refused the call to {model!r}: {error.error.rstrip('.!')}.",
        http_status=status if status >= 400 else None,
        retry_after_ms=_retry_after_of(error),
    )


def _retry_after_of(error: ollama.ResponseError) -> int | None:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, httpx.HTTPStatusError):
        return retry_after_ms(cause.response.headers.get("retry-after"))
    return None


def _usage(last: ollama.ChatResponse | None) -> Usage:
    return Usage(last.prompt_eval_count, last.eval_count) if last else Usage()


def _messages(request: ChatRequest) -> list[dict[str, str]]:
    system = [{"role": "system", "content": request.system_prompt}] if request.system_prompt else []
    return [*system, {"role": "user", "content": request.prompt}]


def _options(request: ChatRequest) -> dict[str, Any]:
    options = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "num_predict": request.max_tokens,
        "seed": request.seed,
    }
    return {name: value for name, value in options.items() if value is not None}


def create(settings: Settings, clock: Clock) -> Provider:
    """Ollama at ``OLLAMA_HOST``."""
    return OllamaProvider(settings.ollama_host, settings.request_timeout_s, clock)
