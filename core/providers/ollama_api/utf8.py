"""Refuses answers that are no UTF-8, which httpx would mend in silence with replacement letters."""

import codecs
from collections.abc import AsyncIterator

import httpx


async def refuse_other_than_utf8(response: httpx.Response) -> None:
    """A hook for httpx: a `UnicodeDecodeError` is raised where the answer's bytes are no UTF-8.

    Ask for answers without compression (``Accept-Encoding: identity``); others are not looked at.
    """
    stream = response.stream
    if "content-encoding" not in response.headers and isinstance(stream, httpx.AsyncByteStream):
        response.stream = _Checked(stream)


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
