"""Whether a judge that chooses goes by where a response stands: from its raw choices."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from core.analysis.calibration.frames import CALLS, POSITION_COLUMNS
from core.analysis.calibration.proportions import Proportion, proportion
from core.analysis.frames import typed_frame

__all__ = ["OrderSwap", "choices_of", "position_shares", "swapped"]

_LEAST_SHOWN: Final = 2

Choice = tuple[tuple[str, ...], str | None]
"""What was shown, in order, and which one was chosen; None for a tie."""


@dataclass(frozen=True, slots=True)
class OrderSwap:
    """What came of questions that were asked in one order and in its reverse.

    Attributes:
        consistent: the same response was chosen both times, or none both times.
        flipped: another response was chosen.
        first_twice: of the flips, those in which the one shown first won both times.
        last_twice: of the flips, those in which the one shown last did.
        to_or_from_tie: a tie in one of the orders only.
    """

    consistent: Proportion
    flipped: Proportion
    first_twice: int
    last_twice: int
    to_or_from_tie: Proportion


def choices_of(calls: pd.DataFrame) -> pd.DataFrame:
    """Return the finished choices among `CALLS`, ties too, without those with an injected order.

    ``calls`` are of judges that choose (`Shape.PAIR` or `Shape.SET` of `core.judges.base`): a
    comparer is shown two responses as well, and a tie names none, so the rows cannot tell.
    """
    CALLS.require(calls)
    done = calls[(calls["status"] == "ok") & (calls["purpose"] == "score")]
    return done[done["shown_response_ids"].map(len) >= _LEAST_SHOWN]


def position_shares(calls: pd.DataFrame) -> pd.DataFrame:
    """Return how often each position was chosen, by size of the question: `POSITION_COLUMNS`.

    Ties are left out. Orders are drawn or shown both ways, so every position holds good and bad
    responses alike, and an even judge chooses each equally often.
    """
    chosen: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for shown, choice in _read(choices_of(calls)):
        if choice in shown:
            chosen[len(shown)][shown.index(choice)] += 1
    rows = [
        {
            "shown": size,
            "position": position + 1,
            "chosen": counts[position],
            "choices": counts.total(),
            **proportion(counts[position], counts.total()).row(),
            "by_chance": 1 / size,
        }
        for size, counts in sorted(chosen.items())
        for position in range(size)
    ]
    return typed_frame(rows, POSITION_COLUMNS)


def swapped(calls: pd.DataFrame) -> OrderSwap | None:
    """Return what came of asking in both orders; None where no question was asked in both."""
    pairs = list(_in_both_orders(calls))
    if not pairs:
        return None
    ties = sum((one is None) != (other is None) for (_, one), (_, other) in pairs)
    same = sum(one == other for (_, one), (_, other) in pairs)
    flips = [pair for pair in pairs if None not in (pair[0][1], pair[1][1])]
    flips = [pair for pair in flips if pair[0][1] != pair[1][1]]
    return OrderSwap(
        consistent=proportion(same, len(pairs)),
        flipped=proportion(len(flips), len(pairs)),
        first_twice=sum(all(shown[0] == one for shown, one in pair) for pair in flips),
        last_twice=sum(all(shown[-1] == one for shown, one in pair) for pair in flips),
        to_or_from_tie=proportion(ties, len(pairs)),
    )


def _read(choices: pd.DataFrame) -> Iterator[Choice]:
    for row in choices.to_dict("records"):
        chosen = row["chosen_response_id"]
        is_tie = pd.isna(chosen) or not chosen
        yield tuple(row["shown_response_ids"]), None if is_tie else str(chosen)


def _in_both_orders(calls: pd.DataFrame) -> Iterator[Sequence[Choice]]:
    """Yield the two choices of each question that was put in an order and in its reverse."""
    criterion = calls["criterion"].fillna("") if "criterion" in calls.columns else ""
    keyed = calls.assign(asked_about=criterion)
    chosen = choices_of(keyed)
    for _, rows in chosen.groupby(["judge_id", "asked_about", "repeat_index"]):
        by_order: defaultdict[tuple[str, ...], list[Choice]] = defaultdict(list)
        for choice in _read(rows):
            by_order[choice[0]].append(choice)
        for shown, there in by_order.items():
            # Each pair of orders once, whichever of the two comes first by name.
            if shown < shown[::-1]:
                yield from zip(there, by_order.get(shown[::-1], []), strict=False)
