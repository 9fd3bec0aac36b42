"""What calls to one model cost, as the recorder of calls needs to know it."""

from dataclasses import dataclass
from typing import Protocol

from core.providers.base import ChatRequest, Usage


class Costs(Protocol):
    """The costs of calls to one model; ``None`` is unknown, or nothing to speak of."""

    def of(self, usage: Usage) -> float | None:
        """What a call cost, in US dollars."""
        ...

    def most_of(self, request: ChatRequest) -> float | None:
        """The most that a call may cost, in US dollars."""
        ...


@dataclass(frozen=True, slots=True)
class _Free:
    def of(self, usage: Usage) -> float | None:
        """See `Costs.of`."""
        return None

    def most_of(self, request: ChatRequest) -> float | None:
        """See `Costs.most_of`."""
        return None


FREE: Costs = _Free()
"""A model without a price a call, such as one of our own machine."""
