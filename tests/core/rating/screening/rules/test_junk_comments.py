"""Comments that say nothing."""

import pytest

from tests.core.rating.screening.behaving import commented, seen

RULE = "junk_comments"
SHOWN = ("Say something nice.", "Congratulations on completing everything you set out to do today!")


@pytest.mark.parametrize(
    "comment",
    [
        "x", "aaaa", ".....", "👎👎", "д", "Б!", "asdf", "asdf12", "jkljkl hjkl", "qwertz", "dfd",
        "gfg fgg", "ASDFGH!!", "congratulations on completing EVERYTHING you set out", "👍",
    ],
)  # fmt: skip
def test_one_character_keyboard_mash_and_copies_are_junk(comment: str) -> None:
    evidence = seen(RULE, commented(comment, comment, "It is shorter.", texts=SHOWN))
    assert evidence.figures["junk_comments"] == 2
    assert evidence.flagged is True


@pytest.mark.parametrize(
    "comment",
    [
        "good", "B is better", "Short and precise", "It says “completing everything”, which is odd",
        "OK", "Sehr höflich", "更好", "好", "差", "네", "ดี", "हाँ", "10/10", "42", "5",
        "A+", "B-", "B>A", "Nr. 1", "Лучше", "rhythm", "typewriter", "أفضل",
    ],
)  # fmt: skip
def test_short_and_foreign_comments_are_not(comment: str) -> None:
    assert seen(RULE, commented(*[comment] * 3, texts=SHOWN)).figures["junk_comments"] == 0


def test_a_long_copy_is_junk_without_spaces_too() -> None:
    shown = "首先祝贺你今天完成了所有的任务，明天还有两件事。"  # noqa: RUF001  Chinese punctuation
    comments = ["首先祝贺你今天完成了所有的任务", "完成了任务", "写得很清楚"]
    assert seen(RULE, commented(*comments, texts=(shown,))).figures["junk_comments"] == 1


def test_two_comments_are_too_few() -> None:
    assert seen(RULE, commented("x", "x")).flagged is None
