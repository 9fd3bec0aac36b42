"""The price book as one tidy frame, for tables and exports."""

from datetime import date

import pandas as pd

from core.bench.prices import Price, PriceBook, price_of

NOW, REPLACED, LATER = "now", "replaced", "later"
_AMOUNTS = (
    "prompt_usd_per_million_tokens",
    "cached_prompt_usd_per_million_tokens",
    "completion_usd_per_million_tokens",
    "batch_factor",
)
PRICE_COLUMNS = (
    "model", "counts", *_AMOUNTS, "valid_from", "source", "entered_by", "entered_at",
)  # fmt: skip


def price_frame(book: PriceBook, on: date) -> pd.DataFrame:
    """All prices, by model and the one that counts first, with `PRICE_COLUMNS`.

    ``counts`` says whether a price is the one of that day, was replaced, or begins later. Prices
    are US dollars per million tokens; unknown is null.
    """
    rows = [
        {
            "model": model,
            "counts": _standing(price, price_of(book, model, on), on),
            **{name: getattr(price, name) for name in PRICE_COLUMNS[2:]},
        }
        for model in sorted({price.model for price in book.prices})
        for price in book.of(model)
    ]
    frame = pd.DataFrame(rows, columns=list(PRICE_COLUMNS))
    frame["valid_from"] = pd.to_datetime(frame["valid_from"])
    frame["entered_at"] = pd.to_datetime(frame["entered_at"], utc=True)
    return frame.astype(dict.fromkeys(_AMOUNTS, "Float64"))


def _standing(price: Price, counting: Price | None, on: date) -> str:
    if price is counting:
        return NOW
    return LATER if price.valid_from > on else REPLACED
