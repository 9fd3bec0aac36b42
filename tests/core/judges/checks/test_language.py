"""The response is in the language that is wanted, is not, or that cannot be told."""

import pytest

from tests.core.judges.checks.checking import scored, unscored

ENGLISH = "Write a short and friendly message for Sam that begins the day."
GERMAN = "Guten Morgen, Sam! Ein guter Tag beginnt mit einer kleinen Sache."
CHINESE = "\u65e9\u4e0a\u597d\uff0c\u4eca\u5929\u5929\u6c14\u5f88\u597d\u3002"


def test_a_response_in_the_prompts_language_passes() -> None:
    score = scored("language", "Morning, Sam! A good day begins with one small thing.", ENGLISH)
    assert score.value == 1
    assert score.raw is not None
    assert score.raw > 0.5


@pytest.mark.parametrize(("text", "code"), [(GERMAN, "de"), (CHINESE, "zh")])
def test_a_response_in_another_language_fails(text: str, code: str) -> None:
    score = scored("language", text, ENGLISH)
    assert score.value == 0
    assert score.reasoning == f"It is in '{code}' instead of 'en'."


def test_a_language_can_be_set() -> None:
    assert scored("language", GERMAN, ENGLISH, language="de").value == 1


@pytest.mark.parametrize("text", ["", "OK", "\U0001f600" * 50, "```\ndef f(x): return x + 1\n```"])
def test_too_little_text_is_not_scored(text: str) -> None:
    assert unscored("language", text, ENGLISH).kind == "not_applicable"


@pytest.mark.parametrize("prompt", ["", "Hi", "Translate this message into French, please."])
def test_a_prompt_that_does_not_tell_its_wish_is_not_guessed_at(prompt: str) -> None:
    assert unscored("language", GERMAN, prompt).kind == "not_applicable"


def test_a_code_that_is_none_scores_nothing() -> None:
    found = unscored("language", GERMAN, ENGLISH, language="xx")
    assert found.message == "No language has the code 'xx'; set another, such as 'en'."
