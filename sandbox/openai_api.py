"""OpenAI's API: chat completions, streamed or not, embeddings and the list of models."""

import base64
import struct
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.embedding import DIMENSIONS, embed_all, exceeds
from sandbox.endpoint import json_body, noted, optional
from sandbox.journal import Entry
from sandbox.models import ModelConfig
from sandbox.openai_common import (
    MALFORMED,
    OpenAISide,
    headers_of,
    identity,
    minding_thoughts,
    note,
    read_chat_ask,
    required_text,
)
from sandbox.openai_stream import ChatStream, cut_event
from sandbox.refusal import Refusal
from sandbox.words import count_tokens

_CREATED = 1_735_689_600  # 2025-01-01


class OpenAIApi(OpenAISide):
    """The endpoints for one call at a time."""

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        return self.routes_of(
            {
                ("POST", "/chat/completions"): self.chat,
                ("POST", "/deployments/{name}/chat/completions"): self.chat,
                ("GET", "/deployments"): self.models,
                ("POST", "/embeddings"): self.embeddings,
                ("GET", "/models"): self.models,
                ("GET", "/models/{name:path}"): self.model,
            }
        )

    async def models(self, request: Request, entry: Entry) -> Response:
        """List the models, which are Azure's deployments too."""
        self._demand_key(request)
        listed = [_listed(model) for model in self._sandbox.catalog.listed("openai")]
        return JSONResponse({"object": "list", "data": listed}, headers=identity())

    async def model(self, request: Request, entry: Entry) -> Response:
        """Describe one model."""
        self._demand_key(request)
        model = self._find(request.path_params["name"], entry)
        return JSONResponse(_listed(model), headers=identity())

    async def chat(self, request: Request, entry: Entry) -> Response:
        """Answer a chat completion, streamed or whole."""
        started = time.monotonic()
        key = self._demand_key(request)
        body = await json_body(request, MALFORMED)
        # Azure names the deployment in the address.
        name = request.path_params.get("name") or required_text(body, "model")
        model = self._find(name, entry)
        ask = read_chat_ask(body)
        stream = optional(body, "stream", bool) or False
        note(entry, ask, body, stream=stream)
        self._refuse_faulty(model)
        if model.capability != "completion":
            message = "This is not a chat model and thus not supported in this endpoint."
            raise Refusal(404, message, param="model")
        standing = self._spend(key, model, ask.prompt_tokens + (ask.max_tokens or 0))
        work = self._sandbox.work_on(model, minding_thoughts(ask, model), entry)
        chunks = ChatStream(work, _wants_usage(body))
        if stream:
            events = noted(chunks.events(), entry, cut_event)
            headers = headers_of(started, standing)
            return StreamingResponse(events, media_type="text/event-stream", headers=headers)
        async with work.started():
            text = "".join([token async for token in work.tokens()])
        whole = JSONResponse(chunks.whole(text), headers=headers_of(started, standing))
        if work.plan.in_latin_1:
            # Byte for byte, so that the length stays what the header says.
            whole.body = bytes(whole.body).replace(b" ", b"\xe9")
        return whole

    async def embeddings(self, request: Request, entry: Entry) -> Response:
        """Embed one text or a list of texts, as numbers or in base64."""
        started = time.monotonic()
        key = self._demand_key(request)
        body = await json_body(request, MALFORMED)
        model = self._find(required_text(body, "model"), entry)
        texts = _texts(body.get("input"))
        tokens = sum(map(count_tokens, texts))
        entry.purpose, entry.prompt_tokens = "embedding", tokens
        self._refuse_faulty(model)
        if exceeds(texts, model.context_length):
            message = f"This model's maximum context length is {model.context_length} tokens; "
            raise Refusal(400, message + "please reduce your input.", param="input")
        standing = self._spend(key, model, tokens)
        dimensions = optional(body, "dimensions", int) or DIMENSIONS
        vectors = embed_all(texts, max(1, min(dimensions, DIMENSIONS)))
        vectors = self._sandbox.spoiled(model, vectors)
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
        return JSONResponse(content, headers=headers_of(started, standing))


def _wants_usage(body: dict[str, Any]) -> bool:
    options: dict[str, Any] = optional(body, "stream_options", dict) or {}
    return bool(options.get("include_usage"))


def _texts(given: object) -> list[str]:
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise Refusal(400, "'$.input' is invalid: it must be a text or texts.", param="input")
    return [str(text) for text in texts]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _listed(model: ModelConfig) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "created": _CREATED, "owned_by": "stand-in"}
