"""What a call costs: a dated price book, which price counts on a day, and the cost by it."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files

from core.providers.base import Usage

_BEFORE_ANY_ENTRY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one model from one day on, in US dollars per million tokens.

    ``model`` is ``provider/model``. Without a price of its own, a cached part of a prompt costs
    like the rest of it. ``batch_factor`` multiplies the price of a batched call; ``None`` prices no
    batch. ``entered_at`` and ``entered_by`` are ``None`` for the list that comes with SLaM.
    """

    model: str
    prompt_usd_per_million_tokens: float
    completion_usd_per_million_tokens: float
    valid_from: date
    source: str
    cached_prompt_usd_per_million_tokens: float | None = None
    batch_factor: float | None = None
    entered_at: datetime | None = None
    entered_by: str | None = None

    @property
    def is_shipped(self) -> bool:
        """Whether it comes with SLaM, not from a person here."""
        return self.entered_at is None


class PriceBook:
    """Prices, ready to be looked up; it does not change.

    Args:
        prices: shipped and entered ones, in any order; of entries of the very same moment, the
            later in this order counts.
    """

    def __init__(self, prices: Iterable[Price]) -> None:
        self.prices = tuple(sorted(prices, key=_precedence))
        self._newest_first: dict[str, list[Price]] = {}
        for price in reversed(self.prices):
            self._newest_first.setdefault(price.model, []).append(price)

    def of(self, model: str) -> tuple[Price, ...]:
        """All prices of a model, the one that beats the others first."""
        return tuple(self._newest_first.get(model, ()))


def _precedence(price: Price) -> tuple[date, datetime]:
    return price.valid_from, price.entered_at or _BEFORE_ANY_ENTRY


def price_of(book: PriceBook, model: str, on: date) -> Price | None:
    """The price of a model on a day: the one with the newest first day that has come.

    Of prices with the same first day, one entered by a person beats the shipped one, and a later
    entry an earlier one. Names are never guessed at: a deployment with a name of its own has the
    price that was entered under that name, or none.
    """
    return next((price for price in book.of(model) if price.valid_from <= on), None)


def cost_of(price: Price | None, usage: Usage, *, is_batched: bool = False) -> float | None:
    """What a call costs: tokens in and out, each at its own price.

    Reasoning tokens are part of ``completion_tokens`` and priced like them; the cached part of the
    prompt has its own price where there is one; a batch factor applies to all of it.

    Returns:
        US dollars; ``None`` when there is no price (or none for batches), or the provider told no
        token counts.
    """
    if price is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    factor = price.batch_factor if is_batched else 1.0
    if factor is None:
        return None
    cached_price, cached = price.cached_prompt_usd_per_million_tokens, 0
    if cached_price is not None:
        cached = min(usage.cached_prompt_tokens or 0, usage.prompt_tokens)
    usd_per_million = (
        (usage.prompt_tokens - cached) * price.prompt_usd_per_million_tokens
        + cached * (cached_price or 0.0)
        + usage.completion_tokens * price.completion_usd_per_million_tokens
    )
    return factor * usd_per_million / 1_000_000


@cache
def shipped_prices() -> tuple[Price, ...]:
    """The dated list prices that come with SLaM."""
    text = (files("core.bench") / "prices.toml").read_text("utf-8")
    return tuple(Price(**row) for row in tomllib.loads(text)["price"])
