"""One person under several names: the same platform id, or the same comments word for word."""

from collections import Counter

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    Parameter,
    Rule,
    Thresholds,
)
from core.rating.screening.words import count_words

_FEWEST_WORDS = 5
"""Shorter comments are written alike by different people."""


def _see(behaviour: Behaviour, context: Context, thresholds: Thresholds) -> Evidence:
    person = context.people.get(behaviour.session_id)
    if person is None:
        return Evidence(None, {}, "Not enough to say: nothing is known of this person.")
    earlier = {
        one.session_id
        for identity in person.identities
        for one in context.by_identity[identity]
        if one.order < person.order
    }
    shared = Counter(
        one.session_id
        for comment in person.comments
        if count_words(comment) >= _FEWEST_WORDS
        for one in context.by_comment[comment]
        if not one.identities & person.identities
    )
    copied = max(shared.values(), default=0)
    least = int(thresholds["comments"])
    return Evidence(
        bool(earlier) or copied >= least,
        {"earlier_sessions": len(earlier), "shared_comments": copied},
        f"The same platform id came with {len(earlier)} earlier sessions of this study, and "
        f"{copied} long comments stand word for word in one other person's session; the threshold "
        f"is {least} comments.",
    )


RULE = Rule(
    name="duplicate_people",
    title="Duplicate people",
    looks_at=(
        "Whether a platform id came before in any campaign of the study (the first session stays), "
        "and how many comments of five words and more another person wrote word for word."
    ),
    figure="shared_comments",
    figure_title="Long comments shared with one other person",
    threshold="comments",
    parameters=(Parameter("comments", "Flag from this many shared comments on", 2, 1, 100, 1),),
    see=_see,
)
