"""Items answered faster than anybody reads them."""

from core.rating.screening.base import (
    Behaviour,
    Context,
    Evidence,
    Parameter,
    Rule,
    Thresholds,
    not_enough,
    share,
    timing_note,
)

_FEWEST = 3


def _see(behaviour: Behaviour, _context: Context, thresholds: Thresholds) -> Evidence:
    timed = [item for item in behaviour.items if item.time_ms is not None]
    if len(timed) < _FEWEST:
        return not_enough(len(timed), _FEWEST, "items with a time")
    ms_per_word = 60_000 / thresholds["words_per_minute"]
    fast = sum((item.time_ms or 0) < item.words_shown * ms_per_word for item in timed)
    most = thresholds["share"]
    return Evidence(
        fast / len(timed) > most,
        {"fast_share": fast / len(timed), "fast_items": fast},
        f"{share(fast, len(timed))} items took less time than their words need at "
        f"{thresholds['words_per_minute']:g} words a minute; the threshold is {most:.0%}."
        + timing_note(behaviour.items),
    )


RULE = Rule(
    name="minimum_time",
    title="Faster than reading",
    looks_at=(
        "The share of items whose active time is too short for the words of the responses; the "
        "task is not counted. Of scripts without spaces two signs (Chinese, Japanese) or four "
        "(Thai, Lao, Burmese, Khmer) are taken for a word. Adults read about 240 words a minute "
        "silently (Brysbaert 2019)."
    ),
    figure="fast_share",
    figure_title="Share of items answered faster than they can be read",
    threshold="share",
    parameters=(
        Parameter("share", "Flag a share above", 0.5, 0, 1, 0.05),
        Parameter("words_per_minute", "Words a minute that nobody reads", 700, 100, 3000, 50),
    ),
    see=_see,
)
