import pytest

from core.errors import InvalidInputError
from core.exchange.layouts import older
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, documents


def test_every_prompt_is_a_test_case_with_its_id() -> None:
    study = older.read(documents("old.json", as_json(samples.older_list())))
    assert [(case.external_id, case.values["prompt"]) for case in study.cases] == [
        ("1", "First prompt"),
        ("2", "Second prompt"),
    ]
    assert study.suggested_name == "old"
    assert (len(study.responses), study.samples_per_case) == (8, 2)
    assert study.reference == "openai/gpt-4"


def test_a_text_that_cannot_be_taken_is_reported_with_its_place() -> None:
    document = samples.older_list()
    document[1]["responses"][0] = {"model": "tiny:1b", "model_responses": ["fine", ""]}
    study = older.read(documents("old.json", as_json(document)))
    assert study.tally.reasons == [
        "old.json: [1].responses[0].model_responses[1] of tiny:1b: the text is blank."
    ]


def test_a_wrong_type_is_named_with_its_place() -> None:
    document = [{"id": 1, "prompt": "p", "responses": [{"model": "m:1b", "model_responses": "t"}]}]
    with pytest.raises(InvalidInputError, match=r"\[0\]\.responses\[0\]\.model_responses must be"):
        older.read(documents("old.json", as_json(document)))
