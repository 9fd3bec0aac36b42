"""Items answered faster than their words can be read."""

from tests.core.rating.screening.behaving import seen, session

RULE = "minimum_time"


def test_long_texts_need_longer_than_short_ones() -> None:
    fast = {"active_ms": 5000, "words_shown": 100}
    slow = {"active_ms": 5000, "words_shown": 50}
    assert seen(RULE, session(fast, fast, slow)).flagged is True
    evidence = seen(RULE, session(fast, slow, slow))
    assert evidence.flagged is False
    assert evidence.figures == {"fast_share": 1 / 3, "fast_items": 1}


def test_the_reading_speed_can_be_set() -> None:
    items = session(*[{"active_ms": 10_000, "words_shown": 100}] * 3)
    assert seen(RULE, items).flagged is False
    assert seen(RULE, items, words_per_minute=300).flagged is True


def test_an_item_without_a_time_is_not_fast() -> None:
    timed = [{"active_ms": 60_000, "words_shown": 10}] * 3
    evidence = seen(RULE, session(*timed, *[{"words_shown": 500}] * 9))
    assert evidence.figures["fast_share"] == 0
    assert seen(RULE, session(*timed[:2])).flagged is None
