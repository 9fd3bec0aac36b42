"""The Scorer asks about one response by itself, and scores it with the model's reasons."""

from statistics import fmean

import pytest

from core.judges.base import Asking, Scale, Shape, configured
from core.judges.methods.scorer import JUDGE
from tests.core.judges.llm.helping import EXAMPLE, QUESTION, TASK, TEXT
from tests.core.judges.llm.helping import task as plain_task
from tests.core.judges.methods.asking import GOOD, MIDDLING, POOR, scores, task

FORMS = ("schema", "json", "text")


def test_the_request_holds_the_task_the_response_and_the_question() -> None:
    request = JUDGE.request(plain_task(TEXT, reference="A reference nobody should see."), "gpt-4")
    assert f">\n{TASK}\n</task-" in request.prompt
    assert f">\n{TEXT}\n</response-" in request.prompt
    assert QUESTION in request.prompt
    assert "nobody should see" not in request.prompt
    assert (request.model, request.system_prompt, request.temperature) == ("gpt-4", None, 0)
    assert not request.is_streamed


def test_the_options_say_how_the_model_is_called() -> None:
    judge = configured(JUDGE, {"temperature": 0.7, "max_tokens": 300, "output": "json"})
    request = judge.request(plain_task(TEXT), "gpt-4")
    assert (request.temperature, request.max_tokens) == (0.7, 300)
    assert request.json_mode
    assert request.json_schema is None


def test_the_options_say_what_is_asked() -> None:
    options = {"repeats": 3, "by_criterion": True, "examples": [EXAMPLE.model_dump()]}
    assert JUDGE.asking == Asking(Shape.RESPONSE)
    assert configured(JUDGE, options).asking == Asking(
        Shape.RESPONSE, repeats=3, by_criterion=True, examples=(EXAMPLE,)
    )


def test_the_scale_is_the_one_that_was_set() -> None:
    assert JUDGE.scale == Scale(0, 10)
    judge = configured(JUDGE, {"scale_minimum": 1, "scale_maximum": 5})
    assert judge.scale == Scale(1, 5)
    assert "from 1 to 5" in judge.request(plain_task(TEXT), "gpt-4").prompt


@pytest.mark.parametrize("output", FORMS)
@pytest.mark.parametrize("reasoning", [True, False])
def test_a_good_response_scores_above_a_middling_and_a_poor_one(
    base_url: str, output: str, reasoning: bool
) -> None:
    judge = configured(JUDGE, {"output": output, "reasoning": reasoning})
    good, middling, poor = scores(base_url, judge, [task(GOOD), task(MIDDLING), task(POOR)])
    assert 10 >= good.value > middling.value > poor.value >= 0
    assert all((one.reasoning is not None) == reasoning for one in (good, middling, poor))


@pytest.mark.parametrize("output", FORMS)
def test_another_scale_is_kept_to(base_url: str, output: str) -> None:
    judge = configured(JUDGE, {"output": output, "scale_minimum": 1, "scale_maximum": 5})
    good, poor = scores(base_url, judge, [task(GOOD), task(POOR)])
    assert 5 >= good.value >= 4
    assert 1 <= poor.value <= 3


@pytest.mark.parametrize("output", FORMS)
def test_by_probabilities_a_score_lies_between_whole_numbers(base_url: str, output: str) -> None:
    judge = configured(JUDGE, {"output": output, "score_from": "probabilities"})
    good, middling = scores(base_url, judge, [task(GOOD), task(MIDDLING)], "stand-in-judge-noisy")
    assert good.value > middling.value
    assert middling.value != round(middling.value)
    for one in (good, middling):
        assert one.details["probability_mass"] > 0.95
        assert one.details["sampled_score"] in range(11)


def test_by_probabilities_repeats_agree_where_sampled_scores_stray(base_url: str) -> None:
    judge = configured(JUDGE, {"score_from": "probabilities"})
    found = scores(base_url, judge, [task(MIDDLING)] * 8, "stand-in-judge-noisy")
    assert len({one.details["sampled_score"] for one in found}) > 2
    assert max(one.value for one in found) - min(one.value for one in found) < 0.01


def test_examples_are_shown_and_not_judged(base_url: str) -> None:
    shown = plain_task(GOOD, prompt=task().prompt, examples=(EXAMPLE,) * 3)
    [with_examples] = scores(base_url, JUDGE, [shown])
    [without] = scores(base_url, JUDGE, [task(GOOD)])
    assert abs(with_examples.value - without.value) <= 1


def test_repeats_of_one_question_stray_a_little(base_url: str) -> None:
    values = [one.value for one in scores(base_url, JUDGE, [task(MIDDLING)] * 12)]
    assert 1 < len(set(values)) < 5
    good = fmean(one.value for one in scores(base_url, JUDGE, [task(GOOD)] * 12))
    assert good > fmean(values)
