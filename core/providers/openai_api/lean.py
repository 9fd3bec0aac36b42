"""Posts a call and reads its answer whole, with as little work as can be.

The official client takes several times the CPU of the call itself, and judging makes thousands of
calls whose tokens nobody times (docs/decisions.md has the figures). This sends the body and the
headers that the official client sends, over connections that stay open.
"""

import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx2
import openai
import orjson

_KEPT_OPEN_S = 4.0
"""Servers close idle connections after 5 s and more; a call in that moment would be lost."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class LeanPost:
    """Posts JSON to one server; it belongs to the event loop that first uses it.

    Args:
        client: whose server, headers and key are used.
        connect_timeout_s: how long a connection may take to be made.
    """

    def __init__(self, client: openai.AsyncOpenAI, connect_timeout_s: float) -> None:
        self._url = client.base_url
        self._headers = {
            name: value
            for name, value in {**client.default_headers, **client.auth_headers}.items()
            if isinstance(value, str)
        }
        self._connect_timeout_s = connect_timeout_s
        self._proxy = _proxy_of(self._url)
        self._session: aiohttp.ClientSession | None = None

    @property
    def is_possible(self) -> bool:
        """Whether this reaches the server; proxies other than HTTP's, and passwords, it cannot."""
        is_http = self._proxy is None or self._proxy.startswith(("http://", "https://"))
        return is_http and not self._url.userinfo

    async def post(self, path: str, body: Mapping[str, Any]) -> Answered:
        """Post to a path below the server's address; redirections are not followed.

        Raises:
            aiohttp.ClientError: there is no whole answer.
        """
        if self._session is None:
            self._session = self._open()
        url = f"{self._url}{path}"
        async with self._session.post(
            url, data=orjson.dumps(body), proxy=self._proxy, allow_redirects=False
        ) as answer:
            return Answered(answer.status, answer.headers, await answer.read())

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        # How many calls are under way is the lane's to limit.
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=_KEPT_OPEN_S, ssl=httpx2.create_ssl_context()
        )
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._connect_timeout_s)
        jar = aiohttp.DummyCookieJar()
        return aiohttp.ClientSession(
            connector=connector, headers=self._headers, timeout=timeout, cookie_jar=jar
        )


def _proxy_of(url: httpx2.URL) -> str | None:
    """The proxy that the environment names for a server.

    aiohttp's own look at the environment also takes passwords from a file, in a thread, each call.
    """
    if urllib.request.proxy_bypass(url.host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all")
