"""OpenAI's files and batches: many calls in one file, answered one by one in the background."""

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.endpoint import json_body
from sandbox.journal import Entry
from sandbox.openai_common import (
    MALFORMED,
    OpenAISide,
    identity,
    minding_thoughts,
    note,
    read_chat_ask,
    required_text,
)
from sandbox.openai_stream import ChatStream
from sandbox.pacing import StreamCut
from sandbox.refusal import HtmlPage, Refusal
from sandbox.state import Sandbox

_CHAT_PATHS = frozenset({"/v1/chat/completions", "/chat/completions"})
_DAY_S = 86_400


@dataclass
class Batch:
    """One batch as it stands; `task` works on it."""

    content: dict[str, Any]
    lines: list[dict[str, Any]]
    task: asyncio.Task[None] | None = field(default=None)


class BatchesApi(OpenAISide):
    """The endpoints of files and batches."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        self._files: dict[str, bytes] = {}
        self._batches: dict[str, Batch] = {}

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        return self.routes_of(
            {
                ("POST", "/files"): self.upload,
                ("GET", "/files/{id}/content"): self.content,
                ("POST", "/batches"): self.create,
                ("GET", "/batches"): self.list_batches,
                ("GET", "/batches/{id}"): self.retrieve,
                ("POST", "/batches/{id}/cancel"): self.cancel,
            }
        )

    async def upload(self, request: Request, entry: Entry) -> Response:
        """Keep a file of calls."""
        self._demand_key(request)
        file_id = self._keep(_uploaded(request, await request.body()))
        content = {"id": file_id, "object": "file", "purpose": "batch", "status": "processed"}
        return JSONResponse(content, headers=identity())

    async def content(self, request: Request, entry: Entry) -> Response:
        """Give a file back."""
        self._demand_key(request)
        return Response(
            self._file(request.path_params["id"]),
            media_type="application/octet-stream",
            headers=identity(),
        )

    async def create(self, request: Request, entry: Entry) -> Response:
        """Check a file and begin to work on it."""
        self._demand_key(request)
        body = await json_body(request, MALFORMED)
        file_id = required_text(body, "input_file_id")
        if body.get("endpoint") not in _CHAT_PATHS:
            raise Refusal(400, "Only batches of chat completions are supported here.")
        lines, problem = _read_lines(self._file(file_id), str(body["endpoint"]))
        batch = Batch(_begun(body, lines, problem), lines)
        self._batches[batch.content["id"]] = batch
        if problem is None:
            batch.task = asyncio.create_task(self._work_through(batch, entry))
        return JSONResponse(batch.content, headers=identity())

    async def list_batches(self, request: Request, entry: Entry) -> Response:
        """List the batches, the newest first, page by page."""
        self._demand_key(request)
        newest_first = [batch.content for batch in reversed(self._batches.values())]
        after = request.query_params.get("after")
        ids = [one["id"] for one in newest_first]
        start = ids.index(after) + 1 if after in ids else 0
        limit = int(request.query_params.get("limit", "20"))
        page = newest_first[start : start + limit]
        has_more = start + limit < len(newest_first)
        return JSONResponse(
            {"object": "list", "data": page, "has_more": has_more}, headers=identity()
        )

    async def retrieve(self, request: Request, entry: Entry) -> Response:
        """Show a batch as it stands."""
        return JSONResponse(self._find_batch(request).content, headers=identity())

    async def cancel(self, request: Request, entry: Entry) -> Response:
        """Stop a batch; what is answered stays."""
        batch = self._find_batch(request)
        if batch.content["status"] != "in_progress":
            message = f"Cannot cancel a batch with status '{batch.content['status']}'."
            raise Refusal(409, message)
        if batch.task is not None:
            batch.task.cancel()
        batch.content["status"] = "cancelled"
        return JSONResponse(batch.content, headers=identity())

    async def _work_through(self, batch: Batch, entry: Entry) -> None:
        answered: list[str] = []
        failed: list[str] = []
        try:
            for line in batch.lines:
                content, error = await self._answer(line, entry)
                (failed if error else answered).append(json.dumps(content, ensure_ascii=False))
                done = {"completed": len(answered), "failed": len(failed)}
                batch.content["request_counts"] |= done
            batch.content["status"] = "completed"
        finally:
            # A batch that is cancelled gives what it has.
            for name, lines in (("output_file_id", answered), ("error_file_id", failed)):
                if lines:
                    batch.content[name] = self._keep("\n".join(lines).encode() + b"\n")

    async def _answer(self, line: Mapping[str, Any], entry: Entry) -> tuple[dict[str, Any], bool]:
        """Answer one call; the second says whether that is an error."""
        call = self._sandbox.journal.open("BATCH", str(line.get("url")))
        status, content = 200, {}
        try:
            body: dict[str, Any] = line["body"]
            model = self._find(required_text(body, "model"), call)
            ask = read_chat_ask(body)
            note(call, ask, body, stream=False)
            self._refuse_faulty(model)
            work = self._sandbox.work_on(model, minding_thoughts(ask, model), call)
            async with work.started():
                text = "".join([token async for token in work.tokens()])
            content = ChatStream(work, with_usage=True).whole(text)
        except Refusal as refusal:
            refused = self._refuse(refusal)
            status, content = refused.status_code, json.loads(bytes(refused.body))
        except (HtmlPage, StreamCut):
            status = 500
        call.status, call.outcome = status, "complete" if status == 200 else "refused"
        response = {"status_code": status, "request_id": uuid.uuid4().hex, "body": content}
        named = {"id": f"batch_req_{uuid.uuid4().hex}", "custom_id": line["custom_id"]}
        return {**named, "response": response, "error": None}, status != 200

    def _find_batch(self, request: Request) -> Batch:
        self._demand_key(request)
        external_id = request.path_params["id"]
        batch = self._batches.get(external_id)
        if batch is None:
            raise Refusal(404, f"No batch found with id '{external_id}'.")
        return batch

    def _file(self, file_id: str) -> bytes:
        if file_id not in self._files:
            raise Refusal(404, f"No such File object: {file_id}", param="id")
        return self._files[file_id]

    def _keep(self, content: bytes) -> str:
        file_id = f"file-{uuid.uuid4().hex}"
        self._files[file_id] = content
        return file_id


def _uploaded(request: Request, body: bytes) -> bytes:
    """Read the file out of a form."""
    kind = request.headers.get("content-type", "")
    form = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + body)
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise Refusal(400, "Missing required parameter: 'file'.", param="file")


def _read_lines(content: bytes, path: str) -> tuple[list[dict[str, Any]], str | None]:
    """Read the calls of a file; the second is why the file is refused."""
    lines: list[dict[str, Any]] = []
    try:
        for number, text in enumerate(content.decode().splitlines(), start=1):
            line = json.loads(text)
            if line["url"] != path or not isinstance(line["body"], dict) or not line["custom_id"]:
                return lines, f"Line {number} does not fit the batch."
            lines.append(line)
    except (ValueError, KeyError, TypeError):
        return lines, f"Line {len(lines) + 1} is not parseable as JSON of a call."
    if len({line["body"].get("model") for line in lines}) > 1:
        return lines, "The calls of a batch must all be to the same model."
    return lines, None if lines else "The file is empty."


def _begun(
    body: Mapping[str, Any], lines: list[dict[str, Any]], problem: str | None
) -> dict[str, Any]:
    now = int(time.time())
    errors = {"object": "list", "data": [{"code": "invalid_file", "message": problem}]}
    return {
        "id": f"batch_{uuid.uuid4().hex}",
        "object": "batch",
        "endpoint": body["endpoint"],
        "errors": errors if problem else None,
        "input_file_id": body["input_file_id"],
        "completion_window": "24h",
        "status": "failed" if problem else "in_progress",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": now,
        "expires_at": now + _DAY_S,
        "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        "metadata": body.get("metadata"),
    }
