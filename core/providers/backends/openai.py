"""OpenAI's Chat Completions, or any server that speaks it, through the official client.

The client's own retries are off: every attempt is ours to record. API reference:
https://platform.openai.com/docs/api-reference/chat
"""

import asyncio
import json
from typing import Any

import openai
from openai.types.chat import ChatCompletionChunk

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

_HEADERS = ("x-request-id", "openai-processing-ms", "openai-version")


class OpenAIProvider:
    """Models behind one OpenAI-compatible base URL."""

    def __init__(self, base_url: str, api_key: str, timeout_s: float, clock: Clock) -> None:
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._clock = clock
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            timeout=openai.Timeout(timeout_s, connect=5.0),
        )

    async def chat(self, request: ChatRequest) -> ChatReply:
        """See `core.providers.base.Provider.chat`."""
        watch = Stopwatch(self._clock)
        answer = _Answer()
        try:
            # The client's own time-out is for each wait; a drip of tokens would never reach it.
            async with asyncio.timeout(self._timeout_s):
                watch.start()
                raw = await self._client.chat.completions.with_raw_response.create(
                    **_arguments(request)
                )
                async for chunk in raw.parse():
                    watch.chunk(has_text=answer.take(chunk))
        except TimeoutError as error:
            raise self._too_slow(request.model) from error
        except json.JSONDecodeError as error:
            raise answer.failure(
                FailureKind.TRUNCATED,
                f"The answer from {request.model!r} cannot be read; try again.",
            ) from error
        except openai.APIError as error:
            begun = watch.first_chunk_ns is not None
            failure = self._failure(error, request.model, begun=begun)
            failure.usage = answer.usage
            raise failure from error
        timeline = watch.stop()
        if answer.finish_reason is None:
            raise answer.failure(
                FailureKind.TRUNCATED,
                f"The answer from {request.model!r} broke off before its end; try again.",
            )
        if not answer.text.strip():
            raise answer.failure(
                FailureKind.EMPTY,
                f"{request.model!r} gave an empty answer{ended_by(answer.finish_reason)}.",
            )
        return ChatReply(
            text=answer.text,
            finish_reason=answer.finish_reason,
            usage=answer.usage,
            timeline=timeline,
            model_reported=answer.model,
            provider_figures=answer.figures
            | {name: raw.headers[name] for name in _HEADERS if name in raw.headers},
        )

    async def list_models(self) -> list[str]:
        """See `core.providers.base.Provider.list_models`."""
        try:
            return sorted([model.id async for model in self._client.models.list()])
        except openai.APIError as error:
            raise self._failure(error, "") from error

    async def close(self) -> None:
        """See `core.providers.base.Provider.close`."""
        await self._client.close()

    def _failure(self, error: openai.APIError, model: str, *, begun: bool = False) -> ProviderError:
        if isinstance(error, openai.APIStatusError):
            return _refusal(error, model, self._base_url)
        if isinstance(error, openai.APITimeoutError):
            return self._too_slow(model)
        if isinstance(error, openai.APIConnectionError) and not begun:
            return ProviderError(
                FailureKind.UNREACHABLE,
                f"{self._base_url} does not answer; check the network and OPENAI_BASE_URL.",
            )
        return ProviderError(
            FailureKind.TRUNCATED,
            f"The answer from {model!r} broke off: {error.message.rstrip('.!')}; try again.",
        )

    def _too_slow(self, model: str) -> ProviderError:
        return ProviderError(
            FailureKind.TIMEOUT,
            f"{self._base_url} took longer than allowed for {model!r}; "
            "raise SLAM_REQUEST_TIMEOUT_S or try again.",
        )


class _Answer:
    """Gathers the chunks of one stream."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.finish_reason: str | None = None
        self.usage = Usage()
        self.model: str | None = None
        self.figures: dict[str, Any] = {}

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def failure(self, kind: FailureKind, message: str) -> ProviderError:
        """Why the answer is of no use, with what it used as far as the server told."""
        return ProviderError(
            kind,
            message,
            finish_reason=self.finish_reason,
            usage=self.usage,
        )

    def take(self, chunk: ChatCompletionChunk) -> bool:
        """Add one chunk; says whether it carried text."""
        self.model = chunk.model or self.model
        if chunk.system_fingerprint:
            self.figures["system_fingerprint"] = chunk.system_fingerprint
        if chunk.usage:
            self.usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
            self.figures["usage"] = chunk.usage.model_dump(exclude_none=True)
        text = ""
        for choice in chunk.choices:
            text += choice.delta.content or ""
            self.finish_reason = choice.finish_reason or self.finish_reason
        self.parts.append(text)
        return bool(text)


def _arguments(request: ChatRequest) -> dict[str, Any]:
    system = [{"role": "system", "content": request.system_prompt}] if request.system_prompt else []
    optional = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "response_format": _response_format(request.json_schema),
    }
    return {
        "model": request.model,
        "messages": [*system, {"role": "user", "content": request.prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **{name: value for name, value in optional.items() if value is not None},
    }


def _response_format(schema: dict[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def _refusal(error: openai.APIStatusError, model: str, base_url: str) -> ProviderError:
    status, code = error.status_code, error.code
    kind = FailureKind.INVALID_REQUEST
    sentence = f"{base_url} refused the call to {model!r}: {error.message.rstrip('.!')}."
    if code == "insufficient_quota":
        kind = FailureKind.QUOTA_EXHAUSTED
        sentence = f"The account behind {base_url} has no credit left; top it up, then retry."
    elif status == 401:
        kind = FailureKind.UNAUTHORIZED
        sentence = f"{base_url} does not accept the key; set OPENAI_API_KEY to a valid one."
    elif status == 404:
        kind = FailureKind.UNKNOWN_MODEL
        sentence = f"{base_url} has no model {model!r}; check its name."
    elif status == 429:
        kind = FailureKind.RATE_LIMITED
    elif status == 408 or status >= 500:
        kind = FailureKind.UNAVAILABLE
    return ProviderError(
        kind,
        sentence,
        http_status=status,
        retry_after_ms=retry_after_ms(error.response.headers.get("retry-after")),
    )


def create(settings: Settings, clock: Clock) -> Provider:
    """The server at ``OPENAI_BASE_URL`` with the key of ``OPENAI_API_KEY``.

    Without a key the call is made all the same, and the server's refusal is what is stored.
    """
    # Files and copied text bring a line end along, which no header can carry.
    key = settings.openai_api_key.get_secret_value().strip() if settings.openai_api_key else ""
    return OpenAIProvider(
        settings.openai_base_url, key or "not-set", settings.request_timeout_s, clock
    )
