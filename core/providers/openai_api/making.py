"""Makes the providers that speak OpenAI's API out of the settings."""

from typing import Any

import httpx
import openai
from pydantic import SecretStr

from core.providers.base import Clock, Provider
from core.providers.keys import read_key
from core.providers.openai_api.background import BackgroundProvider
from core.providers.openai_api.batches import BatchingProvider
from core.providers.openai_api.chat import CONNECT_TIMEOUT_S, ChatProvider
from core.providers.openai_api.service import Service, missing_key
from core.providers.servers import SETTING, Server
from core.settings import Settings

NO_KEY = "none"
"""What is sent to a server that needs no key; the client insists on one."""
_OPENAI_HOST = "api.openai.com"


class OpenAIProvider(BackgroundProvider, BatchingProvider):
    """Models behind a server that offers all of the API."""


def openai_provider(settings: Settings, clock: Clock) -> OpenAIProvider:
    """The server at ``OPENAI_BASE_URL`` with the key of ``OPENAI_API_KEY``.

    OpenAI itself is not called without a key; another server may need none.
    """
    address = shown_address(settings.openai_base_url)
    host = httpx.URL(settings.openai_base_url).host
    key = key_of(settings.openai_api_key, "OPENAI_API_KEY")
    is_openai = host == _OPENAI_HOST or host.endswith(f".{_OPENAI_HOST}")
    service = Service(
        address=address,
        address_name="OPENAI_BASE_URL",
        key=key,
        key_name="OPENAI_API_KEY",
        clock=clock,
        timeout_s=settings.request_timeout_s,
        background_timeout_s=settings.background_timeout_s,
        is_openai=is_openai,
        problem=key_problem(address, key, "OPENAI_API_KEY", is_needed=is_openai),
    )
    return OpenAIProvider(
        service,
        openai.AsyncOpenAI(base_url=settings.openai_base_url, **client_options(service)),
    )


def server_provider(name: str, server: Server, settings: Settings, clock: Clock) -> Provider:
    """The server of that name in ``SLAM_SERVERS``."""
    address = shown_address(server.base_url)
    key = read_key(server.key_name) if server.key_name else None
    service = Service(
        address=address,
        address_name=f"the base_url of {name} in {SETTING}",
        key=key,
        key_name=server.key_name,
        clock=clock,
        timeout_s=settings.request_timeout_s,
        background_timeout_s=settings.background_timeout_s,
        problem=key_problem(address, key, server.key_name or "", is_needed=bool(server.key_name)),
    )
    kind = _KINDS[server.background, server.batch]
    return kind(service, openai.AsyncOpenAI(base_url=server.base_url, **client_options(service)))


def client_options(service: Service) -> dict[str, Any]:
    """What a client is made with; its own retries are off, since every attempt is recorded."""
    return {
        "api_key": service.key if service.key and not service.problem else NO_KEY,
        "max_retries": 0,
        "timeout": openai.Timeout(service.timeout_s, connect=CONNECT_TIMEOUT_S),
    }


def key_of(setting: SecretStr | None, name: str) -> str | None:
    """The key in a setting, or in the file that the variable with ``_FILE`` names."""
    key = setting.get_secret_value().strip() if setting else ""
    return key or read_key(name)


def key_problem(address: str, key: str | None, name: str, *, is_needed: bool) -> str | None:
    """Why no call can be made with that key, if none can."""
    if key is None:
        return missing_key(address, name) if is_needed else None
    if not key.isascii() or not key.isprintable() or " " in key:
        return f"The key in {name} holds letters that no key has; set it to a valid one."
    return None


def shown_address(url: str) -> str:
    """The address without a password that someone may have written into it."""
    return str(httpx.URL(url).copy_with(username=None, password=None)).rstrip("/")


_KINDS: dict[tuple[bool, bool], type[ChatProvider]] = {
    (False, False): ChatProvider,
    (True, False): BackgroundProvider,
    (False, True): BatchingProvider,
    (True, True): OpenAIProvider,
}
