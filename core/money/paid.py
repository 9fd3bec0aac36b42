"""Which models are paid a call."""

from core.providers.registry import is_paid, provider_names


def is_paid_model(model: str) -> bool:
    """Whether calls to ``provider/model`` cost money; imported models may be of no provider."""
    provider = model.partition("/")[0]
    return provider in provider_names() and is_paid(provider)
