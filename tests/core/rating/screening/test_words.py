"""Words are counted in every script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.rating.screening.words import count_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Start with the budget.", 4),
        ("- Call the dentist\n- … –", 3),  # noqa: RUF001  a dash is meant
        ("Лучше и короче", 3),
        ("더 좋다", 2),
        ("好", 1),
        ("这个回答很好", 3),
        ("これはとても良い", 4),
        ("คำตอบนี้ดีมาก", 4),
        ("GPT 写得很清楚。", 4),
    ],
)
def test_words_of_scripts_with_and_without_spaces(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.text(), st.text())
def test_two_texts_have_as_many_words_as_both_or_an_estimates_rounding_fewer(
    one: str, other: str
) -> None:
    apart, together = count_words(one) + count_words(other), count_words(f"{one}\n{other}")
    assert apart - 2 <= together <= apart
