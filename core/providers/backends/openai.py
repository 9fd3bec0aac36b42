"""OpenAI, or whichever server stands at ``OPENAI_BASE_URL``."""

from core.providers.base import Clock, Provider
from core.providers.openai_api.making import openai_provider
from core.settings import Settings

paid = True
"""Its calls cost money."""


def create(settings: Settings, clock: Clock) -> Provider:
    """The server at ``OPENAI_BASE_URL`` with the key of ``OPENAI_API_KEY``."""
    return openai_provider(settings, clock)
