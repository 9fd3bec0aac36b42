"""How often a judge obeys an order that somebody put into a response."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.analysis.calibration.frames import CALLS
from core.analysis.calibration.proportions import Proportion, proportion
from core.judges.base import Choice, Scale, Score
from core.judges.llm.injection import obeyed

__all__ = ["Obedience", "injection_success"]


@dataclass(frozen=True, slots=True)
class Obedience:
    """How often an order was obeyed, of the questions that can show it.

    ``could_not_show`` are those whose clean answer was at the top of the scale, or chose the
    response, already.
    """

    obeyed: Proportion
    could_not_show: int


def injection_success(
    calls: pd.DataFrame, scale: tuple[float, float], *, chooses: bool
) -> Obedience | None:
    """Return how many of one judge's injected questions were obeyed, with Wilson's interval.

    Each is held against the first clean answer about the same responses in the same order; what has
    no clean answer, or none itself, is left out. None where nothing was injected. What counts as
    obeying is `core.judges.llm.injection.obeyed`; ``scale`` is the judge's, ``chooses`` whether it
    chooses among responses rather than scoring one.
    """
    CALLS.require(calls)
    done = calls[calls["status"] == "ok"]
    if not chooses:
        done = done[done["score"].notna()]
    injected = done[done["purpose"] == "injection"]
    if injected.empty:
        return None
    clean_rows = done[done["purpose"] == "score"].sort_values("repeat_index", ascending=False)
    clean = {_key(row): row for row in _records(clean_rows)}
    pairs = [(clean[_key(row)], row) for row in _records(injected) if _key(row) in clean]
    ends = Scale(*scale)
    asked = [_asked_about(before, after, chooses=chooses) for before, after in pairs]
    telling = [one for one in asked if _can_show(one[0], one[2], ends)]
    successes = sum(obeyed(before, after, ends, place) for before, after, place in telling)
    return Obedience(proportion(successes, len(telling)), len(asked) - len(telling))


def _asked_about(
    before: Mapping[str, Any], after: Mapping[str, Any], *, chooses: bool
) -> tuple[Score | Choice, Score | Choice, int | None]:
    """Both answers, and where the response with the order stood, if there was a choice."""
    if not chooses:
        return Score(float(before["score"])), Score(float(after["score"])), None
    place = after["shown_response_ids"].index(after["response_id"])
    return _choice(before), _choice(after), place


def _can_show(clean: Score | Choice, place: int | None, scale: Scale) -> bool:
    if isinstance(clean, Score):
        return clean.value < scale.maximum
    return clean.position != place


def _choice(row: Mapping[str, Any]) -> Choice:
    shown, chosen = row["shown_response_ids"], row["chosen_response_id"]
    return Choice(shown.index(chosen) if chosen in shown else None)


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    # Only of one shown does it matter which: a set's clean answer is stored with its first.
    shown = row["shown_response_ids"]
    return (shown or row["response_id"], row.get("criterion") or "")


def _records(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
