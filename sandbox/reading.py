"""Read a prompt as a small model would: which facts it lists and how long an answer it asks."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sandbox.words import STOP_WORDS, split_sentences


class Kind(StrEnum):
    """What a fact is about, guessed from the heading above it."""

    DONE = "done"
    PLANNED = "planned"
    RECURRING = "recurring"
    GOAL = "goal"
    PLAIN = "plain"


@dataclass(frozen=True)
class Fact:
    """One thing the prompt names and an answer may take up."""

    text: str
    kind: Kind


@dataclass(frozen=True)
class Length:
    """The length a prompt asks for; None where it asks for nothing."""

    fewest_sentences: int | None = None
    most_sentences: int | None = None
    most_words: int | None = None

    def allows(self, sentences: int, words: int) -> bool:
        """Tell whether an answer of that size keeps to it."""
        return (
            sentences >= (self.fewest_sentences or 0)
            and (self.most_sentences is None or sentences <= self.most_sentences)
            and (self.most_words is None or words <= self.most_words)
        )


@dataclass(frozen=True)
class Reading:
    """What was understood of a prompt."""

    facts: tuple[Fact, ...]
    length: Length


# The first kind whose words occur in a heading wins, so the most telling come first.
_KIND_WORDS: tuple[tuple[Kind, str], ...] = (
    (Kind.DONE, r"complet|finish|\bdone\b|yesterday|achiev|accomplished|wrapped"),
    (Kind.RECURRING, r"recurring|ritual|routine|habit|\bdaily\b|regular"),
    (Kind.GOAL, r"\bgoal|objective|\baim|\btarget"),
    (Kind.PLANNED, r"\btask|\btoday|\bplan|to-do|todo|upcoming|schedul|agenda|\bnext\b|\bfocus"),
)
_KINDS = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in _KIND_WORDS)
_RULES = re.compile(r"\b(rules?|instructions?|guidelines?|requirements?|steps)\b", re.IGNORECASE)
_ABOUT_THE_ANSWER = r"\b(your (answer|response|reply)|sentences?|tone|words)\b"
_ANSWER_TALK = re.compile(_ABOUT_THE_ANSWER, re.IGNORECASE)
_ADVICE = re.compile(
    r"^(you are|you will|you write|imagine|pretend|act as|please|write|respond|reply|answer|use|"
    r"avoid|never|always|do not|don't|keep|make|give|generate|summari[sz]e|consider|reference|"
    r"refer|carefully|note that|based on|describe|explain|tell|be |rate|return|here (is|are)|"
    r"below)\b|" + _ABOUT_THE_ANSWER,
    re.IGNORECASE,
)
_QUESTION_KEY = re.compile(
    r"^(query|question|instructions?|answer|response|task|output|note|system|user)$", re.IGNORECASE
)
_BULLET = re.compile(r"^(?:[-*+\u2022\u2013]|\d{1,2}[.)])\s+")
_KEY_VALUE = re.compile(r"^([A-Za-z][\w' -]{1,40}):\s+(\S.*)$")
_RUN = re.compile(r"[^\W_][\w'\u2019&+/.-]*")
_CLAUSE_END = re.compile(r"[,;:()\"\u201c\u201d]|\s[-\u2013\u2014]\s")
_ORDERS = frozenset(
    """
    answer answers briefing concise describe explain following friendly generate message paragraph
    polite prompt provide query reference rate reply respond response sentence sentences short
    single statement statements summarise summarize summary tell text tone use word words write
    using two three four five six seven eight nine ten exactly most least maximum fewer less
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)


@lru_cache(maxsize=256)
def read_prompt(text: str) -> Reading:
    """Find the facts and the asked length in a prompt."""
    listed, prose = _read_lines(text)
    facts = _distinct(listed)
    if len(facts) < 3:
        facts = _distinct([*listed, *_prose_facts(prose)])
    return Reading(facts, read_length(text))


def kind_of(heading: str) -> Kind:
    """Guess from a heading what the facts under it are about."""
    # "Here are my tasks. These help my goals:" is about tasks: the first sentence leads.
    for part in (*split_sentences(heading)[:1], heading):
        for kind, words in _KINDS:
            if words.search(part):
                return kind
    return Kind.PLAIN


def _read_lines(text: str) -> tuple[list[Fact], list[str]]:
    """Sort the lines of a prompt into listed facts and prose."""
    facts: list[Fact] = []
    prose: list[str] = []
    section: Kind | None = None
    for raw in text.splitlines():
        line = raw.strip()
        if not re.search(r"\w", line):
            section = section if not line else None
            continue
        item = _BULLET.sub("", line)
        key_value = _KEY_VALUE.match(item)
        if line.endswith(":"):
            section = None if _RULES.search(line) else kind_of(line)
        elif key_value and not _ADVICE.search(item):
            facts += _key_value_facts(key_value[1], key_value[2], prose)
        elif (section is not None or item != line) and _is_item(item, section):
            facts.append(Fact(item, section or Kind.PLAIN))
        else:
            prose.append(_after_question_key(item, key_value))
    return facts, prose


