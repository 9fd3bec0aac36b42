"""The same answer again and again."""

from itertools import groupby
from statistics import pstdev

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    ItemBehaviour,
    Parameter,
    Rule,
    Thresholds,
    mean_score,
    not_enough,
    share,
)

_FEWEST = 6


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    items = [item for item in behaviour.targets if item.scores or item.preferences]
    if len(items) < _FEWEST:
        return not_enough(len(items), _FEWEST, "answers")
    longest = max(len(list(run)) for _, run in groupby(items, key=_answer))
    scores = [score for item in items if (score := mean_score(item)) is not None]
    figures = {"longest_run_share": longest / len(items), "longest_run": float(longest)}
    words = f"{share(longest, len(items))} answers in a row were the same"
    is_flat = False
    if len(scores) >= _FEWEST:
        figures["score_sd"] = pstdev(scores)
        is_flat = figures["score_sd"] < thresholds["least_sd"]
        words += f", the scores' standard deviation was {figures['score_sd']:.2f}"
    return Evidence(
        figures["longest_run_share"] >= thresholds["share"] or is_flat,
        figures,
        f"{words}; the thresholds are {thresholds['share']:.0%} in a row and a standard deviation "
        f"of {thresholds['least_sd']:g}.",
    )


def _answer(item: ItemBehaviour) -> tuple[object, object]:
    return dict(item.scores), dict(item.preferences)


RULE = Rule(
    name="straight_lining",
    title="Straight-lining",
    looks_at=(
        "The longest run of equal answers, all criteria together, as a share of all answers, and "
        "for scores their standard deviation. Planted items are left aside."
    ),
    figure="longest_run_share",
    figure_title="Longest run of equal answers (share of all)",
    threshold="share",
    parameters=(
        Parameter("share", "Flag a run from this share on", 0.8, 0.1, 1, 0.05),
        Parameter("least_sd", "Flag a standard deviation below", 0.3, 0, 10, 0.1),
    ),
    see=_see,
)
