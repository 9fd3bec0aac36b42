"""Whether a text that raters read names a model: then its writer could be guessed or is told."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


def model_named_in(text: str, models: Iterable[str]) -> str | None:
    """The first name of a model that the text contains, however it is written there.

    Args:
        text: what raters are to read.
        models: full names, ``provider/model``. The model's part alone counts too, and that part
            without its tag (``llama2`` of ``llama2:7b``) where it has a digit and so is no word.
            Hyphens, underscores, dots, colons and slashes are all the same.
    """
    plain = _plain(text)
    for name, written in _searched(frozenset(models)):
        if written in plain and (not name.isalpha() or _as_word(written).search(plain)):
            return name
    return None


@lru_cache(maxsize=32)
def _searched(models: frozenset[str]) -> list[tuple[str, str]]:
    """The names, longest first, and how each is read."""
    found = {name for model in models for name in _names(model)}
    return [(name, _plain(name)) for name in sorted(found, key=lambda name: (-len(name), name))]


def _names(model: str) -> Iterable[str]:
    yield model
    part = model.partition("/")[2]
    if part:
        yield part
    without_tag = part.partition(":")[0]
    if any(character.isdigit() for character in without_tag):
        yield without_tag


def _as_word(written: str) -> re.Pattern[str]:
    # A model may be called as a word begins: "phi" is not meant by "philosophy", but is by "phi3".
    return re.compile(rf"(?<![^\W\d_]){re.escape(written)}(?![^\W\d_])")


class _AsRead(dict[int, str | None]):
    """Characters by number as a reader takes them, worked out when they first come."""

    def __missing__(self, number: int) -> str | None:
        character = chr(number)
        category = unicodedata.category(character)
        read: str | None = character
        if category == "Pd" or character in "_.:/":
            read = "-"
        elif category == "Cf":
            read = None
        self[number] = read
        return read


_AS_READ = _AsRead()


def _plain(text: str) -> str:
    """The text as a reader takes it: no case, no invisible characters, one kind of separator."""
    return unicodedata.normalize("NFKC", text).translate(_AS_READ).casefold()
