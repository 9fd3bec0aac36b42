"""A mean score by probabilities is taken where they are seen and clear, and nowhere else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.asking import reading
from core.judges.base import Score, UnparsableReplyError, configured
from core.judges.methods.comparer_nr import JUDGE as COMPARER_NR
from core.judges.methods.scorer import JUDGE as SCORER
from core.providers.base import FailureKind, ProviderError, TokenAlternatives
from tests.core.judges.llm.helping import reply, score_of, task, token, token_of

ONE = task("A response.")
JUDGE = configured(COMPARER_NR, {"score_from": "probabilities"})
HEAD = (token('{"'), token("score"), token('":'))
END = token("}")


def parsed(text: str, *tokens: TokenAlternatives, **options: Any) -> Score:
    judge = configured(COMPARER_NR, {"score_from": "probabilities"} | options)
    return score_of(judge, reply(text, tokens), ONE)


def refusal(text: str, *tokens: TokenAlternatives) -> str:
    with pytest.raises(UnparsableReplyError) as raised:
        parsed(text, *tokens)
    return str(raised.value)


def test_the_score_is_the_mean_by_the_probabilities_of_its_token() -> None:
    read = parsed('{"score": 7}', *HEAD, token_of(" 7", {" 7": 0.5, " 8": 0.25, " 10": 0.25}), END)
    assert read.value == pytest.approx(0.5 * 7 + 0.25 * 8 + 0.25 * 10)
    assert read.details["probability_mass"] == pytest.approx(1)
    assert read.details["sampled_score"] == 7


def test_what_is_no_score_of_the_scale_is_left_out_and_the_rest_made_whole() -> None:
    chances = {" 7": 0.6, "7": 0.1, " 3": 0.2, " 11": 0.05, " seven": 0.03, " 10": 0.02}
    read = parsed('{"score": 7}', *HEAD, token_of(" 7", chances), END)
    assert read.value == pytest.approx((0.7 * 7 + 0.2 * 3 + 0.02 * 10) / 0.92)
    assert read.details["probability_mass"] == pytest.approx(0.92)


def test_too_little_probability_on_the_scale_is_refused() -> None:
    spread = {" 7": 0.5, " 8": 0.2, " great": 0.3, " 10": 0.01}
    said = refusal('{"score": 7}', *HEAD, token_of(" 7", spread), END)
    assert "leaves 29% of the probability to what is no score of the scale" in said


def test_no_probabilities_are_refused_and_the_reply_is_not_taken_instead() -> None:
    for read in (JUDGE.parse, lambda replied, about: reading(JUDGE, about, replied)):
        with pytest.raises(ProviderError) as raised:
            read(reply('{"score": 7}'), ONE)
        assert raised.value.kind is FailureKind.INVALID_REQUEST
        assert str(raised.value) == (
            "The model tells no probabilities of its tokens; read the score from the reply instead."
        )


def test_a_ten_in_two_tokens_is_refused_with_the_mend() -> None:
    split = (token("1", n1=0.9, n9=0.1), token("0", n0=1.0))
    said = refusal('{"score":10}', *HEAD, *split, END)
    assert "does not have its score in one token, so use a scale of 0 to 9" in said


def test_a_one_that_may_have_become_ten_is_refused_with_the_mend() -> None:
    said = refusal('{"score":1}', *HEAD, token("1", n1=0.7, n2=0.3), END)
    assert "may have begun a longer number with its 1, so use a scale of 0 to 9" in said


def test_a_one_is_clear_on_a_scale_without_a_ten() -> None:
    tokens = (*HEAD, token("1", n1=0.7, n2=0.3), END)
    assert parsed('{"score":1}', *tokens, scale_maximum=9).value == pytest.approx(1.3)


def test_a_one_is_clear_where_ten_could_have_been_one_token() -> None:
    tokens = (*HEAD, token("1", n1=0.7, n2=0.29, n10=0.01), END)
    assert parsed('{"score":1}', *tokens).value == pytest.approx(1.38)


def test_a_little_that_may_have_become_ten_does_no_harm() -> None:
    tokens = (*HEAD, token("7", n7=0.9, n8=0.08, n1=0.02), END)
    read = parsed('{"score":7}', *tokens)
    assert read.value == pytest.approx((0.9 * 7 + 0.08 * 8) / 0.98)
    assert read.details["probability_mass"] == pytest.approx(0.98)


def test_the_score_is_found_after_reasons_whose_tokens_are_no_text() -> None:
    judge = configured(SCORER, {"score_from": "probabilities"})
    text = '{"reasoning": "Nice 👍 of \\"score\\": 3", "score": 7}'
    head, tail = '{"reasoning": "Nice ', ' of \\"score\\": 3", "score":'
    pieces = (
        token("a thought that was taken out"),
        token(head),
        token("bytes:\\xf0\\x9f"),
        token("bytes:\\x91\\x8d"),
        token(tail),
        token_of(" 7", {" 7": 0.5, " 8": 0.5}),
        token("}\n"),
    )
    assert score_of(judge, reply(text, pieces), ONE).value == pytest.approx(7.5)


def test_a_score_that_cannot_be_found_among_the_tokens_is_refused() -> None:
    assert "one token" in refusal('{"score": 7}', token("something"), token("else"))
    assert "one token" in refusal('{"score": 7.0}', *HEAD, token_of(" 7.0", {" 7.0": 1.0}), END)
    assert "one token" in refusal('{"sc\\u006fre": 7}', token('{"sc\\u006fre": 7}'))


def test_a_last_line_has_probabilities_too() -> None:
    tokens = (token("Score"), token(":"), token_of(" 7", {" 7": 0.5, " 8": 0.5}))
    assert parsed("Score: 7", *tokens, output="text").value == pytest.approx(7.5)


def test_only_by_probabilities_the_model_is_asked_for_them() -> None:
    assert JUDGE.request(ONE, "model").top_logprobs == 20
    assert COMPARER_NR.request(ONE, "model").top_logprobs is None
    assert JUDGE.configuration() != COMPARER_NR.configuration()


@given(st.lists(st.floats(0.001, 1), min_size=11, max_size=11), st.integers(0, 10))
def test_the_mean_lies_on_the_scale_among_the_numbers_that_were_likely(
    weights: list[float], sampled: int
) -> None:
    chances = {f" {n}": weight / sum(weights) for n, weight in enumerate(weights)}
    text = json.dumps({"score": sampled})
    read = parsed(text, *HEAD, token_of(f" {sampled}", chances), END)
    expected = sum(n * weight for n, weight in enumerate(weights)) / sum(weights)
    assert read.value == pytest.approx(expected)
    assert 0 <= read.value <= 10
    assert read.details["probability_mass"] == pytest.approx(1)
