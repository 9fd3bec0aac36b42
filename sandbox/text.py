"""Compose an answer from the facts of a prompt, better or worse as the quality says."""

import itertools
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.chance import seeded_random
from sandbox.phrases import SUPPORT, TEMPLATES, WANDERING, spoken
from sandbox.reading import Fact, Kind, Length, Reading, read_prompt
from sandbox.words import split_sentences

FACTS_PER_SENTENCE = 3
_MOST_SENTENCES = 40
_ORDER = tuple(Kind)


@dataclass(frozen=True)
class Clause:
    """Facts of one kind that one sentence, or half of one, takes up."""

    kind: Kind
    items: tuple[str, ...]


def compose(prompt: str, quality: float, seed: object, forbidden: Sequence[str] = ()) -> str:
    """Write an answer to `prompt`; the same arguments give the same text.

    `quality` runs from 0 to 1: how many of the facts are used, whether the asked length is kept,
    and how seldom the text wanders off, repeats itself or breaks off in its last sentence.
    Nothing listed in `forbidden` occurs in the text.
    """
    reading = read_prompt(withhold(prompt, forbidden))
    chance = seeded_random("compose", seed, prompt)
    wanted = _sentence_count(reading, chance)
    sentences = _faithful(reading, wanted, quality, chance)
    return withhold(" ".join(_spoil(sentences, quality, chance)), forbidden)


def padded(text: str, sentences: int) -> str:
    """Make a text longer without saying more."""
    return " ".join([text, *itertools.islice(itertools.cycle((*SUPPORT, *WANDERING)), sentences)])


def withhold(text: str, forbidden: Sequence[str]) -> str:
    """Take every forbidden name out of a text, however it is spelled in upper and lower case."""
    for name in forbidden:
        text = re.sub(re.escape(name), " ", text, flags=re.IGNORECASE)
    if forbidden:
        text = re.sub(r"stand-in[\w:.-]*", " ", text, flags=re.IGNORECASE)
    return text


