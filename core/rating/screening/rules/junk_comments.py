"""Comments that say nothing: one character, fingers on the keyboard, or a copy of the page."""

import re

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

_FEWEST = 3
_FEWEST_COPIED = 6
"""A copy of fewer words may be a quotation."""
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop")
_ROW_LENGTH = 4
_LATIN = re.compile(r"[a-zà-öø-ÿ]+")
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
        f"{share(junk, len(written))} comments are one character, keyboard mash or a copy of the "
        f"text shown; the threshold is {least:.0%}.",
    )


def _is_junk(item: ItemBehaviour) -> bool:
    comment = plain_comment(item.comment)
    letters = [character for character in comment if character.isalpha()]
    return len(set(letters)) < 2 or _is_mash(comment) or _is_copied(comment, item.shown_texts)


def _is_mash(comment: str) -> bool:
    """Whether every word is a run of neighbouring keys, or Latin letters without a vowel."""
    words = re.findall(r"[^\W\d_]+", comment)
    return all(_is_run_of_keys(word) or _has_no_vowel(word) for word in words)


def _is_run_of_keys(word: str) -> bool:
    runs = (word[start : start + _ROW_LENGTH] for start in range(len(word) - _ROW_LENGTH + 1))
    return any(run in row or run in row[::-1] for run in runs for row in _ROWS)


def _has_no_vowel(word: str) -> bool:
    # Other scripts, some of which write no vowels, are not judged by their letters.
    return bool(_LATIN.fullmatch(word)) and not _VOWELS.intersection(word)


def _is_copied(comment: str, shown_texts: tuple[str, ...]) -> bool:
    return len(comment.split()) >= _FEWEST_COPIED and any(
        comment in plain_comment(text) for text in shown_texts
    )


RULE = Rule(
    name="junk_comments",
    title="Junk comments",
    looks_at=(
        "The share of comments without content: a single character, neighbouring keys, letters "
        "without a vowel, or six words and more copied from the page."
    ),
    figure="junk_share",
    figure_title="Share of junk comments",
    threshold="share",
    parameters=(Parameter("share", "Flag a share from", 0.5, 0.05, 1, 0.05),),
    see=_see,
)
