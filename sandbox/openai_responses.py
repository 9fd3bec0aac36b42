"""OpenAI's Responses API: made at once or in the background, and kept to be fetched."""

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.answering import Ask
from sandbox.endpoint import json_body, message_pairs, optional
from sandbox.journal import Entry
from sandbox.openai_common import (
    MALFORMED,
    OpenAISide,
    demand_few,
    headers_of,
    identity,
    minding_thoughts,
    note,
    required_text,
    schema_in,
)
from sandbox.openai_stream import logprobs_of, thoughts_of, usage_of
from sandbox.pacing import StreamCut
from sandbox.refusal import Refusal
from sandbox.state import Sandbox, Work

_UNDER_WAY = ("queued", "in_progress")
_LOGPROBS = "message.output_text.logprobs"


@dataclass
class Kept:
    """One response as it stands; `task` makes it."""

    content: dict[str, Any]
    task: asyncio.Task[None] | None = field(default=None)


class ResponsesApi(OpenAISide):
    """The endpoints of responses."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._kept: dict[str, Kept] = {}

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        return self.routes_of(
            {
                ("POST", "/responses"): self.create,
                ("GET", "/responses/{id}"): self.retrieve,
                ("POST", "/responses/{id}/cancel"): self.cancel,
                ("DELETE", "/responses/{id}"): self.delete,
            }
        )

    async def create(self, request: Request, entry: Entry) -> Response:
        """Make a response, or begin one in the background."""
        started = time.monotonic()
        key = self._demand_key(request)
        body = await json_body(request, MALFORMED)
        model = self._find(required_text(body, "model"), entry)
        ask = _read_ask(body)
        note(entry, ask, body, stream=False)
        self._refuse_faulty(model)
        standing = self._spend(key, model, ask.prompt_tokens + (ask.max_tokens or 0))
        in_background = optional(body, "background", bool) or False
        if in_background and body.get("store") is False:
            raise Refusal(400, "background requires store to be true.", param="store")
        work = self._sandbox.work_on(model, minding_thoughts(ask, model), entry)
        kept = Kept(_begun(work, in_background=in_background))
        self._kept[kept.content["id"]] = kept
        kept.task = asyncio.create_task(_make(work, kept.content))
        if not in_background:
            await kept.task
        return JSONResponse(kept.content, headers=headers_of(started, standing))

    async def retrieve(self, request: Request, entry: Entry) -> Response:
        """Show a response as it stands."""
        kept = self._find_kept(request, entry)
        self._refuse_faulty_fetch(str(kept.content["model"]))
        return JSONResponse(kept.content, headers=identity())

    async def cancel(self, request: Request, entry: Entry) -> Response:
        """Stop a response that is under way in the background."""
        kept = self._find_kept(request, entry)
        if not kept.content["background"]:
            raise Refusal(400, "Only responses in the background can be cancelled.")
        if kept.content["status"] in _UNDER_WAY and kept.task is not None:
            kept.task.cancel()
            kept.content["status"] = "cancelled"
        return JSONResponse(kept.content, headers=identity())

    async def delete(self, request: Request, entry: Entry) -> Response:
        """Forget a response."""
        kept = self._find_kept(request, entry)
        external_id = kept.content["id"]
        del self._kept[external_id]
        return JSONResponse({"id": external_id, "object": "response", "deleted": True})

    def _find_kept(self, request: Request, entry: Entry) -> Kept:
        self._demand_key(request)
        external_id = request.path_params["id"]
        kept = self._kept.get(external_id)
        if kept is None:
            raise Refusal(404, f"Response with id '{external_id}' not found.")
        entry.model = str(kept.content["model"])
        return kept

    def _refuse_faulty_fetch(self, name: str) -> None:
        model = self._sandbox.catalog.find(name, "openai")
        if model is not None:
            self._refuse_faulty(model)


def _read_ask(body: Mapping[str, Any]) -> Ask:
    for name in ("seed", "stop"):
        if name in body:
            raise Refusal(
                400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter"
            )
    asked = body.get("input")
    messages = (("user", asked),) if isinstance(asked, str) else message_pairs(asked)
    if not messages:
        code = "missing_required_parameter"
        raise Refusal(400, "Missing required parameter: 'input'.", param="input", code=code)
    if instructions := optional(body, "instructions", str):
        messages = (("system", instructions), *messages)
    text: dict[str, Any] = optional(body, "text", dict) or {}
    form: dict[str, Any] = optional(text, "format", dict) or {}
    temperature = optional(body, "temperature", float)
    return Ask(
        messages=messages,
        schema=schema_in(form, form),
        wants_json=form.get("type") == "json_object",
        temperature=1.0 if temperature is None else temperature,
        max_tokens=optional(body, "max_output_tokens", int),
        top_logprobs=_top_logprobs(body),
    )


def _top_logprobs(body: Mapping[str, Any]) -> int | None:
    include = body.get("include")
    wanted = isinstance(include, list) and _LOGPROBS in include
    return demand_few(optional(body, "top_logprobs", int) or 0) if wanted else None


def _begun(work: Work, *, in_background: bool) -> dict[str, Any]:
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "completed_at": None,
        "status": "queued" if in_background else "in_progress",
        "background": in_background,
        "error": None,
        "incomplete_details": None,
        "model": work.model.name,
        "output": [],
        "usage": None,
        "service_tier": "default",
    }


async def _make(work: Work, content: dict[str, Any]) -> None:
    """Work on a response and write down how it ends."""
    content["status"] = "in_progress"
    try:
        async with work.started():
            await asyncio.sleep(work.model.ms_per_token * work.model.reasoning_tokens / 1000)
            text = "".join([token async for token in work.tokens()])
    except StreamCut:
        message = "The server had an error while processing your request. Sorry about that!"
        content |= {"status": "failed", "error": {"code": "server_error", "message": message}}
        work.entry.outcome = "cut"
    else:
        is_whole = work.answer.finish_reason == "stop"
        content |= {
            "status": "completed" if is_whole else "incomplete",
            "incomplete_details": None if is_whole else {"reason": "max_output_tokens"},
            "output": _output(work, text),
        }
    content |= {"completed_at": int(time.time()), "usage": _usage(work)}


def _output(work: Work, text: str) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    if thoughts := "".join(thoughts_of(work)):
        shown = work.model.reasoning_shown != "hidden"
        summary = [{"type": "summary_text", "text": thoughts}] if shown else []
        output.append({"id": "rs_1", "type": "reasoning", "summary": summary})
    if text:
        logprobs = logprobs_of(work) or []
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}
        output.append({"id": "msg_1", "type": "message", "role": "assistant", "content": [part]})
    return output


def _usage(work: Work) -> dict[str, Any]:
    counted = usage_of(work)
    reasoning = counted["completion_tokens_details"]["reasoning_tokens"]
    return {
        "input_tokens": counted["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": counted["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": counted["total_tokens"],
    }
