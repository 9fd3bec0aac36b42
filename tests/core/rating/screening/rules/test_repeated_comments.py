"""The same comment again and again."""

from tests.core.rating.screening.behaving import commented, seen

RULE = "repeated_comments"


def test_up_to_three_in_ten_distinct_comments_are_too_few() -> None:
    evidence = seen(RULE, commented(*["good"] * 8, "Better structured", "Too long"))
    assert evidence.flagged is True
    assert evidence.figures == {"distinct_share": 0.3, "comments": 10}
    assert seen(RULE, commented(*["good"] * 7, "Clear", "Short", "Long")).flagged is False


def test_case_and_spaces_do_not_make_a_comment_distinct() -> None:
    assert seen(RULE, commented("Good  one", "good one", " GOOD one", "good\none")).flagged is True


def test_blank_comments_are_no_comments() -> None:
    assert seen(RULE, commented("good", "good", "good", " ", "")).flagged is None
    assert seen(RULE, commented()).flagged is None
