"""The page of prices: what counts, what is missing, entering one."""

from collections.abc import Iterator
from datetime import date

import pytest

from core.bench.prices import price_of
from core.money.prices import load_price_book, today
from db.engine import Database
from tests.building import ACTOR, REFERENCE, make_study
from tests.ui.studio_pages import opened, studio

PAGE = "prices.py"


@pytest.fixture(autouse=True)
def _signed_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with studio(database, monkeypatch):
        yield


def test_the_shipped_list_is_shown_with_its_sources() -> None:
    page = opened(PAGE)
    counting, everything = (table.value for table in page.dataframe)
    gpt_4 = counting[counting["model"] == "openai/gpt-4"]
    assert list(gpt_4["prompt_usd_per_million_tokens"]) == [30.0]
    assert len(everything) > len(counting)
    assert everything["source"].str.len().min() > 0
    assert not page.warning


def test_a_price_is_entered_and_the_model_is_no_longer_without_one(database: Database) -> None:
    make_study(database)
    page = opened(PAGE)
    assert f"Without a price: {REFERENCE}" in page.warning[0].value.replace("\\", "")
    page.number_input(key="price_prompt_0").set_value(2.5)
    page.number_input(key="price_completion_0").set_value(10.0)
    page.number_input(key="price_batch_0").set_value(0.5)
    page.text_input(key="price_source_0").set_value("invoice of January")
    page.button(key="add_price_button").click()
    page.run()
    assert not page.exception
    assert not page.warning
    assert REFERENCE in page.success[0].value.replace("\\", "")
    assert page.number_input(key="price_prompt_1").value is None, "the form is empty again"
    found = price_of(load_price_book(database), REFERENCE, today())
    assert found is not None
    assert (found.completion_usd_per_million_tokens, found.batch_factor) == (10.0, 0.5)
    assert (found.entered_by, found.source) == (ACTOR, "invoice of January")
    assert found.cached_prompt_usd_per_million_tokens is None
    assert found.valid_from == today()


def test_what_is_no_price_is_refused_in_a_sentence_and_what_was_typed_stays(
    database: Database,
) -> None:
    page = opened(PAGE)
    page.button(key="add_price_button").click()
    page.run()
    assert page.error[0].value == (
        "Enter a price for prompt and completion, and a day; 0 is a price too."
    )
    page.number_input(key="price_prompt_0").set_value(1.0)
    page.number_input(key="price_completion_0").set_value(2.0)
    page.number_input(key="price_batch_0").set_value(1.5)
    page.text_input(key="price_model__0").set_value("openai/gpt-4")
    page.text_input(key="price_source_0").set_value("a page")
    page.date_input(key="price_from_0").set_value(date(2026, 1, 1))
    page.button(key="add_price_button").click()
    page.run()
    assert "A batch factor of 1.5 cannot be" in page.error[0].value.replace("\\", "")
    assert page.number_input(key="price_completion_0").value == 2.0
    assert len(load_price_book(database).of("openai/gpt-4")) == 2, "the shipped ones"
