"""Facts: the share of what fills the prompt's placeholders that the response names.

A value's facts are its lines or items; a single line is cut at semicolons, at commas where it is
a list of short items, and otherwise into sentences. A fact is named where enough of its words occur
in the response, whatever their ending; a number must occur as it is. ``raw`` is how many are named.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from pydantic import Field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import NOT_APPLICABLE, Check, quoted
from core.judges.text.wording import sentences, tokens

_SHOWN = 20
_LONGEST_ITEM_WORDS = 6
_UNTOLD = frozenset(
    """
    a an and are as at be been by can do does for from had has have he her his i if in into is it
    its me my no nor not of on or our out she so than that the their them then there they this to
    up was we were what when which who will with would you your
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "ly", "s", "e", "y")
_SHORTEST_STEM = 3


class FactsOptions(Options):
    """When a fact counts as named."""

    share_of_words: float = Field(
        default=0.5,
        gt=0,
        le=1,
        title="Share of words",
        description="Which share of a fact's words must occur in the response.",
    )


@dataclass(frozen=True)
class Facts(Check):
    """Which share of the test case's facts the response names."""

    options: FactsOptions = field(default_factory=FactsOptions)
    name = "facts"
    label = "Facts"
    rules = 1

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        facts = _facts_of(tuple(response.facts.values()))
        if not facts:
            return Unscored(
                NOT_APPLICABLE, "Nothing fills the prompt's placeholders, so no fact can be missed."
            )
        said = _stems(response.text)
        missed = [
            fact
            for fact, stems in facts
            if len(stems & said) < self.options.share_of_words * len(stems)
        ]
        named = len(facts) - len(missed)
        return Score(
            value=named / len(facts),
            raw=float(named),
            reasoning=(
                f"Names {named} of {len(facts)} facts."
                if not missed
                else f"Names {named} of {len(facts)} facts; misses {quoted(missed[0])}"
                + (f" and {len(missed) - 1} more." if missed[1:] else ".")
            ),
            details={"facts": len(facts), "named": named, "missed": missed[:_SHOWN]},
        )


@lru_cache(maxsize=256)
def _facts_of(values: tuple[str, ...]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Each distinct fact with the stems of its words."""
    found = {fact: _stems(fact) for value in values for fact in _parts(value)}
    return tuple((fact, stems) for fact, stems in found.items() if stems)


def _parts(value: str) -> list[str]:
    lines = [line for line in value.splitlines() if line.strip()]
    if len(lines) != 1:
        return [" ".join(sentences(line)) for line in lines]
    line = lines[0]
    if ";" in line:
        return [part.strip() for part in line.split(";")]
    items = [part.strip() for part in re.split(r",(?:\s+and\b)?|\s+and\s+(?=[^,]*\Z)", line)]
    is_list = "," in line and all(len(item.split()) <= _LONGEST_ITEM_WORDS for item in items)
    return items if is_list else sentences(line)


def _stems(text: str) -> frozenset[str]:
    words = tokens(text)
    telling = [word for word in words if word not in _UNTOLD]
    return frozenset(map(_stem, telling or words))


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """The word without its ending: "reviewing" and "review" are one."""
    stem = word.removesuffix("'s").removesuffix("\u2019s")
    if not stem.isascii() or not stem.isalpha():
        return stem
    for ending in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= _SHORTEST_STEM:
            stem = stem.removesuffix(ending)
            break
    is_doubled = len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2] and stem[-1] not in "aeiouls"
    return stem[:-1] if is_doubled else stem


JUDGE = Facts()
