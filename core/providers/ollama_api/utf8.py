"""Refuses answers that are no UTF-8, which httpx would mend in silence with replacement letters."""

import codecs
from collections.abc import AsyncIterator

import httpx


class StrictUtf8Transport(httpx.AsyncHTTPTransport):
    """Passes answers on as they come; a `UnicodeDecodeError` is raised at bytes that are no UTF-8.

    Ask for answers without compression (``Accept-Encoding: identity``); others are not looked at.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; see httpx."""
        response = await super().handle_async_request(request)
        stream = response.stream
        if "content-encoding" not in response.headers and isinstance(stream, httpx.AsyncByteStream):
            response.stream = _Checked(stream)
        return response


class _Checked(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        async for part in self._stream:
            decoder.decode(part)
            yield part
        decoder.decode(b"", final=True)

    async def aclose(self) -> None:
        await self._stream.aclose()
