"""The same answer again and again."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
    not_enough,
    share,
)
from db.tables import Preference

_FEWEST = 6


def _see(behaviour: Behaviour, context: Context, thresholds: Thresholds) -> Evidence:
    answered = _by_criterion(behaviour.targets)
    by_criterion = [one for one in answered if len(one) >= _FEWEST]
    if not by_criterion:
        most = max(map(len, answered), default=0)
        return not_enough(most, _FEWEST, "answers to a criterion")
    # One criterion that changes is enough to show that somebody looked, so it speaks for all.
    answers = min(by_criterion, key=lambda one: _longest_run(one) / len(one))
    run = _longest_run(answers)
    figures = {"longest_run_share": run / len(answers), "longest_run": float(run)}
    words = f"{share(run, len(answers))} answers in a row were the same"
    is_flat = False
    scores = [[value for value in one if isinstance(value, int)] for one in by_criterion]
    spread = max((pstdev(one) for one in scores if len(one) >= _FEWEST), default=None)
    if spread is not None:
        figures["score_sd_share"] = spread / context.scale_range
        is_flat = figures["score_sd_share"] < thresholds["least_sd_share"]
        words += (
            f", the scores' standard deviation was {spread:.2f} points, "
            f"{figures['score_sd_share']:.1%} of the scale's range"
        )
    if len(by_criterion) > 1:
        words += ", on the criterion where they changed most"
    return Evidence(
        figures["longest_run_share"] >= thresholds["share"] or is_flat,
        figures,
        f"{words}; the thresholds are {thresholds['share']:.0%} in a row and a standard deviation "
        f"of {thresholds['least_sd_share']:.1%} of the range.",
    )


def _by_criterion(items: Iterable[ItemBehaviour]) -> list[list[int | Preference]]:
    """The answers to each criterion, in the order of the items."""
    answers: defaultdict[str, list[int | Preference]] = defaultdict(list)
    for item in items:
        given: dict[str, int | Preference] = {**item.scores, **item.preferences}
        for criterion, answer in given.items():
            answers[criterion].append(answer)
    return list(answers.values())


def _longest_run(answers: Sequence[object]) -> int:
    return max(len(list(run)) for _, run in groupby(answers))


RULE = Rule(
    name="straight_lining",
    title="Straight-lining",
    looks_at=(
        "The longest run of equal answers as a share of all answers, and for scores their standard "
        "deviation as a share of the scale's range, both on the criterion where the answers change "
        "most. Planted items are left aside."
    ),
    figure="longest_run_share",
    figure_title="Longest run of equal answers (share of all)",
    threshold="share",
    parameters=(
        Parameter("share", "Flag a run from this share on", 0.8, 0.1, 1, 0.05),
        Parameter(
            "least_sd_share",
            "Flag a standard deviation below (share of the scale's range)",
            0.03,
            0,
            0.5,
            0.01,
        ),
    ),
    see=_see,
)
