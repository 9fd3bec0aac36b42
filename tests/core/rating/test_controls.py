"""Planted items: spoilt references, explicit instructions, gold; and what a right answer is."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.rating.attention_texts import PAIR_TEXTS, SCORE_TEXTS
from core.rating.controls import (
    OTHER_CASE,
    TRUNCATED,
    GoldItem,
    is_right,
    make_controls,
    truncated,
)
from core.rating.design import LANGUAGES, CampaignDesign, Protocol
from core.studies.rubric import DEFAULT_RUBRIC, Rubric, Scale
from db.repositories.responses import ResponseInContext
from db.tables import Candidate, Control, ControlKind, PromptTemplate, Response, TestCase

LONG = "First of all, well done: you finished every task of today. Tomorrow there are two more."
REFERENCE, SMALL = "reference", "small"


def response(case: str, candidate: str = REFERENCE, text: str = LONG) -> ResponseInContext:
    template = PromptTemplate(id="template", study_id="study", text="Write.", text_hash="hash")
    return ResponseInContext(
        response=Response(
            id=f"{case} {candidate}",
            study_id="study",
            prompt_template_id=template.id,
            test_case_id=case,
            candidate_id=candidate,
            sample_index=0,
            text=text,
        ),
        candidate=Candidate(id=candidate, study_id="study", model=candidate, parameters_hash="h"),
        test_case=TestCase(id=case, study_id="study", name=case, values={}, values_hash=case),
        template=template,
    )


TWO_CASES = [
    response("morning", text=f"Good morning. {LONG}"),
    response("morning", SMALL, "Hello."),
    response("evening", text=f"Good evening. {LONG}"),
    response("evening", SMALL, "Bye."),
]


def made(
    design: CampaignDesign,
    responses: list[ResponseInContext] = TWO_CASES,
    *,
    gold: tuple[GoldItem, ...] = (),
    rubric: Rubric = DEFAULT_RUBRIC,
    references: frozenset[str] = frozenset({REFERENCE}),
) -> list[Control]:
    return make_controls(design, rubric, responses, references, gold, random.Random(1))


def test_nothing_is_planted_unless_it_is_asked_for() -> None:
    assert made(CampaignDesign()) == []


def test_every_reference_is_spoilt_in_both_ways() -> None:
    controls = made(CampaignDesign(known_bad_items=2))
    assert Counter((one.response_id, one.made_by) for one in controls) == {
        (f"{case} {REFERENCE}", made_by): 1
        for case in ("morning", "evening")
        for made_by in (TRUNCATED, OTHER_CASE)
    }
    by_place = {(one.test_case_id, one.made_by): one.text for one in controls}
    assert by_place["morning", OTHER_CASE] == TWO_CASES[2].response.text
    whole = TWO_CASES[0].response.text or ""
    assert whole.startswith(by_place["morning", TRUNCATED])
    assert all(one.kind is ControlKind.KNOWN_BAD and one.expected is None for one in controls)


def test_with_one_case_only_broken_off_texts_are_made() -> None:
    (control,) = made(CampaignDesign(known_bad_items=1), [response("only")])
    assert control.made_by == TRUNCATED


def test_a_text_that_would_be_the_same_in_another_case_is_left_out() -> None:
    same = [response("morning"), response("evening")]
    assert {one.made_by for one in made(CampaignDesign(known_bad_items=2), same)} == {TRUNCATED}


def test_without_a_reference_the_only_model_is_spoilt() -> None:
    only = [response("morning", SMALL), response("evening", SMALL, "Good evening and good night")]
    controls = made(CampaignDesign(known_bad_items=1), only, references=frozenset())
    assert {one.response_id for one in controls} == {f"morning {SMALL}", f"evening {SMALL}"}


def test_without_a_reference_and_with_several_models_it_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="need a reference"):
        made(CampaignDesign(known_bad_items=1), references=frozenset())


def test_more_spoilt_texts_than_can_be_made_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"2 known-bad items .* 1 responses, only 0"):
        made(CampaignDesign(known_bad_items=2), [response("only", text="Hello.")])


@given(st.lists(st.text(alphabet="ab .!\n", min_size=1), max_size=40).map(" ".join))
def test_a_broken_off_text_ends_at_a_word_within_a_sentence(text: str) -> None:
    part = truncated(text)
    if part is None:
        return
    words, kept = text.split(), part.split()
    assert kept == words[: len(kept)]
    assert max(len(words) // 3, 1) <= len(kept) < len(words)
    assert not part.endswith((".", "!"))


def test_a_broken_off_text_is_about_a_third_and_keeps_its_lines() -> None:
    text = "\n".join(f"{number} apples and pears" for number in range(30))
    assert truncated(text) == "\n".join(text.split("\n")[:10])


@pytest.mark.parametrize("beginning", ["# Today\n\n", "    ", "- ", "\n\n", "1. ", "```\n"])
def test_a_broken_off_text_begins_as_the_whole_text_does(beginning: str) -> None:
    part = truncated(beginning + LONG)
    assert part is not None
    assert part.startswith(beginning)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("protocol", Protocol)
def test_attention_items_say_what_to_choose_in_the_campaigns_language(
    language: str, protocol: Protocol
) -> None:
    design = CampaignDesign(language=language, protocol=protocol, attention_items=2)
    texts = (PAIR_TEXTS if protocol is Protocol.PAIR else SCORE_TEXTS)[language]
    controls = made(design)
    assert len(controls) >= len(texts)
    for one in controls:
        assert one.kind is ControlKind.ATTENTION
        if protocol is Protocol.PAIR:
            assert one.expected == {"better": True}
            assert one.text in texts
        else:
            assert one.expected is not None
            value = one.expected["minimum"]
            assert one.expected == {"minimum": value, "maximum": value}
            assert 0 < value < 10
            assert str(value) in one.text


def test_attention_items_stand_in_many_places_with_many_values() -> None:
    controls = made(CampaignDesign(attention_items=40))
    assert {one.test_case_id for one in controls} == {"morning", "evening"}
    assert len({one.response_id for one in controls}) == 4
    assert len({str(one.expected) for one in controls}) > 5


def test_a_scale_of_two_values_uses_its_ends() -> None:
    rubric = Rubric(scale=Scale(minimum=0, maximum=1))
    controls = made(CampaignDesign(attention_items=9), rubric=rubric)
    assert {(one.expected or {})["minimum"] for one in controls} == {0, 1}


def test_a_gold_item_keeps_what_is_right_and_its_feedback() -> None:
    gold = GoldItem("morning", " A rude reply. ", minimum=0, maximum=2, feedback="It is rude.")
    (control,) = made(CampaignDesign(gold_items=1), gold=(gold,))
    assert control.kind is ControlKind.GOLD
    assert (control.test_case_id, control.text) == ("morning", "A rude reply.")
    assert control.response_id.startswith("morning")
    assert control.expected == {"minimum": 0, "maximum": 2}
    assert control.feedback == "It is rude."


def test_a_gold_text_of_a_pair_is_the_better_or_not() -> None:
    design = CampaignDesign(protocol=Protocol.PAIR, gold_items=1)
    (control,) = made(design, gold=(GoldItem("morning", "Rude.", better=False),))
    assert control.expected == {"better": False}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"test_case_id": "noon"}, "without a response"),
        ({"text": " "}, "1 to 20000 characters"),
        ({"text": "nul \x00"}, "1 to 20000 characters"),
        ({"minimum": None}, "from None to 2"),
        ({"minimum": 3}, "from 3 to 2"),
        ({"maximum": 11}, "within 0 to 10"),
        ({"feedback": "x" * 2001}, "feedback"),
    ],
)
def test_a_gold_item_that_cannot_be_taken_is_refused(
    changes: dict[str, Any], sentence: str
) -> None:
    values: dict[str, Any] = {
        "test_case_id": "morning", "text": "Rude.", "minimum": 0, "maximum": 2,
    }  # fmt: skip
    with pytest.raises(InvalidInputError, match=sentence):
        made(CampaignDesign(gold_items=1), gold=(GoldItem(**(values | changes)),))


def test_gold_items_are_as_many_as_a_session_shows() -> None:
    gold = (GoldItem("morning", "Rude.", 0, 2),)
    with pytest.raises(InvalidInputError, match=r"2 gold items .* 1 are given"):
        made(CampaignDesign(gold_items=2), gold=gold)
    with pytest.raises(InvalidInputError, match="no session shows one"):
        made(CampaignDesign(), gold=gold)


def test_a_pair_needs_to_know_whether_gold_is_better() -> None:
    design = CampaignDesign(protocol=Protocol.PAIR, gold_items=1)
    with pytest.raises(InvalidInputError, match="better one"):
        made(design, gold=(GoldItem("morning", "Rude.", 0, 2),))


SEVEN = {"minimum": 7, "maximum": 7}
LOW = {"minimum": 0, "maximum": 2}


@pytest.mark.parametrize(
    ("kind", "expected", "values", "right"),
    [
        (ControlKind.ATTENTION, SEVEN, {"a": 7, "b": 7}, True),
        (ControlKind.ATTENTION, SEVEN, {"a": 7, "b": 6}, False),
        (ControlKind.ATTENTION, SEVEN, {}, False),
        (ControlKind.GOLD, LOW, {"a": 0, "b": 2}, True),
        (ControlKind.GOLD, LOW, {"a": 3}, False),
        (ControlKind.GOLD, LOW, {}, None),
        (ControlKind.KNOWN_BAD, None, {"a": 3}, None),
    ],
)
def test_a_score_is_right_when_every_criterion_is(
    kind: ControlKind, expected: dict[str, Any] | None, values: dict[str, int], right: bool | None
) -> None:
    assert is_right(kind, expected, values) is right


@pytest.mark.parametrize(
    ("better", "is_second", "preference", "right"),
    [
        (True, False, "first", True),
        (True, True, "first", False),
        (True, True, "second", True),
        (True, False, "tie", False),
        (False, False, "first", False),
        (False, False, "second", True),
        (False, True, "second", False),
        (False, True, "tie", True),
        (False, True, "both_bad", True),
    ],
)
def test_a_preference_is_right_by_the_controls_side(
    better: bool, is_second: bool, preference: str, right: bool
) -> None:
    expected, values = {"better": better}, {"quality": preference}
    assert is_right(ControlKind.GOLD, expected, values, is_second=is_second) is right


def test_who_cannot_judge_fails_attention_and_says_nothing_about_gold() -> None:
    assert is_right(ControlKind.ATTENTION, SEVEN, {}, cannot_judge=True) is False
    assert is_right(ControlKind.GOLD, LOW, {}, cannot_judge=True) is None
    assert is_right(ControlKind.KNOWN_BAD, None, {}, cannot_judge=True) is None
