"""Azure OpenAI: the same API under addresses of its own; a model's name is its deployment's.

https://learn.microsoft.com/azure/ai-services/openai/reference
"""

from urllib.parse import quote, urlencode

import openai

from core.providers.base import Clock, Provider
from core.providers.openai_api.chat import names_in
from core.providers.openai_api.failures import CAUGHT, Errand, failure_of, not_the_api
from core.providers.openai_api.making import (
    OpenAIProvider,
    client_options,
    key_of,
    key_problem,
    shown_address,
)
from core.providers.openai_api.service import Service
from core.settings import Settings

paid = True
"""Its calls cost money."""

_NOWHERE = "https://azure.invalid"
"""Stands where no address is set, since the client insists on one; nothing is sent there."""
_DEPLOYMENTS_VERSION = "2022-12-01"
"""The last version of the API in which a key is enough to list the deployments."""


class AzureProvider(OpenAIProvider):
    """The deployments of one Azure OpenAI resource."""

    def chat_path(self, model: str) -> str:
        """See `core.providers.openai_api.chat.ChatProvider.chat_path`."""
        version = urlencode(self.client.default_query)
        return f"deployments/{quote(model, safe='')}/chat/completions?{version}"

    async def list_models(self) -> list[str]:
        """See `core.providers.base.Provider.list_models`; the names of the deployments."""
        self.service.demand_readiness()
        errand = Errand(self.service, "the question for its deployments")
        try:
            listed = await self.client.get(
                "/deployments",
                cast_to=object,
                options={"params": {"api-version": _DEPLOYMENTS_VERSION}},
            )
        except CAUGHT as error:
            raise failure_of(error, errand) from None
        deployments = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(deployments, list):
            raise not_the_api(errand)
        return names_in(deployments)


def create(settings: Settings, clock: Clock) -> Provider:
    """The resource at ``AZURE_OPENAI_ENDPOINT`` with the key of ``AZURE_OPENAI_API_KEY``."""
    endpoint = settings.azure_openai_endpoint
    key = key_of(settings.azure_openai_api_key, "AZURE_OPENAI_API_KEY")
    address = shown_address(endpoint) if endpoint else "Azure OpenAI"
    problem = key_problem(address, key, "AZURE_OPENAI_API_KEY", is_needed=True)
    if endpoint is None:
        problem = "Azure OpenAI has no address; set AZURE_OPENAI_ENDPOINT to that of your resource."
    service = Service(
        address=address,
        address_name="AZURE_OPENAI_ENDPOINT and OPENAI_API_VERSION",
        key=key,
        key_name="AZURE_OPENAI_API_KEY",
        clock=clock,
        timeout_s=settings.request_timeout_s,
        background_timeout_s=settings.background_timeout_s,
        is_openai=True,
        chat_path="/chat/completions",
        problem=problem,
    )
    client = openai.AsyncAzureOpenAI(
        azure_endpoint=endpoint or _NOWHERE,
        api_version=settings.openai_api_version,
        **client_options(service),
    )
    return AzureProvider(service, client)
