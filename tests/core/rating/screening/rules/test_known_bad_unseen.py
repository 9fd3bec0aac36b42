"""Known-bad texts rated as high as the reference."""

from tests.core.rating.screening.behaving import seen, session

RULE = "known_bad_unseen"


def test_two_of_three_not_seen_are_flagged() -> None:
    evidence = seen(RULE, session(gaps=[0.0, -2.0, 4.0]))
    assert evidence.flagged is True
    assert evidence.figures == {"unseen_share": 2 / 3, "unseen": 2}
    assert seen(RULE, session(gaps=[1.0, -2.0, 4.0])).flagged is False


def test_two_known_bad_texts_are_too_few() -> None:
    assert seen(RULE, session(gaps=[-1.0, -1.0])).flagged is None
