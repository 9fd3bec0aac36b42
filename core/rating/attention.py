"""Who failed attention items. Pay depends on it, so all that ask are told by one function."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from core.rating.controls import is_right
from db.repositories.attention import AttentionAnswer
from db.tables import ControlKind


def attention_failures(answers: Iterable[AttentionAnswer]) -> Counter[str]:
    """``session id -> attention items that were answered otherwise than they asked``."""
    by_item: dict[str, list[AttentionAnswer]] = defaultdict(list)
    for answer in answers:
        by_item[answer.item_id].append(answer)
    return Counter(item[0].session_id for item in by_item.values() if _is_failed(item))


def _is_failed(item: list[AttentionAnswer]) -> bool:
    # Whoever said that they could not judge chose nothing, which is wrong here as well.
    values = {one.criterion: one.answer for one in item if one.answer is not None}
    first = item[0]
    right = is_right(ControlKind.ATTENTION, first.expected, values, is_second=first.is_second)
    return right is False
