"""The median time per item: who clicks through has no time to read."""

from statistics import median

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    Parameter,
    Rule,
    Thresholds,
    not_enough,
    timing_note,
)

_FEWEST = 3


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    times = [item.time_ms for item in behaviour.items if item.time_ms is not None]
    if len(times) < _FEWEST:
        return not_enough(len(times), _FEWEST, "items with a time")
    seconds, least = median(times) / 1000, thresholds["seconds"]
    return Evidence(
        seconds < least,
        {"median_seconds": seconds},
        f"Half of the items took less than {seconds:.1f} s; the threshold is {least:g} s."
        + timing_note(behaviour.items),
    )


RULE = Rule(
    name="median_time",
    title="Median time per item",
    looks_at="The median of the active times of all items, planted ones included.",
    figure="median_seconds",
    figure_title="Median active time per item (s)",
    threshold="seconds",
    parameters=(Parameter("seconds", "Flag a median below (s)", 3, 0, 600, 0.5),),
    see=_see,
)
