"""Checks of what a response says: phrases, refusals, repetition, facts, anything at all."""

import pytest

from tests.core.judges.checks.checking import scored, unscored


def test_a_forbidden_phrase_fails_in_whatever_case_and_width() -> None:
    phrases = ["as an AI", "synergy"]
    score = scored("forbidden_phrases", "As  an \uff21I, I like SYNERGY. Synergy!", phrases=phrases)
    assert (score.value, score.raw) == (0.0, 3.0)
    assert score.details == {"found": {"as an AI": 1, "synergy": 2}}
    clean = scored("forbidden_phrases", "Synergystic aids.", phrases=phrases)
    assert (clean.value, clean.raw) == (1.0, 0.0)


def test_without_forbidden_phrases_there_is_nothing_to_check() -> None:
    assert unscored("forbidden_phrases", "Anything.").kind == "not_applicable"
    assert unscored("forbidden_phrases", "Anything.", phrases=["  "]).kind == "not_applicable"


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with that request. Please ask another.",
        "As an AI language model, I cannot browse the web.",
        "Thank you for asking. I\u2019m unable to provide medical advice.",
        "I must decline.",
        "Unfortunately, I won't be able to create that content.",
        "This request violates our policy.",
    ],
)
def test_a_refusal_is_told_with_its_sentence(text: str) -> None:
    score = scored("refusal", text)
    assert score.value == 0
    assert str(score.reasoning).startswith("It begins by declining: \u201c")


@pytest.mark.parametrize(
    "text",
    [
        "Good morning! You can do it.",
        "I can't wait to see what you do today.",
        "I cannot help but smile at your list.",
        "I'm sorry to hear that you cannot log in. Reset your password on the first page.",
        "I can\u2019t thank you enough.",
        "We do not provide refunds after 30 days, so send the form today.",
        "One. Two. Three. Four. He said: I can't help with that.",
        "",
    ],
)
def test_an_answer_is_no_refusal(text: str) -> None:
    assert scored("refusal", text).value == 1


def test_a_loop_is_nearly_all_repetition() -> None:
    score = scored("repetition", "Drink a glass of water now. " * 50)
    assert score.value < 0.05
    assert score.raw == pytest.approx(1 - score.value)


def test_a_text_that_repeats_nothing_is_perfect() -> None:
    text = "Drink a glass of water. Then walk to the office and greet everyone you meet there."
    assert scored("repetition", text).value == 1
    assert scored("repetition", "").value == 1


def test_more_repetition_scores_less() -> None:
    base = "Drink water. Walk to the office every day. Greet all whom you meet on the way. "
    scores = [scored("repetition", base * times).value for times in (1, 2, 4)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


FACTS = {"tasks": "- Send report\n- Call Bob at 3 pm\n- Plan the offsite", "tone": "warm, short"}


def test_the_facts_that_are_named_are_counted_and_the_missed_told() -> None:
    score = scored("facts", "After sending the report you call Bob at 3 pm.", facts=FACTS)
    assert score.raw == 2
    assert score.value == 2 / 5
    assert score.details["missed"] == ["Plan the offsite", "warm", "short"]


def test_a_fact_counts_in_another_form_of_its_words() -> None:
    facts = {"tasks": "Reviewing the plans"}
    assert scored("facts", "You review a plan today.", facts=facts).value == 1


def test_a_number_must_be_right() -> None:
    facts = {"price": "costs 499 euros"}
    assert scored("facts", "It costs 399 euros.", facts=facts, share_of_words=0.9).value == 0
    assert scored("facts", "The cost: 499 euros.", facts=facts, share_of_words=0.9).value == 1


def test_without_facts_there_is_nothing_to_check() -> None:
    assert unscored("facts", "Anything.").kind == "not_applicable"


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", "...", "<|im_end|>", "</s>", "```"])
def test_a_response_that_says_nothing_is_empty(text: str) -> None:
    assert scored("empty", text).value == 0


@pytest.mark.parametrize("text", ["No", "7", "\U0001f600", "\u4f60\u597d", "+"])
def test_a_response_that_says_something_is_not_empty(text: str) -> None:
    assert scored("empty", text).value == 1


@pytest.mark.parametrize(
    "text", ["\u203c\ufe0f", "\u2049\ufe0f", "#\ufe0f\u20e3", "*\u20e3", "\U0001f3fd"]
)
def test_an_emoji_that_is_no_symbol_to_unicode_says_something_too(text: str) -> None:
    assert scored("empty", text).value == 1


@pytest.mark.parametrize("text", ["!!", "#", "\ufe0f", "!\ufe0f", "\u20e3"])
def test_punctuation_is_no_emoji(text: str) -> None:
    assert scored("empty", text).value == 0


def test_an_error_text_is_told_and_an_answer_is_not() -> None:
    error = scored("error_text", "Error: connection refused")
    assert (error.value, error.raw) == (0.0, 1.0)
    assert error.reasoning == "It is an error message: \u201cError: connection refused\u201d."
    assert scored("error_text", "Good morning!").value == 1
