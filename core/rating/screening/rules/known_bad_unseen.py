"""Known-bad texts rated as high as the reference."""

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

_FEWEST = 3


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    gaps = [one.gap for one in behaviour.known_bad]
    if len(gaps) < _FEWEST:
        return not_enough(len(gaps), _FEWEST, "known-bad texts beside the reference")
    unseen, least = sum(gap <= 0 for gap in gaps), thresholds["share"]
    return Evidence(
        unseen / len(gaps) >= least,
        {"unseen_share": unseen / len(gaps), "unseen": unseen},
        f"{share(unseen, len(gaps))} known-bad texts were rated at least as high as the "
        f"reference; the threshold is {least:.0%}.",
    )


RULE = Rule(
    name="known_bad_unseen",
    title="Known-bad not seen",
    looks_at=(
        "The share of spoilt texts that were rated at least as high as the reference that they "
        "were made from. It speaks of the panel first: where nobody sees them, exclude nobody."
    ),
    figure="unseen_share",
    figure_title="Share of known-bad texts not seen",
    threshold="share",
    # Two of three, without the rounding of 2/3.
    parameters=(Parameter("share", "Flag a share from", 0.66, 0.05, 1, 0.01),),
    see=_see,
)
