"""Whether a text that raters read names a model: then its writer could be guessed or is told."""

import re
import unicodedata
from collections.abc import Iterable


def model_named_in(text: str, models: Iterable[str]) -> str | None:
    """The first name of a model that the text contains, however it is written there.

    Args:
        text: what raters are to read.
        models: full names, ``provider/model``. The model's part alone counts too, and that part
            without its tag (``llama2`` of ``llama2:7b``) where it has a digit and so is no word.
    """
    plain = _plain(text)
    names = sorted({name for model in models for name in _names(model)}, key=len, reverse=True)
    return next((name for name in names if _pattern(name).search(plain)), None)


def _names(model: str) -> Iterable[str]:
    yield model
    part = model.partition("/")[2]
    if part:
        yield part
    without_tag = part.partition(":")[0]
    if any(character.isdigit() for character in without_tag):
        yield without_tag


def _pattern(name: str) -> re.Pattern[str]:
    escaped = re.escape(_plain(name))
    if not name.isalpha():
        return re.compile(escaped)
    # A model may be called as a word begins: "phi" is not meant by "philosophy", but is by "phi3".
    return re.compile(rf"(?<![^\W\d_]){escaped}(?![^\W\d_])")


def _plain(text: str) -> str:
    """The text as a reader takes it: no case, no invisible characters, one kind of hyphen."""
    visible = (
        "-" if unicodedata.category(character) == "Pd" else character
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    return "".join(visible).casefold()
