"""Put the APIs together into one ASGI application that can be stopped at once."""

import asyncio

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.control_api import ControlApi
from sandbox.endpoint import StreamAborted
from sandbox.ollama_api import OllamaApi
from sandbox.ollama_library import OllamaLibrary
from sandbox.openai_access_api import AccessApi
from sandbox.openai_api import OpenAIApi
from sandbox.openai_batches import BatchesApi
from sandbox.openai_responses import ResponsesApi
from sandbox.state import Sandbox


def create_app(sandbox: Sandbox | None = None) -> "Stoppable":
    """Make the application around a sandbox, a fresh one where none is given."""
    sandbox = sandbox or Sandbox()
    parts = (
        OllamaApi,
        OllamaLibrary,
        OpenAIApi,
        ResponsesApi,
        BatchesApi,
        AccessApi,
        ControlApi,
    )
    routes = [route for part in parts for route in part(sandbox).routes()]
    return Stoppable(Starlette(routes=routes, exception_handlers={404: _not_found}))


class Stoppable:
    """Runs an application, closes cut streams, and can end every open answer at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: set[asyncio.Task[None]] = set()
        self._stopping = False

    def stop(self) -> None:
        """End every open answer now; call it in the loop that runs them."""
        self._stopping = True
        for task in self._open:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self._app(scope, receive, send)
            return
        self._open.add(task)
        try:
            await self._app(scope, receive, send)
        except StreamAborted:
            # Returning without the end of the body makes the server close the connection.
            return
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        finally:
            self._open.discard(task)


async def _not_found(request: Request, error: Exception) -> Response:
    path = request.url.path
    if not path.startswith("/v1/"):
        return Response("404 page not found", 404, media_type="text/plain")
    message = f"Invalid URL ({request.method} {path})"
    content = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": content}, 404)
