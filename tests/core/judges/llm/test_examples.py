"""Examples are shown with people's scores on the judge's scale."""

import pytest

from core.judges.base import configured
from core.judges.methods.scorer import JUDGE
from tests.core.judges.llm.helping import EXAMPLE, TEXT, task


def test_an_example_is_fenced_with_its_score_before_what_is_judged() -> None:
    prompt = JUDGE.request(task(TEXT, examples=(EXAMPLE,)), "model").prompt
    example, _, rest = prompt.partition("</example-")
    assert ">\nSay hello.\n</task-" in example
    assert ">\nGood day.\n</response-" in example
    assert example.endswith("People's score: 7\n")
    assert TEXT in rest


@pytest.mark.parametrize(("ends", "score"), [((0, 10), 7), ((1, 5), 4), ((0, 100), 72)])
def test_the_score_of_an_example_is_on_the_judges_scale(ends: tuple[int, int], score: int) -> None:
    judge = configured(JUDGE, {"scale_minimum": ends[0], "scale_maximum": ends[1]})
    prompt = judge.request(task(TEXT, examples=(EXAMPLE,)), "model").prompt
    assert f"People's score: {score}\n" in prompt


def test_without_examples_nothing_is_said_of_them() -> None:
    prompt = JUDGE.request(task(TEXT), "model").prompt
    assert "example" not in prompt
    assert "\n\n\n" not in prompt


def test_the_judge_asks_with_the_examples_that_were_set() -> None:
    judge = configured(JUDGE, {"examples": [EXAMPLE.model_dump()]})
    assert judge.asking.examples == (EXAMPLE,)


def test_where_an_example_comes_from_is_not_shown() -> None:
    prompt = JUDGE.request(task(TEXT, examples=(EXAMPLE,)), "model").prompt
    assert EXAMPLE.response_id not in prompt
    assert EXAMPLE.test_case_id not in prompt
