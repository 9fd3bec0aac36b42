"""What the machine that hosts models has right now, and what a person does to it from a page."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import streamlit as st

from core.errors import InvalidInputError, SlamError
from core.hosting.facts import Survey, survey
from core.hosting.removal import remove_model
from core.models import Models
from core.providers.base import HostingProvider
from ui.store import database, settings

Result = TypeVar("Result")
PROVIDER = "ollama"
_PATIENCE_S = 10.0


@st.cache_data(ttl=10, show_spinner=False)
def hosted_models() -> tuple[Survey | None, str | None]:
    """The host's models, or why they cannot be told, in one sentence."""
    try:
        return asyncio.run(_with_host(lambda host: survey(database(), host, settings()))), None
    except SlamError as error:
        return None, str(error)


def look_again() -> None:
    """Forget what the host had, since it changed."""
    hosted_models.clear()


def remove_from_host(model: str, actor: str) -> None:
    """Remove a model that the person confirmed to remove.

    Raises:
        SlamError: it cannot be removed.
    """
    look_again()
    asyncio.run(
        _with_host(lambda host: remove_model(database(), host, model, actor, confirmed=True))
    )


async def _with_host(use: Callable[[HostingProvider], Awaitable[Result]]) -> Result:
    models = Models(settings())
    try:
        host = models.provider(PROVIDER)
        if not isinstance(host, HostingProvider):
            raise InvalidInputError(f"The provider {PROVIDER} hosts no models.")
        async with asyncio.timeout(_PATIENCE_S):
            return await use(host)
    except TimeoutError as error:
        raise InvalidInputError(
            f"{settings().ollama_host} did not answer within {_PATIENCE_S:.0f} s; try again."
        ) from error
    finally:
        await models.close()
