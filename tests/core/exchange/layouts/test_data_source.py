from typing import Any

import pytest

from core.errors import InvalidInputError
from core.exchange.content import ImportedStudy
from core.exchange.layouts import data_source
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, as_zip, documents


def read(**changes: Any) -> ImportedStudy:
    return data_source.read(documents("x.json", as_json(samples.data_source(**changes))))


def test_the_prompt_fills_the_template_whole_so_that_its_braces_do_not_matter() -> None:
    study = read()
    assert study.template == "{{prompt}}"
    assert study.cases[0].values == {"prompt": "Write a haiku about {{rain}}."}


def test_texts_keep_their_order_and_repeats_are_kept() -> None:
    study = read(outputs={"m:1b": ["same", "same"]})
    assert [(one.sample_index, one.text) for one in study.responses] == [(0, "same"), (1, "same")]
    assert study.samples_per_case == 2


def test_the_description_is_the_plain_text_of_the_html() -> None:
    assert read().description == "A poem & no more"


def test_the_study_is_named_after_its_run_or_else_its_file() -> None:
    assert read().suggested_name == "Haiku"
    assert read(run=None).suggested_name == "x"


def test_several_files_are_several_test_cases() -> None:
    content = as_zip(
        {
            "data/a.json": samples.data_source(run="one"),
            "data/b.json": samples.data_source(run="two", prompt="Another"),
        }
    )
    study = data_source.read(documents("both.zip", content))
    assert [case.name for case in study.cases] == ["one", "two"]
    assert study.suggested_name == "both"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outputs": ["text"]}, "outputs must be an object"),
        ({"outputs": {"gpt-4": "text"}}, "outputs.gpt-4 must be a list"),
        ({"outputs": {"gpt-4": [7]}}, r"outputs.gpt-4\[0\] must be text"),
        ({"prompt": None}, "prompt must be text"),
        ({"prompt": "  "}, "prompt must not be blank"),
        ({"outputs": {"x" * 301: ["text"]}}, "the key.* is longer than 300 characters"),
    ],
)
def test_a_wrong_type_is_named_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"x\.json: .*{said}"):
        read(**changes)


def test_a_blank_text_is_reported_by_name() -> None:
    study = read(outputs={"gpt-4": ["text", "\n"]})
    assert study.tally.reasons == ["x.json: outputs.gpt-4[1]: the text is blank."]
