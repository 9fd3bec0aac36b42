"""What a person writes is taken as a whole or refused with the one sentence that mends it."""

import math
from dataclasses import replace
from typing import Any

import pytest

from core.errors import InvalidInputError
from core.studies.definition import (
    Case,
    Parameters,
    document_hash,
    text_hash,
)
from core.studies.parameters import Overrides
from core.studies.rubric import single_question
from tests.core.studies.made import a_definition


def refused(**changes: Any) -> str:
    with pytest.raises(InvalidInputError) as raised:
        replace(a_definition(), **changes).checked()
    return str(raised.value)


def test_a_good_definition_is_taken_as_it_is() -> None:
    assert a_definition().checked() == a_definition()


def test_checking_twice_changes_nothing_more() -> None:
    once = replace(a_definition(), name=" Briefing ", candidates=("ollama:llama2",)).checked()
    assert once.checked() == once


def test_names_are_trimmed_and_models_brought_into_one_form() -> None:
    checked = replace(
        a_definition(),
        name="  Briefing\n",
        description=" A day. ",
        reference="openai:gpt-4",
        candidates=("ollama:llama2:7b", " ollama/mistral:7b "),
        rubric=single_question(" Is it kind? "),
    ).checked()
    assert checked.name == "Briefing"
    assert checked.description == "A day."
    assert checked.reference == "openai/gpt-4"
    assert checked.candidates == ("ollama/llama2:7b", "ollama/mistral:7b")
    assert checked.rubric == single_question("Is it kind?")


def test_a_study_without_a_reference_is_taken() -> None:
    assert replace(a_definition(), reference=None).checked().reference is None
    assert replace(a_definition(), reference="").checked().reference is None


def test_the_paper_s_temperature_is_the_default() -> None:
    assert Parameters().as_document() == {"temperature": 0.7}
    assert Parameters(temperature=None).as_document() == {}


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_study_needs_a_name_of_a_bearable_length(name: str) -> None:
    assert refused(name=name) == "The study needs a name of 1 to 200 characters; type one."


def test_a_study_needs_a_candidate() -> None:
    assert refused(candidates=()) == (
        "The study has no candidate; name at least one model to test."
    )


@pytest.mark.parametrize(
    "candidates", [("ollama/llama2", "ollama:llama2"), ("ollama/llama2", "openai/gpt-4")]
)
def test_a_model_is_named_once_be_it_candidate_or_reference(candidates: tuple[str, ...]) -> None:
    assert refused(candidates=candidates) in (
        "The model 'ollama/llama2' is named twice; remove one.",
        "The model 'openai/gpt-4' is named twice; remove one.",
    )


def test_a_model_of_no_provider_is_refused() -> None:
    assert "The model 'llama2:7b' names no known provider" in refused(candidates=("llama2:7b",))
    assert "The model 'gpt-4' names no known provider" in refused(reference="gpt-4")


def test_a_malformed_template_is_refused() -> None:
    assert "is malformed" in refused(template="{{two words}}")


def test_a_study_needs_a_test_case() -> None:
    assert refused(test_cases=()) == (
        "The study has no test case; add at least one filling of the template."
    )


@pytest.mark.parametrize("name", ["", "x" * 201])
def test_a_test_case_needs_a_name_of_a_bearable_length(name: str) -> None:
    case = Case(name, {"name": "Ann", "tasks": "slides"})
    assert refused(test_cases=(case,)) == (
        f"The test case name {name[:40]!r} must have 1 to 200 characters."
    )


def test_two_test_cases_of_one_name_are_refused() -> None:
    first, second = a_definition().test_cases
    assert refused(test_cases=(first, replace(second, name="Ann"))) == (
        "Two test cases are named 'Ann'; give each a name of its own."
    )


def test_two_test_cases_of_the_same_values_are_refused_in_any_order_of_the_values() -> None:
    cases = (
        Case("Ann", {"name": "Ann", "tasks": "slides"}),
        Case("Eve", {"tasks": "slides", "name": "Ann"}),
    )
    assert refused(test_cases=cases) == (
        "Test cases 'Ann' and 'Eve' have the same values; remove one."
    )


def test_a_test_case_fills_exactly_the_placeholders() -> None:
    assert "gives no value for {{tasks}}" in refused(test_cases=(Case("Ann", {"name": "Ann"}),))


