"""The stand-ins as judges."""

import json
from dataclasses import replace
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.answering import Ask, answer
from sandbox.blocks import find_case
from sandbox.models import DEFAULT_MODELS, ModelConfig
from sandbox.text import compose
from tests.sandbox.examples import BRIEFING, SCORE_SCHEMA, rating_prompt

JUDGE = replace(DEFAULT_MODELS[0], bad_judge_rate=0)
GOOD = compose(BRIEFING, 1.0, 1)
POOR = "Some people like coffee in the morning, while others prefer"


def ask(
    prompt: str, schema: dict[str, Any] | None, seed: int = 1, judge: ModelConfig = JUDGE
) -> str:
    request = Ask(
        messages=(("system", "You are a fair judge."), ("user", prompt)), schema=schema, seed=seed
    )
    reply = answer(judge, request, 1)
    assert reply.judged
    return reply.text


def mean_score(response: str, judge: ModelConfig = JUDGE) -> float:
    prompt = rating_prompt(BRIEFING, response)
    return fmean(json.loads(ask(prompt, SCORE_SCHEMA, seed, judge))["score"] for seed in range(60))


def test_a_good_answer_scores_higher_than_a_poor_one_on_average() -> None:
    assert mean_score(GOOD) > mean_score(POOR) + 3


def test_better_models_score_higher_on_average() -> None:
    scores = [
        fmean(mean_score(compose(BRIEFING, quality, seed)) for seed in range(12))
        for quality in (0.25, 0.6, 0.93)
    ]
    assert scores == sorted(scores)


def test_scores_of_one_response_vary_a_little_and_stay_on_the_scale() -> None:
    prompt = rating_prompt(BRIEFING, compose(BRIEFING, 0.5, 3))
    scores = [json.loads(ask(prompt, SCORE_SCHEMA, seed))["score"] for seed in range(60)]
    assert 1 < len(set(scores)) < 9
    assert all(0 <= score <= 10 for score in scores)


def test_the_reasoning_says_what_was_counted() -> None:
    reasoning = json.loads(ask(rating_prompt(BRIEFING, GOOD), SCORE_SCHEMA))["reasoning"]
    assert "10 of the 10 points" in reasoning


def test_a_schema_without_reasoning_gets_the_bare_score() -> None:
    schema = {
        "type": "object",
        "properties": {"score": {"type": "number", "minimum": 1, "maximum": 5}},
    }
    reply = json.loads(ask(rating_prompt(BRIEFING, GOOD), schema))
    assert list(reply) == ["score"]
    assert 1 <= reply["score"] <= 5


def test_closeness_to_a_reference_counts() -> None:
    def score(response: str) -> float:
        prompt = rating_prompt(BRIEFING, response) + f"\n<reference>{GOOD}</reference>"
        return fmean(json.loads(ask(prompt, SCORE_SCHEMA, seed))["score"] for seed in range(30))

    assert score(GOOD) > score(POOR) + 4


@pytest.mark.parametrize(
    "form",
    [
        "Task:\n```\n{task}\n```\nResponse:\n```\n{response}\n```",
        "[BEGIN TASK]\n{task}\n[END TASK]\n[BEGIN RESPONSE]\n{response}\n[END RESPONSE]",
        "## Task\n{task}\n\n## Response\n{response}\n",
        '<task-7f3a>\n{task}\n</task-7f3a>\n<response-7f3a a="b">\n{response}\n</response-7f3a>',
        "Response:\n{response}\n",
        "<case>\n<task>{task}</task>\n<response>\n{response}\n</response>\n</case>",
    ],
)
def test_the_response_is_found_however_it_is_fenced(form: str) -> None:
    case = find_case([form.format(task="Name: apples, pears", response=GOOD)])
    assert case is not None
    assert case.rated.body == GOOD
    assert GOOD not in case.task


def choice_prompt() -> str:
    responses = [POOR, compose(BRIEFING, 0.3, 2), GOOD]
    fenced = [f'<response number="{n}">{text}</response>' for n, text in enumerate(responses, 1)]
    return f"Choose the best response.\n<task>{BRIEFING}</task>\n" + "\n".join(fenced)


