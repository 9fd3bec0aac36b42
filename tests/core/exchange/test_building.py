import pytest

from core.errors import InvalidInputError
from core.exchange.building import StudyBuilder
from tests.core.exchange.samples import documents


def builder(*labels: str) -> StudyBuilder:
    return StudyBuilder(documents("x.json", b"[]"), labels, "x.json")


def test_the_same_prompt_again_is_the_same_case() -> None:
    made = builder()
    assert [made.add_case(prompt) for prompt in ("a", "b", "a")] == [0, 1, 0]


def test_cases_are_named_after_their_prompts_beginning_and_never_alike() -> None:
    made = builder("m:1b")
    for prompt in ("word " * 50 + "a", "word " * 50 + "b"):
        made.add_text(made.add_case(prompt), "m:1b", "text", "there")
    first, second = (case.name for case in made.build("S").cases)
    assert first.endswith("…")
    assert second == f"{first} (2)"


def test_blank_and_unstorable_texts_are_left_and_the_others_keep_their_index() -> None:
    made = builder("m:1b")
    case = made.add_case("p")
    for number, text in enumerate([" ", "a\0", "\ud800", "fine"]):
        made.add_text(case, "m:1b", text, f"text {number}")
    study = made.build("S")
    assert [(one.text, one.sample_index) for one in study.responses] == [("fine", 3)]
    assert study.samples_per_case == 4
    assert [reason.split(":")[0] for reason in study.tally.reasons] == [
        "text 0",
        "text 1",
        "text 2",
    ]


def test_two_spellings_of_a_model_are_one_candidate() -> None:
    made = builder("m_1b", "m:1b")
    case = made.add_case("p")
    made.add_text(case, "m_1b", "a", "there")
    made.add_text(case, "m:1b", "a", "there")
    study = made.build("S")
    assert study.models == ("ollama/m:1b",)
    assert [one.sample_index for one in study.responses] == [0, 1]


def test_a_model_without_a_usable_text_is_left_by_name() -> None:
    made = builder("m:1b", "n:1b")
    case = made.add_case("p")
    made.add_text(case, "m:1b", "a", "there")
    made.add_text(case, "n:1b", "", "there")
    study = made.build("S")
    assert study.tally.left == {"responses": 1, "candidates": 1}
    assert "ollama/n:1b: none of its texts could be taken." in study.tally.reasons


def test_a_file_without_any_usable_text_is_refused_with_the_first_reason() -> None:
    made = builder("m:1b")
    made.add_text(made.add_case("p"), "m:1b", "", "outputs[0]")
    with pytest.raises(InvalidInputError, match=r"x\.json holds no response .*outputs\[0\]"):
        made.build("S")
