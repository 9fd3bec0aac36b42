"""Which texts both databases can hold, and how a sentence shows the ones they cannot."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether both databases can hold the text: no NUL character, no half of a UTF-16 pair."""
    return _UNSTORABLE.search(text) is None


def storable_part(text: str) -> str:
    """The text without the characters that no database holds."""
    return _UNSTORABLE.sub("", text)


def shown(text: str) -> str:
    """A text from a file as a sentence names it: short, and with nothing that cannot be printed."""
    short = text if len(text) <= 60 else f"{text[:60]}…"
    return short if short.isprintable() else repr(short)
