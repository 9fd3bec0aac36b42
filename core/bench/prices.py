"""What a call costs: a dated price book and the sum it gives for the tokens of a call."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Price:
    """The list price of one model from one day on, in US dollars per million tokens."""

    model: str
    prompt_usd_per_million_tokens: float
    completion_usd_per_million_tokens: float
    valid_from: date
    source: str


@cache
def price_book() -> dict[str, Price]:
    """The newest price of every model that has one, by ``provider/model``."""
    text = (files("core.bench") / "prices.toml").read_text("utf-8")
    prices = sorted(
        (Price(**row) for row in tomllib.loads(text)["price"]), key=lambda price: price.valid_from
    )
    return {price.model: price for price in prices}


def cost_usd(model: str, prompt_tokens: int | None, completion_tokens: int | None) -> float | None:
    """What a call costs by list price: tokens in and out, each at its own price.

    Returns:
        US dollars; ``None`` when the model has no price or the provider told no token counts.
    """
    price = price_book().get(model)
    if price is None or prompt_tokens is None or completion_tokens is None:
        return None
    return (
        prompt_tokens * price.prompt_usd_per_million_tokens
        + completion_tokens * price.completion_usd_per_million_tokens
    ) / 1_000_000
