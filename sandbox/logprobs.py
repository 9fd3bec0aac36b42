"""Log-probabilities of an answer's tokens: a judge's number leans to all scores near its own."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.chance import seeded_random

MOST_ALTERNATIVES = 20
_FILLERS = (" the", " a", ",", ".", " and", " of", " to", " it", "\n", " is", " in", " with")
_LEAST = 1e-9


@dataclass(frozen=True)
class Leaning:
    """What a judge would answer how likely: its opinion before the throw that decides.

    `points` is the opinion on `low` to `high`, `noise` how far it strays (a standard deviation on
    the same scale); `labels` are the chances of the labels of several responses.
    """

    points: float = 0.0
    noise: float = 0.0
    low: float = 0.0
    high: float = 10.0
    labels: Mapping[str, float] = field(default_factory=dict)

    def chances(self, said: str) -> dict[str, float]:
        """Give the chances of all that could stand where `said` stands; empty for other words."""
        if said in self.labels:
            return dict(self.labels)
        if not said.isdigit() or not self.low <= int(said) <= self.high:
            return {}
        numbers = range(math.ceil(self.low), math.floor(self.high) + 1)
        chances = {str(number): self._chance(number) for number in numbers}
        return chances if chances[said] > _LEAST else {}

    def _chance(self, number: int) -> float:
        """How likely the noisy opinion is rounded to a number; what lies outside is cut off."""
        above = 1.0 if number + 0.5 > self.high else self._below(number + 0.5)
        below = 0.0 if number - 0.5 < self.low else self._below(number - 0.5)
        return above - below

    def _below(self, edge: float) -> float:
        spread = max(self.noise, 0.05) * math.sqrt(2)
        return (1 + math.erf((edge - self.points) / spread)) / 2


def labels_leaning(points: Mapping[str, float], noise: float) -> Leaning:
    """Lean to the labels of several responses by their points."""
    best = max(points.values())
    weights = {label: math.exp((one - best) / max(noise, 0.05)) for label, one in points.items()}
    whole = sum(weights.values())
    return Leaning(labels={label: weight / whole for label, weight in weights.items()})


def told(
    tokens: Sequence[str],
    leaning: Leaning | None,
    top: int,
    start: int = 0,
    stop: int | None = None,
) -> list[dict[str, Any]]:
    """Write tokens with their log-probabilities as both APIs do, `top` alternatives each."""
    places = range(start, len(tokens) if stop is None else stop)
    return [_told(tokens, place, leaning, top) for place in places]


def _told(tokens: Sequence[str], place: int, leaning: Leaning | None, top: int) -> dict[str, Any]:
    token = tokens[place]
    bare = token.strip()
    blank = token[: len(token) - len(token.lstrip())]
    is_verdict = leaning is not None and _is_value(tokens[:place])
    chances = leaning.chances(bare) if leaning is not None and is_verdict else {}
    if chances:
        likely = {blank + one: chance for one, chance in chances.items()}
    else:
        likely = _unquestioned(token, (*tokens[max(0, place - 3) : place], place))
    listed = sorted(likely.items(), key=lambda one: -one[1])[:top]
    return {
        **_one(token, likely[token]),
        "top_logprobs": [_one(text, chance) for text, chance in listed],
    }


def _is_value(before: Sequence[str]) -> bool:
    """Whether what comes next is a value: alone, or after a colon, a bracket or a quote."""
    last = next((one.strip() for one in reversed(before) if one.strip()), "")
    return last in ("", ":", "[", '"')


def _unquestioned(token: str, seed: Iterable[object]) -> dict[str, float]:
    """Give the chances of a word that is hardly in question."""
    chance = seeded_random("logprobs", token, *seed)
    sure = chance.uniform(0.75, 0.995)
    others = [one for one in chance.sample(_FILLERS, len(_FILLERS)) if one != token]
    return {token: sure} | {
        other: (1 - sure) * 0.5 ** (place + 1) for place, other in enumerate(others)
    }


def _one(token: str, chance: float) -> dict[str, Any]:
    logprob = round(math.log(max(chance, _LEAST)), 6)
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
