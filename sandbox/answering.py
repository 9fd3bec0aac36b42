"""Decide what a model answers to a request, and cut the answer to the asked tokens and stops."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.blocks import Case, find_case
from sandbox.chance import seeded_random
from sandbox.judge import Manner, opinion
from sandbox.judgment import (
    Verdict,
    asks_for_judgment,
    bad_reply,
    may_tie,
    reply,
    stated_scale,
    top_of_scale,
)
from sandbox.logprobs import Leaning, labels_leaning
from sandbox.models import ModelConfig
from sandbox.schema import fill
from sandbox.text import compose, padded, withhold
from sandbox.words import count_tokens, split_tokens

# What the chat template puts around each message, in tokens.
_TOKENS_PER_MESSAGE = 4
# As good as even chances for all scores from 0 to 10, in points.
_DICE_NOISE = 4.0


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request for text, whichever API it came by."""

    messages: tuple[tuple[str, str], ...]
    """Pairs of role and text, oldest first."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema the answer must fit."""
    wants_json: bool = False
    """Whether any JSON object will do."""
    temperature: float = 1.0
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    top_logprobs: int | None = None
    """How many alternatives of each token are to be told; None for none, not even its own."""

    @property
    def prompt_tokens(self) -> int:
        """How long the whole prompt is, in tokens."""
        return sum(count_tokens(text) + _TOKENS_PER_MESSAGE for _, text in self.messages)


@dataclass(frozen=True)
class Answer:
    """What a model says, as the tokens it is sent in."""

    tokens: tuple[str, ...]
    finish_reason: Literal["stop", "length"]
    judged: bool
    leaning: Leaning | None = None
    """What a judge thinks before the throw that decides, where it is asked for."""

    @property
    def text(self) -> str:
        """The tokens joined."""
        return "".join(self.tokens)


def answer(model: ModelConfig, ask: Ask, repeat: object, asked_before: int = 0) -> Answer:
    """Answer a request; `repeat` tells repeats apart when neither seed nor temperature fix it.

    `asked_before` is how often the very same was asked: even without chance a judge does not
    always say the same, as those on real servers do not.
    """
    if ask.seed is not None:
        seed: object = ("seed", ask.seed)
    else:
        seed = ("repeat", repeat) if ask.temperature > 0 else "greedy"
    writer = _Writer(model, ask, (model.name, seed), asked_before if seed == "greedy" else 0)
    text, judged = writer.write()
    for stop in ask.stop:
        text = text.partition(stop)[0] if stop else text
    tokens = split_tokens(text)
    if ask.max_tokens is not None and len(tokens) > ask.max_tokens:
        return Answer(tuple(tokens[: ask.max_tokens]), "length", judged, writer.leaning)
    return Answer(tuple(tokens), "stop", judged, writer.leaning)


@dataclass
class _Writer:
    model: ModelConfig
    ask: Ask
    seed: object
    asked_before: int
    forbidden: tuple[str, ...] = field(init=False)
    leaning: Leaning | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.forbidden = (self.model.name, self.model.digest, self.model.digest[:12])

    def write(self) -> tuple[str, bool]:
        """Give the text, and whether it is a judgment."""
        texts = [withhold(text, self.forbidden) for role, text in self.ask.messages if text]
        case = find_case(reversed(texts))
        instructions = "\n".join(texts)
        if case is not None and asks_for_judgment(instructions, self.ask.schema, case):
            again = (self.asked_before,) if self.asked_before else ()
            chance = seeded_random("judge", self.seed, instructions, *again)
            return self._judgment(case, instructions, chance), True
        if self.ask.schema or self.ask.wants_json:
            schema = self.ask.schema or {"properties": {"answer": {"type": "string"}}}
            values = _Prose(self, seeded_random("fill", self.seed, instructions))
            return json.dumps(fill(schema, values), ensure_ascii=False), False
        return self.prose("text"), False

    def prose(self, purpose: str) -> str:
        """Compose a text from what was asked last, minding the length the system asked for."""
        asked = [text for role, text in self.ask.messages if role in ("system", "user")]
        prompt = "\n\n".join(asked[-1:] if len(asked) > 3 else asked)
        text = compose(prompt, self.model.quality, (self.seed, purpose), self.forbidden)
        return padded(text, self.model.padding) if self.model.padding else text

    def _judgment(self, case: Case, instructions: str, chance: random.Random) -> str:
        bad = chance.random() < self.model.bad_judge_rate
        manner = Manner(self.model.judge_noise, self.model.judge_bias)
        ties = may_tie(instructions, self.ask.schema)
        verdict = Verdict(case, manner, chance, may_tie=ties)
        if self.ask.top_logprobs is not None:
            scale = stated_scale(instructions, self.ask.schema)
            self.leaning = _leaning(case, manner, *scale)
        good = reply(verdict, instructions, self.ask.schema, wants_json=self.ask.wants_json)
        if not bad:
            return good
        return bad_reply(good, top_of_scale(instructions, self.ask.schema), chance)


def _leaning(case: Case, manner: Manner, low: float, high: float) -> Leaning:
    """Say where a judge leans; who throws dice leans to everything."""
    bias = manner.bias
    noise = _DICE_NOISE if bias == "random" else manner.noise
    if len(case.responses) > 1:
        points = {label: opinion(case, one.body, bias) for label, one in case.labelled.items()}
        return labels_leaning(points, noise)
    step = (high - low) / 10
    points_here = opinion(case, case.rated.body, bias)
    return Leaning(low + step * points_here, step * noise, low, high)


class _Prose:
    """Fills a schema that asks for no judgment with composed text and middling values."""

    def __init__(self, writer: _Writer, chance: random.Random) -> None:
        self._writer = writer
        self._chance = chance

    def number(self, name: str, low: float, high: float) -> float:
        return self._chance.triangular(low, high, (low + high) / 2)

    def choice(self, name: str, options: Sequence[Any]) -> Any:
        return self._chance.choice(options)

    def text(self, name: str) -> str:
        return self._writer.prose(name)

    def truth(self, name: str) -> bool:
        return self._chance.random() < 0.5
