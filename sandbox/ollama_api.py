"""Ollama's API: chat, generate and embed. The library endpoints are in `ollama_library`."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.answering import Ask
from sandbox.embedding import DIMENSIONS, embed, embed_all, exceeds
from sandbox.endpoint import endpoint, json_body, message_pairs, noted, optional, stop_texts
from sandbox.journal import Entry
from sandbox.logprobs import MOST_ALTERNATIVES, told
from sandbox.memory import keep_alive_seconds
from sandbox.models import ModelConfig
from sandbox.pacing import Timeline
from sandbox.refusal import HtmlPage, Refusal
from sandbox.state import Sandbox, Work
from sandbox.words import count_tokens

# Ollama's own wording, two spaces included.
BUSY = "server busy, please try again.  maximum pending requests exceeded"
_DEFAULT_TEMPERATURE = 0.8
_ROLLING = "application/x-ndjson"
_THOUGHT = "hmm "


def refuse(refusal: Refusal) -> Response:
    """Put a refusal into Ollama's shape."""
    return JSONResponse({"error": refusal.message}, refusal.status, headers=refusal.headers)


def now_text() -> str:
    """Give the time as Ollama writes it: RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def line(content: dict[str, Any]) -> str:
    """Write one line of a stream."""
    return json.dumps(content, ensure_ascii=False) + "\n"


async def read_body(request: Request) -> dict[str, Any]:
    """Read a JSON body, refusing a malformed one as Ollama does."""
    return await json_body(request, Refusal(400, "invalid character in request body: not JSON"))


class OllamaApi:
    """The endpoints that make text and embeddings."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        handlers = {
            "/api/chat": self.chat,
            "/api/generate": self.generate,
            "/api/embed": self.embed,
            "/api/embeddings": self.embeddings,
        }
        return [
            Route(path, endpoint(self._sandbox, handler, refuse), methods=["POST"])
            for path, handler in handlers.items()
        ]

    async def chat(self, request: Request, entry: Entry) -> Response:
        """Answer /api/chat; without messages it only loads the model."""
        body = await read_body(request)
        messages = message_pairs(body.get("messages"))
        return await self._text(body, messages, entry, _chat_part)

    async def generate(self, request: Request, entry: Entry) -> Response:
        """Answer /api/generate; without a prompt it only loads the model."""
        body = await read_body(request)
        prompt = optional(body, "prompt", str)
        system = optional(body, "system", str)
        pairs = (("system", system), ("user", prompt)) if prompt else ()
        messages = tuple((role, text) for role, text in pairs if text)
        return await self._text(body, messages, entry, _generate_part)

    async def embed(self, request: Request, entry: Entry) -> Response:
        """Answer /api/embed for one text or a list of texts."""
        body = await read_body(request)
        given = body.get("input", "")
        texts = given if isinstance(given, list) else [given]
        if not all(isinstance(text, str) for text in texts):
            raise Refusal(400, "invalid input type")
        timeline = Timeline(time.monotonic_ns())
        model = self._model(body, entry)
        entry.purpose, entry.prompt_tokens = "embedding", sum(map(count_tokens, texts))
        self._refuse_faulty(model)
        if body.get("truncate") is False and exceeds(texts, model.context_length):
            raise Refusal(400, "the input length exceeds the context length")
        async with self._sandbox.memory.using(model, _keep_alive(body)):
            timeline.loaded_ns = time.monotonic_ns()
            dimensions = optional(body, "dimensions", int) or DIMENSIONS
            vectors = embed_all(texts, min(dimensions, DIMENSIONS))
            vectors = self._sandbox.spoiled(model, vectors)
        return JSONResponse(
            {
                "model": model.name,
                "embeddings": vectors,
                "total_duration": timeline.total_ns,
                "load_duration": timeline.load_ns,
                "prompt_eval_count": entry.prompt_tokens,
            }
        )

    async def embeddings(self, request: Request, entry: Entry) -> Response:
        """Answer the older /api/embeddings for one text."""
        body = await read_body(request)
        model = self._model(body, entry)
        entry.purpose = "embedding"
        self._refuse_faulty(model)
        async with self._sandbox.memory.using(model, _keep_alive(body)):
            return JSONResponse({"embedding": embed(optional(body, "prompt", str) or "")})

    async def _text(
        self,
        body: dict[str, Any],
        messages: tuple[tuple[str, str], ...],
        entry: Entry,
        part: Callable[[str], dict[str, Any]],
    ) -> Response:
        model = self._model(body, entry)
        keep_alive_s = _keep_alive(body)
        ask = _read_ask(body, messages)
        _note(entry, body, ask)
        self._refuse_faulty(model)
        if model.capability != "completion":
            raise Refusal(400, f'"{model.name}" does not support chat')
        if not messages:
            return await self._preload(model, keep_alive_s, part)
        work = self._sandbox.work_on(model, ask, entry)
        if body.get("stream", True):
            thinks = part is _chat_part and body.get("think") is not False
            lines = noted(_stream(work, keep_alive_s, part, thinks=thinks), entry, _cut_line)
            return StreamingResponse(lines, media_type=_ROLLING)
        async with work.started(keep_alive_s):
            text = "".join([token async for token in work.tokens()])
            told = _chances(work, 0, len(work.answer.tokens))
            return JSONResponse({**_head(model), **part(text), **told, **_ending(work)})

    async def _preload(
        self, model: ModelConfig, keep_alive_s: float, part: Callable[[str], dict[str, Any]]
    ) -> Response:
        if keep_alive_s == 0:
            self._sandbox.memory.unload(model.name)
            reason = "unload"
        else:
            await self._sandbox.memory.load(model, keep_alive_s)
            reason = "load"
        return JSONResponse({**_head(model), **part(""), "done": True, "done_reason": reason})

    def _model(self, body: dict[str, Any], entry: Entry) -> ModelConfig:
        name = optional(body, "model", str)
        entry.model = name
        if not name:
            raise Refusal(400, "model is required")
        model = self._sandbox.catalog.find(name, "ollama")
        if self._sandbox.faults.take(name, "outage"):
            raise Refusal(503, BUSY)
        if model is None or not model.installed:
            raise Refusal(404, f"model '{name}' not found")
        return model

    def _refuse_faulty(self, model: ModelConfig) -> None:
        faults = self._sandbox.faults
        if limit := faults.take(model.name, "rate_limit"):
            headers = {"retry-after": f"{limit['retry_after_s']:g}"}
            raise Refusal(429, "too many requests", headers=headers)
        if page := faults.take(model.name, "html_page"):
            raise HtmlPage(int(page["status"]))
        if error := faults.take(model.name, "server_error"):
            raise Refusal(int(error["status"]), "an unknown error was encountered")


