"""The stand-ins' log-probabilities: those of a judge's number tell what it would say on average."""

import json
import math
from statistics import fmean
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.logprobs import Leaning, labels_leaning, told
from tests.sandbox.examples import BRIEFING, SCORE_SCHEMA, rating_prompt

JUDGE = "stand-in-gpt-4"
KEY = {"authorization": "Bearer any"}


def body(**fields: Any) -> dict[str, Any]:
    prompt = rating_prompt(BRIEFING, "The budget slides are done.")
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCORE_SCHEMA}}
    message = {"role": "user", "content": prompt}
    return {"model": JUDGE, "messages": [message], "response_format": form, **fields}


def completed(base_url: str, **fields: Any) -> dict[str, Any]:
    answer = httpx.post(f"{base_url}/v1/chat/completions", json=body(**fields), headers=KEY)
    choice: dict[str, Any] = answer.raise_for_status().json()["choices"][0]
    return choice


def test_what_a_judge_says_on_average_is_what_its_chances_say(base_url: str) -> None:
    change = {"bad_judge_rate": 0, "time_to_first_token_ms": 0, "ms_per_token": 0}
    httpx.put(f"{base_url}/sandbox/models/{JUDGE}", json=change).raise_for_status()
    choice = completed(base_url, logprobs=True, top_logprobs=11, temperature=0)
    [number] = [one for one in choice["logprobs"]["content"] if one["token"].strip().isdigit()][-1:]
    chances = {int(one["token"]): math.exp(one["logprob"]) for one in number["top_logprobs"]}
    expected = sum(score * chance for score, chance in chances.items())
    scores = [
        json.loads(completed(base_url, seed=seed)["message"]["content"])["score"]
        for seed in range(60)
    ]
    assert sum(chances.values()) == pytest.approx(1, abs=1e-4)
    assert expected == pytest.approx(fmean(scores), abs=0.5)


def test_alternatives_are_only_told_where_they_are_asked_for_and_at_most_twenty(
    base_url: str,
) -> None:
    assert completed(base_url)["logprobs"] is None
    assert completed(base_url, logprobs=True)["logprobs"]["content"][0]["top_logprobs"] == []
    for wrong in ({"top_logprobs": 3}, {"logprobs": True, "top_logprobs": 21}):
        url = f"{base_url}/v1/chat/completions"
        refused = httpx.post(url, json=body(**wrong), headers=KEY)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "top_logprobs")


@given(st.floats(0, 10), st.floats(0, 5), st.integers(0, 10))
def test_the_chances_of_all_scores_are_one_together(points: float, noise: float, said: int) -> None:
    chances = Leaning(points, noise).chances(str(said))
    if chances:
        assert sum(chances.values()) == pytest.approx(1)
        assert set(chances) == {str(score) for score in range(11)}
    else:
        assert abs(said - points) > noise, "what is near the opinion always has a chance"


def test_labels_have_chances_by_their_points_and_other_words_have_none() -> None:
    leaning = labels_leaning({"A": 3.0, "B": 5.0}, 1.0)
    chances = leaning.chances("A")
    assert chances["B"] > chances["A"]
    assert sum(chances.values()) == pytest.approx(1)
    assert leaning.chances("because") == {}


def test_the_same_tokens_always_have_the_same_log_probabilities() -> None:
    tokens = ["Score", ":", " 7", "."]
    first, again = (told(tokens, Leaning(6.5, 1.0), 5) for _ in range(2))
    assert first == again
    assert told(tokens, Leaning(6.5, 1.0), 5, 2, 3) == first[2:3]
    assert [one["token"] for one in first] == tokens
    likeliest = [one["token"] for one in first[2]["top_logprobs"]][:2]
    assert set(likeliest) == {" 6", " 7"}


def test_a_broken_embedding_server_is_played_once(base_url: str) -> None:
    def sizes() -> list[int]:
        asked = {"model": "stand-in-embedding", "input": ["one", "two"]}
        answer = httpx.post(f"{base_url}/v1/embeddings", json=asked, headers=KEY).json()
        return [len(one["embedding"]) for one in answer["data"]]

    for how, expected in (
        ("dimension", [128, 128]),
        ("count", [256]),
        ("unequal", [256, 255]),
        ("empty", [0, 0]),
    ):
        fault = {"odd_embedding": {"how": how}}
        httpx.put(f"{base_url}/sandbox/faults", json=fault).raise_for_status()
        assert sizes() == expected
        assert sizes() == [256, 256]
    wrong = httpx.put(f"{base_url}/sandbox/faults", json={"odd_embedding": {"how": "close"}})
    assert wrong.status_code == 400
