"""The price book in the store: the shipped list with what people entered, and entering a price."""

from dataclasses import dataclass
from datetime import date
from math import isfinite

from sqlmodel import Session

from core.bench.estimate import most_one_call_costs, text_of
from core.bench.prices import Price, PriceBook, cost_of, price_of, shipped_prices
from core.errors import InvalidInputError
from core.exchange.storable import is_storable
from core.money.costs import FREE, Costs
from core.money.paid import is_paid_model
from core.providers.base import ChatRequest, Usage
from core.providers.names import parse_model
from db.engine import Database
from db.repositories import audits
from db.repositories.prices import Prices
from db.tables import CallMode
from db.tables import Price as PriceRow
from db.types import utc_now

_LONGEST_SOURCE = 500


def load_price_book(database: Database) -> PriceBook:
    """The whole price book as it is now; load it once a run, not once a call."""
    with database.read() as session:
        return read_price_book(session)


def read_price_book(session: Session) -> PriceBook:
    """`load_price_book` inside the caller's transaction."""
    return PriceBook((*shipped_prices(), *map(_price, Prices(session).all())))


def today() -> date:
    """The day by which prices are looked up, in UTC."""
    return utc_now().date()


def enter_price(database: Database, price: Price, actor: str) -> Price:
    """Append a price to the book; one that was wrong is corrected by a later entry.

    Raises:
        InvalidInputError: the price cannot be taken.
    """
    model = parse_model(price.model.strip()).full_name
    source = price.source.strip()
    _check(price, model, source)
    row = PriceRow(
        model=model,
        prompt_usd_per_million_tokens=float(price.prompt_usd_per_million_tokens),
        cached_prompt_usd_per_million_tokens=_float(price.cached_prompt_usd_per_million_tokens),
        completion_usd_per_million_tokens=float(price.completion_usd_per_million_tokens),
        batch_factor=_float(price.batch_factor),
        valid_from=price.valid_from,
        source=source,
        created_by=actor,
    )
    with database.write() as session:
        session.add(row)
        audits.record(
            session,
            actor=actor,
            action="enter",
            subject="price",
            subject_id=row.id,
            after=row.model_dump(mode="json", exclude={"id", "created_at", "created_by"}),
        )
    return _price(row)


def unpriced_models(database: Database, book: PriceBook, on: date) -> list[str]:
    """The paid models that studies and judges use and that have no price on that day, by name."""
    with database.read() as session:
        models = Prices(session).models_in_use()
    return [model for model in models if is_paid_model(model) and price_of(book, model, on) is None]


def costs_of(book: PriceBook, model: str, mode: CallMode, on: date) -> Costs:
    """What calls to a model cost on a day; free where its provider takes no money."""
    if not is_paid_model(model):
        return FREE
    return ListCosts(price_of(book, model, on), is_batched=mode is CallMode.BATCH)


@dataclass(frozen=True, slots=True)
class ListCosts:
    """The costs of calls to one model by its price in the book; see `core.money.costs.Costs`."""

    price: Price | None
    is_batched: bool = False

    def of(self, usage: Usage) -> float | None:
        """See `core.money.costs.Costs.of`."""
        return cost_of(self.price, usage, is_batched=self.is_batched)

    def most_of(self, request: ChatRequest) -> float | None:
        """See `core.money.costs.Costs.most_of`."""
        return most_one_call_costs(
            self.price, text_of(request), request.max_tokens, is_batched=self.is_batched
        )


def _check(price: Price, model: str, source: str) -> None:
    amounts = {
        "prompt": price.prompt_usd_per_million_tokens,
        "cached prompt": price.cached_prompt_usd_per_million_tokens,
        "completion": price.completion_usd_per_million_tokens,
    }
    for name, usd in amounts.items():
        if usd is not None and not (isfinite(usd) and usd >= 0):
            raise InvalidInputError(
                f"A {name} price of {usd} cannot be; enter US dollars per million tokens, "
                "0 or more."
            )
    factor = price.batch_factor
    if factor is not None and not 0 < factor <= 1:
        raise InvalidInputError(
            f"A batch factor of {factor} cannot be; enter more than 0 and at most 1, such as 0.5 "
            "for half the price, or leave it empty."
        )
    if len(model) > 300 or not is_storable(model):
        raise InvalidInputError(f"The model name {model[:40]!r} cannot be stored; shorten it.")
    if not 1 <= len(source) <= _LONGEST_SOURCE or not is_storable(source):
        raise InvalidInputError(
            f"The price of {model} needs a source of 1 to {_LONGEST_SOURCE} characters; say where "
            "it was read, such as the address of the price list."
        )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _price(row: PriceRow) -> Price:
    return Price(
        model=row.model,
        prompt_usd_per_million_tokens=row.prompt_usd_per_million_tokens,
        cached_prompt_usd_per_million_tokens=row.cached_prompt_usd_per_million_tokens,
        completion_usd_per_million_tokens=row.completion_usd_per_million_tokens,
        batch_factor=row.batch_factor,
        valid_from=row.valid_from,
        source=row.source,
        entered_at=row.created_at,
        entered_by=row.created_by,
    )
