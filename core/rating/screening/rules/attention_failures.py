"""Attention items not answered as they say."""

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    Parameter,
    Rule,
    Thresholds,
    not_enough,
    share,
)
from db.tables import ControlKind


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    judged = behaviour.judged(ControlKind.ATTENTION)
    if not judged:
        return not_enough(0, 1, "attention items answered")
    failed, least = judged.count(False), int(thresholds["failures"])
    return Evidence(
        failed >= least,
        {"failures": failed},
        f"{share(failed, len(judged))} attention items were failed; the threshold is {least}.",
    )


RULE = Rule(
    name="attention_failures",
    title="Attention failures",
    looks_at=(
        "How many attention items were not answered as they say. Prolific lets a submission be "
        "rejected from two failures on, from one in studies under five minutes."
    ),
    figure="failures",
    figure_title="Failed attention items",
    threshold="failures",
    parameters=(Parameter("failures", "Flag from this many failures on", 2, 1, 50, 1),),
    see=_see,
)