def _after_question_key(line: str, key_value: re.Match[str] | None) -> str:
    if key_value and _QUESTION_KEY.match(key_value[1].strip()):
        return key_value[2]
    return line


def _is_item(line: str, section: Kind | None) -> bool:
    # Under "Planned:" a line like "Write the report" is a fact, elsewhere it is an order.
    orders = _ADVICE if section in (None, Kind.PLAIN) else _ANSWER_TALK
    return len(line.split()) <= 14 and not orders.search(line)


def _key_value_facts(key: str, value: str, prose: list[str]) -> list[Fact]:
    if _QUESTION_KEY.match(key.strip()):
        prose.append(value)
        return []
    parts = [part for part in re.split(r"[,;]\s+", value) if part.strip()]
    if any(len(part.split()) > 12 for part in parts):
        prose.append(value)
        return []
    return [Fact(part, kind_of(key)) for part in parts]


def _prose_facts(prose: Iterable[str]) -> list[Fact]:
    sentences = [
        part
        for line in prose
        for sentence in split_sentences(line)
        # "Summarise this: The customer says ..." tells something after the colon.
        for part in re.split(r":\s+", sentence, maxsplit=1)
    ]
    telling = [sentence for sentence in sentences if not _ADVICE.search(sentence)]
    return [
        Fact(phrase, kind_of(sentence))
        for sentence in telling or sentences
        for phrase in _phrases(sentence)
    ]


def _phrases(sentence: str) -> list[str]:
    """Cut a sentence at its small words and punctuation; what is left names things."""
    phrases: list[str] = []
    for clause in _CLAUSE_END.split(_ASKED.sub(" ", sentence)):
        run: list[str] = []
        for word in [*_RUN.findall(clause), ""]:
            plain = word.lower().strip(".'")
            if plain and plain not in STOP_WORDS and plain not in _ORDERS and len(run) < 4:
                run.append(word)
                continue
            if len(run) > 1 or len("".join(run)) >= 6:
                phrases.append(" ".join(run))
            run = []
    return phrases


def _distinct(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    found: dict[str, Fact] = {}
    for fact in facts:
        text = tidy(fact.text)
        if text:
            found.setdefault(text.lower(), Fact(text, fact.kind))
    return tuple(found.values())


def tidy(text: str) -> str:
    """Make a fact fit into a sentence: one line, at most 12 words, no full stop inside."""
    one_line = " ".join(text.split()[:12])
    return re.sub(r"[.!?]+(?=\W*(?:\s|$))", ",", one_line).strip(" .,;:!?-*_\u2022\"'`<>[](){}#|")


_NUMBERS = {
    word: number
    for number, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], start=1
    )
} | {"single": 1, "a": 1}
_NUMBER = r"(\d{1,3}|" + "|".join(_NUMBERS) + r")"
_LIMIT = r"(within|under|below|at most|no more than|not more than|up to|max(?:imum)?(?: of)?|"
_LIMIT += r"fewer than|less than|at least|in|exactly|about|around|roughly|limit(?:ed)? to)"
_ASKED = re.compile(
    rf"(?:\b{_LIMIT}\s+)?(?:an?\s+)?\b{_NUMBER}(?:\s*(?:-|\u2013|to|or|and)\s*{_NUMBER})?[\s-]+"
    r"(?:\w+[\s-]+)?(sentence|word)s?\b(\s+(?:or|at)\s+(?:less|fewer|most|max))?",
    re.IGNORECASE,
)
_BELOW = frozenset({"under", "below", "fewer than", "less than"})
_EXACT = frozenset({"in", "exactly", "about", "around", "roughly", ""})


def read_length(text: str) -> Length:
    """Find the asked length: "within 4 sentences", "in two sentences", "under 80 words"."""
    fewest = most = words = None
    for match in _ASKED.finditer(text):
        limit, low, high, unit, after = match.groups()
        first, last = _number(low), _number(high or low)
        limit = (limit or "").lower()
        if unit.lower() == "word":
            # "a few words" and the like are no limit; neither is "at least".
            if first > 1 and limit != "at least":
                words = last - 1 if limit in _BELOW else last
        elif limit == "at least":
            fewest, most = first, None
        elif after or (limit not in _EXACT and not high):
            fewest, most = None, max(1, last - 1 if limit in _BELOW else last)
        else:
            fewest, most = min(first, last), max(first, last)
    return Length(fewest, most, words)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[text.lower()]
