"""How many words a text has, in scripts that put spaces between words and in those that do not."""

import re
from typing import Final

_UNSPACED: Final = (
    # Chinese and Japanese: Han characters and kana. Chinese has about 1.5 characters a word,
    # Japanese about 2.
    (
        re.compile(
            "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
            "\uff66-\uff9d\U00020000-\U0003ffff]"
        ),
        2,
    ),
    # Thai, Lao, Burmese and Khmer: alphabets, with about four signs a word.
    (re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"), 4),
)
"""Signs of scripts without spaces, and how many of them are taken for a word.

Both numbers are at the upper end: a text must not seem longer to read than it is.
"""
_SPACED: Final = re.compile(r"\S*\w\S*")


def count_words(text: str) -> int:
    """The words between spaces; of scripts that write none, like Chinese or Thai, an estimate.

    What has no letter or digit, like a bullet, is no word.
    """
    words = 0
    for signs, signs_per_word in _UNSPACED:
        text, found = signs.subn(" ", text)
        words += -(-found // signs_per_word)
    return words + len(_SPACED.findall(text))
