"""The mean score by the probabilities that a model gave to each number of the scale.

A single sampled score hides how sure the model was. Where the provider tells the likeliest tokens
in the place of the score, the mean over the scale's numbers is finer and strays less between
repeats. It is only taken where it means something: nearly all of the probability must be seen, and
every number must be one token.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.judges.base import UnparsableReplyError
from core.judges.llm.forms import unparsable
from core.providers.base import TokenAlternatives

TOP_LOGPROBS = 20
"""How many alternatives are asked for: the most that OpenAI tells, and more than 0 to 10 need."""
LEAST_MASS = 0.8
"""The probability that must be on the scale's numbers among the alternatives."""


@dataclass(frozen=True, slots=True)
class ExpectedScore:
    """The mean over the scale, and the probability that was seen on its numbers (at most 1)."""

    value: float
    mass: float


def expected_score(
    text: str,
    tokens: Sequence[TokenAlternatives],
    place: int | None,
    sampled: int,
    scale: range,
) -> ExpectedScore:
    """The mean of the scale's numbers by the probabilities of the token at ``place``.

    Args:
        text: the reply.
        tokens: its tokens with their alternatives, perhaps after others that are not in it.
        place: where the score stands in the text.
        sampled: the score that stands there.
        scale: the numbers that may be answered, worst first.

    Raises:
        UnparsableReplyError: the probabilities cannot be trusted.
    """
    token = _token_at(text, tokens, place)
    if token is None or token.text.strip() != str(sampled):
        raise _split(text, scale, "does not have its score in one token")
    chances = _chances(token, scale)
    unclear = _unclear(tokens, chances, scale)
    mass = sum(chance for number, chance in chances.items() if number not in unclear)
    if mass < LEAST_MASS:
        if mass + sum(chances[number] for number in unclear) >= LEAST_MASS:
            number = max(unclear, key=lambda one: chances[one])
            raise _split(text, scale, f"may have begun a longer number with its {number}")
        raise unparsable(
            text, f"leaves {1 - mass:.0%} of the probability to what is no score of the scale"
        )
    clear = {number: chance for number, chance in chances.items() if number not in unclear}
    mean = sum(number * chance for number, chance in clear.items()) / mass
    # Rounding must not lead off the scale.
    return ExpectedScore(min(max(mean, scale[0]), scale[-1]), min(mass, 1.0))


def _split(text: str, scale: range, what: str) -> UnparsableReplyError:
    mend = f", so use a scale of 0 to 9 instead of {scale[0]} to {scale[-1]}"
    return unparsable(text, what + mend)


def _token_at(
    text: str, tokens: Sequence[TokenAlternatives], place: int | None
) -> TokenAlternatives | None:
    """The token that holds the place, counted from the end of the reply.

    What comes before may be told otherwise: thoughts are taken out of the text, and a character
    in several tokens is no text in any of them.
    """
    joined = "".join(token.text for token in tokens).rstrip()
    tail = text[place:].rstrip()
    if place is None or not joined.endswith(tail):
        return None
    wanted = len(joined) - len(tail)
    end = 0
    for token in tokens:
        end += len(token.text)
        if end > wanted:
            return token
    return None


def _chances(token: TokenAlternatives, scale: range) -> dict[int, float]:
    """The probability of each number of the scale; a number with a blank before it is the same."""
    logprobs = {token.text: token.logprob, **dict(token.alternatives)}
    chances: dict[int, float] = {}
    for number in scale:
        found = [math.exp(one) for text, one in logprobs.items() if text.strip() == str(number)]
        if found:
            chances[number] = sum(found)
    return chances


def _unclear(
    tokens: Sequence[TokenAlternatives], chances: dict[int, float], scale: range
) -> set[int]:
    """The numbers with which a longer one may have begun, such as 1 where 10 is two tokens.

    A model that writes numbers of some length as one token anywhere in its reply, or could have,
    does so everywhere.
    """
    texts = {token.text.strip() for token in tokens}
    texts |= {text.strip() for token in tokens for text, _ in token.alternatives}
    longest = max(len(text) for text in texts if text.isdecimal())
    return {
        number
        for number in chances
        for longer in scale
        if longer != number and str(longer).startswith(str(number)) and len(str(longer)) > longest
    }
