"""Chat Completions: streamed and timed through the official client, or whole and lean.

https://platform.openai.com/docs/api-reference/chat
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import openai
import orjson

from core.providers.base import (
    ChatReply,
    ChatRequest,
    EmbeddingReply,
    FailureKind,
    ProviderError,
    Stopwatch,
    no_probabilities,
)
from core.providers.openai_api.answers import Answer
from core.providers.openai_api.embeddings import read_embeddings
from core.providers.openai_api.failures import (
    CAUGHT,
    Errand,
    broken_by,
    call_to,
    failure_of,
    is_cut_answer,
    is_lost_connection,
    not_the_api,
    refusal,
    told_in,
)
from core.providers.openai_api.headers import observed_limits
from core.providers.openai_api.lean import LeanPost
from core.providers.openai_api.requests import chat_body, streamed_chat_body
from core.providers.openai_api.service import Service

_FIGURES = ("x-request-id", "openai-processing-ms", "openai-version")
_Stream = openai.AsyncStream[object]
CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Document:
    """An answer that is one JSON object."""

    content: dict[str, Any]
    headers: Mapping[str, str]


class RawAnswer(Protocol):
    """An answer of the client as it came."""

    @property
    def http_response(self) -> Any:
        """The answer of the HTTP library."""
        ...


Asking = Callable[[], Awaitable[RawAnswer]]


class ChatProvider:
    """Models behind one server; see `core.providers.base.Provider`.

    ``client`` belongs to the event loop that first uses it, as every provider does.
    """

    def __init__(self, service: Service, client: openai.AsyncOpenAI) -> None:
        self.service = service
        self.client = client
        self._lean = LeanPost(client, CONNECT_TIMEOUT_S)

    async def chat(self, request: ChatRequest) -> ChatReply:
        """See `core.providers.base.Provider.chat`.

        A model that refuses to tell log-probabilities is said to tell none: `no_probabilities`.
        """
        self.service.demand_readiness()
        try:
            return await self._chat(request)
        except ProviderError as error:
            raise told_of_probabilities(error, request) from None

    async def _chat(self, request: ChatRequest) -> ChatReply:
        if request.is_streamed or not self._lean.is_possible:
            return await self._chat_streamed(request)
        return await self._chat_whole(request)

    async def _chat_streamed(self, request: ChatRequest) -> ChatReply:
        errand = call_to(self.service, request.model)
        watch = Stopwatch(self.service.clock)
        answer = Answer(errand)
        headers: Mapping[str, str] = {}
        try:
            # The client's own time-out is for each wait; a drip of tokens would never reach it.
            async with asyncio.timeout(self.service.timeout_s):
                watch.start()
                stream = await self._open(request)
                headers = stream.response.headers
                async with stream:
                    await _demand_events(stream, errand)
                    async for chunk in stream:
                        watch.chunk(has_text=answer.take(chunk))
            reply = answer.reply(watch.stop())
        except CAUGHT as error:
            failure = failure_of(error, errand, begun=watch.first_chunk_ns is not None)
            failure.usage = answer.usage
            failure.was_silent = watch.first_chunk_ns is None and is_lost_connection(error)
            failure.observed_limits = failure.observed_limits or observed_limits(headers)
            # Without its cause, whose text may hold the server's echo of the key.
            raise failure from None
        except ProviderError as failure:
            failure.observed_limits = observed_limits(headers)
            raise
        return _with_headers(reply, headers)

    async def _chat_whole(self, request: ChatRequest) -> ChatReply:
        errand = call_to(self.service, request.model)
        watch = Stopwatch(self.service.clock)
        watch.start()
        document = await self._posted(request, errand)
        timeline = watch.stop()
        answer = Answer(errand)
        answer.take(document.content)
        try:
            reply = answer.reply(timeline)
        except ProviderError as failure:
            failure.observed_limits = observed_limits(document.headers)
            raise
        return _with_headers(reply, document.headers)

    async def _posted(self, request: ChatRequest, errand: Errand) -> Document:
        body = chat_body(request, self.service)
        try:
            async with asyncio.timeout(self.service.timeout_s):
                answered = await self._lean.post(self.chat_path(request.model), body)
            if answered.status >= 300:
                raise refusal(errand, answered.status, answered.headers, answered.content)
            return Document(_read_document(answered.content, errand), answered.headers)
        except CAUGHT as error:
            failure = failure_of(error, errand)
            failure.was_silent = is_lost_connection(error) and not is_cut_answer(error)
            # Without its cause, as above.
            raise failure from None

    def chat_path(self, model: str) -> str:
        """Where a call to the model is posted, below the server's address."""
        return "chat/completions"

    async def embed(self, model: str, texts: Sequence[str]) -> EmbeddingReply:
        """See `core.providers.base.EmbeddingProvider.embed`."""
        errand = call_to(self.service, model)
        create = partial(
            self.client.embeddings.with_raw_response.create,
            model=model,
            input=list(texts),
            encoding_format="base64",
        )
        content = (await self.document(create, errand)).content
        return read_embeddings(content, errand, model, len(texts))

    async def list_models(self) -> list[str]:
        """See `core.providers.base.Provider.list_models`."""
        errand = Errand(self.service, "the question for its models")
        document = await self.document(self.client.models.with_raw_response.list, errand)
        models = document.content.get("data")
        if not isinstance(models, list):
            raise not_the_api(errand)
        return names_in(models)

    async def close(self) -> None:
        """See `core.providers.base.Provider.close`."""
        await self._lean.close()
        await self.client.close()

    async def document(self, ask: Asking, errand: Errand) -> Document:
        """Ask for one JSON object.

        Args:
            ask: one of the client's ``with_raw_response`` methods with its arguments; what it gives
                is not yet made into the client's models, which would hide what is no such object.
            errand: what is asked.

        Raises:
            ProviderError: there is none.
        """
        self.service.demand_readiness()
        try:
            async with asyncio.timeout(self.service.timeout_s):
                answer = await ask()
            content = _read_document(answer.http_response.content, errand)
        except CAUGHT as error:
            raise failure_of(error, errand) from None
        return Document(content, answer.http_response.headers)

    async def _open(self, request: ChatRequest) -> _Stream:
        # The client's models for each chunk would cost as much as all the rest of a call.
        return await self.client.post(
            "/chat/completions",
            body=streamed_chat_body(request, self.service),
            cast_to=object,
            stream=True,
            stream_cls=_Stream,
        )


