"""What every endpoint does around its own work: the journal, JSON bodies, refusals, streams."""

import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from sandbox.faults import EVERY_MODEL
from sandbox.journal import Entry
from sandbox.pacing import StreamCut
from sandbox.refusal import HtmlPage, Refusal
from sandbox.state import Sandbox

Handler = Callable[[Request, Entry], Awaitable[Response]]
_PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Sign in</body></html>\n"
Endpoint = Callable[[Request], Awaitable[Response]]
_Checked = TypeVar("_Checked")


class StreamAborted(Exception):  # noqa: N818 - a connection closed on purpose, no error of ours
    """The connection is to be closed in the middle of an answer."""


def endpoint(
    sandbox: Sandbox,
    handler: Handler,
    refuse: Callable[[Refusal], Response],
    busy: Refusal | None = None,
) -> Endpoint:
    """Wrap a handler so that it is noted in the journal and refuses in its API's own shape.

    `busy` is what an outage of every model says; without it the handler sees to outages itself.
    """

    async def handle(request: Request) -> Response:
        entry = sandbox.journal.open(request.method, request.url.path)
        try:
            if busy is not None and sandbox.faults.take(EVERY_MODEL, "outage"):
                raise busy
            response = await handler(request, entry)
        except Refusal as refusal:
            response = refuse(refusal)
            entry.outcome = "refused"
        except HtmlPage as page:
            response = HTMLResponse(_PAGE, page.status)
            entry.outcome = "refused"
        except StreamCut:
            # An answer that is sent whole cannot break off in the middle.
            response = refuse(Refusal(500, "unexpected EOF", kind="server_error"))
            entry.outcome = "cut"
        entry.status = response.status_code
        if entry.outcome == "open" and not isinstance(response, StreamingResponse):
            entry.outcome = "complete"
        return response

    return handle


async def noted(
    parts: AsyncIterator[str | bytes], entry: Entry, say_cut: Callable[[], str]
) -> AsyncIterator[str | bytes]:
    """Pass a stream on, note how it ends, and break it the way a fault asks for."""
    entry.outcome = "disconnected"
    try:
        async for part in parts:
            yield part
    except StreamCut as cut:
        entry.outcome = "cut"
        if cut.silently:
            raise StreamAborted from None
        yield say_cut()
    else:
        entry.outcome = "complete"


async def json_body(request: Request, malformed: Refusal) -> dict[str, Any]:
    """Read the body as one JSON object, or raise `malformed`."""
    try:
        body = json.loads(await request.body())
        # Half a surrogate pair is a JSON text, but no text that could be sent back.
        json.dumps(body, ensure_ascii=False).encode()
    except ValueError:
        raise malformed from None
    if not isinstance(body, dict):
        raise malformed
    return body


def optional(body: Mapping[str, Any], name: str, kind: type[_Checked]) -> _Checked | None:
    """Give a field of a body, None where it is missing; Refusal where it has another type."""
    value: object = body.get(name)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None:
        return None
    fits = isinstance(value, bool) == (kind is bool)
    if isinstance(value, float):
        fits = fits and math.isfinite(value)
    if fits and isinstance(value, kind):
        return value
    message = f"Invalid type for '{name}': expected {kind.__name__}."
    raise Refusal(400, message, param=name, code="invalid_type")


def stop_texts(value: object) -> tuple[str, ...]:
    """Read `stop`, one text or several."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return ()


def message_pairs(messages: object) -> tuple[tuple[str, str], ...]:
    """Read chat messages as pairs of role and text; text parts of a message are joined."""
    pairs: list[tuple[str, str]] = []
    for message in messages if isinstance(messages, list) else []:
        if not isinstance(message, Mapping):
            raise Refusal(400, "Invalid type for 'messages': expected objects.", param="messages")
        content = message.get("content") or ""
        if isinstance(content, list):
            texts = [part.get("text") for part in content if isinstance(part, Mapping)]
            content = "\n".join(text for text in texts if isinstance(text, str))
        pairs.append((str(message.get("role", "user")), str(content)))
    return tuple(pairs)
