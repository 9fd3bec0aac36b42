"""A reply is read if it is exactly what was asked, and refused, never guessed at, if it is not."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.judges.base import Choice, LLMJudge, Score, UnparsableReplyError, configured
from core.judges.llm.forms import choice_form, score_form
from core.judges.llm.options import Output
from core.judges.methods.comparer_nr import JUDGE as COMPARER_NR
from core.judges.methods.multi_choice_selector import JUDGE as SELECTOR
from core.judges.methods.pairwise import JUDGE as PAIRWISE
from core.judges.methods.scorer import JUDGE as SCORER
from tests.core.judges.llm.helping import choice_of, refusal_of, reply, score_of, task, written

ONE = task("A response.")
THREE = task("First.", "Second.", "Third.")
SCORER_IN_TEXT = configured(SCORER, {"output": "text"})
NR_IN_TEXT = configured(COMPARER_NR, {"output": "text"})
NUMBERED = configured(SELECTOR, {"shuffle_labels": False})
NUMBERED_IN_TEXT = configured(NUMBERED, NUMBERED.options.model_dump() | {"output": "text"})
PAIRWISE_IN_TEXT = configured(PAIRWISE, {"output": "text"})


@pytest.mark.parametrize("score", range(11))
def test_every_whole_number_of_the_scale_is_read_with_its_reasoning(score: int) -> None:
    assert SCORER.parse(written(reasoning="Good.", score=score), ONE) == Score(score, "Good.")
    assert SCORER_IN_TEXT.parse(reply(f"Good.\nScore: {score}"), ONE) == Score(score, "Good.")
    assert NR_IN_TEXT.parse(reply(f"Score: {score}"), ONE) == Score(score)


@pytest.mark.parametrize(
    "text",
    [
        '\n {"score": 7, "reasoning": "Good."} ',
        '```json\n{"reasoning": "Good.", "score": 7}\n```',
        ' ```\n{\n"reasoning": "Good.",\n"score": 7\n}\n``` \n',
        '{"reasoning": "Good.", "score": 7.0}',
        '{"reasoning": "Good.", "score": 7e0}',
    ],
)
def test_an_object_may_be_written_in_any_way_that_means_the_same(text: str) -> None:
    assert SCORER.parse(reply(text), ONE) == Score(7, "Good.")


@pytest.mark.parametrize(
    "text",
    ["Good.\n\nScore: 7", "Good.\nscore: 7\n", "Good.\r\n  Score:7  \r\n", "Score: 7\nScore: 7"],
)
def test_the_last_line_is_read_with_what_stands_before(text: str) -> None:
    read = score_of(SCORER_IN_TEXT, reply(text), ONE)
    assert read.value == 7
    assert read.reasoning in ("Good.", "Score: 7")


@pytest.mark.parametrize(
    "text",
    [
        # A number that is none of the scale.
        '{"reasoning": "Good.", "score": "7"}',
        '{"reasoning": "Good.", "score": true}',
        '{"reasoning": "Good.", "score": false}',
        '{"reasoning": "Good.", "score": 11}',
        '{"reasoning": "Good.", "score": -1}',
        '{"reasoning": "Good.", "score": 7.5}',
        '{"reasoning": "Good.", "score": null}',
        '{"reasoning": "Good.", "score": [7]}',
        '{"reasoning": "Good.", "score": NaN}',
        '{"reasoning": "Good.", "score": Infinity}',
        '{"reasoning": "Good.", "score": 1e999}',
        '{"reasoning": "Good.", "score": ' + "9" * 5000 + "}",
        # Two scores.
        '{"reasoning": "Good.", "score": 7, "score": 3}',
        '{"reasoning": "Good.", "score": 7, "score": 7}',
        '{"reasoning": "Good.", "score": 7}\n{"reasoning": "Bad.", "score": 3}',
        '[{"reasoning": "Good.", "score": 7}]',
        # More or less than was asked.
        '{"reasoning": "Good."}',
        '{"score": 7}',
        '{"reasoning": "", "score": 7}',
        '{"reasoning": " \\n\\t", "score": 7}',
        '{"reasoning": null, "score": 7}',
        '{"reasoning": "Good.", "score": 7, "confidence": 1}',
        '{"reasoning": "Half a character: \\ud800", "score": 7}',
        '{"reasoning": "Nothing: \\u0000", "score": 7}',
        # No object, or a broken one.
        "7",
        "10.0",
        "true",
        "null",
        "[]",
        "{}",
        "",
        " \n",
        '{"reasoning": "Good.", "score": 7',
        '{"reasoning": "Goo',
        "{'reasoning': 'Good.', 'score': 7}",
        '{"reasoning": "Good.", "score": 7,}',
        "[" * 100_000,
        '```json\n{"reasoning": "Good.", "score": 7\n```',
        '```json\n{"reasoning": "Good.", "score": 7}',
        '```json\n{"reasoning": "A", "score": 7}\n```\n```\n{"reasoning": "B", "score": 3}\n```',
        "```python\nprint(7)\n```",
        # Prose, another language, a refusal.
        "I would give this response a 7 out of 10.",
        'Sure! {"reasoning": "Good.", "score": 7}',
        "Ich gebe dieser Antwort 7 von 10 Punkten.",
        "\u6211\u7ed9\u8fd9\u4e2a\u56de\u7b54\u6253 7 \u5206\u3002",
        "I'm sorry, but I can't rate this response.",
        "__import__('os').getpid()",
    ],
)
def test_an_object_that_does_not_fit_is_refused(text: str) -> None:
    refusal_of(SCORER, text, ONE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Good.",
        "Score: 7",  # no reasoning
        "Good. Score: 7",
        "Good.\nScore: 7/10",
        "Good.\nScore: 7.5",
        "Good.\nScore: 11",
        "Good.\nScore: -1",
        "Good.\nScore: seven",
        "Good.\nScore: \u0667",
        "Good.\nScore:",
        "Good.\nScore: 7\nBut it could be better.",
        "Good.\nScore: 7\nScore: 3",
        "Score: 3 for its form.\nBut good.\nScore: 7",
        "Good.\n**Score: 3**\nScore: 7",
        "Good.\nFinal score: 3\nScore: 7",
        "Good.\n**My Overall Score:** 3\nScore: 7",
        "Good.\n__Score__: 3\nScore: 7",
        "Good.\nScore (1-10): 3\nScore: 7",
        "Good.\nFinal score [0 to 10]: 3/10\nScore: 7",
        "Good.\nFinal score: three.\nScore: 7",
        "Good.\rScore: 3\rSo be it.\nScore: 7",
        "Good.\u2028Score: 3\u2028So be it.\nScore: 7",
        "Gut.\nPunkte: 7",
        "I'm sorry, but I can't rate this response.",
        "Good: \x00\nScore: 7",
        "Good.\nScore: " + "9" * 5000,
    ],
)
def test_a_text_that_does_not_end_in_one_score_is_refused(text: str) -> None:
    refusal_of(SCORER_IN_TEXT, text, ONE)


@pytest.mark.parametrize(
    "reasons",
    [
        "Final score: 7",
        "What lowers the score: it leaves out the budget.",
        "My reasons for the score: 1 thing is missing.",
        "The scoring guide says: 3 parts.",
        "Underscore: 3",
    ],
)
def test_reasons_may_speak_of_the_score(reasons: str) -> None:
    assert score_of(SCORER_IN_TEXT, reply(f"{reasons}\nScore: 7"), ONE).value == 7


@pytest.mark.parametrize("judge", [SCORER, SCORER_IN_TEXT], ids=["object", "text"])
@pytest.mark.parametrize("piece", [" ", "\n", "`", "```\n ", "score", "Score:\n", '"score" ', "[{"])
def test_an_enormous_reply_is_refused_in_no_time(judge: LLMJudge, piece: str) -> None:
    started = time.process_time()
    refusal_of(judge, f"```\n{piece * 200_000}x", ONE)
    assert time.process_time() - started < 2


def test_a_reply_that_was_cut_off_is_refused_even_if_it_looks_whole() -> None:
    cut = replace(reply("Good.\nScore: 1"), finish_reason="length")
    with pytest.raises(UnparsableReplyError, match="was cut off by the limit of tokens"):
        SCORER_IN_TEXT.parse(cut, ONE)


@pytest.mark.parametrize("text", ["It is close.\nScore: 7", "Score: 7\nScore: 7", "7"])
def test_without_reasoning_there_is_nothing_but_the_line(text: str) -> None:
    refusal_of(NR_IN_TEXT, text, ONE)


def test_without_reasoning_an_object_holds_nothing_but_the_score() -> None:
    assert COMPARER_NR.parse(written(score=7), ONE) == Score(7)
    refusal_of(COMPARER_NR, '{"reasoning": "Close.", "score": 7}', ONE)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('{"reasoning": "Clear.", "choice": "1"}', 0),
        ('{"reasoning": "Clear.", "choice": "3"}', 2),
        ('{"reasoning": "Clear.", "choice": 2}', 1),
    ],
)
def test_a_choice_is_the_position_of_what_has_the_label(text: str, position: int) -> None:
    read = NUMBERED.parse(reply(text), THREE)
    assert read == Choice(position, "Clear.", {"labels": ["1", "2", "3"]})


@pytest.mark.parametrize(
    "choice",
    [
        '"0"',
        '"4"',
        "0",
        "4",
        "true",
        "1.0",
        '"Response 1"',
        '"tie"',
        '""',
        "null",
        '"1", "choice": "2"',
    ],
)
def test_a_choice_of_nothing_that_was_shown_is_refused(choice: str) -> None:
    refusal_of(NUMBERED, f'{{"reasoning": "Clear.", "choice": {choice}}}', THREE)


def test_only_of_two_there_may_be_a_tie() -> None:
    two = task("First.", "Second.")
    tie = written(reasoning="Equal.", choice="tie")
    assert PAIRWISE.parse(tie, two) == Choice(None, "Equal.", {"labels": ["A", "B"]})
    assert choice_of(PAIRWISE_IN_TEXT, reply("Equal.\nChoice: tie"), two).position is None
    assert choice_of(PAIRWISE_IN_TEXT, reply("Clear.\nChoice: B"), two).position == 1
    assert choice_of(NUMBERED_IN_TEXT, reply("Clear.\nChoice: 2"), THREE).position == 1
    refusal_of(NUMBERED_IN_TEXT, "Equal.\nChoice: tie", THREE)
    refusal_of(PAIRWISE_IN_TEXT, "Choice: A is tempting.\nChoice: B", two)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
texts = st.one_of(
    st.text(),
    json_values.map(json.dumps),
    st.fixed_dictionaries({"reasoning": json_values, "score": json_values}).map(json.dumps),
    st.fixed_dictionaries({"reasoning": json_values, "choice": json_values}).map(json.dumps),
    st.tuples(st.text(max_size=20), st.text(max_size=5)).map(
        lambda one: f"{one[0]}\nScore: {one[1]}"
    ),
    st.tuples(st.text(max_size=20), st.integers()).map(lambda one: f"{one[0]}\nScore: {one[1]}"),
)


@pytest.mark.parametrize("judge", [SCORER, SCORER_IN_TEXT, COMPARER_NR, NR_IN_TEXT])
@given(text=texts)
def test_any_text_is_a_score_of_the_scale_or_unparsable(judge: LLMJudge, text: str) -> None:
    try:
        read = judge.parse(reply(text), ONE)
    except UnparsableReplyError as error:
        str(error).encode()
        return
    assert isinstance(read, Score)
    assert read.value in range(11)
    assert (read.reasoning is None) == (judge in (COMPARER_NR, NR_IN_TEXT))


@pytest.mark.parametrize("judge", [SELECTOR, NUMBERED_IN_TEXT, PAIRWISE, PAIRWISE_IN_TEXT])
@given(text=texts)
def test_any_text_is_a_choice_of_what_was_shown_or_unparsable(judge: LLMJudge, text: str) -> None:
    try:
        read = judge.parse(reply(text), task("First.", "Second."))
    except UnparsableReplyError:
        return
    assert isinstance(read, Choice)
    assert read.position in (None, 0, 1)


printable = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(
    str.strip
)


@given(
    st.integers(0, 99).flatmap(lambda low: st.tuples(st.just(low), st.integers(low + 1, 100))),
    st.data(),
    printable,
)
def test_what_is_written_in_the_asked_form_is_read_back(
    ends: tuple[int, int], data: st.DataObject, reasoning: str
) -> None:
    score = data.draw(st.integers(*ends))
    judge = configured(SCORER, {"scale_minimum": ends[0], "scale_maximum": ends[1]})
    assert judge.parse(written(reasoning=reasoning, score=score), ONE) == Score(score, reasoning)


@pytest.mark.parametrize("reasoning", [None, "two sentences"])
def test_a_schema_asks_for_exactly_what_is_read(reasoning: str | None) -> None:
    for form in (
        score_form(Output.SCHEMA, 1, 5, reasoning),
        choice_form(Output.SCHEMA, ["A", "B"], reasoning, may_tie=True),
    ):
        schema: dict[str, Any] = form.schema or {}
        keys = ["reasoning", form.key] if reasoning else [form.key]
        # In this order, so that the reasons are written before the answer they lead to.
        assert schema["required"] == list(schema["properties"]) == keys
        assert schema["additionalProperties"] is False
    assert score_form(Output.SCHEMA, 1, 5, reasoning).schema_of_answer == {
        "type": "integer",
        "minimum": 1,
        "maximum": 5,
    }
    assert schema["properties"]["choice"] == {"type": "string", "enum": ["A", "B", "tie"]}


@pytest.mark.parametrize("output", [Output.JSON, Output.TEXT])
def test_without_a_schema_the_prompt_alone_says_the_form(output: Output) -> None:
    form = score_form(output, 0, 10, "two sentences")
    assert form.schema is None
    assert "a whole number from 0 to 10" in form.text
    assert "two sentences" in form.text
    assert "without any reasoning" in score_form(output, 0, 10, None).text
