"""How well a response keeps limits of length, as the score of a check."""

from collections.abc import Sequence

from core.judges.base import Score, Unscored
from core.judges.checking import NOT_APPLICABLE, counted, quoted
from core.judges.text.limits import Limit


def kept(text: str, limits: Sequence[Limit], what: str) -> Score | Unscored:
    """The score of the limit that is kept worst; ``raw`` is what was counted for it.

    Args:
        text: the response.
        limits: what it should keep.
        what: the kind of limit, for the sentence where there is none.
    """
    if not limits:
        return Unscored(NOT_APPLICABLE, f"The prompt asks for no limit of {what}, and none is set.")
    counts = [limit.count(text) for limit in limits]
    scores = [limit.score_of(count) for limit, count in zip(limits, counts, strict=True)]
    worst = min(range(len(limits)), key=lambda place: scores[place])
    return Score(
        value=scores[worst],
        raw=float(counts[worst]),
        reasoning=_sentence(limits[worst], counts[worst], is_kept=scores[worst] == 1),
        details={
            "limits": [
                {
                    "unit": limit.unit.value,
                    "minimum": limit.minimum,
                    "maximum": limit.maximum,
                    "asked": limit.asked,
                    "count": count,
                }
                for limit, count in zip(limits, counts, strict=True)
            ]
        },
    )


def _sentence(limit: Limit, count: int, *, is_kept: bool) -> str:
    verdict = "which keeps" if is_kept else "which breaks"
    return f"{counted(count, limit.unit.value)}, {verdict} the limit {quoted(limit.asked)}."
