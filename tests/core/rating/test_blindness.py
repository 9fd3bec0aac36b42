"""A text that names a model is found out, however the name is written."""

import pytest

from core.rating.blindness import model_named_in

MODELS = ("ollama/stand-in-3b:q4", "openai/gpt-4", "ollama/phi", "ollama/llama2:7b-chat")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Compare ollama/stand-in-3b:q4 with others.", "ollama/stand-in-3b:q4"),
        ("Compare STAND-IN-3B:Q4 with others.", "stand-in-3b:q4"),
        ("Can it replace GPT-4?", "gpt-4"),
        ("Can it replace GPT\u20114?", "gpt-4"),
        ("Can it replace G\u200bPT-4o?", "gpt-4"),
        ("Can it replace \uff27\uff30\uff34-\uff14?", "gpt-4"),
        ("This one is (Phi).", "phi"),
        ("This one is phi3.", "phi"),
        ("This one is Llama2.", "llama2"),
        ("gpt_4", "gpt-4"),
        ("stand_in_3b_q4", "stand-in-3b:q4"),
        ("like_phi", "phi"),
        ("\u0130 gpt.4", "gpt-4"),
    ],
)
def test_a_name_is_found_in_whatever_form(text: str, name: str) -> None:
    assert model_named_in(text, MODELS) == name


@pytest.mark.parametrize("text", ["", "A philosophy of graphics.", "Ollama is a tool.", "gpt 5"])
def test_other_texts_pass(text: str) -> None:
    assert model_named_in(text, MODELS) is None


def test_no_models_are_named_by_nobody() -> None:
    assert model_named_in("gpt-4", ()) is None
