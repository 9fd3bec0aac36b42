"""What the raters' pages say, in the campaign's language."""

import tomllib
from functools import cache
from pathlib import Path

from core.rating.design import LANGUAGES
from core.rating.refusals import Cause

FOLDER = Path(__file__).parent / "texts"
FALLBACK = "en"


class Texts:
    """The sentences of one language; each is known by its section and key."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._sections: dict[str, dict[str, str]] = tomllib.loads(
            (FOLDER / f"{language}.toml").read_text("utf-8")
        )

    def __call__(self, name: str, **fields: object) -> str:
        """The sentence ``section.key`` with its fields filled in."""
        section, key = name.split(".")
        text = self._sections[section][key]
        return text.format(**fields) if fields else text

    def section(self, name: str) -> dict[str, str]:
        """All sentences of a section, fields and all, for a page that fills them in itself."""
        return self._sections[name]

    def of_cause(self, cause: Cause) -> str:
        """Why a rater is refused."""
        return self._sections["cause"][cause.value]


@cache
def texts(language: str) -> Texts:
    """The sentences of a language, read once."""
    return Texts(language)


def preferred_language(accepted: str | None) -> str:
    """The language that a browser asks for first and that there is, or English.

    ``accepted`` is the header Accept-Language, whose entries come in the order of preference with
    every browser; its weights are not read.
    """
    for entry in (accepted or "")[:200].split(","):
        code = entry.split(";")[0].split("-")[0].strip().lower()
        if code in LANGUAGES:
            return code
    return FALLBACK
