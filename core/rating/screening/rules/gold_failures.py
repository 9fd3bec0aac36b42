"""Gold items answered wrongly."""

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

_FEWEST = 2


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    judged = behaviour.judged(ControlKind.GOLD)
    if len(judged) < _FEWEST:
        return not_enough(len(judged), _FEWEST, "gold items answered")
    wrong, most = judged.count(False), thresholds["share"]
    return Evidence(
        wrong / len(judged) > most,
        {"wrong_share": wrong / len(judged), "wrong": wrong},
        f"{share(wrong, len(judged))} gold items were answered wrongly; the threshold is "
        f"{most:.0%}.",
    )


RULE = Rule(
    name="gold_failures",
    title="Gold failures",
    looks_at="The share of gold items answered outside of what the researcher holds for right.",
    figure="wrong_share",
    figure_title="Share of gold items answered wrongly",
    threshold="share",
    parameters=(Parameter("share", "Flag a share above", 0.5, 0, 1, 0.05),),
    see=_see,
)
