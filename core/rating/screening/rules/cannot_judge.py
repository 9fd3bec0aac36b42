"""Saying again and again that one cannot judge."""

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

_FEWEST = 5


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    items = behaviour.targets
    if len(items) < _FEWEST:
        return not_enough(len(items), _FEWEST, "answers")
    without, most = sum(item.cannot_judge for item in items), thresholds["share"]
    return Evidence(
        without / len(items) > most,
        {"cannot_judge_share": without / len(items), "cannot_judge": without},
        f"“Cannot judge” was the answer to {share(without, len(items))} items; the threshold is "
        f"{most:.0%}.",
    )


RULE = Rule(
    name="cannot_judge",
    title="Cannot judge",
    looks_at="The share of items answered with “cannot judge”. Planted items are left aside.",
    figure="cannot_judge_share",
    figure_title="Share of “cannot judge”",
    threshold="share",
    parameters=(Parameter("share", "Flag a share above", 0.5, 0, 1, 0.05),),
    see=_see,
)
