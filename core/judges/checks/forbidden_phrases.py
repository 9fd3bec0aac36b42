"""Forbidden phrases: 1 without any of them, 0 with one; ``raw`` is how often they occur.

Case, width and the length of spaces make no difference; a phrase counts only as whole words.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from pydantic import Field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import NOT_APPLICABLE, Check, counted, quoted


class ForbiddenPhrasesOptions(Options):
    """What must not be said."""

    phrases: tuple[str, ...] = Field(
        default=(),
        title="Forbidden phrases",
        description="Words or phrases that a response must not contain.",
    )


@dataclass(frozen=True)
class ForbiddenPhrases(Check):
    """Whether the response keeps clear of phrases that must not be said."""

    options: ForbiddenPhrasesOptions = field(default_factory=ForbiddenPhrasesOptions)
    name = "forbidden_phrases"
    label = "Forbidden phrases"
    rules = 1

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        patterns = _patterns(self.options.phrases)
        if not patterns:
            return Unscored(NOT_APPLICABLE, "No phrase is forbidden; set some in the options.")
        plain = _plain(response.text)
        counts = {phrase: len(pattern.findall(plain)) for phrase, pattern in patterns}
        said = {phrase: count for phrase, count in counts.items() if count}
        total = sum(said.values())
        return Score(
            value=0.0 if said else 1.0,
            raw=float(total),
            reasoning=(
                f"{counted(total, 'forbidden phrase')}: {', '.join(map(quoted, said))}."
                if said
                else "No forbidden phrase."
            ),
            details={"found": said},
        )


@lru_cache(maxsize=64)
def _patterns(phrases: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (phrase, re.compile(rf"(?<!\w){re.escape(_plain(phrase))}(?!\w)"))
        for phrase in phrases
        if phrase.strip()
    )


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


JUDGE = ForbiddenPhrases()
