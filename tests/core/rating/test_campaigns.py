"""Campaigns: opened on finished responses, counted, closed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.rating.campaigns import (
    close_campaign,
    default_items_per_session,
    list_campaigns,
    open_campaign,
)
from core.studies.definition import Case
from core.studies.service import create_study, newest_version
from db.engine import Database
from db.tables import CallStatus, CampaignStatus, Subject
from db.types import utc_now
from tests.building import ACTOR, decide, definition, keys_of, make_study, store_responses
from tests.core.rating.raters import answer, completed, opened, started


def test_a_campaign_without_responses_is_refused(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content, keys_of(content)[:2], status=CallStatus.FAILED)
    with pytest.raises(InvalidInputError, match="no response to rate yet; generate responses"):
        opened(database, content)
    assert newest_version(database, content.study.id).version.frozen_at is None


def test_more_items_than_responses_or_none_are_refused(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    for items in (-1, 0, 7):
        with pytest.raises(InvalidInputError, match=f"^{items} items .* choose 1 to 6"):
            opened(database, content, items=items)


def test_a_missing_name_or_a_past_day_is_refused(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    for name in ("  ", "x" * 201):
        with pytest.raises(InvalidInputError, match="name of 1 to 200 characters"):
            open_campaign(database, content.study.id, name=name, items_per_session=1, actor=ACTOR)
    with pytest.raises(InvalidInputError, match="already have expired"):
        open_campaign(
            database,
            content.study.id,
            name="Late",
            items_per_session=1,
            actor=ACTOR,
            expires_at=utc_now() - timedelta(days=1),
        )
    with pytest.raises(NotFoundError, match="no study"):
        open_campaign(database, "nowhere", name="Lost", items_per_session=1, actor=ACTOR)
    assert list_campaigns(database, content.study.id) == []


@pytest.mark.parametrize("place", ["name", "instructions", "consent"])
@pytest.mark.parametrize("word", ["ollama/Stand-In-3b:q4", "STAND-IN-GPT-4", "stand-in-7b:q4"])
def test_a_campaign_whose_texts_name_a_model_is_refused(
    database: Database, place: str, word: str
) -> None:
    content = make_study(database)
    store_responses(database, content)
    texts: dict[str, Any] = {"name": "Rate", place: f"Written by {word}."}
    sentence = f"^The campaign's {place} contains the model name '{word.lower()}', .* take it out"
    with pytest.raises(InvalidInputError, match=sentence):
        open_campaign(database, content.study.id, items_per_session=1, actor=ACTOR, **texts)
    assert list_campaigns(database, content.study.id) == []
    assert newest_version(database, content.study.id).version.frozen_at is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"description": "Can we leave {}?"}, "The study's description"),
        ({"rubric_question": "Better than {}?"}, "The study's question to raters"),
        (
            {"test_cases": (Case("one", {"tasks": "- Call"}), Case("two", {"tasks": "- Ask {}"}))},
            "The task of test case 'two'",
        ),
        ({"template": "You are {}.\n{{{{tasks}}}}"}, "The task of test case 'case 0'"),
    ],
)
def test_a_study_whose_texts_name_a_model_is_not_opened_to_raters(
    database: Database, change: dict[str, Any], place: str
) -> None:
    def hostile(value: Any) -> Any:
        if isinstance(value, str):
            return value.format("Stand-In-GPT-4")
        return tuple(
            Case(one.name, {key: text.format("Stand-In-GPT-4") for key, text in one.values.items()})
            for one in value
        )

    changes = {key: hostile(value) for key, value in change.items()}
    content = create_study(database, replace(definition(), **changes), ACTOR)
    store_responses(database, content)
    with pytest.raises(InvalidInputError, match=f"^{place} contains the model name 'stand-in-gpt"):
        opened(database, content)


@pytest.mark.parametrize("place", ["name", "instructions", "consent"])
@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_a_text_that_cannot_be_stored_is_refused(database: Database, place: str, bad: str) -> None:
    content = make_study(database)
    store_responses(database, content)
    texts: dict[str, Any] = {"name": "Rate", place: f"Rate{bad}"}
    with pytest.raises(InvalidInputError, match=f"^The campaign's {place} cannot be stored"):
        open_campaign(database, content.study.id, items_per_session=1, actor=ACTOR, **texts)


def test_opening_freezes_the_version_and_fixes_what_is_shown(database: Database) -> None:
    content = make_study(database, samples=2)
    keys = keys_of(content)
    left_out, *_ = store_responses(database, content, keys[:5])
    store_responses(database, content, keys[5:6], status=CallStatus.FAILED)
    decide(database, Subject.RESPONSE, left_out.id)
    campaign = opened(database, content)
    store_responses(database, content, keys[6:])
    (summary,) = list_campaigns(database, content.study.id)
    assert summary.campaign.id == campaign.id
    assert summary.responses == 4
    assert newest_version(database, content.study.id).version.frozen_at is not None


def test_links_differ_and_are_hard_to_guess(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    links = {opened(database, content).link_token for _ in range(5)}
    assert len(links) == 5
    assert min(len(link) for link in links) >= 16


def test_the_counts_tell_complete_started_and_excluded_sessions(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    campaign = opened(database, content)
    done = [completed(database, campaign) for _ in range(2)]
    unfinished = started(database, campaign)
    answer(database, unfinished)
    decide(database, Subject.SESSION, done[0])
    decide(database, Subject.SESSION, unfinished)
    (summary,) = list_campaigns(database, content.study.id)
    counts = summary.counts
    assert (counts.complete, counts.started, counts.ratings) == (2, 1, 6)
    assert summary.excluded_sessions == 1


def test_closing_is_done_once_and_stays(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    campaign = opened(database, content)
    close_campaign(database, campaign.id, ACTOR)
    (first,) = list_campaigns(database, content.study.id)
    close_campaign(database, campaign.id, ACTOR)
    (second,) = list_campaigns(database, content.study.id)
    assert second.campaign.status is CampaignStatus.CLOSED
    assert first.campaign.closed_at == second.campaign.closed_at
    assert first.campaign.closed_at is not None
    with pytest.raises(NotFoundError, match="no campaign"):
        close_campaign(database, "nowhere", ACTOR)


@pytest.mark.parametrize(
    ("models", "cases", "items"), [(3, 12, 12), (3, 2, 6), (5, 12, 10), (30, 4, 30), (1, 40, 12)]
)
def test_the_proposed_session_is_whole_blocks_of_about_twelve(
    models: int, cases: int, items: int
) -> None:
    assert default_items_per_session(models, cases) == items
