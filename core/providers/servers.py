"""Servers that speak OpenAI's API, by the user's own names: vLLM, llama.cpp, LM Studio, a gateway.

The setting ``SLAM_SERVERS`` tells them. Each name is a provider with its own limits and queue. Keys
are never in it: a server names the environment variable that holds its key.
"""

import json
import os
import pkgutil
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInputError

SETTING = "SLAM_SERVERS"
ENTRY_POINT_GROUP = "slam.providers"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,99}", re.IGNORECASE)


def _address(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"it is no address ({error})") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("it must be an address that begins with http:// or https://")
    if parsed.userinfo:
        raise ValueError("an address must hold no key; name the key's variable in key_name")
    return url.rstrip("/")


def _variable_name(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("it must be the name of an environment variable, never a key itself")
    return name


class Server(BaseModel):
    """One server that speaks OpenAI's API.

    ``key_name`` is the name of the environment variable that holds the key, or whose name with
    ``_FILE`` after it names a file that does; without one, none is sent. ``paid`` servers are only
    called with a confirmed estimate. A limit that is ``None`` is left to what the server tells.
    ``background`` says that it offers the Responses API with ``background``, ``batch`` that it
    offers the Batch API.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: Annotated[str, AfterValidator(_address)]
    key_name: Annotated[str, AfterValidator(_variable_name)] | None = None
    paid: bool = False
    concurrent_requests: int = Field(default=8, ge=1)
    requests_per_minute: float | None = Field(default=None, gt=0)
    tokens_per_minute: float | None = Field(default=None, gt=0)
    background: bool = False
    batch: bool = False


@cache
def installed_names() -> frozenset[str]:
    """The providers that come with SLaM or with an installed package; none of them is imported."""
    folder = str(Path(__file__).parent / "backends")
    built_in = {module.name for module in pkgutil.iter_modules([folder])}
    return frozenset(built_in | entry_points(group=ENTRY_POINT_GROUP).names)


def read_servers(text: str) -> dict[str, Server]:
    """Read the setting: a JSON object of names and servers.

    Raises:
        ValueError: it cannot be taken; the message names the server and the field, and repeats no
            value, since someone may have written a key there.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON (line {error.lineno}, column {error.colno})") from error
    if not isinstance(content, dict):
        raise ValueError("it must be a JSON object of names and servers")
    return {name: _server(name, fields) for name, fields in content.items()}


def configured_servers() -> Mapping[str, Server]:
    """The servers that this process's environment tells of.

    Raises:
        InvalidInputError: the setting cannot be taken.
    """
    return _configured(os.environ.get(SETTING, "").strip())


@lru_cache(maxsize=8)
def _configured(text: str) -> Mapping[str, Server]:
    try:
        return read_servers(text) if text else {}
    except ValueError as error:
        raise InvalidInputError(f"The setting {SETTING} cannot be taken: {error}.") from error


def _server(name: str, fields: Any) -> Server:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name[:50]!r} is no name for a server; use small letters, digits, '-' and '_'"
        )
    if name in installed_names():
        raise ValueError(
            f"the name {name!r} is a provider's already; choose another for the server"
        )
    try:
        return Server.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(Server.model_fields)
            raise ValueError(
                f"the server {name!r} has an unknown field; known are {known}"
            ) from None
        problem = first["msg"].removeprefix("Value error, ")
        where = f"{field} of the server {name!r}" if field else f"the server {name!r}"
        raise ValueError(f"{where}: {problem}") from None
