"""Small reading tools: tokens, sentences and the words that carry meaning."""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"\s*(?:\w{1,8}(?!\w)|\w{5})|\s*[^\w\s]|\s+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_FULL_STOPS = (".", "!", "?", '."', '!"', '?"', ".)", "!)", "?)")

STOP_WORDS = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can could did do does doing down during each either else even every few for
    from further get give given go had has have having he her here hers him his how i if in into is
    it its itself just keep last let like make many may me might more most much must my myself no
    nor not now of off on once one only or other our ours out over own per please said same say says
    shall she should so some such than that the their theirs them then there these they this those
    through to today too under until up upon us very want wants was we were what when where which
    while who whom why will with within without would yet you your yours
    """.split()  # noqa: SIM905 - a list of a hundred quoted words is harder to read
)


def split_tokens(text: str) -> list[str]:
    """Cut a text into token-like pieces, about 1.3 a word, that join to the very same text."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """Count the pieces that `split_tokens` makes."""
    return len(split_tokens(text))


def split_sentences(text: str) -> list[str]:
    """Cut a text after full stops, question and exclamation marks that a space follows."""
    return [part for part in _SENTENCE_END.split(text.strip()) if part]


def plain_words(text: str) -> list[str]:
    """List the words of a text in order, in lower case, without punctuation."""
    return [word.lower() for word in _WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """List the stems of the words that carry meaning, in order."""
    return [
        _stem(word)
        for word in plain_words(text)
        if word not in STOP_WORDS and (len(word) > 2 or word.isdigit())
    ]


def ends_properly(text: str) -> bool:
    """Tell whether the last sentence of a text is finished."""
    return text.rstrip().endswith(_FULL_STOPS)


def word_overlap(left: Iterable[str], right: Iterable[str]) -> float:
    """Measure shared words from 0 (none) to 1 (all): the harmonic mean of both shares."""
    first, second = set(left), set(right)
    if not first or not second:
        return 0.0
    return 2 * len(first & second) / (len(first) + len(second))


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) >= len(ending) + 3:
            return word.removesuffix(ending)
    return word
