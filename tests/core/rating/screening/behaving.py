"""How people behave in a session, made for the tests of screening rules."""

from collections.abc import Sequence
from typing import Any

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    ItemBehaviour,
    KnownBadComparison,
    Person,
)
from core.rating.screening.registry import rule_named

NOBODY_ELSE = Context()


def session(*items: dict[str, Any], gaps: Sequence[float] = ()) -> Behaviour:
    """A session with items of those values, in that order."""
    return Behaviour(
        "session",
        "rater",
        tuple(ItemBehaviour(position=number, **item) for number, item in enumerate(items)),
        tuple(KnownBadComparison(gap, "truncated") for gap in gaps),
    )


def seen(
    rule: str, behaviour: Behaviour, context: Context = NOBODY_ELSE, **thresholds: float
) -> Evidence:
    """What the rule of that name sees."""
    return rule_named(rule).evidence(behaviour, context, thresholds)


def scored(*values: int, **also: Any) -> Behaviour:
    """A session of those scores."""
    return session(*({"scores": {"quality": value}, **also} for value in values))


def commented(*comments: str, texts: tuple[str, ...] = ()) -> Behaviour:
    """A session of those comments."""
    return session(*({"comment": one, "shown_texts": texts} for one in comments))


def person(
    number: int, rater: str, *identities: str, comments: Sequence[str] = ()
) -> tuple[str, Person]:
    """Somebody with a session, as the context holds them."""
    name = f"session {number}"
    return name, Person(name, rater, number, frozenset({rater, *identities}), frozenset(comments))
