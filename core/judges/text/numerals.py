"""Numbers as prompts write them: digits, and English words up to the thousands."""

import re

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = (
    {word: value for value, word in enumerate(_SMALL.split())}
    | {word: 10 * place for place, word in enumerate(_TENS.split(), start=2)}
    | {"single": 1, "dozen": 12}
)
_POWERS = {"hundred": 100, "thousand": 1000}

_WORD = "|".join(sorted([*_VALUES, *_POWERS], key=len, reverse=True))
NUMBER = (
    rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,7}}|(?:a\s+)?(?:{_WORD})"
    rf"(?:(?:\s+and\s+|[\s-]+)(?:{_WORD})){{0,6}})"
)
"""A regular expression for one number, to be searched without regard to case."""


def number_of(written: str) -> int:
    """The value of what `NUMBER` matched."""
    digits = written.replace(",", "")
    if digits.isdigit():
        return int(digits)
    total, current = 0, 0
    for word in re.findall(r"[a-z]+", written.lower()):
        if word in _VALUES:
            current += _VALUES[word]
        elif word in _POWERS:
            current = max(current, 1) * _POWERS[word]
            if word == "thousand":
                total, current = total + current, 0
    return total + current
