import pytest

from core.errors import InvalidInputError
from core.exchange.naming import full_names, naming_notes, reference_note, reference_of


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("llama2:7b-chat", "ollama/llama2:7b-chat"),
        ("llama2_7b-chat-q4_K_M", "ollama/llama2:7b-chat-q4_K_M"),
        ("orca-mini_3b", "ollama/orca-mini:3b"),
        ("some_name:7b", "ollama/some_name:7b"),
        ("gpt-4", "openai/gpt-4"),
        ("GPT-4_0613", "openai/GPT-4_0613"),
        ("gpt-oss_20b", "ollama/gpt-oss:20b"),
        ("openai/gpt-4", "openai/gpt-4"),
        ("ollama/a_b", "ollama/a_b"),
        (" padded:1b ", "ollama/padded:1b"),
    ],
)
def test_a_name_of_the_original_tool_becomes_provider_and_model(label: str, name: str) -> None:
    assert full_names([label], "x.json") == {label: name}


@pytest.mark.parametrize("label", ["", "two words", "x" * 300])
def test_what_is_no_model_name_is_refused_with_its_place(label: str) -> None:
    with pytest.raises(InvalidInputError, match=r"x\.json: .* is no model name"):
        full_names([label], "x.json")


def test_the_reference_is_the_only_gpt_4_beside_others() -> None:
    assert reference_of(["ollama/a", "openai/gpt-4-0613"]) == "openai/gpt-4-0613"
    assert reference_of(["openai/gpt-4"]) is None
    assert reference_of(["openai/gpt-4", "openai/gpt-4o", "ollama/a"]) is None
    assert reference_of(["openai/gpt-3.5-turbo", "ollama/a"]) is None
    assert "does not hold exactly one" in reference_note(["ollama/a"])


def test_there_is_one_note_for_each_kind_of_renaming() -> None:
    names = full_names(["a:1b", "b_2b", "b:2b", "gpt-4", "openai/gpt-4", "ollama/c"], "x.json")
    assert naming_notes(names) == [
        "2 models got the provider ollama, for example a:1b is now ollama/a:1b.",
        "1 model got the provider openai, for example gpt-4 is now openai/gpt-4.",
        "1 model written with '_' for ':' got the colon back and the provider ollama, "
        "for example b_2b is now ollama/b:2b.",
        "2 model name(s) meant a model already named and were merged with it.",
    ]
