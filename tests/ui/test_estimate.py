"""The estimate before a run: what is shown, chosen and agreed to."""

from streamlit.testing.v1 import AppTest

from core.money.confirmation import Confirmation
from db.tables import CallMode


def _script(paid: bool = True, priced: bool = True, calls: int = 10, modes: int = 3) -> None:
    from datetime import date

    import streamlit as st

    from core.bench.estimate import PlannedPrompt, Speed, estimate
    from core.bench.prices import Price
    from db.tables import CallMode
    from ui.studio.estimate import confirm_estimate

    price = Price("openai/gpt-4", 30.0, 60.0, date(2023, 3, 14), "a test", batch_factor=0.5)
    calls = st.session_state.get("calls", calls)
    planned = [PlannedPrompt("ollama/phi3:mini", calls, 984, max_tokens=500)]
    if paid:
        planned.append(PlannedPrompt("openai/gpt-4", calls, 984, max_tokens=500))
    found = estimate(
        planned,
        prices={"openai/gpt-4": price} if priced else {},
        paid_models=frozenset({"openai/gpt-4"}),
        speeds={one.model: Speed(1, median_duration_ns=6e9) for one in planned},
    )
    st.session_state["came"] = confirm_estimate(found, list(CallMode)[:modes], "ada", "test")


def shown(**values: object) -> AppTest:
    page = AppTest.from_function(_script, kwargs=values, default_timeout=20).run()
    assert not page.exception
    return page


def came(page: AppTest) -> tuple[CallMode, Confirmation | None]:
    mode, confirmation = page.session_state["came"]
    return CallMode(mode), confirmation


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_calls_that_cost_nothing_need_no_agreement() -> None:
    page = shown(paid=False, modes=1)
    assert figures(page) == {"Calls": "10", "Tokens, expected": "8,280", "Time": "1 min 0 s"}
    assert not page.checkbox
    assert not page.radio
    assert came(page) == (CallMode.DIRECT, None)
    assert "None of these calls costs money" in page.caption[-1].value


def test_paid_calls_are_agreed_to_by_a_tick_and_not_before() -> None:
    page = shown()
    assert figures(page) == {
        "Calls": "20",
        "Tokens, expected": "16,560",
        "Cost, expected": "$0.40",
        "Cost, at most": "$0.60",
        "Time": "1 min 0 s",
    }
    assert came(page)[1] is None
    page.checkbox[0].check()
    page.run()
    _, confirmation = came(page)
    assert confirmation is not None
    assert confirmation.most_usd is not None
    assert round(confirmation.most_usd, 6) == 0.6
    assert (confirmation.budget_usd, confirmation.unpriced, confirmation.actor) == (None, (), "ada")


def test_a_budget_goes_with_the_agreement() -> None:
    page = shown()
    page.number_input[0].set_value(0.5)
    page.checkbox[0].check()
    page.run()
    _, confirmation = came(page)
    assert confirmation is not None
    assert confirmation.budget_usd == 0.5
    assert "no more than $0.50" in page.checkbox[0].label.replace("\\", "")


def test_batches_cost_half_and_must_be_agreed_to_anew() -> None:
    page = shown()
    page.checkbox[0].check()
    page.run()
    page.radio[0].set_value(CallMode.BATCH)
    page.run()
    assert not page.exception
    assert figures(page)["Cost, at most"] == "$0.30"
    assert figures(page)["Time"] == "within a day"
    assert came(page) == (CallMode.BATCH, None)


def test_an_agreement_does_not_outlive_its_estimate() -> None:
    page = shown()
    page.checkbox[0].check()
    page.run()
    assert came(page)[1] is not None
    page.session_state["calls"] = 11
    page.run()
    assert not page.exception
    assert not page.checkbox[0].value
    assert came(page)[1] is None


def test_a_model_without_a_price_is_named_and_no_budget_can_be_held() -> None:
    page = shown(priced=False)
    assert figures(page)["Cost, at most"] == "–"  # noqa: RUF001
    assert "There is no price of openai/gpt-4;" in page.warning[0].value.replace("\\", "")
    assert page.number_input[0].disabled
    page.checkbox[0].check()
    page.run()
    _, confirmation = came(page)
    assert confirmation == Confirmation(None, None, ("openai/gpt-4",), "ada")


def test_every_figure_says_where_it_comes_from() -> None:
    table = shown().dataframe[0].value
    assert list(table["model"]) == ["ollama/phi3:mini", "openai/gpt-4"]
    assert list(table["money"]) == ["not paid", "by price list"]
    assert list(table["prompt tokens are"]) == ["assumed", "assumed"]
    assert list(table["answer tokens are"]) == ["the limit max_tokens"] * 2


def test_without_calls_there_is_nothing_to_agree_to() -> None:
    page = shown(calls=0)
    assert not page.checkbox
    assert came(page)[1] is None
