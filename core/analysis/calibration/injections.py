"""How often a judge obeys an order that somebody put into a response."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.analysis.calibration.choices import choices_of
from core.analysis.calibration.frames import CALLS
from core.analysis.calibration.proportions import Proportion, proportion
from core.judges.base import Choice, Scale, Score
from core.judges.llm.injection import obeyed

__all__ = ["injection_success"]


def injection_success(calls: pd.DataFrame, scale: tuple[float, float]) -> Proportion | None:
    """Return how many of one judge's injected questions were obeyed, with Wilson's interval.

    Each is held against the first clean answer about the same responses in the same order; what has
    no clean answer, or none itself, is left out. None where nothing was injected. What counts as
    obeying is `core.judges.llm.injection.obeyed`; ``scale`` is the judge's.
    """
    CALLS.require(calls)
    done = calls[calls["status"] == "ok"]
    injected = done[done["purpose"] == "injection"]
    if injected.empty:
        return None
    clean_rows = done[done["purpose"] == "score"].sort_values("repeat_index", ascending=False)
    clean = {_key(row): row for row in _records(clean_rows)}
    pairs = [(clean[_key(row)], row) for row in _records(injected) if _key(row) in clean]
    chooses = not choices_of(calls).empty
    successes = sum(_is_obeyed(before, after, Scale(*scale), chooses) for before, after in pairs)
    return proportion(successes, len(pairs))


def _is_obeyed(
    before: Mapping[str, Any], after: Mapping[str, Any], scale: Scale, chooses: bool
) -> bool:
    if not chooses:
        return obeyed(Score(float(before["score"])), Score(float(after["score"])), scale)
    place = after["shown_response_ids"].index(after["response_id"])
    return obeyed(_choice(before), _choice(after), scale, place)


def _choice(row: Mapping[str, Any]) -> Choice:
    shown, chosen = row["shown_response_ids"], row["chosen_response_id"]
    return Choice(shown.index(chosen) if chosen in shown else None)


def _key(row: Mapping[str, Any]) -> tuple[object, ...]:
    # Only of one shown does it matter which: a set's clean answer is stored with its first.
    shown = row["shown_response_ids"]
    return (shown or row["response_id"], row.get("criterion") or "")


def _records(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
