"""What comes back from an item's page. It comes from outside, so its shape is checked here."""

import re
from dataclasses import dataclass
from typing import Any

from core.rating.refusals import Cause, RefusalError
from core.rating.views import Answer

_ITEM_ID = re.compile("[0-9a-f]{32}")
_LONGEST_MS = 7 * 24 * 3600 * 1000
_MOST_BLURS = 1_000_000
_MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class Given:
    """An answer, the item it is for, and the number of the press of the button."""

    item_id: str
    answer: Answer
    nonce: str


def given_answer(sent: Any) -> Given:
    """Read what the component sent.

    Times that cannot be are taken as not told; they are claims in any case.

    Raises:
        RefusalError: it is no answer to an item.
    """
    item_id = sent.get("item_id") if isinstance(sent, dict) else None
    if not isinstance(item_id, str) or not _ITEM_ID.fullmatch(item_id):
        raise RefusalError(Cause.OTHER_SESSION)
    cannot_judge = sent.get("cannot_judge") is True
    comment = sent.get("comment")
    return Given(
        item_id=item_id,
        nonce=nonce_of(sent),
        answer=Answer(
            values={} if cannot_judge else _values(sent.get("values")),
            cannot_judge=cannot_judge,
            comment=comment if isinstance(comment, str) else "",
            active_ms=_count(sent.get("active_ms"), _LONGEST_MS),
            hidden_ms=_count(sent.get("hidden_ms"), _LONGEST_MS),
            blur_count=_count(sent.get("blur_count"), _MOST_BLURS),
        ),
    )


def nonce_of(sent: Any) -> str:
    """The number of the press of the button, to be given back with a refusal."""
    nonce = sent.get("nonce") if isinstance(sent, dict) else None
    return nonce[:64] if isinstance(nonce, str) else ""


def _values(sent: Any) -> dict[str, int | str]:
    if not isinstance(sent, dict) or len(sent) > _MOST_VALUES:
        raise RefusalError(Cause.VALUE_MISSING)
    for value in sent.values():
        # True is an int to Python, but no score.
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise RefusalError(Cause.VALUE_NOT_ON_SCALE)
    return {str(key): value for key, value in sent.items()}


def _count(sent: Any, most: int) -> int | None:
    if isinstance(sent, bool) or not isinstance(sent, int) or not 0 <= sent <= most:
        return None
    return sent
