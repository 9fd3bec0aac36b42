"""Thoughts at the start of an answer are told from its text, wherever the stream is cut."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.providers.openai_api.thinking import ThinkSplitter

PIECES = st.sampled_from(["<think>", "</think>", "<", "think>", "</", " ", "\n", "Hello", "é", ""])


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ThinkSplitter()
    parts = [splitter.feed(piece) for piece in pieces] + [splitter.finish()]
    return "".join(text for text, _ in parts), "".join(thoughts for _, thoughts in parts)


@pytest.mark.parametrize(
    ("answer", "text", "thoughts"),
    [
        ("Hello", "Hello", ""),
        ("<think>Hm.</think>Hello", "Hello", "Hm."),
        ("\n<think>\nHm.\n</think>\n\nHello", "Hello", "\nHm.\n"),
        ("<think></think>Hello", "Hello", ""),
        ("<think>Hm, cut", "", "Hm, cut"),
        ("<think>a</think>b<think>c</think>", "b<think>c</think>", "a"),
        ("Say <think>no</think>", "Say <think>no</think>", ""),
        ("<thin ice", "<thin ice", ""),
        (" Hello", " Hello", ""),
        ("<", "<", ""),
        ("", "", ""),
    ],
)
def test_an_answer_is_its_text_and_its_thoughts(answer: str, text: str, thoughts: str) -> None:
    assert split([answer]) == (text, thoughts)
    assert split(list(answer)) == (text, thoughts)


def by_the_whole(answer: str) -> tuple[str, str]:
    """The same for an answer that is there at once."""
    if not (opened := re.match(r"\s*<think>", answer)):
        return answer, ""
    thoughts, _, text = answer[opened.end() :].partition("</think>")
    return text.lstrip(), thoughts


@given(st.lists(PIECES, max_size=12))
@example(["<think>", "</", "think", "</think>", "\n", "a"])
def test_it_does_not_matter_where_the_pieces_are_cut(pieces: list[str]) -> None:
    answer = "".join(pieces)
    assert split(pieces) == split(list(answer)) == by_the_whole(answer)
