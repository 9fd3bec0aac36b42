"""Which models the providers offer right now, asked at most once in half a minute."""

import asyncio

import streamlit as st

from core.errors import SlamError
from core.models import Models
from ui.store import settings

_PATIENCE_S = 3.0


@st.cache_data(ttl=30, show_spinner=False)
def models_on_offer(provider: str) -> tuple[list[str], str | None]:
    """The provider's models as ``provider/model``, or why there are none, in one sentence."""
    try:
        return asyncio.run(_ask(provider)), None
    except SlamError as error:
        return [], str(error)
    except TimeoutError:
        return [], f"The provider {provider} did not answer within {_PATIENCE_S:.0f} s."


async def _ask(provider: str) -> list[str]:
    models = Models(settings())
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await models.list_models(provider)
    finally:
        await models.close()
