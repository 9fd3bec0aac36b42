"""Limits of length that a prompt asks for, in English: "at most four sentences", "50-100 words".

Only what is worded as a limit is one: "translate these five sentences" is none, and neither is what
holds for each part by itself ("20 words each"). A text that the prompt quotes, such as a mail to be
answered, is read with the rest; a limit in it is taken for the prompt's own.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from core.judges.text.numerals import NUMBER, number_of
from core.judges.text.wording import paragraphs, sentences, words


class Unit(StrEnum):
    """What is counted."""

    WORDS = "word"
    CHARACTERS = "character"
    SENTENCES = "sentence"
    PARAGRAPHS = "paragraph"


_COUNTERS: dict[Unit, Callable[[str], int]] = {
    Unit.WORDS: lambda text: len(words(text)),
    Unit.CHARACTERS: lambda text: len(text.strip()),
    Unit.SENTENCES: lambda text: len(sentences(text)),
    Unit.PARAGRAPHS: lambda text: len(paragraphs(text)),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """How many of a unit there may be, both ends included; ``asked`` is how that was worded."""

    unit: Unit
    minimum: int | None
    maximum: int | None
    asked: str

    def count(self, text: str) -> int:
        """How many of the unit the text has."""
        return _COUNTERS[self.unit](text)

    def score_of(self, count: int) -> float:
        """1 within the limit, ``maximum / count`` above it, ``count / minimum`` below it."""
        if self.maximum is not None and count > self.maximum:
            return self.maximum / count
        if self.minimum is not None and count < self.minimum:
            return count / self.minimum
        return 1.0


_APPROXIMATION = 0.2
"""How far "about 100 words" may be missed, as a share."""

_ADJECTIVES = (
    r"(?:(?:short|brief|concise|complete|full|simple|clear|long|plain|English|well-formed|total)"
    r"\s+)*"
)
_UNIT = r"(?P<unit>words?|characters?|chars?|sentences?|paragraphs?)\b"
_AMOUNT = (
    rf"(?:(?P<low>{NUMBER})\s*(?:[-\u2013\u2014]|to|or|and)\s*(?:to\s*-)?\s*)??"
    rf"(?P<number>{NUMBER})[\s-]+{_ADJECTIVES}{_UNIT}"
)
_NOT = r"(?:no|not|never|\w+n['\u2019]t)\s+(?:(?:to|be|use|write|exceed|make\s+it)\s+)?"
_AT_MOST = (
    rf"(?:at\s+(?:the\s+)?most|{_NOT}(?:more|longer)\s+than|up\s+to|"
    r"(?:a\s+)?(?:maximum|max\.?|limit)(?:\s+(?:length|limit))?(?:\s+(?:of|is|to)|\s*:)?|"
    rf"{_NOT}exceed|without\s+exceeding|within|"
    r"limit(?:ed)?\b[^.\n]{0,60}?\bto|keep\b[^.\n]{0,60}?\b(?:to|within))"
)
_LESS_THAN = r"(?:under|below|(?:less|fewer|shorter)\s+than)"
_AT_LEAST = (
    rf"(?:at\s+least|{_NOT}(?:less|fewer|shorter)\s+than|(?:a\s+)?minimum(?:\s+of|\s*:)?|min\.?)"
)
_MORE_THAN = r"(?:more\s+than|over|longer\s+than)"
_ABOUT = r"(?:about|around|approximately|approx\.?|roughly|circa|some|~)"
_EXACTLY = r"(?:(?:in\s+|of\s+)?(?:exactly|precisely))"
_WITH = (
    r"(?:in|using|with|only|just|between|length\s*:|be|\(|to|as|"
    r"(?:length|reply|answer|response|summary|message|paragraph|essay|story|poem|text)\s+of)"
)
_WRITE = r"(?:write|compose|produce|give\s+me)"
_LEADS = (
    ("less_than", _LESS_THAN),
    ("at_least", _AT_LEAST),
    ("at_most", _AT_MOST),
    ("more_than", _MORE_THAN),
    ("about", _ABOUT),
    ("exactly", _EXACTLY),
    ("within", _WITH),
    ("write", _WRITE),
)
_LEAD = "|".join(rf"(?P<{name}>{words_of})" for name, words_of in _LEADS)
_TAIL = (
    r"(?P<tail>\s*,?\s*(?:or\s+(?:less|fewer|under|shorter)|at\s+(?:the\s+)?most|max(?:imum)?\b|"
    r"(?P<tail_least>or\s+(?:more|longer)|at\s+least|minimum\b)))?"
)
_ASKED = re.compile(rf"(?<!\w)(?:(?:{_LEAD})\s*)?{_AMOUNT}{_TAIL}", re.IGNORECASE)
_OF_THE_WHOLE = re.compile(
    rf"\b(?P<unit>word|character|sentence)\s+(?:limit|count)(?:\s+(?:of|is)|\s*:)\s*"
    rf"(?P<number>{NUMBER})\b",
    re.IGNORECASE,
)
_EACH_BEFORE = re.compile(r"\b(?:each|per|every)\b[^.\n]{0,60}\Z", re.IGNORECASE)
_EACH_AFTER = re.compile(
    r"\W{0,3}(?:long\s+)?(?:each|per|apiece|(?:in|for|of)\s+(?:each|every|the|this|these|those))\b",
    re.IGNORECASE,
)
_HYPHENATED = re.compile(r"-\s*(?:words?|characters?|chars?|sentences?|paragraphs?)\Z", re.I)


@lru_cache(maxsize=256)
def limits_of(prompt: str) -> tuple[Limit, ...]:
    """The limits that the prompt asks for, each once, in its order."""
    return tuple(dict.fromkeys(_found(prompt)))


def _found(prompt: str) -> Iterator[Limit]:
    for match in _ASKED.finditer(prompt):
        if not _is_of_a_part(prompt, match):
            limit = _limit(match)
            if limit is not None:
                yield limit
    for match in _OF_THE_WHOLE.finditer(prompt):
        yield Limit(_unit(match["unit"]), None, number_of(match["number"]), _shown(match))


def _is_of_a_part(prompt: str, match: re.Match[str]) -> bool:
    before = prompt[max(0, match.start() - 80) : match.start()]
    after = prompt[match.end() : match.end() + 40]
    return bool(_EACH_BEFORE.search(before) or _EACH_AFTER.match(after))


def _limit(match: re.Match[str]) -> Limit | None:
    number = number_of(match["number"])
    low = number_of(match["low"]) if match["low"] else None
    ends = _ends(match, number, low)
    if ends is None or number == 0 or (low is not None and low > number):
        return None
    return Limit(_unit(match["unit"]), *ends, _shown(match))


def _ends(
    match: re.Match[str], number: int, low: int | None
) -> tuple[int | None, int | None] | None:
    """The least and the most that the words around a number mean; nothing where they set none."""
    groups = match.groupdict()
    if groups["tail_least"] or groups["at_least"]:
        return low or number, None
    if groups["tail"] or groups["at_most"]:
        return low, number
    if groups["less_than"]:
        return low, number - 1
    if groups["more_than"]:
        return number + 1, None
    unit = _unit(groups["unit"])
    is_prose = unit in (Unit.WORDS, Unit.CHARACTERS)
    is_adjective = _is_adjective(groups["unit"], match[0], number)
    if groups["about"] or (is_adjective and is_prose and not groups["exactly"]):
        return _approximately(low or number, number)
    if low is not None:
        return low, number
    if groups["exactly"] or is_adjective or (groups["write"] and not is_prose):
        return number, number
    return (None, number) if groups["within"] else None


def _is_adjective(unit: str, match: str, number: int) -> bool:
    """Whether it says what kind of text is wanted: "a 100-word essay", "a two sentence reply"."""
    return bool(_HYPHENATED.search(match)) or (number > 1 and not unit.lower().endswith("s"))


def _approximately(low: int, high: int) -> tuple[int, int]:
    return int(low * (1 - _APPROXIMATION)), -int(-high * (1 + _APPROXIMATION) // 1)


def _unit(written: str) -> Unit:
    singular = written.lower().removesuffix("s")
    return Unit.CHARACTERS if singular == "char" else Unit(singular)


def _shown(match: re.Match[str]) -> str:
    return " ".join(match[0].strip(" (").split())
