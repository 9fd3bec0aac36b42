"""Ollama's API around the models themselves: list, show, what is loaded, pull and delete."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.endpoint import endpoint, noted, optional
from sandbox.journal import Entry
from sandbox.models import ModelConfig
from sandbox.ollama_api import BUSY, line, read_body, refuse
from sandbox.ollama_pull import NO_MANIFEST, layers_of, pulling
from sandbox.refusal import Refusal
from sandbox.state import Sandbox

# The version of Ollama whose API this follows.
VERSION = "0.33.0"
_MODIFIED_AT = "2025-01-15T09:00:00Z"


class OllamaLibrary:
    """The endpoints that tell about models and install them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[Route]:
        """List the routes with their handlers."""
        read = {
            "/": self.hello,
            "/api/version": self.version,
            "/api/tags": self.tags,
            "/api/ps": self.loaded,
        }
        write = {"/api/show": self.show, "/api/pull": self.pull}
        delete = {"/api/delete": self.delete}
        return [
            Route(
                path, endpoint(self._sandbox, handler, refuse, Refusal(503, BUSY)), methods=[method]
            )
            for method, handlers in (("GET", read), ("POST", write), ("DELETE", delete))
            for path, handler in handlers.items()
        ]

    async def hello(self, request: Request, entry: Entry) -> Response:
        """Say that the server runs, as Ollama does."""
        return PlainTextResponse("Ollama is running")

    async def version(self, request: Request, entry: Entry) -> Response:
        """Give the version of the API."""
        return JSONResponse({"version": VERSION})

    async def tags(self, request: Request, entry: Entry) -> Response:
        """List the installed models."""
        models = self._sandbox.catalog.listed("ollama")
        listed = [_tag(model) for model in models if model.installed]
        return JSONResponse({"models": listed})

    async def loaded(self, request: Request, entry: Entry) -> Response:
        """List the models in memory."""
        listed = [
            {
                **_tag(one.model),
                # What is in memory is the weights and the context, not the file.
                "size": one.model.size_vram + one.model.size_cpu,
                "size_vram": one.model.size_vram,
                "expires_at": one.expires_at,
                "context_length": one.model.context_length,
            }
            for one in self._sandbox.memory.listed()
        ]
        return JSONResponse({"models": listed})

    async def show(self, request: Request, entry: Entry) -> Response:
        """Describe one installed model."""
        body = await read_body(request)
        name = optional(body, "model", str) or optional(body, "name", str) or ""
        entry.model = name
        model = self._sandbox.catalog.find(name, "ollama")
        if model is None or not model.installed:
            raise Refusal(404, f"model '{name}' not found")
        return JSONResponse(
            {
                "modelfile": f"FROM {model.name}",
                "parameters": "",
                "template": "{{ .Prompt }}",
                "details": _details(model),
                "model_info": {
                    "general.architecture": "stand-in",
                    "general.parameter_count": model.parameter_count,
                    "stand-in.context_length": model.context_length,
                },
                "capabilities": [model.capability],
                "modified_at": _MODIFIED_AT,
            }
        )

    async def pull(self, request: Request, entry: Entry) -> Response:
        """Install a model that is known but not installed, telling the progress."""
        body = await read_body(request)
        name = optional(body, "model", str) or optional(body, "name", str) or ""
        entry.model = name
        model = self._sandbox.catalog.find(name, "ollama")
        if body.get("stream", True):
            lines = noted(pulling(self._sandbox, model), entry, _cut_line)
            return StreamingResponse(lines, media_type="application/x-ndjson")
        if model is None:
            raise Refusal(500, NO_MANIFEST)
        async for _ in pulling(self._sandbox, model):
            pass
        return JSONResponse({"status": "success"})

    async def delete(self, request: Request, entry: Entry) -> Response:
        """Remove an installed model from memory and from the disk."""
        body = await read_body(request)
        name = optional(body, "model", str) or optional(body, "name", str) or ""
        entry.model = name
        model = self._sandbox.catalog.find(name, "ollama")
        if model is None or not model.installed:
            raise Refusal(404, f"model '{name}' not found")
        self._sandbox.memory.unload(model.name)
        for layer in layers_of(model):
            self._sandbox.fetched.pop(layer.digest, None)
        self._sandbox.catalog.change(model.name, {"installed": False})
        return Response(status_code=200)


def _cut_line() -> str:
    return line({"error": "max retries exceeded: unexpected EOF"})


def _tag(model: ModelConfig) -> dict[str, Any]:
    return {
        "name": model.name,
        "model": model.name,
        "modified_at": _MODIFIED_AT,
        "size": model.size,
        "digest": model.digest,
        "details": _details(model),
    }


def _details(model: ModelConfig) -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "stand-in",
        "families": ["stand-in"],
        "parameter_size": model.parameter_size,
        "quantization_level": model.quantization_level,
    }
