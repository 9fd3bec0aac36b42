"""Comparers ask how close a response is to one of the reference's, with reasons and without."""

import pytest

from core.judges.base import Asking, LLMJudge, Scale, Shape, configured
from core.judges.methods.comparer import JUDGE as COMPARER
from core.judges.methods.comparer_nr import JUDGE as COMPARER_NR
from sandbox.text import compose
from tests.core.judges.llm.helping import OTHER, TASK, TEXT
from tests.core.judges.llm.helping import task as plain_task
from tests.core.judges.methods.asking import POOR, scores, task
from tests.sandbox.examples import BRIEFING

REFERENCE = compose(BRIEFING, 0.95, 7)
BOTH = pytest.mark.parametrize("judge", [COMPARER, COMPARER_NR], ids=lambda one: one.name)


@BOTH
def test_the_request_shows_the_reference_and_the_response_and_not_the_task(judge: LLMJudge) -> None:
    prompt = judge.request(plain_task(TEXT, reference=OTHER), "gpt-4").prompt
    assert f">\n{OTHER}\n</reference-" in prompt
    assert f">\n{TEXT}\n</response-" in prompt
    assert TASK not in prompt


def test_a_wording_of_ones_own_may_show_the_task_and_the_question() -> None:
    judge = configured(
        COMPARER, {"prompt": "{{task}}{{question}}{{reference}}{{response}}{{form}}"}
    )
    about = plain_task(TEXT, reference=OTHER, question="Is it brief?")
    prompt = judge.request(about, "gpt-4").prompt
    assert TASK in prompt
    assert "Is it brief?" in prompt


@BOTH
def test_one_reference_is_drawn_unless_every_one_is_asked_about(judge: LLMJudge) -> None:
    assert judge.scale == Scale(0, 10)
    assert judge.asking == Asking(Shape.BESIDE_REFERENCE)
    other = configured(judge, {"every_reference": True, "repeats": 2, "seed": 5})
    assert other.asking == Asking(Shape.BESIDE_REFERENCE, every_reference=True, repeats=2, seed=5)


def test_only_the_comparer_asks_for_reasons() -> None:
    asked = {
        one: one.request(plain_task(TEXT, reference=OTHER), "gpt-4")
        for one in (COMPARER, COMPARER_NR)
    }
    assert "without any reasoning" in asked[COMPARER_NR].prompt
    assert "reasoning" not in str(asked[COMPARER_NR].json_schema)
    assert "reasoning" in str(asked[COMPARER].json_schema)
    assert COMPARER.configuration() != COMPARER_NR.configuration()


@BOTH
@pytest.mark.parametrize("output", ["schema", "json", "text"])
def test_the_closer_response_scores_higher(base_url: str, judge: LLMJudge, output: str) -> None:
    close = compose(BRIEFING, 0.95, 8)
    tasks = [task(text, reference=REFERENCE) for text in (REFERENCE, close, POOR)]
    found = scores(base_url, configured(judge, {"output": output}), tasks)
    same, near, far = (one.value for one in found)
    assert same >= near > far
    assert same >= 9
    assert all((one.reasoning is None) == (judge is COMPARER_NR) for one in found)


@BOTH
def test_closeness_can_be_read_from_probabilities(base_url: str, judge: LLMJudge) -> None:
    by_chance = configured(judge, {"score_from": "probabilities"})
    tasks = [task(text, reference=REFERENCE) for text in (REFERENCE, POOR)]
    near, far = scores(base_url, by_chance, tasks)
    assert near.value > far.value
    assert near.details["probability_mass"] > 0.95
