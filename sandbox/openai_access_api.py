"""The control endpoints of OpenAI's side alone: limits and keys."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.limits import Keys, Limits
from sandbox.state import Sandbox


class AccessApi:
    """The endpoints /sandbox/limits and /sandbox/keys."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._parts: dict[str, Limits | Keys] = {
            "/sandbox/limits": sandbox.limits,
            "/sandbox/keys": sandbox.keys,
        }

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        methods: dict[str, Callable[[Request], Any]] = {
            "GET": self.show,
            "PUT": self.change,
            "DELETE": self.clear,
        }
        return [
            Route(path, handler, methods=[method])
            for path in self._parts
            for method, handler in methods.items()
        ]

    async def show(self, request: Request) -> Response:
        """Show what is configured."""
        return JSONResponse(self._parts[request.url.path].as_json())

    async def change(self, request: Request) -> Response:
        """Set the limits or the keys."""
        try:
            wanted = json.loads(await request.body())
            if not isinstance(wanted, Mapping):
                raise ValueError("the body must be a JSON object")
            self._parts[request.url.path].configure(wanted)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return await self.show(request)

    async def clear(self, request: Request) -> Response:
        """Go back to what holds at the start."""
        self._parts[request.url.path].clear()
        return await self.show(request)
