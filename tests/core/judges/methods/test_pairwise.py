"""Pairwise shows two responses, unnamed, and reads which is better, or that it is a tie."""

import pytest

from core.judges.base import UNIT_SCALE, Asking, Shape, configured
from core.judges.methods.pairwise import JUDGE
from tests.core.judges.llm.helping import OTHER, QUESTION, TASK, TEXT
from tests.core.judges.llm.helping import task as plain_task
from tests.core.judges.methods.asking import GOOD, MIDDLING, POOR, choices, task


def test_the_request_shows_both_under_labels_and_says_of_neither_whose_it_is() -> None:
    request = JUDGE.request(plain_task(TEXT, OTHER), "gpt-4")
    assert f'label="A">\n{TEXT}\n</response-' in request.prompt
    assert f'label="B">\n{OTHER}\n</response-' in request.prompt
    assert f">\n{TASK}\n</task-" in request.prompt
    assert QUESTION in request.prompt
    assert "reference" not in request.prompt


def test_both_orders_are_asked_unless_set_otherwise() -> None:
    assert JUDGE.scale == UNIT_SCALE
    assert JUDGE.asking == Asking(Shape.PAIR, both_orders=True)
    options = {"both_orders": False, "every_reference": True, "repeats": 2, "by_criterion": True}
    assert configured(JUDGE, options | {"seed": 3}).asking == Asking(
        Shape.PAIR, repeats=2, every_reference=True, by_criterion=True, seed=3
    )


@pytest.mark.parametrize("output", ["schema", "json", "text"])
@pytest.mark.parametrize("reasoning", [True, False])
def test_the_better_is_chosen_in_both_orders(base_url: str, output: str, reasoning: bool) -> None:
    judge = configured(JUDGE, {"output": output, "reasoning": reasoning})
    found = choices(base_url, judge, [task(GOOD, POOR), task(POOR, GOOD), task(MIDDLING, GOOD)])
    assert [one.position for one in found] == [0, 1, 1]
    assert all((one.reasoning is not None) == reasoning for one in found)


@pytest.mark.parametrize("output", ["schema", "json", "text"])
def test_of_two_that_are_the_same_neither_is_better(base_url: str, output: str) -> None:
    judge = configured(JUDGE, {"output": output})
    found = choices(base_url, judge, [task(GOOD, GOOD)] * 10)
    assert [one.position for one in found].count(None) > 3


def test_who_takes_the_first_changes_sides_with_the_order(base_url: str) -> None:
    tasks = [task(GOOD, POOR), task(POOR, GOOD)]
    found = choices(base_url, JUDGE, tasks, "stand-in-judge-takes-first")
    assert [one.position for one in found] == [0, 0]