@pytest.mark.parametrize("samples", [0, -1, 1001])
def test_samples_per_case_have_bounds(samples: int) -> None:
    assert refused(samples_per_case=samples) == (
        f"{samples} samples per case cannot be made; choose 1 to 1000."
    )


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (Parameters(temperature=2.1), "temperature 2.1 is out of range; choose 0.0 to 2.0."),
        (Parameters(temperature=-0.1), "temperature -0.1 is out of range; choose 0.0 to 2.0."),
        (Parameters(temperature=math.nan), "temperature nan is out of range; choose 0.0 to 2.0."),
        (Parameters(top_p=1.5), "top_p 1.5 is out of range; choose 0.0 to 1.0."),
        (Parameters(max_tokens=0), "max_tokens 0 is out of range; choose 1 to 1000000."),
    ],
)
def test_parameters_have_bounds(parameters: Parameters, sentence: str) -> None:
    assert refused(parameters=parameters) == sentence


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
@pytest.mark.parametrize("place", ["name", "template", "description"])
def test_text_that_no_database_can_hold_is_refused(place: str, bad: str) -> None:
    before = getattr(a_definition(), place)
    sentence = refused(**{place: f"{before}{bad}!"})
    assert "cannot be stored: it holds a NUL character or half a character; remove" in sentence
    sentence.encode()


def test_values_that_no_database_can_hold_are_refused() -> None:
    case = Case("Ann", {"name": "A\x00nn", "tasks": "slides"})
    assert refused(test_cases=(case,)).startswith("The study's test cases cannot be stored")


def test_equal_documents_have_equal_hashes_whatever_the_order_of_their_keys() -> None:
    assert document_hash({"a": 1, "b": "ü"}) == document_hash({"b": "ü", "a": 1})
    assert document_hash({"a": 1}) != document_hash({"a": 2})
    # printf '{"a": "ü"}' | sha256sum
    assert document_hash({"a": "ü"}) == text_hash('{"a": "ü"}')
    assert text_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_overrides_are_brought_into_one_form() -> None:
    written: dict[str, Overrides] = {
        "ollama:mistral:7b": {"digest": "SHA256:0123456789AB"},
        "ollama/llama2:7b": {},
        "openai/gpt-4": {"digest": None},
    }
    checked = replace(a_definition(), overrides=written).checked()
    assert checked.overrides == {"ollama/mistral:7b": {"digest": "0123456789ab"}}
    assert checked.checked() == checked


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (
            {"ollama/other": {"seed": 1}},
            "There are parameters for 'ollama/other', which is no model of the study; add it.",
        ),
        (
            {"openai/gpt-4": {"top_p": 2.0}},
            "top_p 2.0 of 'openai/gpt-4' is out of range; choose 0.0 to 1.0.",
        ),
        (
            {"openai/gpt-4": {"topp": 1.0}},
            "'topp' is no parameter of 'openai/gpt-4'; known are temperature, top_p, max_tokens, "
            "seed, system_prompt, stop, json_mode, reasoning_effort, digest.",
        ),
        (
            {"openai/gpt-4": {"system_prompt": "\x00"}},
            "The system prompt of 'openai/gpt-4' cannot be stored: it holds a NUL character or "
            "half a character; remove it.",
        ),
    ],
)
def test_overrides_have_bounds_and_known_names(
    overrides: dict[str, dict[str, Any]], sentence: str
) -> None:
    assert refused(overrides=overrides) == sentence


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (Parameters(stop=("",)), "A stop sequence is empty; write a text or remove it."),
        (
            Parameters(stop=tuple("abcdefghijklmnopq")),
            "17 stop sequences are too many; keep at most 16.",
        ),
        (
            Parameters(reasoning_effort="Very high"),
            "reasoning_effort 'Very high' is no word of a model; write for example low or high.",
        ),
        (
            Parameters(seed=2**53),
            "seed 9007199254740992 is out of range; choose -9007199254740991 to 9007199254740991.",
        ),
    ],
)
def test_what_ends_or_varies_an_answer_has_bounds(parameters: Parameters, sentence: str) -> None:
    assert refused(parameters=parameters) == sentence
