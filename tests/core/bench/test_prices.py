"""Prices are dated and sourced, and the cost of a call is its tokens times them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bench.prices import cost_usd, price_book
from core.providers.names import parse_model

tokens = st.integers(0, 10**7)


def test_every_price_has_a_known_provider_a_day_and_a_source() -> None:
    assert price_book()
    for model, price in price_book().items():
        assert parse_model(model).full_name == model == price.model
        assert date(2020, 1, 1) < price.valid_from <= date.today()  # noqa: DTZ011  a day is enough
        assert price.source
        assert price.prompt_usd_per_million_tokens > 0
        assert price.completion_usd_per_million_tokens > 0


def test_gpt_4_costs_what_the_paper_says() -> None:
    # Figure 16: $0.03 for 1,000 tokens in, $0.06 for 1,000 tokens out.
    assert cost_usd("openai/gpt-4", 1000, 0) == pytest.approx(0.03)
    assert cost_usd("openai/gpt-4", 0, 1000) == pytest.approx(0.06)
    assert cost_usd("openai/gpt-4", 500, 250) == pytest.approx(0.03)


@given(st.sampled_from(sorted(price_book())), tokens, tokens, tokens)
def test_a_cost_adds_up_over_calls_and_is_never_below_zero(
    model: str, prompt: int, completion: int, more: int
) -> None:
    whole = cost_usd(model, prompt + more, completion)
    part, rest = cost_usd(model, prompt, completion), cost_usd(model, more, 0)
    assert whole is not None
    assert part is not None
    assert rest is not None
    assert whole == pytest.approx(part + rest)
    assert part >= 0


def test_a_model_without_a_price_costs_an_unknown_sum_and_not_nothing() -> None:
    assert cost_usd("ollama/llama2:7b", 1000, 1000) is None


@pytest.mark.parametrize("counts", [(None, 5), (5, None), (None, None)])
def test_a_call_without_counts_costs_an_unknown_sum(counts: tuple[int | None, int | None]) -> None:
    assert cost_usd("openai/gpt-4", *counts) is None


def test_a_call_of_no_tokens_costs_nothing() -> None:
    assert cost_usd("openai/gpt-4", 0, 0) == 0
