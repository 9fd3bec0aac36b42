"""Choosing a side of the screen instead of a response."""

from scipy.stats import binomtest  # type: ignore[import-untyped]  # scipy ships no types

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    ItemBehaviour,
    Parameter,
    Rule,
    Thresholds,
    share,
)
from db.tables import Preference


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    sides = [side for item in behaviour.targets if (side := _side(item))]
    first, alpha = sum(side > 0 for side in sides), thresholds["alpha"]
    if not sides or 2 * 0.5 ** len(sides) >= alpha:
        return Evidence(
            None,
            {},
            f"Not enough to say: {len(sides)} comparisons with a choice, too few for any p value "
            f"below {alpha:g}.",
        )
    p_value = float(binomtest(first, len(sides)).pvalue)
    return Evidence(
        p_value < alpha,
        {"first_share": first / len(sides), "p_value": p_value, "choices": len(sides)},
        f"The response shown first was chosen {share(first, len(sides))} times (exact binomial "
        f"test, p = {p_value:.2g}); the threshold is p < {alpha:g}.",
    )


def _side(item: ItemBehaviour) -> int:
    """Above 0 where most criteria prefer the first; criteria of one item are not independent."""
    given = list(item.preferences.values())
    return given.count(Preference.FIRST) - given.count(Preference.SECOND)


RULE = Rule(
    name="position_bias",
    title="Position bias",
    looks_at=(
        "How often the response shown first was chosen in comparisons, against chance. It is fair "
        "only where sides are counterbalanced, as they are in campaigns here but not in imports. "
        "Planted items are left aside."
    ),
    figure="p_value",
    figure_title="p value of equal sides",
    threshold="alpha",
    parameters=(Parameter("alpha", "Flag a p value below", 0.01, 0.0001, 0.1, 0.001),),
    see=_see,
)
