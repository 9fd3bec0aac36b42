from typing import Any

import pytest

from core.errors import InvalidInputError
from core.exchange.content import ImportedStudy
from core.exchange.layouts import configured
from tests.core.exchange import samples
from tests.core.exchange.samples import as_zip, documents

FOLDER = ".human_eval_config/"


def read(files: dict[str, Any], name: str = "greeting.zip") -> ImportedStudy:
    return configured.read(documents(name, as_zip(files)))


def test_prompts_and_responses_keep_their_ids() -> None:
    study = read(samples.configuration())
    assert [case.external_id for case in study.cases] == ["p0"]
    assert {one.external_id: one.text for one in study.responses} == {
        "t0": "Hi",
        "t1": "Hey",
        "m0": "Hello",
        "m1": "Good day",
    }
    assert study.description == "A greeting"
    assert study.suggested_name == "greeting"


def test_the_configuration_is_kept_for_matching_results_later() -> None:
    study = read(samples.configuration(criteria=["warmth"]))
    assert study.configuration == {
        "method": "A/B Testing",
        "criteria": [{"name": "warmth", "description": "Which has warmth?"}],
        "questions_per_rater": 2,
        "prompts": ["p0"],
        "question_sets": {
            f"set-{number}": [["p0", ["t0", "m0"]], ["p0", ["t1", "m1"]]] for number in range(3)
        },
    }


def test_the_folder_itself_names_the_study_after_its_prompt() -> None:
    assert read(samples.configuration(), FOLDER.strip("/")).suggested_name == "Say hello."


def test_responses_that_do_not_fit_together_are_reported_by_name() -> None:
    files = samples.configuration()
    files[FOLDER + "responses.json"]["lost"] = "Nobody said this"
    files[FOLDER + "models_responses.json"] = {
        "p0": {"tiny:1b": ["t0", "t0", "gone"], "middling:7b": ["m0", "m1"]},
        "p9": {"tiny:1b": ["t1"]},
    }
    study = read(files)
    assert (study.tally.unmatched, study.tally.left["responses"]) == (4, 4)
    told = "\n".join(study.tally.reasons)
    for words in ("response gone: it has no text", "response t0: it is listed twice"):
        assert words in told
    assert "response t1: its prompt p9 is not in prompt_info.json" in told
    assert "response lost: models_responses.json says of no model" in told


def test_a_missing_file_is_named() -> None:
    files = samples.configuration()
    del files[FOLDER + "distribution.json"]
    with pytest.raises(InvalidInputError, match=r"without distribution\.json"):
        read(files)


def test_two_configurations_are_refused() -> None:
    files = samples.configuration()
    with pytest.raises(InvalidInputError, match="holds two configurations"):
        read(files | {f"other/{name}": content for name, content in files.items()})


def test_a_wrong_type_is_named_with_its_place() -> None:
    files = samples.configuration()
    files[FOLDER + "distribution.json"] = {"set-0": [["p0"]]}
    with pytest.raises(InvalidInputError, match=r"distribution\.json in greeting\.zip: set-0\[0\]"):
        read(files)
