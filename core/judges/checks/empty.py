"""Empty: whether anything is said at all; a gate.

A letter, a digit or a symbol such as an emoji says something. Spaces, invisible characters,
punctuation and the tokens that end a model's text do not. ``raw`` is the number of words.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from core.judges.base import JudgedResponse, Options, Score, Unscored
from core.judges.checking import Check, counted

_SPECIAL_TOKEN = re.compile(r"<\|[a-z_]{1,40}\|>|</?s>|\[/?INST\]|<(?:bos|eos|pad|unk)>")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_EMOJI_OF_PUNCTUATION = re.compile(
    "[\u203c\u2049\u3030\u303d]\ufe0f|[#*]\ufe0f?\u20e3|[\U0001f3fb-\U0001f3ff]"
)
"""Emoji that Unicode does not class as symbols: some punctuation, keycaps and colours of skin."""
_SYMBOLS = frozenset({"So", "Sm", "Sc"})


@dataclass(frozen=True)
class Empty(Check):
    """Whether the response says anything at all."""

    options: Options = field(default_factory=Options)
    name = "empty"
    label = "Empty"
    rules = 1
    is_gate = True

    def check(self, response: JudgedResponse) -> Score | Unscored:
        """See `core.judges.checking.Check.check`."""
        text = _SPECIAL_TOKEN.sub("", response.text)
        if _LETTER_OR_DIGIT.search(text) or _has_symbol(text):
            count = len(text.split())
            return Score(value=1.0, raw=float(count), reasoning=f"{counted(count, 'word')}.")
        return Score(value=0.0, raw=0.0, reasoning="The response says nothing.")


def _has_symbol(text: str) -> bool:
    is_symbol = any(unicodedata.category(character) in _SYMBOLS for character in text)
    return is_symbol or _EMOJI_OF_PUNCTUATION.search(text) is not None


JUDGE = Empty()
