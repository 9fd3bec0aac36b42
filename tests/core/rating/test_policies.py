"""Warnings before a campaign opens: each fires on its own cause and is silent without it."""

from typing import Any

import pytest

from core.rating.design import PLATFORMS, Audience, CampaignDesign, Outcome, Platform, Question
from core.rating.planning import plan
from core.rating.policies import warnings
from core.studies.rubric import DEFAULT_RUBRIC

QUESTION = Question(text="Which end is best?", options=("0", "10"), right=1)


def prolific(**changes: Any) -> Platform:
    codes = {outcome: f"CODE{number}" for number, outcome in enumerate(Outcome)}
    return PLATFORMS["prolific"].model_copy(update={"codes": codes} | changes)


def said(words_per_item: float | None = None, **changes: Any) -> list[str]:
    good: dict[str, Any] = {"platform": prolific(), "pay_per_session": 2.0}
    design = CampaignDesign(**good | changes)
    found = plan(
        design, DEFAULT_RUBRIC, models=4, test_cases=10, samples=1, has_reference=True,
        words_per_item=words_per_item,
    )  # fmt: skip
    return warnings(design, found)


def test_a_well_made_design_is_not_warned_of() -> None:
    assert said() == []
    assert said(attention_items=2) == []
    assert said(audience=Audience.EXPERTS, platform=Platform(), pay_per_session=None) == []
    assert said(audience=Audience.OPEN, platform=Platform(), pay_per_session=None) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"comprehension": (QUESTION,)}, "may not be rejected on Prolific"),
        ({"attention_items": 2, "attention_failures_allowed": 0, "seconds_per_item": 30},
         "only after two from 5 minutes on"),
        ({"attention_items": 1}, "Nobody can fail the attention items"),
        ({"items_per_session": 4, "gold_items": 5}, "More items are planted"),
        ({"pay_per_session": None}, "No pay is planned"),
        ({"pay_per_session": 0.5}, "Prolific's least is 8"),
        ({"pay_per_session": 0.4, "currency": "GBP"}, "Prolific's least is 6"),
        ({"pay_per_session": 2.0, "currency": "EUR"}, "Check that 24.00 EUR an hour"),
        ({"lease_minutes": 3}, "can cost people their items"),
        ({"words_per_item": 400}, "Reading an item takes about 101 s"),
        ({"items_per_session": 3}, "nobody compares all of them"),
        ({"platform": PLATFORMS["mturk"]}, "closed to new requesters"),
        ({"platform": PLATFORMS["none"]}, "again and again"),
        ({"platform": PLATFORMS["generic"]}, "no return address"),
        ({"platform": prolific(return_url=None)}, "no return address"),
        ({"platform": PLATFORMS["cloudresearch"].model_copy(
            update={"return_url": "https://connect.example/done"})}, "Partial Completes"),
    ],
)  # fmt: skip
def test_a_design_is_warned_of(changes: dict[str, Any], words: str) -> None:
    found = said(**changes)
    assert [words in sentence for sentence in found].count(True) == 1, found


def test_a_short_study_may_fail_people_after_one_attention_item() -> None:
    short = {"seconds_per_item": 15, "items_per_session": 12, "attention_items": 2}
    assert said(**short, attention_failures_allowed=0) == []


def test_outcomes_without_a_code_of_the_platform_are_named_where_they_can_happen() -> None:
    only_complete = prolific(codes={Outcome.COMPLETE: "C1"})
    (found,) = said(platform=only_complete)
    assert "no consent, nothing left to rate" in found
    assert "failed checks" not in found
    with_checks = said(platform=only_complete, attention_items=2, comprehension=(QUESTION,))
    assert any("failed checks, screened out, no consent" in one for one in with_checks)
    nothing = said(platform=prolific(codes={}))
    assert any("the platform's own code for complete sessions" in one for one in nothing)


def test_every_warning_is_one_sentence_for_people() -> None:
    for found in said(platform=prolific(codes={}), attention_items=1, pay_per_session=None):
        assert found.endswith(".")
        assert ". " not in found
