"""A wording needs its placeholders, and an option a value that it can have."""

from typing import Any

import pytest
from pydantic.fields import FieldInfo

from core.errors import InvalidInputError
from core.judges.base import LLMJudge, configured
from core.judges.methods.comparer import JUDGE as COMPARER
from core.judges.methods.comparer_nr import JUDGE as COMPARER_NR
from core.judges.methods.multi_choice_selector import JUDGE as SELECTOR
from core.judges.methods.pairwise import JUDGE as PAIRWISE
from core.judges.methods.scorer import JUDGE as SCORER
from tests.core.judges.llm.helping import EXAMPLE, task

JUDGES: tuple[LLMJudge, ...] = (SCORER, COMPARER, COMPARER_NR, SELECTOR, PAIRWISE)
OWN = "{{task}} {{question}} {{response}} {{form}}"


def fields(judge: LLMJudge) -> dict[str, FieldInfo]:
    return type(judge.options).model_fields


@pytest.mark.parametrize("judge", JUDGES, ids=lambda one: one.name)
def test_every_option_has_a_title_a_description_and_a_default_that_it_may_have(
    judge: LLMJudge,
) -> None:
    assert next(iter(fields(judge))) == "prompt"
    for name, field in fields(judge).items():
        assert field.title, name
        assert field.description, name
    assert configured(judge, judge.options.model_dump(mode="json")) == judge


def test_a_judge_has_only_the_options_that_it_uses() -> None:
    assert "every_reference" not in fields(SCORER)
    assert "reasoning" not in fields(COMPARER)
    assert "score_from" not in fields(PAIRWISE)
    assert "choices_per_question" not in fields(PAIRWISE)


def test_examples_are_no_field_of_a_form() -> None:
    assert fields(SCORER)["examples"].json_schema_extra == {"form": False}


def test_a_wording_of_ones_own_is_asked_and_is_another_judge() -> None:
    judge = configured(SCORER, {"prompt": f"Grade! {OWN}"})
    assert judge.configuration() != SCORER.configuration()


def test_a_model_that_takes_no_temperature_is_sent_none() -> None:
    judge = configured(SCORER, {"temperature": None})
    assert judge.request(task("A response."), "model").temperature is None


@pytest.mark.parametrize(
    ("judge", "options", "said"),
    [
        (
            SCORER,
            {"prompt": f"{OWN} {{{{model}}}}"},
            "there is no placeholder {{model}}; use {{task",
        ),
        (SCORER, {"prompt": f"{OWN} {{{{reference}}}}"}, "there is no placeholder {{reference}}"),
        (
            SCORER,
            {"prompt": "{{task}} {{question}} {{response}}"},
            "placeholder {{form}} is missing",
        ),
        (COMPARER, {"prompt": "{{response}} {{form}}"}, "placeholder {{reference}} is missing"),
        (SELECTOR, {"prompt": OWN}, "there is no placeholder {{response}}"),
        (PAIRWISE, {"prompt": "{{form}} {{responses}} {{task}}"}, "{{question}} is missing"),
        (SCORER, {"prompt": "{{task}"}, "without its partner"),
        (SCORER, {"prompt": " "}, "empty"),
        (SCORER, {"scale_minimum": 10}, "must be above the worst, 10"),
        (SCORER, {"scale_minimum": 5, "scale_maximum": 5}, "must be above the worst, 5"),
        (SCORER, {"examples": [EXAMPLE], "prompt": OWN}, "has no {{examples}} to put them in"),
        (SCORER, {"repeats": 0}, "repeats"),
        (SCORER, {"repeats": 21}, "repeats"),
        (SCORER, {"temperature": 2.1}, "temperature"),
        (SCORER, {"max_tokens": 0}, "max_tokens"),
        (SCORER, {"output": "xml"}, "output"),
        (SCORER, {"colour": "red"}, "colour"),
        (SELECTOR, {"choices_per_question": 31}, "choices_per_question"),
        (SELECTOR, {"choices_per_question": 1}, "choices_per_question"),
        (SELECTOR, {"score_from": "reply"}, "score_from"),
    ],
)
def test_what_cannot_be_is_refused_with_the_mend(
    judge: LLMJudge, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        configured(judge, options)
    assert said in str(raised.value)
    assert str(raised.value).endswith(".")


@pytest.mark.parametrize("judge", JUDGES, ids=lambda one: one.name)
def test_every_option_is_part_of_the_identity(judge: LLMJudge) -> None:
    changes: dict[str, Any] = {
        "prompt": f"Please. {judge.options.model_dump()['prompt']}",
        "reasoning": False,
        "temperature": 0.5,
        "max_tokens": 500,
        "scale_minimum": 1,
        "scale_maximum": 9,
        "output": "text",
        "score_from": "probabilities",
        "repeats": 3,
        "every_reference": True,
        "both_orders": not judge.options.model_dump().get("both_orders"),
        "choices_per_question": 4,
        "shuffle_labels": False,
        "by_criterion": True,
        "examples": [EXAMPLE.model_dump()],
        "seed": 1,
    }
    for name in fields(judge):
        other = configured(judge, {name: changes[name]})
        assert other.configuration() != judge.configuration(), name