def told_of_probabilities(error: ProviderError, request: ChatRequest) -> ProviderError:
    """The failure, in our words where it is a refusal to tell log-probabilities."""
    is_refusal = error.kind is FailureKind.INVALID_REQUEST and "logprobs" in str(error)
    if request.top_logprobs is None or not is_refusal:
        return error
    told = no_probabilities(request.model)
    told.http_status, told.observed_limits = error.http_status, error.observed_limits
    return told


def _with_headers(reply: ChatReply, headers: Mapping[str, str]) -> ChatReply:
    figures = {name: headers[name] for name in _FIGURES if name in headers}
    return replace(
        reply,
        observed_limits=observed_limits(headers),
        provider_figures=reply.provider_figures | figures,
    )


def _read_document(answered: bytes, errand: Errand) -> dict[str, Any]:
    """The one JSON object that an answer is; raises `CAUGHT` or the failure that it tells."""
    content = _parsed(answered.decode())
    if not isinstance(content, dict):
        raise not_the_api(errand)
    if content.get("object") is None and (told := told_in(content)):
        raise not_the_api(errand, told=told) if told.is_bare else broken_by(errand, told)
    return content


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # It refuses half a pair of surrogates, which JSON may hold and streams let through.
        try:
            return json.loads(text)
        except RecursionError:
            pass
        raise


def names_in(listed: list[Any]) -> list[str]:
    """The ids of listed models, sorted."""
    ids = (one.get("id") for one in listed if isinstance(one, dict))
    return sorted(name for name in ids if isinstance(name, str))


async def _demand_events(stream: _Stream, errand: Errand) -> None:
    """Refuse what is no stream of events; servers that do not say what they send are believed."""
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("", "text/event-stream"):
        return
    told = told_in(json.loads(await stream.response.aread())) if kind.endswith("json") else None
    if told is None or told.is_bare:
        raise not_the_api(errand, told=told)
    raise broken_by(errand, told)