async def _stream(
    work: Work, keep_alive_s: float, part: Callable[[str], dict[str, Any]], *, thinks: bool
) -> AsyncIterator[str | bytes]:
    async with work.started(keep_alive_s):
        for _ in range(work.model.reasoning_tokens if thinks else 0):
            await asyncio.sleep(work.model.ms_per_token / 1000)
            yield line({**_head(work.model), **_thought_part(_THOUGHT), "done": False})
        place = 0
        async for token in work.tokens():
            if work.plan.in_latin_1:
                yield line({**_head(work.model), **part("\xe9"), "done": False}).encode("latin-1")
            told = _chances(work, place, place + 1)
            yield line({**_head(work.model), **part(token), "done": False, **told})
            place += 1
        if not work.plan.without_end:
            yield line({**_head(work.model), **part(""), **_ending(work)})


def _chances(work: Work, start: int, stop: int) -> dict[str, Any]:
    """Write the log-probabilities of some tokens of the answer, where they are asked for."""
    top, answer = work.ask.top_logprobs, work.answer
    return (
        {} if top is None else {"logprobs": told(answer.tokens, answer.leaning, top, start, stop)}
    )


def _chat_part(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}}


def _thought_part(text: str) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": "", "thinking": text}}


def _generate_part(text: str) -> dict[str, Any]:
    return {"response": text}


def _head(model: ModelConfig) -> dict[str, Any]:
    return {"model": model.name, "created_at": now_text()}


def _ending(work: Work) -> dict[str, Any]:
    timeline = work.timeline
    ending = {
        "done": True,
        "done_reason": work.answer.finish_reason,
        "total_duration": timeline.total_ns,
        "load_duration": timeline.load_ns,
        "prompt_eval_count": work.ask.prompt_tokens,
        "prompt_eval_duration": timeline.prompt_ns,
        "eval_count": len(work.answer.tokens),
        "eval_duration": timeline.answer_ns,
    }
    # As in Ollama, a count of nothing is left out.
    return {name: value for name, value in ending.items() if value}


def _cut_line() -> str:
    return line({"error": "an error was encountered while running the model: unexpected EOF"})


def _keep_alive(body: dict[str, Any]) -> float:
    try:
        return keep_alive_seconds(body.get("keep_alive"))
    except ValueError as error:
        raise Refusal(400, str(error)) from None


def _read_ask(body: dict[str, Any], messages: tuple[tuple[str, str], ...]) -> Ask:
    options: dict[str, Any] = optional(body, "options", dict) or {}
    form = body.get("format")
    limit = optional(options, "num_predict", int)
    temperature = optional(options, "temperature", float)
    return Ask(
        messages=messages,
        schema=form if isinstance(form, dict) and form else None,
        wants_json=form == "json",
        temperature=_DEFAULT_TEMPERATURE if temperature is None else temperature,
        seed=optional(options, "seed", int),
        # Ollama reads -1 and -2 as "no limit".
        max_tokens=limit if limit is not None and limit > 0 else None,
        stop=stop_texts(options.get("stop")),
        top_logprobs=_top_logprobs(body),
    )


def _top_logprobs(body: dict[str, Any]) -> int | None:
    wanted = optional(body, "logprobs", bool) or False
    top = optional(body, "top_logprobs", int) or 0
    if not 0 <= top <= MOST_ALTERNATIVES:
        raise Refusal(400, f"top_logprobs must be between 0 and {MOST_ALTERNATIVES}")
    return top if wanted else None


def _note(entry: Entry, body: dict[str, Any], ask: Ask) -> None:
    entry.stream = bool(body.get("stream", True))
    entry.messages = len(ask.messages)
    entry.temperature = ask.temperature
    entry.seed = ask.seed
    entry.max_tokens = ask.max_tokens
    entry.format = "json_schema" if ask.schema else "json" if ask.wants_json else "text"
