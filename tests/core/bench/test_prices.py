"""Prices are dated and sourced, one counts on a day, and a call costs its tokens times it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bench.prices import Price, PriceBook, cost_of, price_of, shipped_prices
from core.providers.base import Usage
from core.providers.names import parse_model

DAY = date(2025, 1, 10)
MOMENT = datetime(2025, 1, 10, 12, tzinfo=UTC)
GPT_4 = Price("openai/gpt-4", 30.0, 60.0, date(2023, 3, 14), "paper")
CACHED = Price(
    "openai/made-up", 2.0, 8.0, DAY, "a test", cached_prompt_usd_per_million_tokens=0.5,
    batch_factor=0.5,
)  # fmt: skip

tokens = st.integers(0, 10**7)
amounts = st.floats(0, 1000, allow_nan=False)
days = st.dates(date(2023, 1, 1), date(2023, 1, 8))
prices = st.builds(
    Price,
    model=st.sampled_from(["openai/a", "openai/b"]),
    prompt_usd_per_million_tokens=amounts,
    completion_usd_per_million_tokens=amounts,
    valid_from=days,
    source=st.just("a test"),
    cached_prompt_usd_per_million_tokens=st.none() | amounts,
    batch_factor=st.none() | st.floats(0.1, 1),
    entered_at=st.none()
    | st.integers(0, 5).map(lambda minutes: MOMENT + timedelta(minutes=minutes)),
)


def test_every_shipped_price_has_a_known_provider_a_day_and_a_source() -> None:
    assert shipped_prices()
    for price in shipped_prices():
        assert parse_model(price.model).full_name == price.model
        assert date(2020, 1, 1) < price.valid_from <= date(2026, 11, 21)
        assert price.source
        assert price.is_shipped
        assert price.prompt_usd_per_million_tokens > 0
        assert price.completion_usd_per_million_tokens >= 0
        cached = price.cached_prompt_usd_per_million_tokens
        assert cached is None or 0 < cached < price.prompt_usd_per_million_tokens
        assert price.batch_factor in (None, 0.5)


def test_no_two_shipped_prices_of_a_model_begin_on_the_same_day() -> None:
    keys = [(price.model, price.valid_from) for price in shipped_prices()]
    assert len(keys) == len(set(keys))


def test_gpt_4_costs_what_the_paper_says() -> None:
    # Figure 16: $0.03 for 1,000 tokens in, $0.06 for 1,000 tokens out.
    price = price_of(PriceBook(shipped_prices()), "openai/gpt-4", date(2023, 12, 22))
    assert cost_of(price, Usage(1000, 0)) == pytest.approx(0.03)
    assert cost_of(price, Usage(0, 1000)) == pytest.approx(0.06)
    assert cost_of(price, Usage(500, 250)) == pytest.approx(0.03)


def test_gpt_4o_became_cheaper_when_its_name_moved_on() -> None:
    book = PriceBook(shipped_prices())
    before = price_of(book, "openai/gpt-4o", date(2024, 10, 1))
    after = price_of(book, "openai/gpt-4o", date(2024, 10, 2))
    assert cost_of(before, Usage(1_000_000, 1_000_000)) == pytest.approx(20.0)
    assert cost_of(after, Usage(1_000_000, 1_000_000)) == pytest.approx(12.5)


def test_the_cached_part_of_a_prompt_has_its_own_price() -> None:
    # 600 at $2, 400 at $0.50 and 100 at $8 a million.
    wanted = (600 * 2 + 400 * 0.5 + 100 * 8) / 1e6
    assert cost_of(CACHED, Usage(1000, 100, cached_prompt_tokens=400)) == pytest.approx(wanted)


def test_without_a_price_for_it_the_cached_part_costs_like_the_rest() -> None:
    whole = cost_of(GPT_4, Usage(1000, 100))
    assert cost_of(GPT_4, Usage(1000, 100, cached_prompt_tokens=400)) == whole


def test_reasoning_tokens_are_part_of_the_completion_and_not_paid_twice() -> None:
    without = cost_of(GPT_4, Usage(10, 500))
    assert cost_of(GPT_4, Usage(10, 500, reasoning_tokens=400)) == without


def test_a_batch_costs_its_share_and_an_unknown_sum_where_batches_have_no_price() -> None:
    assert cost_of(CACHED, Usage(1000, 100), is_batched=True) == pytest.approx(0.0014)
    assert cost_of(GPT_4, Usage(1000, 100), is_batched=True) is None


@pytest.mark.parametrize("counts", [(None, 5), (5, None), (None, None)])
def test_a_call_without_counts_costs_an_unknown_sum(counts: tuple[int | None, int | None]) -> None:
    assert cost_of(GPT_4, Usage(*counts)) is None


def test_a_call_without_a_price_costs_an_unknown_sum_and_not_nothing() -> None:
    assert cost_of(None, Usage(1000, 1000)) is None


@given(prices, tokens, tokens, tokens, st.booleans())
def test_a_cost_adds_up_over_calls_and_is_never_below_zero(
    price: Price, prompt: int, completion: int, more: int, is_batched: bool
) -> None:
    whole = cost_of(price, Usage(prompt + more, completion + more), is_batched=is_batched)
    part = cost_of(price, Usage(prompt, completion), is_batched=is_batched)
    rest = cost_of(price, Usage(more, more), is_batched=is_batched)
    if is_batched and price.batch_factor is None:
        assert whole is None
        return
    assert whole is not None
    assert part is not None
    assert rest is not None
    assert whole == pytest.approx(part + rest)
    assert 0 <= part <= whole


@given(st.lists(prices, max_size=12), days)
def test_the_price_of_a_day_is_the_newest_that_has_come_whatever_the_order(
    entries: list[Price], on: date
) -> None:
    found = price_of(PriceBook(entries), "openai/a", on)
    come = [one for one in entries if one.model == "openai/a" and one.valid_from <= on]
    if not come:
        assert found is None
        return
    assert found in come
    newest = max(one.valid_from for one in come)
    assert found.valid_from == newest
    rivals = [one for one in come if one.valid_from == newest]
    entered = [one.entered_at for one in rivals if one.entered_at]
    assert found.entered_at == max(entered, default=None), "people beat the list, the last wins"


def test_an_entry_beats_the_shipped_price_of_the_same_day_and_a_later_entry_beats_it() -> None:
    first = Price("openai/gpt-4", 29.0, 59.0, GPT_4.valid_from, "invoice", entered_at=MOMENT)
    second = Price(
        "openai/gpt-4", 28.0, 58.0, GPT_4.valid_from, "invoice",
        entered_at=MOMENT + timedelta(seconds=1),
    )  # fmt: skip
    assert price_of(PriceBook([GPT_4, first]), "openai/gpt-4", DAY) is first
    assert price_of(PriceBook([second, GPT_4, first]), "openai/gpt-4", DAY) is second


def test_a_shipped_price_of_a_later_day_beats_an_older_entry() -> None:
    entry = Price("openai/gpt-4", 29.0, 59.0, date(2022, 1, 1), "invoice", entered_at=MOMENT)
    assert price_of(PriceBook([entry, GPT_4]), "openai/gpt-4", DAY) is GPT_4


def test_before_its_first_day_a_model_has_no_price() -> None:
    assert price_of(PriceBook([GPT_4]), "openai/gpt-4", date(2023, 3, 13)) is None


def test_the_name_of_a_deployment_is_not_guessed_at() -> None:
    book = PriceBook(shipped_prices())
    assert price_of(book, "azure/gpt-4", DAY) is None
    assert price_of(book, "openai/my-gpt-4", DAY) is None
