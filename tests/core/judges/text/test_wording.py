"""Sentences and words are cut where a reader would, within what the rules can know."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.text.wording import paragraphs, sentences, tokens, words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Hello Dr. Smith. How are you?", ["Hello Dr. Smith.", "How are you?"]),
        ("It is 3.5 l, e.g. Milk. Good!", ["It is 3.5 l, e.g. Milk.", "Good!"]),
        ("Wait... What? No!", ["Wait...", "What?", "No!"]),
        ("Hi Sam,\n- Drink.\n2. Walk a bit.\n\nBye", ["Hi Sam,", "Drink.", "Walk a bit.", "Bye"]),
        ("\u5f88\u597d\u3002\u8d70\u5427\uff01", ["\u5f88\u597d\u3002", "\u8d70\u5427\uff01"]),
        ("He said \u201cStop.\u201d Then he left.", ["He said \u201cStop.\u201d", "Then he left."]),
        ("one thing. and another", ["one thing. and another"]),
        ("... --- \n\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_sentences_are_cut(text: str, cut: list[str]) -> None:
    assert sentences(text) == cut


def test_words_need_a_letter_or_digit() -> None:
    assert words("One - two, 3 \u2026 !") == ["One", "two,", "3"]
    assert tokens("It\u2019s Well-known: \u6771\u4eac") == [
        "it\u2019s",
        "well-known",
        "\u6771",
        "\u4eac",
    ]


def test_paragraphs_are_parted_by_blank_lines() -> None:
    assert paragraphs("One\nstill one\n \nTwo\n\n\n--\n") == ["One\nstill one", "Two"]


@given(st.text())
def test_no_letter_is_lost_in_sentences(text: str) -> None:
    assert sum(map(len, sentences(text))) <= len(text)
    assert all(one == one.strip() for one in sentences(text))


@pytest.mark.parametrize("piece", ["A. ", "!", '"', "word ", '. "', "a.b", "Dr. "])
def test_an_enormous_text_is_cut_at_once(piece: str) -> None:
    began_s = process_time()
    sentences(piece * 100_000)
    assert process_time() - began_s < 3
