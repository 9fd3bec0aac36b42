"""OpenAI's API: chat completions, streamed or not, embeddings and the list of models."""

import base64
import itertools
import struct
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.answering import Ask
from sandbox.embedding import DIMENSIONS, embed
from sandbox.endpoint import endpoint, json_body, message_pairs, noted, optional, stop_texts
from sandbox.journal import Entry
from sandbox.models import ModelConfig
from sandbox.openai_stream import ChatStream, cut_event
from sandbox.refusal import Refusal
from sandbox.state import Sandbox
from sandbox.words import count_tokens

_CREATED = 1_735_689_600  # 2025-01-01
_REQUESTS_A_MINUTE = 10_000
_TOKENS_A_MINUTE = 2_000_000
_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank "
    "username) if you're accessing the API from your browser and are prompted for a username and "
    "password. You can obtain an API key from https://platform.openai.com/account/api-keys."
)
_MALFORMED = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON.)"
)
_NO_QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, read the docs: "
    "https://platform.openai.com/docs/guides/error-codes/api-errors."
)


class OpenAIApi:
    """The endpoints under /v1."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._request_numbers = itertools.count(1)

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        handlers = {
            "/v1/chat/completions": (self.chat, "POST"),
            "/v1/embeddings": (self.embeddings, "POST"),
            "/v1/models": (self.models, "GET"),
            "/v1/models/{name:path}": (self.model, "GET"),
        }
        return [
            Route(
                path,
                # A request that names a model sees to its outage itself, and is noted with it.
                endpoint(
                    self._sandbox, handler, self._refuse, _overloaded() if method == "GET" else None
                ),
                methods=[method],
            )
            for path, (handler, method) in handlers.items()
        ]

    async def models(self, request: Request, entry: Entry) -> Response:
        """List the models."""
        _demand_key(request)
        listed = [_listed(model) for model in self._sandbox.catalog.listed("openai")]
        return JSONResponse({"object": "list", "data": listed}, headers=self._identity())

    async def model(self, request: Request, entry: Entry) -> Response:
        """Describe one model."""
        _demand_key(request)
        model = self._find(request.path_params["name"], entry)
        return JSONResponse(_listed(model), headers=self._identity())

    async def chat(self, request: Request, entry: Entry) -> Response:
        """Answer a chat completion, streamed or whole."""
        started = time.monotonic()
        _demand_key(request)
        body = await json_body(request, Refusal(400, _MALFORMED))
        model = self._find(_required_text(body, "model"), entry)
        ask = _read_ask(body)
        stream = optional(body, "stream", bool) or False
        _note(entry, ask, stream=stream)
        self._refuse_faulty(model)
        if model.capability != "completion":
            message = "This is not a chat model and thus not supported in this endpoint."
            raise Refusal(404, message, param="model")
        work = self._sandbox.work_on(model, ask, entry)
        chunks = ChatStream(work, _wants_usage(body))
        if stream:
            events = noted(chunks.events(), entry, cut_event)
            headers = self._headers(started, work.ask.prompt_tokens)
            return StreamingResponse(events, media_type="text/event-stream", headers=headers)
        async with work.started():
            text = "".join([token async for token in work.tokens()])
        headers = self._headers(started, work.ask.prompt_tokens)
        return JSONResponse(chunks.whole(text), headers=headers)

    async def embeddings(self, request: Request, entry: Entry) -> Response:
        """Embed one text or a list of texts, as numbers or in base64."""
        started = time.monotonic()
        _demand_key(request)
        body = await json_body(request, Refusal(400, _MALFORMED))
        model = self._find(_required_text(body, "model"), entry)
        texts = _texts(body.get("input"))
        tokens = sum(map(count_tokens, texts))
        entry.purpose, entry.prompt_tokens = "embedding", tokens
        self._refuse_faulty(model)
        dimensions = optional(body, "dimensions", int) or DIMENSIONS
        vectors = [embed(text, max(1, min(dimensions, DIMENSIONS))) for text in texts]
        packed = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": place,
                "embedding": _packed(vector) if packed else vector,
            }
            for place, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        content = {"object": "list", "data": data, "model": model.name, "usage": usage}
        return JSONResponse(content, headers=self._headers(started, tokens))

    def _find(self, name: str, entry: Entry) -> ModelConfig:
        entry.model = name
        if self._sandbox.faults.take(name, "outage"):
            raise _overloaded()
        model = self._sandbox.catalog.find(name, "openai")
        if model is None or not model.installed:
            message = f"The model `{name}` does not exist or you do not have access to it."
            raise Refusal(404, message, code="model_not_found")
        return model

    def _refuse_faulty(self, model: ModelConfig) -> None:
        faults = self._sandbox.faults
        if faults.take(model.name, "insufficient_quota"):
            raise Refusal(429, _NO_QUOTA, kind="insufficient_quota", code="insufficient_quota")
        if limit := faults.take(model.name, "rate_limit"):
            raise _rate_limited(model, float(limit["retry_after_s"]))
        if error := faults.take(model.name, "server_error"):
            raise Refusal(
                int(error["status"]),
                "The server had an error while processing your request. Sorry about that!",
                kind="server_error",
            )

    def _refuse(self, refusal: Refusal) -> Response:
        error = {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
        headers = {**self._identity(), **refusal.headers}
        return JSONResponse({"error": error}, refusal.status, headers=headers)

    def _identity(self) -> dict[str, str]:
        number = next(self._request_numbers)
        return {"x-request-id": f"req_{number:032x}", "openai-version": "2020-10-01"}

    def _headers(self, started: float, tokens: int) -> dict[str, str]:
        """The headers of an answer; for a stream the time is the time to the headers."""
        return {
            **self._identity(),
            "openai-processing-ms": str(round((time.monotonic() - started) * 1000)),
            "x-ratelimit-limit-requests": str(_REQUESTS_A_MINUTE),
            "x-ratelimit-limit-tokens": str(_TOKENS_A_MINUTE),
            "x-ratelimit-remaining-requests": str(_REQUESTS_A_MINUTE - 1),
            "x-ratelimit-remaining-tokens": str(max(0, _TOKENS_A_MINUTE - tokens)),
            "x-ratelimit-reset-requests": "6ms",
            "x-ratelimit-reset-tokens": f"{max(1, tokens * 60_000 // _TOKENS_A_MINUTE)}ms",
        }


def _demand_key(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(401, _NO_KEY)


def _required_text(body: Mapping[str, Any], name: str) -> str:
    value = optional(body, name, str)
    if not value:
        raise Refusal(400, f"you must provide a {name} parameter")
    return value


def _overloaded() -> Refusal:
    message = "The engine is currently overloaded, please try again later"
    return Refusal(503, message, kind="server_error")


def _rate_limited(model: ModelConfig, wait_s: float) -> Refusal:
    return Refusal(
        429,
        f"Rate limit reached for {model.name} on requests per min (RPM): Limit "
        f"{_REQUESTS_A_MINUTE}, Used {_REQUESTS_A_MINUTE}, Requested 1. "
        f"Please try again in {wait_s:g}s.",
        kind="requests",
        code="rate_limit_exceeded",
        headers={
            # Whole seconds, as HTTP wants them; the exact time is in the milliseconds.
            "retry-after": str(max(1, round(wait_s)) if wait_s else 0),
            "retry-after-ms": str(round(wait_s * 1000)),
            "x-ratelimit-limit-requests": str(_REQUESTS_A_MINUTE),
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{wait_s:g}s",
        },
    )


def _read_ask(body: Mapping[str, Any]) -> Ask:
    messages = message_pairs(body.get("messages"))
    if not messages:
        code = "missing_required_parameter"
        raise Refusal(400, "Missing required parameter: 'messages'.", param="messages", code=code)
    if (optional(body, "n", int) or 1) > 1:
        raise Refusal(400, "Only one choice a request is supported here.", param="n")
    form: dict[str, Any] = optional(body, "response_format", dict) or {}
    wrapper: dict[str, Any] = optional(form, "json_schema", dict) or {}
    schema = wrapper.get("schema") if form.get("type") == "json_schema" else None
    limit = optional(body, "max_completion_tokens", int) or optional(body, "max_tokens", int)
    temperature = optional(body, "temperature", float)
    return Ask(
        messages=messages,
        schema=schema if isinstance(schema, dict) and schema else None,
        wants_json=form.get("type") == "json_object",
        temperature=1.0 if temperature is None else temperature,
        seed=optional(body, "seed", int),
        max_tokens=limit,
        stop=stop_texts(body.get("stop")),
    )


def _wants_usage(body: Mapping[str, Any]) -> bool:
    options: dict[str, Any] = optional(body, "stream_options", dict) or {}
    return bool(options.get("include_usage"))


def _note(entry: Entry, ask: Ask, *, stream: bool) -> None:
    entry.stream = stream
    entry.messages = len(ask.messages)
    entry.temperature = ask.temperature
    entry.seed = ask.seed
    entry.max_tokens = ask.max_tokens
    entry.format = "json_schema" if ask.schema else "json" if ask.wants_json else "text"


def _texts(given: object) -> list[str]:
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Refusal(400, "'$.input' is invalid: it must be a text or texts.", param="input")
    return [str(text) for text in texts]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _listed(model: ModelConfig) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "created": _CREATED, "owned_by": "stand-in"}
