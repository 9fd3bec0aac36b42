"""Words and sentences of a text, by rules that need no library.

The rules know their limits. Words are what spaces part, so Chinese, Japanese and Thai have few.
Sentences end at a full stop, question or exclamation mark before a space and something that begins
one, at the marks of Chinese and Japanese, and at every line break: a heading, a greeting and an
item of a list are sentences of their own. An abbreviation that is not in the list below, before a
capital letter, ends one too early.
"""

import re

_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof st sr jr vs etc no nos vol fig ca approx dept est gen gov inc ltd co corp
    e.g i.e a.m p.m u.s u.k ph.d cf al
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
_MARKER = re.compile(r"\A\s*(?:[-*\u2022\u2013\u2014#>|]+|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+")
_CLOSING = r"[\"'\u201d\u2019\u00bb)\]*_]*+"
_OPENING = r"[\"'\u201c\u2018\u00ab(\[*_]*+"
_END = re.compile(
    rf"(?<![.!?\u2026])[.!?\u2026]++{_CLOSING}\s++(?={_OPENING}[^\s.!?\u2026a-z])"
    r"|(?<![\u3002\uff01\uff1f])[\u3002\uff01\uff1f]++[\u300d\u300f\u201d\u2019)]*"
)
_LAST_WORD = re.compile(r"\w[\w.]*\Z")
_SAYS_SOMETHING = re.compile(r"[^\W_]")
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['\u2019-][^\W_]+)*")
_LONGEST_WORD = 40


def words(text: str) -> list[str]:
    """What spaces part, as far as it holds a letter or a digit."""
    return [word for word in text.split() if _SAYS_SOMETHING.search(word)]


def tokens(text: str) -> list[str]:
    """Words without case and punctuation; each Chinese or Japanese character by itself."""
    return _TOKEN.findall(text.casefold())


def sentences(text: str) -> list[str]:
    """The sentences, without the marks of list items."""
    found = [one for line in text.splitlines() for one in _of_line(_MARKER.sub("", line, count=1))]
    return [one for one in found if _SAYS_SOMETHING.search(one)]


def paragraphs(text: str) -> list[str]:
    """What blank lines part, as far as it holds a letter or a digit."""
    return [one.strip() for one in re.split(r"\n[^\S\n]*\n", text) if _SAYS_SOMETHING.search(one)]


def _of_line(line: str) -> list[str]:
    found: list[str] = []
    start = 0
    for end in _END.finditer(line):
        before = line[max(start, end.start() - _LONGEST_WORD) : end.start()]
        if line[end.start()] == "." and _is_abbreviation(before):
            continue
        found.append(line[start : end.end()].strip())
        start = end.end()
    return [*found, line[start:].strip()]


def _is_abbreviation(before: str) -> bool:
    last = _LAST_WORD.search(before)
    if last is None:
        return False
    word = last[0].casefold()
    # One letter is an initial ("J. Smith"), except the word "I".
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i")
