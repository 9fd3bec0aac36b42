"""What tests of providers do: ask once, arm faults, count calls, serve one fixed answer."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from core.providers.backends.ollama import OllamaProvider
from core.providers.base import ChatReply, ChatRequest, Provider, ProviderError
from core.providers.openai_api.making import OpenAIProvider, openai_provider
from core.settings import Settings

SMALL, LARGE = "stand-in-3b:q4", "stand-in-gpt-4"
PROMPT = "Write a briefing: the budget slides are done, the laptops are ordered."
Made = TypeVar("Made")


def ollama_at(base_url: str, timeout_s: float = 10.0) -> OllamaProvider:
    return OllamaProvider(base_url, timeout_s, time.perf_counter_ns)


def openai_at(base_url: str, timeout_s: float = 10.0, key: str = "any") -> OpenAIProvider:
    settings = Settings(
        openai_base_url=f"{base_url}/v1",
        openai_api_key=SecretStr(key),
        request_timeout_s=timeout_s,
        background_timeout_s=timeout_s,
    )
    return openai_provider(settings, time.perf_counter_ns)


def with_provider(provider: Provider, use: Callable[[Provider], Awaitable[Made]]) -> Made:
    """Run one use of a provider in a loop of its own, then close the provider."""

    async def run() -> Made:
        try:
            return await use(provider)
        finally:
            await provider.close()

    return asyncio.run(run())


def ask(provider: Provider, request: ChatRequest) -> ChatReply:
    return with_provider(provider, lambda one: one.chat(request))


def failure_of(provider: Provider, model: str, *, is_streamed: bool = True) -> ProviderError:
    """The failure of a call; its message must be a sentence."""
    with pytest.raises(ProviderError) as raised:
        ask(provider, ChatRequest(model, PROMPT, is_streamed=is_streamed))
    assert str(raised.value).endswith((".", "!"))
    return raised.value


def arm(base_url: str, **faults: Any) -> None:
    httpx.put(f"{base_url}/sandbox/faults", json=faults).raise_for_status()


def change(base_url: str, model: str, **fields: Any) -> None:
    httpx.put(f"{base_url}/sandbox/models/{model}", json=fields).raise_for_status()


def journal(base_url: str, **wanted: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{base_url}/sandbox/requests", params={"method": "POST", **wanted})
    listed: list[dict[str, Any]] = answer.json()["requests"]
    return listed


@contextmanager
def server_that_says(
    body: str | bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    is_cut: bool = False,
) -> Iterator[str]:
    """A server that gives every request the same answer, or breaks it off; its base URL."""
    content = body.encode() if isinstance(body, str) else body

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.answer()

        def answer(self) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content) + is_cut))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler) as base_url:
        yield base_url


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server with that handler in a thread; its base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def server_that_hangs_up() -> Iterator[str]:
    """A server that reads each request and closes the connection; its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler) as base_url:
        yield base_url
