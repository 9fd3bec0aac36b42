"""The price book in the store: entries are appended, checked, and beat the shipped list."""

import math
from dataclasses import replace
from datetime import date

import pytest

from core.bench.prices import Price, price_of
from core.errors import InvalidInputError
from core.money.costs import FREE
from core.money.price_frame import price_frame
from core.money.prices import (
    costs_of,
    enter_price,
    load_price_book,
    today,
    unpriced_models,
)
from core.providers.base import ChatRequest, Usage
from db.engine import Database
from db.tables import Audit, CallMode
from db.tables import Price as PriceRow
from tests.building import ACTOR, REFERENCE, SMALL, make_study, rows_of

DAY = date(2026, 1, 15)
INVOICE = Price(
    REFERENCE, 2.5, 10.0, DAY, "invoice of January", cached_prompt_usd_per_million_tokens=1.25,
    batch_factor=0.5,
)  # fmt: skip


def test_without_entries_the_book_holds_the_shipped_list(database: Database) -> None:
    price = price_of(load_price_book(database), "openai/gpt-4", DAY)
    assert price is not None
    assert price.is_shipped


def test_an_entered_price_counts_from_its_day_on_and_says_who_entered_it(
    database: Database,
) -> None:
    enter_price(database, INVOICE, ACTOR)
    book = load_price_book(database)
    found = price_of(book, REFERENCE, DAY)
    assert found is not None
    assert replace(found, entered_at=None, entered_by=None) == INVOICE
    assert found.entered_by == ACTOR
    assert found.entered_at is not None
    assert found.entered_at.tzinfo is not None
    assert price_of(book, REFERENCE, date(2026, 1, 14)) is None


def test_a_correction_is_a_later_entry_and_the_earlier_one_stays(database: Database) -> None:
    enter_price(database, INVOICE, ACTOR)
    enter_price(database, replace(INVOICE, completion_usd_per_million_tokens=11.0), ACTOR)
    book = load_price_book(database)
    found = price_of(book, REFERENCE, DAY)
    assert found is not None
    assert found.completion_usd_per_million_tokens == 11.0
    assert len(book.of(REFERENCE)) == 2


def test_an_entry_is_in_the_audit_trail(database: Database) -> None:
    enter_price(database, INVOICE, ACTOR)
    with database.read() as session:
        (audit,) = rows_of(session, Audit)
        (row,) = rows_of(session, PriceRow)
    assert (audit.actor, audit.action, audit.subject, audit.subject_id) == (
        ACTOR, "enter", "price", row.id,
    )  # fmt: skip
    assert audit.after["completion_usd_per_million_tokens"] == 10.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt_usd_per_million_tokens": -0.01}, "A prompt price of -0.01 cannot be"),
        ({"completion_usd_per_million_tokens": math.inf}, "A completion price of inf cannot be"),
        ({"cached_prompt_usd_per_million_tokens": math.nan}, "A cached prompt price of nan"),
        ({"batch_factor": 0.0}, "A batch factor of 0.0 cannot be"),
        ({"batch_factor": 1.01}, "A batch factor of 1.01 cannot be"),
        ({"batch_factor": math.nan}, "A batch factor of nan cannot be"),
        ({"source": "  "}, "needs a source of 1 to 500 characters"),
        ({"source": "page\x00"}, "needs a source of 1 to 500 characters"),
        ({"model": "gpt-4"}, "names no known provider"),
        ({"model": "openai/gpt-4\x00"}, "cannot be stored"),
    ],
)
def test_what_is_no_price_is_refused_in_one_sentence_and_not_stored(
    database: Database, change: dict[str, object], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        enter_price(database, replace(INVOICE, **change), ACTOR)  # type: ignore[arg-type]  # wrong ones too
    with database.read() as session:
        assert rows_of(session, PriceRow) == []


def test_the_other_spelling_of_a_model_is_the_same_model(database: Database) -> None:
    enter_price(database, replace(INVOICE, model=" openai:my-model "), ACTOR)
    assert price_of(load_price_book(database), "openai/my-model", DAY) is not None


def test_a_price_of_nothing_is_a_price(database: Database) -> None:
    free = replace(INVOICE, prompt_usd_per_million_tokens=0, completion_usd_per_million_tokens=0)
    enter_price(database, free, ACTOR)
    costs = costs_of(load_price_book(database), REFERENCE, CallMode.DIRECT, DAY)
    assert costs.of(Usage(100, 100)) == 0


def test_paid_models_that_studies_use_without_a_price_are_named(database: Database) -> None:
    make_study(database, candidates=[SMALL], reference=REFERENCE)
    book = load_price_book(database)
    assert unpriced_models(database, book, DAY) == [REFERENCE]
    enter_price(database, INVOICE, ACTOR)
    assert unpriced_models(database, load_price_book(database), DAY) == []


def test_costs_are_those_of_the_mode_and_nothing_for_models_of_our_own(database: Database) -> None:
    enter_price(database, INVOICE, ACTOR)
    book = load_price_book(database)
    usage, request = (
        Usage(1_000_000, 100_000),
        ChatRequest("stand-in-gpt-4", "x" * 984, max_tokens=100),
    )
    direct = costs_of(book, REFERENCE, CallMode.DIRECT, DAY)
    batch = costs_of(book, REFERENCE, CallMode.BATCH, DAY)
    assert direct.of(usage) == pytest.approx(3.5)
    assert batch.of(usage) == pytest.approx(1.75)
    assert direct.most_of(request) == pytest.approx((1000 * 2.5 + 100 * 10) / 1e6)
    assert costs_of(book, SMALL, CallMode.DIRECT, DAY) is FREE


def test_the_table_tells_which_price_counts_and_which_was_replaced_or_begins_later(
    database: Database,
) -> None:
    for day in (date(2025, 1, 1), DAY, date(2027, 1, 1)):
        enter_price(database, replace(INVOICE, valid_from=day), ACTOR)
    frame = price_frame(load_price_book(database), DAY)
    mine = frame[frame["model"] == REFERENCE]
    assert list(mine["counts"]) == ["later", "now", "replaced"]
    assert set(mine["entered_by"]) == {ACTOR}
    shipped = frame[frame["model"] == "openai/gpt-4"]
    assert shipped["entered_by"].isna().all()
    assert shipped["cached_prompt_usd_per_million_tokens"].isna().all()
    assert (frame[frame["counts"] == "now"].groupby("model").size() == 1).all()


def test_the_table_goes_to_parquet_and_csv(database: Database) -> None:
    enter_price(database, INVOICE, ACTOR)
    frame = price_frame(load_price_book(database), today())
    assert frame.to_parquet(index=False)
    assert REFERENCE in frame.to_csv(index=False)
