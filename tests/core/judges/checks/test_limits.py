"""The limits of length: 1 within, less and less beyond."""

import pytest

from tests.core.judges.checks.checking import scored, unscored

PROMPT = "Greet Sam in at most two sentences and no more than ten words."


def test_a_response_within_the_limit_is_perfect() -> None:
    score = scored("sentence_limit", "Morning, Sam! Have a good day.", PROMPT)
    assert (score.value, score.raw) == (1.0, 2.0)
    assert score.reasoning == (
        "2 sentences, which keeps the limit \u201cat most two sentences\u201d."
    )


def test_the_score_is_the_limit_over_the_count() -> None:
    sentences = scored("sentence_limit", "One. Two. Three. Four.", PROMPT)
    assert (sentences.value, sentences.raw) == (0.5, 4.0)
    words = scored("length_limit", " ".join(["word"] * 40), PROMPT)
    assert (words.value, words.raw) == (0.25, 40.0)
    [limit] = words.details["limits"]
    assert limit == {
        "unit": "word",
        "minimum": None,
        "maximum": 10,
        "asked": "no more than ten words",
        "count": 40,
    }


def test_a_response_that_is_too_short_breaks_the_limit_too() -> None:
    assert scored("sentence_limit", "One.", "Write 4-5 sentences.").value == 0.25


def test_of_several_limits_the_worst_kept_counts() -> None:
    score = scored("length_limit", "a b c d", "At most 2 words. Under 100 characters.")
    assert score.value == 0.5


@pytest.mark.parametrize("name", ["length_limit", "sentence_limit"])
def test_without_a_limit_there_is_nothing_to_check(name: str) -> None:
    found = unscored(name, "Anything.", "Greet Sam.")
    assert found.kind == "not_applicable"
    assert found.message.endswith("and none is set.")


def test_an_option_stands_above_the_prompt() -> None:
    assert scored("length_limit", "a b c d", PROMPT, maximum_words=2).value == 0.5
    assert scored("length_limit", "a b c d", PROMPT, maximum_characters=100).value == 1
    assert scored("sentence_limit", "A. B. C.", PROMPT, maximum_sentences=3).value == 1
