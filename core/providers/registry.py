"""Which providers there are, what may be asked of them, and how one is made.

A provider is one module in `core.providers.backends`, an entry point in the group
``slam.providers``, or a server of the setting ``SLAM_SERVERS``. The module's name is the provider's
name, and it holds ``create(settings, clock) -> Provider`` and, where its calls cost nothing,
``paid = False``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import cast

import httpx

from core.providers.base import Clock, Provider
from core.providers.servers import ENTRY_POINT_GROUP, configured_servers, installed_names
from core.settings import Settings

Create = Callable[[Settings, Clock], Provider]
_BACKENDS = "core.providers.backends"
_OPENAI_API = "core.providers.openai_api.making"


@dataclass(frozen=True, slots=True)
class ConfiguredLimits:
    """What may be asked of a provider at most, whatever it tells itself; ``None`` is no limit."""

    concurrent_requests: int
    requests_per_minute: float | None
    tokens_per_minute: float | None = None


def provider_names() -> frozenset[str]:
    """The names of all providers, installed or configured; none of them is imported for that.

    Raises:
        InvalidInputError: the setting ``SLAM_SERVERS`` cannot be taken.
    """
    servers = configured_servers()
    return installed_names().union(servers) if servers else installed_names()


def is_paid(name: str) -> bool:
    """Whether calls to the provider cost money, so that they need a confirmed estimate.

    A server says so itself; a module or entry point that says nothing is paid.

    Raises:
        KeyError: there is none of that name.
    """
    server = configured_servers().get(name)
    return server.paid if server else _installed_is_paid(name)


def configured_limits(name: str, settings: Settings) -> ConfiguredLimits:
    """What may be asked of the provider: a server's own limits, or those of all."""
    if server := settings.servers.get(name):
        return ConfiguredLimits(
            server.concurrent_requests, server.requests_per_minute, server.tokens_per_minute
        )
    if name == "ollama":
        # A machine of our own counts no calls; it only answers so many at a time.
        return ConfiguredLimits(settings.concurrent_requests_ollama, None)
    return ConfiguredLimits(settings.concurrent_requests, settings.requests_per_minute)


def server_address(name: str, settings: Settings) -> str | None:
    """Where the provider answers, without what may be a secret; ``None`` where only it knows."""
    server = settings.servers.get(name)
    built_in = {
        "openai": settings.openai_base_url,
        "azure": settings.azure_openai_endpoint,
        "ollama": settings.ollama_host,
    }
    address = server.base_url if server else built_in.get(name)
    if address is None:
        return None
    url = httpx.URL(address if "://" in address else f"http://{address}")
    plain = url.copy_with(username=None, password=None, query=None, fragment=None)
    return str(plain).rstrip("/")


def create_provider(name: str, settings: Settings, clock: Clock) -> Provider:
    """Make the provider of that name.

    Raises:
        KeyError: there is none of that name (`core.providers.names.parse_model` checks it).
    """
    if server := settings.servers.get(name):
        make = import_module(_OPENAI_API).server_provider
        return cast(Provider, make(name, server, settings, clock))
    found = _installed(name)
    create = found.create if isinstance(found, ModuleType) else found
    return cast(Create, create)(settings, clock)


@cache
def _installed_is_paid(name: str) -> bool:
    return bool(getattr(_installed(name), "paid", True))


def _installed(name: str) -> object:
    """The module of a backend, or what an entry point names: its factory, or a module like ours."""
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return entry_point.load()
    if name not in installed_names():
        raise KeyError(name)
    return import_module(f"{_BACKENDS}.{name}")
