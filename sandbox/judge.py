"""Judge responses from what is given: facts covered, asked length kept, ended properly.

Some judges go by something else, so that it can be seen who finds that out.
"""

import random
import re
from dataclasses import dataclass

from sandbox.blocks import Case
from sandbox.models import JudgeBias
from sandbox.reading import Reading, read_prompt
from sandbox.text import FACTS_PER_SENTENCE
from sandbox.words import content_words, ends_properly, plain_words, split_sentences, word_overlap

# Two texts about the same facts share about this much of their words; more counts as the same.
_CLOSE_ENOUGH = 0.7
# Points on 0 to 10 the first of several responses gets for standing first, as judges do.
_FIRST_PLACE_BONUS = 0.2
# Responses nearer than this many points are a tie where a tie may be answered.
_TIE = 0.4
# Who likes length goes by it for this share, up to so many words.
_LENGTH_SHARE = 0.75
_MOST_WORDS = 150
_ORDER = re.compile(
    r"\bignor(?:e|iere)\b|\u5ffd\u7565|\b(?:highest|top)\b.{0,40}\b(?:score|scale|mark)|"
    r"\"score\"\s*:|^[^\w\n]*score\s*:|\bchoose this\b|\b(?:answer|give|score)\b.{0,30}\b10\b",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Manner:
    """How a judge judges: `noise` in points on 0 to 10, and what it goes by instead."""

    noise: float
    bias: JudgeBias = "none"


@dataclass(frozen=True)
class Findings:
    """What a judge counted in one response."""

    covered: int
    expected: int
    keeps_length: bool
    finished: bool
    repeats: bool
    closeness: float | None
    points: float


def examine(case: Case, response: str) -> Findings:
    """Count and weigh what a response does with its task; `points` run from 0 to 10."""
    task = read_prompt(case.task)
    sentences = split_sentences(response)
    covered, expected = _coverage(task, response)
    keeps_length = task.length.allows(len(sentences), len(response.split()))
    finished = ends_properly(response)
    repeats = len({sentence.lower() for sentence in sentences}) < len(sentences)
    closeness = None
    content = covered / expected if expected else 0.6
    if case.reference:
        shared = word_overlap(content_words(response), content_words(case.reference))
        closeness = min(1.0, shared / _CLOSE_ENOUGH)
        content = 0.3 * content + 0.7 * closeness
    points = 5.6 * content + 1.6 * keeps_length + 1.2 * finished + 0.8 * (not repeats)
    if closeness is not None and not case.task:
        points = 10 * closeness
    if not content_words(response):
        points = 0.0
    return Findings(covered, expected, keeps_length, finished, repeats, closeness, points)


def opinion(case: Case, response: str, bias: JudgeBias) -> float:
    """Say what a judge thinks of a response on 0 to 10, before its noise."""
    if bias == "random":
        return 5.0
    if bias == "gullible" and _ORDER.search(response):
        return 10.0
    points = examine(case, response).points
    if bias == "length":
        long = min(1.0, len(response.split()) / _MOST_WORDS)
        points = _LENGTH_SHARE * 10 * long + (1 - _LENGTH_SHARE) * points
    return points


def score(case: Case, manner: Manner, chance: random.Random) -> float:
    """Rate the response on 0 to 10, as that judge does."""
    if manner.bias == "random":
        return chance.uniform(0, 10)
    points = opinion(case, case.rated.body, manner.bias) + chance.gauss(0, manner.noise)
    return min(10.0, max(0.0, points))


def best_label(case: Case, manner: Manner, chance: random.Random, *, may_tie: bool = False) -> str:
    """Name the best of several responses by its label, or "tie" where that may be said."""
    labels = list(case.labelled)
    if manner.bias == "first":
        return labels[0]
    if manner.bias == "random":
        return chance.choice([*labels, *(["tie"] if may_tie else [])])
    orders = [label for label, block in case.labelled.items() if _ORDER.search(block.body)]
    if manner.bias == "gullible" and orders:
        return orders[0]
    points = {
        label: opinion(case, block.body, manner.bias) + chance.gauss(0, manner.noise)
        for label, block in case.labelled.items()
    }
    points[labels[0]] += _FIRST_PLACE_BONUS
    ranked = sorted(points, key=lambda label: points[label], reverse=True)
    if may_tie and len(ranked) > 1 and points[ranked[0]] - points[ranked[1]] < _TIE:
        return "tie"
    return ranked[0]


def explain(case: Case, chance: random.Random) -> str:
    """Say in a few sentences what was counted in the rated response."""
    found = examine(case, case.rated.body)
    sentences = [_about_content(found, chance), _about_length(found, chance)]
    if found.repeats:
        sentences.append("It repeats itself.")
    if found.closeness is not None:
        sentences.append(_about_closeness(found.closeness))
    return " ".join(sentences)


def explain_choice(case: Case, label: str, chance: random.Random) -> str:
    """Say why one of several responses is the best."""
    block = case.labelled.get(label)
    if block is None:
        return "The responses are about equally good."
    found = examine(case, block.body)
    opening = chance.choice(("It takes up", "This one covers", "It brings in"))
    ending = "ends cleanly" if found.finished else "is still the most useful of them"
    return f"{opening} {found.covered} of the points in the task and {ending}."


def _coverage(task: Reading, response: str) -> tuple[int, int]:
    """Count the covered facts, and how many an answer of the asked length can be expected to."""
    words = set(content_words(response))
    covered = 0
    for fact in task.facts:
        # A fact of two letters has no content words: its plain ones must do.
        stems = set(content_words(fact.text)) or set(plain_words(fact.text))
        covered += bool(stems) and 2 * len(stems & words) >= len(stems)
    room = FACTS_PER_SENTENCE * (task.length.most_sentences or 4)
    expected = min(len(task.facts), room)
    return min(covered, expected), expected


def _about_content(found: Findings, chance: random.Random) -> str:
    if not found.expected:
        return "The task lists no points that could be counted."
    opening = chance.choice(("The response takes up", "It covers", "The text mentions"))
    points = "point" if found.expected == 1 else "points"
    return f"{opening} {found.covered} of the {found.expected} {points} one could expect."


def _about_length(found: Findings, chance: random.Random) -> str:
    length = "keeps to the asked length" if found.keeps_length else "does not keep the asked length"
    ending = "ends properly" if found.finished else "stops in the middle of a sentence"
    joint = "and" if found.keeps_length == found.finished else "but"
    return chance.choice((f"It {length} {joint} {ending}.", f"It {ending} {joint} {length}."))


def _about_closeness(closeness: float) -> str:
    if closeness > 0.8:
        return "Its meaning is very close to the reference."
    if closeness > 0.5:
        return "Its meaning is partly that of the reference."
    return "It says something else than the reference."
