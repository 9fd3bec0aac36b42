"""A limit that a prompt asks for is found however it is worded, and nothing else is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.text.limits import Limit, Unit, limits_of


def found(prompt: str) -> list[tuple[str, int | None, int | None]]:
    return [(one.unit.value, one.minimum, one.maximum) for one in limits_of(prompt)]


@pytest.mark.parametrize(
    ("prompt", "limit"),
    [
        ("Answer in at most four sentences.", ("sentence", None, 4)),
        ("Write no more than 120 words.", ("word", None, 120)),
        ("Do not use more than 50 words.", ("word", None, 50)),
        ("Don\u2019t exceed 30 words.", ("word", None, 30)),
        ("It must not exceed two hundred words.", ("word", None, 200)),
        ("Explain it in 3-5 sentences.", ("sentence", 3, 5)),
        ("2\u20133 sentences, please.", ("sentence", 2, 3)),
        ("Use between 50 and 100 words.", ("word", 50, 100)),
        ("In one or two short sentences, greet Sam.", ("sentence", 1, 2)),
        ("Keep it under 500 characters.", ("character", None, 499)),
        ("A tweet (max. 280 characters).", ("character", None, 280)),
        ("Keep it to one paragraph.", ("paragraph", None, 1)),
        ("Reply with a single sentence.", ("sentence", None, 1)),
        ("Write a 100-word essay.", ("word", 80, 120)),
        ("Write about one hundred and fifty words.", ("word", 120, 180)),
        ("Give a one-sentence summary.", ("sentence", 1, 1)),
        ("Write three sentences about cats.", ("sentence", 3, 3)),
        ("Use exactly twenty-five words.", ("word", 25, 25)),
        ("Use 10 words or fewer.", ("word", None, 10)),
        ("Two sentences at most!", ("sentence", None, 2)),
        ("Write at least 1,200 words.", ("word", 1200, None)),
        ("Write not fewer than 3 sentences.", ("sentence", 3, None)),
        ("Word limit: 300", ("word", None, 300)),
        ("LIMIT YOUR REPLY TO 40 WORDS.", ("word", None, 40)),
    ],
)
def test_a_limit_is_found(prompt: str, limit: tuple[str, int | None, int | None]) -> None:
    assert found(prompt) == [limit]


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "Translate these five sentences.",
        "Find ten words that rhyme with cat.",
        "I have 3 words for you.",
        "Bullets of at most 20 words each.",
        "Each bullet has no more than 20 words.",
        "What happens in the first two sentences of the text?",
        "At most four apples.",
        "The deadline is in 24 hours, and there are 120 people.",
    ],
)
def test_what_is_no_limit_of_the_whole_is_left(prompt: str) -> None:
    assert found(prompt) == []


def test_several_limits_are_all_found_once_each() -> None:
    prompt = "In one sentence of at most 20 words. Remember: at most 20 words."
    assert found(prompt) == [("sentence", None, 1), ("word", None, 20)]


@given(st.text())
def test_no_prompt_breaks_the_search(prompt: str) -> None:
    for limit in limits_of(prompt):
        assert limit.minimum is not None or limit.maximum is not None


@given(st.integers(1, 200), st.integers(0, 200), st.integers(0, 5_000))
def test_the_score_falls_with_what_is_too_much_or_missing(low: int, more: int, count: int) -> None:
    limit = Limit(Unit.WORDS, low, low + more, "asked")
    score = limit.score_of(count)
    assert 0 <= score <= 1
    assert (score == 1) == (low <= count <= low + more)
    if count > low + more:
        assert limit.score_of(count + 1) < score
    if count < low:
        assert limit.score_of(count + 1) > score
