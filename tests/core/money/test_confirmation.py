"""Nothing paid is called without an agreement that covers it."""

from dataclasses import replace
from datetime import date

import pytest

from core.bench.estimate import Estimate, PlannedPrompt, estimate
from core.bench.prices import Price
from core.errors import InvalidInputError
from core.money.confirmation import Confirmation, confirmation_of, require_confirmation

PAID, OTHER, FREE = "openai/gpt-4", "openai/gpt-4o", "ollama/phi3:mini"
GPT_4 = Price(PAID, 30.0, 60.0, date(2023, 3, 14), "a test")


def estimated(*models: str, calls: int = 10) -> Estimate:
    return estimate(
        [PlannedPrompt(model, calls, 984, max_tokens=500) for model in models],
        prices={PAID: GPT_4},
        paid_models=frozenset({PAID, OTHER}),
        speeds={},
    )


def refusal(now: Estimate, confirmation: Confirmation | None) -> str:
    with pytest.raises(InvalidInputError) as caught:
        require_confirmation(now, confirmation)
    return str(caught.value)


def test_free_calls_need_no_confirmation() -> None:
    require_confirmation(estimated(FREE), None)
    require_confirmation(Estimate(()), None)


def test_paid_calls_need_one() -> None:
    assert refusal(estimated(PAID, FREE), None) == (
        "10 calls go to paid models and may cost up to $0.6000; confirm the estimate first."
    )
    assert "their cost is not known; confirm" in refusal(estimated(OTHER), None)


def test_the_same_or_a_smaller_estimate_is_covered() -> None:
    confirmation = confirmation_of(estimated(PAID), None, "ada")
    require_confirmation(estimated(PAID), confirmation)
    require_confirmation(estimated(PAID, calls=9), confirmation)
    require_confirmation(estimated(PAID, FREE), confirmation)


def test_an_estimate_that_has_risen_is_not() -> None:
    confirmation = confirmation_of(estimated(PAID), None, "ada")
    assert refusal(estimated(PAID, calls=11), confirmation) == (
        "The calls may now cost $0.6600, and at most $0.6000 was confirmed; look at the estimate "
        "and confirm it again."
    )


def test_rounding_is_no_rise() -> None:
    confirmation = confirmation_of(estimated(PAID), None, "ada")
    assert confirmation.most_usd is not None
    rounded = replace(confirmation, most_usd=confirmation.most_usd * (1 - 1e-12))
    require_confirmation(estimated(PAID), rounded)


def test_a_model_without_a_price_is_covered_only_if_it_was_named() -> None:
    both = estimated(PAID, OTHER)
    require_confirmation(both, confirmation_of(both, None, "ada"))
    words = refusal(both, confirmation_of(estimated(PAID), None, "ada"))
    assert words.startswith("Nobody confirmed calling openai/gpt-4o without a known price;")


def test_a_price_that_became_known_since_is_a_rise() -> None:
    unknown = Confirmation(None, None, (PAID,), "ada")
    assert "$0.6000, and without a known price was confirmed" in refusal(estimated(PAID), unknown)


def test_a_budget_needs_a_price_for_every_paid_model() -> None:
    both = estimated(PAID, OTHER)
    words = refusal(both, confirmation_of(both, 5.0, "ada"))
    assert words.startswith("The budget of $5 could not be held, since openai/gpt-4o has no price;")


@pytest.mark.parametrize("budget", [0.0, -1.0, float("nan"), float("inf")])
def test_a_budget_that_allows_nothing_or_anything_is_refused(budget: float) -> None:
    one = estimated(PAID)
    assert "allows no call" in refusal(one, confirmation_of(one, budget, "ada"))


def test_a_budget_may_be_smaller_than_the_estimate() -> None:
    one = estimated(PAID)
    require_confirmation(one, confirmation_of(one, 0.01, "ada"))
