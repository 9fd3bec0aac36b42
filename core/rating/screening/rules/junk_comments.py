"""Comments that say nothing: one character, fingers on the keyboard, or a copy of the page."""

import re
import unicodedata

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    ItemBehaviour,
    Parameter,
    Rule,
    Thresholds,
    not_enough,
    plain_comment,
    share,
)
from core.rating.screening.words import count_words

_FEWEST = 3
_FEWEST_COPIED = 6
"""A copy of fewer words may be a quotation."""
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop")
_ROW_LENGTH = 4
_LATIN = re.compile(r"[a-zà-öø-ÿ]{3,}")
"""Shorter ones without a vowel are abbreviations, like “Nr”."""
_SIGNS = frozenset("+-\u2212<>=")
"""What makes a grade or a comparison of a letter: “A+”, “B>A”."""
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿ")


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    written = [item for item in behaviour.items if item.comment.strip()]
    if len(written) < _FEWEST:
        return not_enough(len(written), _FEWEST, "comments")
    junk = sum(_is_junk(item) for item in written)
    least = thresholds["share"]
    return Evidence(
        junk / len(written) >= least,
        {"junk_share": junk / len(written), "junk_comments": junk},
        f"{share(junk, len(written))} comments are one letter or sign, keyboard mash or a copy of "
        f"the text shown; the threshold is {least:.0%}.",
    )


def _is_junk(item: ItemBehaviour) -> bool:
    comment = plain_comment(item.comment)
    return _says_nothing(comment) or _is_mash(comment) or _is_copied(comment, item.shown_texts)


def _says_nothing(comment: str) -> bool:
    """Whether it is one letter or signs only. A number, and a letter of a script without capitals,
    which may be a word or a syllable, say something.
    """
    written = unicodedata.normalize("NFC", comment)
    if any(one.isnumeric() or unicodedata.category(one) == "Lo" for one in written):
        return False
    letters = {one for one in written if one.isalpha()}
    return not letters or len(letters | _SIGNS.intersection(written)) < 2


def _is_mash(comment: str) -> bool:
    """Whether every word is a run of neighbouring keys, or Latin letters without a vowel."""
    words = re.findall(r"[^\W_]+", comment)
    return all(_is_run_of_keys(word) or _has_no_vowel(word) for word in words)


def _is_run_of_keys(word: str) -> bool:
    runs = (word[start : start + _ROW_LENGTH] for start in range(len(word) - _ROW_LENGTH + 1))
    return any(run in row or run in row[::-1] for run in runs for row in _ROWS)


def _has_no_vowel(word: str) -> bool:
    # Other scripts, some of which write no vowels, are not judged by their letters.
    return bool(_LATIN.fullmatch(word)) and not _VOWELS.intersection(word)


def _is_copied(comment: str, shown_texts: tuple[str, ...]) -> bool:
    return count_words(comment) >= _FEWEST_COPIED and any(
        comment in plain_comment(text) for text in shown_texts
    )


RULE = Rule(
    name="junk_comments",
    title="Junk comments",
    looks_at=(
        "The share of comments without content: a single letter or sign, neighbouring keys, "
        "letters without a vowel, or six words and more copied from the page."
    ),
    figure="junk_share",
    figure_title="Share of junk comments",
    threshold="share",
    parameters=(Parameter("share", "Flag a share from", 0.5, 0.05, 1, 0.05),),
    see=_see,
)
