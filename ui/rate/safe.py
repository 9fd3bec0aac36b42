"""Texts that somebody else wrote, made harmless for Streamlit's Markdown."""

import re

from ui.plain import plain

# The same as in assets/dom.js: control characters but newline and tab, and those that override or
# embed the writing direction.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile("\r\n?")


def visible(text: str) -> str:
    """``text`` with every character shown by its number that would hide or turn text around."""
    return _UNSEEN.sub(lambda one: f"[U+{ord(one[0]):04X}]", _LINE_ENDS.sub("\n", text))


def as_written(text: str) -> str:
    """``text`` to be shown as it is, without Markdown."""
    return plain(visible(text))


def as_markdown(text: str) -> str:
    """``text`` as Markdown without pictures: fetching one would tell its server who rates.

    Streamlit renders no HTML in it, nor links that are scripts.
    """
    # With the space, what would be a picture is a link at most.
    return visible(text).replace("![", "! [")