@pytest.mark.parametrize(
    ("choice", "best"),
    [
        ({"type": "integer", "enum": [1, 2, 3]}, 3),
        ({"type": "string", "enum": ["1", "2", "3"]}, "3"),
        ({"type": "string", "enum": ["A", "B", "C"]}, "C"),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3),
        ({"type": "string", "enum": ["Response 1", "Response 2", "Response 3"]}, "Response 3"),
    ],
)
def test_the_best_of_several_responses_is_chosen(choice: dict[str, Any], best: object) -> None:
    schema = {"type": "object", "properties": {"reason": {"type": "string"}, "choice": choice}}
    replies = [json.loads(ask(choice_prompt(), schema, seed))["choice"] for seed in range(20)]
    assert replies.count(best) >= 17


def test_a_rating_asked_for_in_words_comes_in_the_asked_form() -> None:
    prompt = rating_prompt(BRIEFING, GOOD)
    assert ask(prompt + "\nAnswer with the number only.", None).isdigit()
    assert "[[" in ask(prompt + '\nEnd with "Rating: [[5]]".', None)
    named = ask(prompt + '\nReply in JSON: {"reason": "...", "rating": 5}', None)
    assert set(json.loads(named)) == {"reason", "rating"}


def test_bad_judges_fail_in_every_way_judges_do() -> None:
    prompt = rating_prompt(BRIEFING, GOOD)
    bad = replace(JUDGE, bad_judge_rate=1)
    off_scale, cut_short, in_words = 0, 0, 0
    for seed in range(60):
        reply = ask(prompt, SCORE_SCHEMA, seed, bad)
        try:
            off_scale += not 0 <= json.loads(reply)["score"] <= 10
        except ValueError:
            cut_short += reply.startswith("{")
            in_words += not reply.startswith("{")
    assert off_scale + cut_short + in_words == 60
    assert min(off_scale, cut_short, in_words) > 5


def test_the_bad_judge_rate_is_kept() -> None:
    prompt = rating_prompt(BRIEFING, GOOD)
    judge = replace(JUDGE, bad_judge_rate=0.1)
    replies = [ask(prompt, SCORE_SCHEMA, seed, judge) for seed in range(500)]
    bad = sum(not _valid(reply) for reply in replies)
    assert 25 < bad < 80


def _valid(reply: str) -> bool:
    try:
        return bool(0 <= json.loads(reply)["score"] <= 10)
    except ValueError:
        return False


LEAVES = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "boolean"}),
    st.integers(-5, 5).map(lambda low: {"type": "integer", "minimum": low, "maximum": low + 3}),
    st.just({"type": "string", "enum": ["low", "high"]}),
    st.just({"anyOf": [{"type": "null"}, {"type": "number", "exclusiveMinimum": 0, "maximum": 1}]}),
    st.just({"type": "string", "minLength": 5, "maxLength": 30}),
)


def objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["summary", "score", "items", "mood"])
    return st.dictionaries(names, inner, min_size=1).map(
        lambda parts: {"type": "object", "properties": parts, "required": list(parts)}
    )


def arrays(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return inner.map(lambda part: {"type": "array", "items": part, "minItems": 2, "maxItems": 3})


SCHEMAS = st.recursive(LEAVES, lambda inner: objects(inner) | arrays(inner), max_leaves=6)


@given(SCHEMAS, st.sampled_from([BRIEFING, rating_prompt(BRIEFING, GOOD), choice_prompt()]))
def test_any_schema_gets_a_valid_reply(schema: dict[str, Any], prompt: str) -> None:
    reply = answer(JUDGE, Ask(messages=(("user", prompt),), schema=schema), 1).text
    assert fits(json.loads(reply), schema)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    if "anyOf" in schema:
        return any(fits(value, branch) for branch in schema["anyOf"])
    if "enum" in schema:
        return bool(value in schema["enum"])
    kind = schema["type"]
    if kind == "object":
        parts = schema["properties"]
        return set(value) == set(parts) and all(fits(value[name], parts[name]) for name in parts)
    if kind == "array":
        return 2 <= len(value) <= 3 and all(fits(one, schema["items"]) for one in value)
    if kind == "string":
        return bool(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10_000))
    if kind == "integer":
        return isinstance(value, int) and bool(schema["minimum"] <= value <= schema["maximum"])
    if kind == "number":
        return bool(schema["exclusiveMinimum"] < value <= schema["maximum"])
    return value is None if kind == "null" else isinstance(value, bool)
