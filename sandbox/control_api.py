"""The sandbox's own endpoints, for tests: change models, arm faults, read the journal."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import EVERY_MODEL
from sandbox.state import Sandbox


class ControlApi:
    """The endpoints under /sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        handlers: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("/sandbox/models", "GET", self.list_models),
            ("/sandbox/models", "DELETE", self.restore_models),
            ("/sandbox/models/{name:path}", "PUT", self.change_model),
            ("/sandbox/faults", "GET", self.list_faults),
            ("/sandbox/faults", "PUT", self.arm_faults),
            ("/sandbox/faults", "DELETE", self.clear_faults),
            ("/sandbox/faults/{name:path}", "PUT", self.arm_faults),
            ("/sandbox/faults/{name:path}", "DELETE", self.clear_faults),
            ("/sandbox/requests", "GET", self.list_requests),
            ("/sandbox/requests", "DELETE", self.clear_requests),
        ]
        return [Route(path, handler, methods=[method]) for path, method, handler in handlers]

    async def list_models(self, request: Request) -> Response:
        """List every model with all its fields."""
        models = self._sandbox.catalog.listed()
        return JSONResponse({"models": [model.as_json() for model in models]})

    async def change_model(self, request: Request) -> Response:
        """Override fields of a model, or make a new one."""
        name = request.path_params["name"]
        try:
            model = self._sandbox.catalog.change(name, await _object(request))
        except ValueError as error:
            return _bad_request(error)
        # It has to be loaded anew, as a changed model is.
        self._sandbox.memory.unload(name)
        return JSONResponse(model.as_json())

    async def restore_models(self, request: Request) -> Response:
        """Go back to the models the server started with, with none of them in memory."""
        self._sandbox.catalog.restore()
        self._sandbox.memory.clear()
        self._sandbox.fetched.clear()
        return await self.list_models(request)

    async def list_faults(self, request: Request) -> Response:
        """List the faults that still strike, by model ("*" is every model)."""
        return JSONResponse(self._sandbox.faults.as_json())

    async def arm_faults(self, request: Request) -> Response:
        """Arm faults for one model or for all."""
        target = request.path_params.get("name", EVERY_MODEL)
        try:
            self._sandbox.faults.arm(target, await _object(request))
        except ValueError as error:
            return _bad_request(error)
        return await self.list_faults(request)

    async def clear_faults(self, request: Request) -> Response:
        """Disarm the faults of one model, or everything."""
        self._sandbox.faults.clear(request.path_params.get("name"))
        return await self.list_faults(request)

    async def list_requests(self, request: Request) -> Response:
        """List what was asked; a query like ?path=/api/chat&status=200 narrows it down."""
        return JSONResponse(self._sandbox.journal.as_json(dict(request.query_params)))

    async def clear_requests(self, request: Request) -> Response:
        """Forget what was asked."""
        self._sandbox.journal.clear()
        return Response(status_code=204)


async def _object(request: Request) -> dict[str, Any]:
    content = json.loads(await request.body())
    if not isinstance(content, dict):
        raise ValueError("the body must be a JSON object")
    return content


def _bad_request(error: ValueError) -> Response:
    return JSONResponse({"error": str(error)}, 400)
