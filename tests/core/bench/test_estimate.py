"""What planned calls will take, worked out by hand, and what must hold for any of them."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bench.estimate import (
    Counts,
    Estimate,
    MoneyStatus,
    PlannedPrompt,
    Source,
    Speed,
    estimate,
    most_one_call_costs,
    most_prompt_tokens,
    seconds_of,
    text_of,
)
from core.bench.prices import Price
from core.providers.base import ChatRequest

PAID, OTHER, FREE = "openai/gpt-4", "openai/gpt-4o", "ollama/phi3:mini"
GPT_4 = Price(PAID, 30.0, 60.0, date(2023, 3, 14), "a test", batch_factor=0.5)
OWN = Counts(100.0, 104, 50.0, 90)
OTHERS = Counts(110.0, 120, 70.0, 200)


def estimated(
    *planned: PlannedPrompt,
    prices: tuple[Price, ...] = (GPT_4,),
    speeds: dict[str, Speed] | None = None,
    study_mean: float | None = None,
) -> Estimate:
    return estimate(
        planned,
        prices={price.model: price for price in prices},
        paid_models=frozenset({PAID, OTHER}),
        speeds=speeds or {},
        study_completion_tokens=study_mean,
    )


def test_counts_of_the_same_model_and_prompt_come_first() -> None:
    (one,) = estimated(PlannedPrompt(PAID, 10, 400, own=OWN, others=OTHERS)).models
    assert (one.prompt_tokens.expected, one.prompt_tokens.most) == (1000, 1040)
    assert (one.completion_tokens.expected, one.completion_tokens.most) == (500, 40_960)
    assert one.prompt_tokens.sources == one.completion_tokens.sources == ((Source.OWN, 10),)
    # 1,000 x $30 and 500 x $60 a million; at most 1,040 and 40,960.
    assert one.expected_usd == pytest.approx(0.06)
    assert one.most_usd == pytest.approx(0.0312 + 2.4576)


def test_counts_of_other_models_come_second() -> None:
    (one,) = estimated(PlannedPrompt(PAID, 2, 400, others=OTHERS)).models
    assert one.prompt_tokens.expected == 220
    assert one.prompt_tokens.most == 2 * most_prompt_tokens(400)
    assert one.completion_tokens.expected == 140
    assert one.prompt_tokens.sources == one.completion_tokens.sources == ((Source.OTHERS, 2),)


def test_without_counts_a_prompt_has_a_token_for_three_bytes_and_it_is_said() -> None:
    (one,) = estimated(PlannedPrompt(PAID, 1, 400)).models
    assert one.prompt_tokens.expected == 134  # 400 / 3, rounded up
    assert one.prompt_tokens.most == 416  # a token a byte, and 16 around them
    assert one.prompt_tokens.sources == ((Source.ASSUMED, 1),)


@pytest.mark.parametrize(
    ("max_tokens", "study_mean", "expected", "most", "source"),
    [
        (200, 80.0, 200, 200, Source.LIMIT),
        (None, 80.0, 80, 4096, Source.STUDY),
        (None, None, 300, 4096, Source.ASSUMED),
    ],
)
def test_without_counts_an_answer_takes_its_limit_or_the_studys_mean_or_what_is_assumed(
    max_tokens: int | None, study_mean: float | None, expected: int, most: int, source: Source
) -> None:
    planned = PlannedPrompt(PAID, 1, 400, max_tokens)
    (one,) = estimated(planned, study_mean=study_mean).models
    assert (one.completion_tokens.expected, one.completion_tokens.most) == (expected, most)
    assert one.completion_tokens.sources == ((source, 1),)


def test_no_answer_is_expected_to_be_longer_than_its_limit() -> None:
    (one,) = estimated(PlannedPrompt(PAID, 1, 400, 12, own=OWN)).models
    assert (one.completion_tokens.expected, one.completion_tokens.most) == (12, 12)


def test_an_answer_that_was_longer_than_assumed_raises_what_it_may_take_at_most() -> None:
    long = replace(OWN, most_completion_tokens=9000)
    (one,) = estimated(PlannedPrompt(PAID, 1, 400, own=long)).models
    assert one.completion_tokens.most == 9000


def test_a_batch_costs_half_and_is_not_timed() -> None:
    speeds = {PAID: Speed(1, median_duration_ns=1e9)}
    direct = estimated(PlannedPrompt(PAID, 10, 400, own=OWN), speeds=speeds)
    batched = direct.batched()
    assert batched.most_usd == pytest.approx(0.5 * (direct.most_usd or 0))
    assert (direct.seconds, batched.seconds) == (10, None)


def test_a_batch_of_a_model_without_a_price_for_batches_is_unpriced() -> None:
    direct = estimated(PlannedPrompt(PAID, 1, 400), prices=(replace(GPT_4, batch_factor=None),))
    assert direct.status is MoneyStatus.OK
    assert direct.batched().status is MoneyStatus.PRICE_MISSING
    assert "no price for batches of openai/gpt-4;" in (direct.batched().problem or "")


def test_where_nothing_is_paid_there_is_no_sum_to_agree_to() -> None:
    found = estimated(PlannedPrompt(FREE, 10, 400))
    assert found.status is MoneyStatus.NOT_PAID
    assert (found.expected_usd, found.most_usd, found.paid_calls) == (None, None, 0)
    assert found.problem is None


def test_a_paid_model_without_a_price_makes_the_sum_unknown_and_is_named() -> None:
    found = estimated(PlannedPrompt(PAID, 1, 400), PlannedPrompt(OTHER, 2, 400))
    assert found.status is MoneyStatus.PRICE_MISSING
    assert (found.expected_usd, found.most_usd) == (None, None)
    assert found.unpriced == (OTHER,)
    assert found.priced_most_usd == pytest.approx((416 * 30 + 4096 * 60) / 1e6)
    assert found.problem == (
        "There is no price of openai/gpt-4o; enter one on the page “Prices”, or confirm without a "
        "known price."
    )


def test_calls_take_their_median_time_as_many_side_by_side_as_may_be() -> None:
    assert seconds_of(100, Speed(8, median_duration_ns=2e9)) == pytest.approx(25)
    assert seconds_of(1, Speed(8, median_duration_ns=2e9)) == pytest.approx(2), "one call is whole"


def test_a_limit_of_requests_a_minute_can_hold_calls_up_longer_than_answering_does() -> None:
    assert seconds_of(100, Speed(8, 60, median_duration_ns=2e9)) == pytest.approx(100)
    assert seconds_of(100, Speed(8, 6000, median_duration_ns=2e9)) == pytest.approx(25)


def test_loading_a_model_takes_time_once() -> None:
    speed = Speed(1, median_duration_ns=1e9, load_duration_ns=30 * 10**9)
    assert seconds_of(10, speed) == pytest.approx(40)


def test_a_model_that_was_never_timed_makes_the_time_unknown() -> None:
    assert seconds_of(10, Speed(8)) is None
    planned = PlannedPrompt(PAID, 1, 9), PlannedPrompt(FREE, 1, 9)
    assert estimated(*planned, speeds={FREE: Speed(1, median_duration_ns=1e9)}).seconds is None


def test_models_of_a_provider_take_turns_and_providers_work_side_by_side() -> None:
    speed = Speed(1, median_duration_ns=1e9)
    planned = [PlannedPrompt(FREE, 10, 9), PlannedPrompt("ollama/gemma2:2b", 20, 9)]
    planned.append(PlannedPrompt(PAID, 12, 9))
    speeds = {one.model: speed for one in planned}
    assert estimated(*planned, speeds=speeds).seconds == pytest.approx(30)


def test_the_most_that_one_call_may_cost_is_a_token_a_byte_and_the_longest_answer() -> None:
    assert most_one_call_costs(GPT_4, "x" * 984, 500) == pytest.approx(0.03 + 0.03)
    assert most_one_call_costs(GPT_4, "x" * 984) == pytest.approx(0.03 + 4096 * 60e-6)
    assert most_one_call_costs(GPT_4, "é" * 492, 500) == pytest.approx(0.03 + 0.03), "bytes count"
    assert most_one_call_costs(GPT_4, "x" * 984, 500, is_batched=True) == pytest.approx(0.03)
    assert most_one_call_costs(None, "x") is None


def test_all_that_a_model_reads_is_part_of_the_prompt() -> None:
    schema = {"type": "object"}
    request = ChatRequest("gpt-4", "Hello.", system_prompt="Be kind.", json_schema=schema)
    assert text_of(request) == "Be kind.Hello.{'type': 'object'}"
    assert text_of(ChatRequest("gpt-4", "Hello.")) == "Hello."


counts = st.builds(
    Counts,
    prompt_tokens=st.none() | st.floats(0, 5000),
    most_prompt_tokens=st.none() | st.integers(0, 5000),
    completion_tokens=st.none() | st.floats(0, 9000),
    most_completion_tokens=st.none() | st.integers(0, 9000),
)
prompts = st.builds(
    PlannedPrompt,
    model=st.sampled_from([PAID, FREE]),
    calls=st.integers(0, 1000),
    prompt_bytes=st.integers(0, 20_000),
    max_tokens=st.none() | st.integers(1, 10_000),
    own=counts,
    others=counts,
)


@given(st.lists(prompts, max_size=8), st.none() | st.floats(0, 9000))
def test_what_is_expected_is_never_more_than_the_most(
    planned: list[PlannedPrompt], mean: float | None
) -> None:
    found = estimated(*planned, study_mean=mean)
    assert found.calls == sum(one.calls for one in planned)
    for one in found.models:
        for tokens in (one.prompt_tokens, one.completion_tokens):
            assert 0 <= tokens.expected <= tokens.most + 1e-6
            assert sum(calls for _, calls in tokens.sources) == one.calls
    if found.paid_calls:
        assert found.expected_usd is not None
        assert found.most_usd is not None
        # Tokens are whole, so each model's sum is rounded up by less than one of each.
        assert found.expected_usd <= found.most_usd + 1e-4


@given(st.lists(prompts, max_size=6), prompts)
def test_more_calls_never_cost_less(planned: list[PlannedPrompt], more: PlannedPrompt) -> None:
    fewer, all_of_them = estimated(*planned), estimated(*planned, more)
    assert (fewer.priced_most_usd or 0) <= (all_of_them.priced_most_usd or 0) + 1e-9
