"""Models are named ``provider/model``; ``provider:model`` is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.providers.names import ModelName, parse_model
from core.providers.registry import provider_names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ollama/llama2:7b-chat-q2_K", ModelName("ollama", "llama2:7b-chat-q2_K")),
        ("ollama:llama2:7b-chat-q2_K", ModelName("ollama", "llama2:7b-chat-q2_K")),
        ("openai/gpt-4", ModelName("openai", "gpt-4")),
        (" openai/gpt-4\n", ModelName("openai", "gpt-4")),
        ("openai/org/model-7b", ModelName("openai", "org/model-7b")),
    ],
)
def test_a_name_is_the_provider_and_what_the_provider_knows(text: str, name: ModelName) -> None:
    assert parse_model(text) == name


@given(
    st.sampled_from(sorted(provider_names())),
    st.sampled_from("/:"),
    st.from_regex(r"[!-~]{1,50}", fullmatch=True),
)
def test_a_full_name_is_read_as_itself(provider: str, separator: str, model: str) -> None:
    name = parse_model(f"{provider}{separator}{model}")
    assert name == ModelName(provider, model)
    assert parse_model(name.full_name) == name


@pytest.mark.parametrize(
    "text",
    ["", "gpt-4", "llama2:7b", "nobody/model", "openai/", "/gpt-4", "OpenAI/gpt-4", "openai/a b"],
)
def test_what_names_no_known_provider_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        parse_model(text)
    assert str(raised.value) == (
        f"The model {text!r} names no known provider; write provider/model with one of "
        "azure, ollama, openai, for example ollama/llama2:7b-chat or openai/gpt-4."
    )


def test_the_known_providers_can_be_given() -> None:
    assert parse_model("mine/model", frozenset({"mine"})) == ModelName("mine", "model")
    with pytest.raises(InvalidInputError, match="with one of mine,"):
        parse_model("openai/gpt-4", frozenset({"mine"}))


def test_a_name_too_long_to_store_is_refused_and_shown_short() -> None:
    with pytest.raises(InvalidInputError, match="longer than 300 characters") as raised:
        parse_model("openai/" + "x" * 300)
    assert len(str(raised.value)) < 120
