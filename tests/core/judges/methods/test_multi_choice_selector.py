"""The Multi-choice selector shows all responses to one prompt, unnamed, and reads which is best."""

import re

import pytest

from core.judges.base import UNIT_SCALE, Asking, Shape, configured
from core.judges.methods.multi_choice_selector import JUDGE
from tests.core.judges.llm.helping import QUESTION, TASK
from tests.core.judges.llm.helping import task as plain_task
from tests.core.judges.methods.asking import GOOD, MIDDLING, POOR, choices, task

ORDERS = [(GOOD, MIDDLING, POOR), (POOR, GOOD, MIDDLING), (MIDDLING, POOR, GOOD)]
LABEL = re.compile(r'<response-\w+ label="(\w+)">')


def test_the_request_shows_every_response_under_its_label() -> None:
    prompt = JUDGE.request(plain_task("First.", "Second.", "Third."), "gpt-4").prompt
    assert f">\n{TASK}\n</task-" in prompt
    assert QUESTION in prompt
    assert prompt.index("First.") < prompt.index("Second.") < prompt.index("Third.")
    assert len(set(LABEL.findall(prompt))) == 3


def test_labels_may_be_plain_numbers() -> None:
    plain = configured(JUDGE, {"shuffle_labels": False})
    request = plain.request(plain_task("First.", "Second.", "Third."), "gpt-4")
    assert LABEL.findall(request.prompt) == ["1", "2", "3"]
    assert LABEL.findall(JUDGE.request(plain_task("First.", "Second."), "gpt-4").prompt) != [
        "1",
        "2",
    ]


def test_the_options_say_what_is_asked() -> None:
    assert JUDGE.scale == UNIT_SCALE
    assert JUDGE.asking == Asking(Shape.SET, choices_per_question=8)
    options = {"both_orders": True, "choices_per_question": 4, "repeats": 2, "by_criterion": True}
    assert configured(JUDGE, options | {"seed": 3}).asking == Asking(
        Shape.SET, repeats=2, both_orders=True, choices_per_question=4, by_criterion=True, seed=3
    )


@pytest.mark.parametrize("output", ["schema", "json", "text"])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("reasoning", [True, False])
def test_the_best_is_chosen_wherever_it_stands(
    base_url: str, output: str, shuffle: bool, reasoning: bool
) -> None:
    options = {"output": output, "shuffle_labels": shuffle, "reasoning": reasoning}
    judge = configured(JUDGE, options)
    found = choices(base_url, judge, [task(*order) for order in ORDERS])
    assert [one.position for one in found] == [0, 1, 2]
    assert all((one.reasoning is not None) == reasoning for one in found)


def test_thirty_responses_are_told_apart(base_url: str) -> None:
    many = task(*[f"{POOR} Number {number}." for number in range(29)], GOOD)
    [found] = choices(base_url, JUDGE, [many])
    assert found.position == 29


def test_who_takes_the_first_is_found_out(base_url: str) -> None:
    found = choices(
        base_url, JUDGE, [task(*order) for order in ORDERS], "stand-in-judge-takes-first"
    )
    assert [one.position for one in found] == [0, 0, 0]
