"""What stands in front of Streamlit in the raters' process.

Newcomers wait while the process is full, so that those inside keep their pace. Streamlit's metrics,
which anyone could read, are not there. Every answer carries headers that keep the address, in which
the session stands, from other servers.
"""

import html
import random
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.rate.presence import Presence
from ui.rate.texts import preferred_language, texts

_METRICS = "/_stcore/metrics"
_HEADERS = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
_RETRY_AFTER_S = range(15, 31)
"""Not all at once, so that those who wait do not come back together."""

_PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{seconds}">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.125rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1rem }}
</style>
<main><h1>{title}</h1><p>{explained}</p></main>
</html>
"""  # noqa: E501  a style sheet in as few lines as can be read


class Gate:
    """ASGI middleware; ``capacity`` is asked at each page load of a newcomer."""

    def __init__(self, app: ASGIApp, presence: Presence, capacity: Callable[[], int]) -> None:
        self._app = app
        self._presence = presence
        self._capacity = capacity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at the gate, or let through with the headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._answering(scope)(scope, receive, send_with_headers)

    def _answering(self, scope: Scope) -> ASGIApp:
        if scope["path"].rstrip("/").endswith(_METRICS):
            return PlainTextResponse("not found", status_code=404)
        if _is_newcomer(scope) and self._presence.count() >= self._capacity():
            return _waiting_page(Headers(scope=scope).get("accept-language"))
        return self._app


def _is_newcomer(scope: Scope) -> bool:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return "session" not in query and ("campaign" in query or "invite" in query)


def _waiting_page(accepted_language: str | None) -> HTMLResponse:
    say = texts(preferred_language(accepted_language))
    seconds = random.choice(_RETRY_AFTER_S)  # noqa: S311  spreads the load, keeps no secret
    page = _PAGE.format(
        language=say.language,
        seconds=seconds,
        title=html.escape(say("waiting.title")),
        explained=html.escape(say("waiting.explained")),
    )
    headers = {"Retry-After": str(seconds), "Cache-Control": "no-store"}
    return HTMLResponse(page, status_code=503, headers=headers)
