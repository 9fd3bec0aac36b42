"""What an item's page sends is read strictly: it may come from anywhere."""

from typing import Any

import pytest

from core.rating.refusals import Cause, RefusalError
from ui.rate.answers import given_answer

ITEM_ID = "0123456789abcdef" * 2


def test_an_answer_is_read() -> None:
    sent = {"item_id": ITEM_ID, "nonce": "1", "values": {"quality": 7}, "comment": "Short."}
    given = given_answer({**sent, "active_ms": 900, "hidden_ms": -1, "blur_count": True})
    assert (given.item_id, given.nonce) == (ITEM_ID, "1")
    assert (given.answer.values, given.answer.comment) == ({"quality": 7}, "Short.")
    times = (given.answer.active_ms, given.answer.hidden_ms, given.answer.blur_count)
    assert times == (900, None, None)


@pytest.mark.parametrize(
    "item_id",
    [
        None, 7, ["x"], "", "a", "\x00", "\ud800", "x" * 2_000_000, ITEM_ID.upper(), ITEM_ID[1:],
        ITEM_ID + "\n", "\u0660" * 32,
    ],
    ids=lambda one: ascii(one)[:12],
)  # fmt: skip
def test_an_answer_to_what_cannot_be_an_item_is_refused(item_id: Any) -> None:
    with pytest.raises(RefusalError) as refused:
        given_answer({"item_id": item_id, "values": {"quality": 7}})
    assert refused.value.cause is Cause.OTHER_SESSION


@pytest.mark.parametrize("sent", [None, [], "text", 7])
def test_what_is_no_answer_at_all_is_refused(sent: Any) -> None:
    with pytest.raises(RefusalError):
        given_answer(sent)