def _sentence_count(reading: Reading, chance: random.Random) -> int:
    asked = reading.length
    if asked.most_sentences is not None:
        needed = -(-len(reading.facts) // FACTS_PER_SENTENCE)
        fewest = asked.fewest_sentences or max(1, asked.most_sentences - 1)
        # Who has much to say uses all the room there is.
        fewest = min(max(fewest, needed), asked.most_sentences)
        return min(chance.randint(fewest, asked.most_sentences), _MOST_SENTENCES)
    if asked.fewest_sentences is not None:
        return min(asked.fewest_sentences + chance.randint(0, 1), _MOST_SENTENCES)
    return chance.randint(3, 5)


def _faithful(reading: Reading, wanted: int, quality: float, chance: random.Random) -> list[str]:
    """Write the asked number of sentences with the share of facts that the quality allows."""
    usable = min(len(reading.facts), FACTS_PER_SENTENCE * wanted)
    share = chance.gauss(quality, 0.15 * (1 - quality))
    count = min(usable, max(1, round(usable * share)))
    careless = chance.random() > quality
    flavour = chance.random()
    while True:
        fresh = seeded_random("sentences", flavour)
        facts = _pick(reading.facts, count, fresh)
        sentences = _write(facts, wanted, fresh)
        if careless or _short_enough(sentences, reading.length):
            return sentences
        if count > 1:
            count -= 1
        elif wanted > (reading.length.fewest_sentences or 1):
            wanted -= 1
        else:
            return _shortened(sentences, reading.length.most_words or 1)


def _short_enough(sentences: Sequence[str], length: Length) -> bool:
    return length.most_words is None or len(" ".join(sentences).split()) <= length.most_words


def _shortened(sentences: Sequence[str], most_words: int) -> list[str]:
    """Cut words off the ends so that as many sentences as asked fit into the words allowed."""
    each = max(1, most_words // max(1, len(sentences)))
    return [" ".join(sentence.split()[:each]).rstrip(" .,;:!?") + "." for sentence in sentences]


def _pick(facts: Sequence[Fact], count: int, chance: random.Random) -> list[Fact]:
    """Choose facts at random and put them in the order of a briefing."""
    positions = sorted(chance.sample(range(len(facts)), min(count, len(facts))))
    return sorted((facts[position] for position in positions), key=lambda f: _ORDER.index(f.kind))


def _write(facts: Sequence[Fact], wanted: int, chance: random.Random) -> list[str]:
    groups = _group(facts, wanted)
    used: set[str] = set()
    sentences = [_sentence(group, used, chance) for group in groups]
    padding = chance.sample(SUPPORT, len(SUPPORT))
    missing = wanted - len(sentences)
    return sentences + [padding[number % len(padding)] for number in range(missing)]


def _group(facts: Sequence[Fact], wanted: int) -> list[list[Clause]]:
    """Share the facts out over at most `wanted` sentences of one or more clauses each."""
    by_kind: dict[Kind, list[str]] = {}
    for fact in facts:
        by_kind.setdefault(fact.kind, []).append(spoken(fact))
    clauses = [Clause(kind, tuple(items)) for kind, items in by_kind.items()]
    while clauses and (
        (len(clauses) < wanted and max(len(clause.items) for clause in clauses) > 1)
        or max(len(clause.items) for clause in clauses) > FACTS_PER_SENTENCE
    ):
        clauses = _split_longest(clauses)
    groups = [[clause] for clause in clauses]
    while len(groups) > wanted:
        sizes = [
            sum(len(clause.items) for clause in left + right)
            for left, right in itertools.pairwise(groups)
        ]
        smallest = sizes.index(min(sizes))
        groups[smallest : smallest + 2] = [groups[smallest] + groups[smallest + 1]]
    return groups


def _split_longest(clauses: list[Clause]) -> list[Clause]:
    longest = max(range(len(clauses)), key=lambda place: len(clauses[place].items))
    clause = clauses[longest]
    middle = (len(clause.items) + 1) // 2
    parts = [Clause(clause.kind, items) for items in (clause.items[:middle], clause.items[middle:])]
    return clauses[:longest] + parts + clauses[longest + 1 :]


def _sentence(group: Sequence[Clause], used: set[str], chance: random.Random) -> str:
    parts: list[str] = []
    for clause in group:
        choices = [template for template in TEMPLATES[clause.kind] if template not in used]
        template = chance.choice(choices or TEMPLATES[clause.kind])
        used.add(template)
        if parts:
            template = template[0].lower() + template[1:]
        parts.append(template.removesuffix(".").replace("{items}", _enumerate(clause.items)))
    return "; ".join(parts) + "."


def _enumerate(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _spoil(sentences: list[str], quality: float, chance: random.Random) -> list[str]:
    """Do to good sentences what weak models do to theirs; perfect quality changes nothing."""
    weakness = 1 - quality
    if chance.random() < 0.5 * weakness:
        place = chance.randrange(len(sentences))
        sentences = [*sentences[:place], chance.choice(WANDERING), *sentences[place + 1 :]]
    if chance.random() < 0.7 * weakness:
        extra = chance.sample(WANDERING, chance.randint(1, 3))
        sentences = sentences + [one for one in extra if one not in sentences]
    if chance.random() < 0.35 * weakness:
        sentences = [*sentences, chance.choice(sentences)]
    if chance.random() < 0.5 * weakness:
        sentences = [*sentences[:-1], _broken_off(sentences[-1], chance)]
    return sentences


def _broken_off(sentence: str, chance: random.Random) -> str:
    words = sentence.split()
    kept = max(1, int(len(words) * chance.uniform(0.4, 0.8)))
    return " ".join(words[:kept]).rstrip(" .,;:!?")


def used_facts(text: str, reading: Reading) -> int:
    """Count the facts of a prompt that a text takes up, as `compose` words them."""
    plain = text.lower()
    return sum(spoken(fact).lower() in plain for fact in reading.facts)


def sentence_count(text: str) -> int:
    """Count the sentences of a text, an unfinished last one included."""
    return len(split_sentences(text))
