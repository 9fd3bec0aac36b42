"""Campaigns: opened on finished responses, counted, closed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.rating.campaigns import (
    change_schedule,
    close_campaign,
    default_items_per_session,
    list_campaigns,
    names_are_locked,
    open_campaign,
    pause_campaign,
    resume_campaign,
    unlock_names,
)
from core.rating.controls import GoldItem
from core.rating.design import Audience, CampaignDesign, Platform, Protocol, Question
from core.studies.definition import Case
from core.studies.rubric import Criterion, Rubric, Scale, single_question
from core.studies.service import create_study, newest_version
from db.engine import Database
from db.tables import Audit, CallStatus, Campaign, CampaignStatus, Subject
from db.types import utc_now
from tests.building import ACTOR, all_rows, decide, definition, keys_of, make_study, store_responses
from tests.core.rating.raters import answer, completed, opened, started

ONE_ITEM = CampaignDesign(items_per_session=1)


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
        with pytest.raises(InvalidInputError, match=f"^{items} items .* choose 1 to (6|500)"):
            opened(database, content, items=items)


def test_a_missing_name_or_a_past_day_is_refused(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    for name in ("  ", "x" * 201):
        with pytest.raises(InvalidInputError, match="name of 1 to 200 characters"):
            open_campaign(database, content.study.id, name=name, design=ONE_ITEM, actor=ACTOR)
    with pytest.raises(InvalidInputError, match="already have expired"):
        open_campaign(
            database,
            content.study.id,
            name="Late",
            design=ONE_ITEM,
            actor=ACTOR,
            expires_at=utc_now() - timedelta(days=1),
        )
    with pytest.raises(NotFoundError, match="no study"):
        open_campaign(database, "nowhere", name="Lost", design=ONE_ITEM, actor=ACTOR)
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
        open_campaign(database, content.study.id, design=ONE_ITEM, actor=ACTOR, **texts)
    assert list_campaigns(database, content.study.id) == []
    assert newest_version(database, content.study.id).version.frozen_at is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"description": "Can we leave {}?"}, "The study's description"),
        (
            {"rubric": single_question("Better than Stand-In-GPT-4?")},
            "The study's question to raters",
        ),
        ({"rubric": Rubric(scale=Scale(maximum_label="Stand-In-GPT-4"))}, "The scale"),
        (
            {"rubric": Rubric(criteria=(Criterion(key="like_stand_in_gpt_4"),))},
            "A criterion's name",
        ),
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
        if isinstance(value, Rubric):
            return value
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
        open_campaign(database, content.study.id, design=ONE_ITEM, actor=ACTOR, **texts)


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


def audited(database: Database) -> list[tuple[str, dict[str, Any] | None, dict[str, Any] | None]]:
    entries = [one for one in all_rows(database, Audit) if one.subject == "campaign"]
    return [(one.action, one.before, one.after) for one in sorted(entries, key=lambda e: e.at)]


def test_a_campaign_is_paused_resumed_and_closed_for_good(database: Database) -> None:
    campaign = opened(database)
    pause_campaign(database, campaign.id, ACTOR)
    pause_campaign(database, campaign.id, ACTOR)
    assert all_rows(database, Campaign)[0].status is CampaignStatus.PAUSED
    resume_campaign(database, campaign.id, ACTOR)
    assert all_rows(database, Campaign)[0].status is CampaignStatus.OPEN
    close_campaign(database, campaign.id, ACTOR)
    for change in (pause_campaign, resume_campaign):
        with pytest.raises(InvalidInputError, match="'First' is closed for good; open a new one"):
            change(database, campaign.id, ACTOR)
    actions = [action for action, *_ in audited(database)]
    assert actions == ["open", "pause", "resume", "close"]


def test_a_changed_schedule_keeps_what_was_before_in_the_audit(database: Database) -> None:
    campaign = opened(database, capacity=5)
    soon, later = utc_now() + timedelta(days=1), utc_now() + timedelta(days=2)
    change_schedule(
        database, campaign.id, ACTOR, opens_at=soon, expires_at=later, capacity=7
    )  # fmt: skip
    row = all_rows(database, Campaign)[0]
    assert (row.opens_at, row.expires_at, row.capacity) == (soon, later, 7)
    action, before, after = audited(database)[-1]
    assert action == "change schedule"
    assert before == {"opens_at": None, "expires_at": None, "capacity": 5}
    assert after is not None
    assert after["capacity"] == 7
    for opens_at, expires_at, capacity, words in (
        (later, soon, None, "after its end; choose an earlier moment"),
        (None, utc_now(), None, "already have expired"),
        (None, None, 0, "A capacity of 0 sessions"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            change_schedule(
                database, campaign.id, ACTOR,
                opens_at=opens_at, expires_at=expires_at, capacity=capacity,
            )  # fmt: skip


def test_names_are_locked_until_somebody_unlocks_them_on_record_or_the_campaign_closes(
    database: Database,
) -> None:
    unlocked, closed = opened(database), opened(database)
    for one in (unlocked, closed):
        assert names_are_locked(one)
    unlock_names(database, unlocked.id, ACTOR)
    unlock_names(database, unlocked.id, "somebody later")
    close_campaign(database, closed.id, ACTOR)
    rows = {row.id: row for row in all_rows(database, Campaign)}
    assert not names_are_locked(rows[unlocked.id])
    assert not names_are_locked(rows[closed.id])
    assert rows[unlocked.id].names_unlocked_by == ACTOR
    assert [action for action, *_ in audited(database)].count("unlock names") == 1


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ({"overlap": 0}, "^0 ratings a response cannot be planned; choose 1 to 1000"),
        ({"attention_items": -1}, "^-1 attention items"),
        ({"known_bad_items": 51}, "^51 known bad items"),
        ({"lease_minutes": 0}, "^0 minutes of the lease"),
        ({"seconds_per_item": 0}, "^0 seconds an item"),
        ({"pay_per_session": -1.0}, "^A pay of -1"),
        ({"platform_fee_share": 33.0}, "write 0.33 for 33 percent"),
        ({"language": "xx"}, "^There is no language 'xx'; choose en, de"),
        ({"platform": Platform(rater_parameter="a b")}, "^The parameter 'a b' cannot carry"),
        ({"platform": Platform(rater_parameter="session")}, "^The parameter 'session'"),
        ({"platform": Platform(return_url="http://x.org")}, "begins with https://"),
        ({"platform": Platform(return_url="javascript:alert(1)")}, "begins with https://"),
        ({"platform": Platform(return_url="https://x.org/{kode}")}, "field that is not known"),
        ({"platform": Platform(return_url="https://x.org/{")}, "field that is not known"),
        *(
            ({"platform": Platform(return_url=url)}, "field in the name of the server")
            for url in (
                "https://example.com{rater_id}",
                "https://{rater_id}.example.com/",
                "https://{code}@example.com/",
                "https://example.com:{code}/done",
                "https://example.com\\{rater_id}",
            )
        ),
        ({"platform": Platform(return_url="https:/{rater_id}/example.com")}, "begins with https"),
        ({"platform": Platform(return_url="{code}https://example.com")}, "begins with https"),
        (
            {"comprehension": (Question(text="Why?", options=("only",), right=0),)},
            "needs 2 to 8 options",
        ),
        (
            {"comprehension": (Question(text="Why?", options=("a", "b"), right=2),)},
            "one of them right",
        ),
        ({"comprehension": (Question(text=" ", options=("a", "b"), right=0),)}, "empty or too"),
        ({"protocol": Protocol.PAIR, "items": 7}, "choose 1 to 4"),
    ],
)
def test_a_design_that_cannot_be_carried_out_is_refused(
    database: Database, design: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        opened(database, **design)
    assert all_rows(database, Campaign) == []


@pytest.mark.parametrize(
    "url", ["https://example.com?c={code}", "https://example.com/{study_id}/{rater_id}#{code}"]
)
def test_fields_behind_the_server_of_a_return_address_are_fine(
    database: Database, url: str
) -> None:
    campaign = opened(database, platform=Platform(return_url=url))
    assert campaign.design["platform"]["return_url"] == url


def test_what_a_campaign_plants_is_searched_for_model_names_too(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    case = content.test_cases[0].id
    gold = GoldItem(case, "As stand-in-gpt-4 says.", minimum=0, maximum=3)
    with pytest.raises(InvalidInputError, match=r"^A gold item contains the model name"):
        opened(database, content, gold=[gold], gold_items=1)
    question = Question(text="Who is Stand-In-GPT-4?", options=("a", "b"), right=0)
    with pytest.raises(InvalidInputError, match=r"^The check of understanding contains"):
        opened(database, content, comprehension=(question,))


def test_experts_and_pairs_open_like_any_other(database: Database) -> None:
    campaign = opened(database, protocol=Protocol.PAIR, audience=Audience.EXPERTS, language="de")
    assert "zwei Antworten" in campaign.instructions


@pytest.mark.parametrize(
    ("models", "cases", "items"), [(3, 12, 12), (3, 2, 6), (5, 12, 10), (30, 4, 30), (1, 40, 12)]
)
def test_the_proposed_session_is_whole_blocks_of_about_twelve(
    models: int, cases: int, items: int
) -> None:
    assert default_items_per_session(models, cases) == items
