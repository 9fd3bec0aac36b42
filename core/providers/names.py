"""Model names: ``provider/model`` everywhere, ``provider:model`` accepted on input."""

import re
from dataclasses import dataclass

from core.errors import InvalidInputError
from core.providers.registry import provider_names

_FORM = re.compile(r"(?P<provider>[a-z][a-z0-9_-]*)[/:](?P<model>\S+)")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as SLaM names it: the provider that is asked, and the name the provider knows."""

    provider: str
    model: str

    @property
    def full_name(self) -> str:
        """``provider/model``."""
        return f"{self.provider}/{self.model}"


def parse_model(text: str, known: frozenset[str] | None = None) -> ModelName:
    """Read ``provider/model`` or ``provider:model``.

    Args:
        text: what a person wrote; a bare Ollama name such as ``llama2:7b`` is not enough, since
            ``llama2`` would be taken for a provider.
        known: the provider names to accept; by default those that are installed.

    Raises:
        InvalidInputError: the text has another form, or names no known provider.
    """
    if known is None:
        known = provider_names()
    match = _FORM.fullmatch(text.strip())
    if match is None or match["provider"] not in known:
        raise InvalidInputError(
            f"The model {text.strip()!r} names no known provider; write provider/model with one of "
            f"{', '.join(sorted(known))}, for example ollama/llama2:7b-chat or openai/gpt-4."
        )
    if len(text.strip()) > 300:
        raise InvalidInputError(f"The model name {text[:40]!r}… is longer than 300 characters.")
    return ModelName(match["provider"], match["model"])
