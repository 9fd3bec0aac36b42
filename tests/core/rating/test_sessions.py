"""A rater's session: invited, started once, answered item by item, completed."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import SQLModel

from core.errors import InvalidInputError, NotFoundError
from core.rating.campaigns import close_campaign
from core.rating.sessions import (
    claim_tab,
    invitation,
    is_under_way,
    save_answer,
    session_of_token,
    session_token,
    start_session,
    view_session,
)
from db.engine import Database
from db.tables import (
    Campaign,
    Item,
    Rater,
    Rating,
    RatingConflict,
    RatingSession,
    SessionStatus,
    Subject,
)
from db.types import utc_now
from tests.building import ACTOR, decide, make_study, rows_of, store_responses, stored
from tests.core.rating.raters import TAB, answer, completed, item_of, opened, started


def expire(database: Database, campaign: Campaign) -> None:
    with database.write() as session:
        row = session.get_one(Campaign, campaign.id)
        row.expires_at = utc_now() - timedelta(seconds=1)
        session.add(row)


def all_rows(database: Database, table: type[SQLModel]) -> list[Any]:
    with database.read() as session:
        return rows_of(session, table)


def test_an_invitation_says_what_to_expect(database: Database) -> None:
    campaign = opened(database, items=4)
    invited = invitation(database, campaign.link_token)
    assert (invited.name, invited.items) == ("First", 4)
    assert invited.instructions
    assert invited.consent


@pytest.mark.parametrize("ask", [invitation, lambda d, link: start_session(d, link, "n", {})])
def test_a_wrong_closed_or_expired_link_is_refused_with_its_reason(
    database: Database, ask: Callable[[Database, str], object]
) -> None:
    content = make_study(database)
    store_responses(database, content)
    closed, expired = opened(database, content), opened(database, content)
    close_campaign(database, closed.id, ACTOR)
    expire(database, expired)
    with pytest.raises(NotFoundError, match="leads nowhere; check that it was copied whole"):
        ask(database, closed.link_token + "x")
    with pytest.raises(NotFoundError, match="closed and takes no more ratings"):
        ask(database, closed.link_token)
    with pytest.raises(NotFoundError, match="has expired; ask whoever sent it"):
        ask(database, expired.link_token)
    assert all_rows(database, RatingSession) == []


def test_the_same_press_of_the_button_gets_the_same_session(database: Database) -> None:
    campaign = opened(database)
    nonce = uuid4().hex
    first = start_session(database, campaign.link_token, nonce, {})
    assert start_session(database, campaign.link_token, nonce, {}) == first
    assert start_session(database, campaign.link_token, uuid4().hex, {}) != first
    assert len(all_rows(database, Item)) == 6


def test_the_same_person_from_a_platform_gets_the_same_session(database: Database) -> None:
    campaign, other = opened(database), opened(database)
    arrival = {"PROLIFIC_PID": "p1", "STUDY_ID": "s"}
    first = start_session(database, campaign.link_token, uuid4().hex, arrival)
    again = start_session(database, campaign.link_token, uuid4().hex, arrival)
    elsewhere = start_session(database, other.link_token, uuid4().hex, arrival)
    somebody = start_session(database, campaign.link_token, uuid4().hex, {"PROLIFIC_PID": "p2"})
    assert again == first
    assert len({first, elsewhere, somebody}) == 3
    assert {row.external_id for row in all_rows(database, Rater)} == {"p1", "p2"}
    (row,) = [one for one in all_rows(database, RatingSession) if one.id == first]
    assert row.arrival == arrival


def test_whoever_knows_a_platform_id_gets_no_complete_session(database: Database) -> None:
    campaign = opened(database)
    completed(database, campaign, PROLIFIC_PID="p1")
    with pytest.raises(InvalidInputError, match="participant id has already taken part"):
        start_session(database, campaign.link_token, uuid4().hex, {"PROLIFIC_PID": "p1"})
    assert not is_under_way(database, campaign.link_token, {"PROLIFIC_PID": "p1"})
    assert len(all_rows(database, RatingSession)) == 1


@pytest.mark.parametrize("how", ["closed", "expired"])
def test_a_person_goes_on_after_the_campaign_ended_and_nobody_else_starts(
    database: Database, how: str
) -> None:
    campaign = opened(database)
    nonce, arrival = uuid4().hex, {"PROLIFIC_PID": "p1"}
    first = start_session(database, campaign.link_token, nonce, arrival)
    if how == "closed":
        close_campaign(database, campaign.id, ACTOR)
    else:
        expire(database, campaign)
    assert start_session(database, campaign.link_token, nonce, {}) == first
    assert start_session(database, campaign.link_token, uuid4().hex, arrival) == first
    assert is_under_way(database, campaign.link_token, arrival)
    for other in ({}, {"PROLIFIC_PID": "p2"}):
        assert not is_under_way(database, campaign.link_token, other)
        with pytest.raises(NotFoundError, match=r"closed and takes|has expired"):
            start_session(database, campaign.link_token, uuid4().hex, other)
    with pytest.raises(NotFoundError, match="leads nowhere"):
        start_session(database, "unknown", nonce, arrival)
    assert not is_under_way(database, "unknown", arrival)


def test_nobody_starts_when_every_response_is_excluded(database: Database) -> None:
    content = make_study(database)
    rows = store_responses(database, content)
    campaign = opened(database, content)
    for row in rows:
        decide(database, Subject.RESPONSE, row.id)
    with pytest.raises(InvalidInputError, match="nothing left to rate in this study; tell whoever"):
        started(database, campaign)
    assert all_rows(database, RatingSession) == all_rows(database, Rater) == []


def test_what_no_database_holds_is_no_link_and_is_left_out_of_the_rest(database: Database) -> None:
    campaign = opened(database)
    bad = "\x00\ud800"
    for ask in (invitation, lambda d, link: start_session(d, link, "n", {})):
        with pytest.raises(NotFoundError, match="leads nowhere"):
            ask(database, bad)
    assert not is_under_way(database, bad, {"PROLIFIC_PID": "p"})
    with pytest.raises(NotFoundError, match="open the link that you were given again"):
        session_of_token(bad, "secret")
    nobody = start_session(database, campaign.link_token, uuid4().hex, {"PROLIFIC_PID": bad})
    arrival = {"PROLIFIC_PID": f"p{bad}", f"a{bad}": f"b{bad}"}
    session_id = started(database, campaign, **arrival)
    assert nobody != session_id
    assert {row.external_id for row in all_rows(database, Rater)} == {None, "p"}
    (row,) = [one for one in all_rows(database, RatingSession) if one.id == session_id]
    assert row.arrival == {"PROLIFIC_PID": "p", "a": "b"}
    answer(database, session_id, 5, f"good{bad}")
    assert [one.comment for one in all_rows(database, Rating)] == ["good"]


@pytest.mark.parametrize("by", ["nonce", "platform"])
def test_two_presses_at_the_same_moment_start_one_session(database: Database, by: str) -> None:
    campaign = opened(database)
    nonces = ["one nonce"] * 8 if by == "nonce" else [uuid4().hex for _ in range(8)]
    arrival = {"PROLIFIC_PID": "p1"} if by == "platform" else {}

    def press(nonce: str) -> str:
        return start_session(database, campaign.link_token, nonce, arrival)

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(press, nonces))
    assert len(found) == 1
    assert len(all_rows(database, RatingSession)) == len(all_rows(database, Rater)) == 1
    assert len(all_rows(database, Item)) == 3


def test_every_answer_is_stored_at_once_and_brings_the_next_item(database: Database) -> None:
    session_id = started(database, opened(database))
    numbers = []
    for value in (0, 10):
        numbers.append(item_of(database, session_id).number)
        answer(database, session_id, value, f"  {value} it is ")
        assert len(all_rows(database, Rating)) == len(numbers)
    assert numbers == [1, 2]
    assert item_of(database, session_id).number == 3
    assert sorted((row.value, row.comment) for row in all_rows(database, Rating)) == [
        (0, "0 it is"),
        (10, "10 it is"),
    ]


def test_an_answer_off_the_scale_or_none_at_all_is_refused(database: Database) -> None:
    session_id = started(database, opened(database))
    item = item_of(database, session_id)
    whatever_a_page_sends: list[Any] = [-1, 11, 5.5, None, "5"]
    for value in whatever_a_page_sends:
        with pytest.raises(InvalidInputError, match="is not on the scale; choose 0 to 10"):
            save_answer(database, session_id, item.item_id, value, "", TAB)
    assert all_rows(database, Rating) == []
    assert item_of(database, session_id) == item


def test_a_comment_that_is_too_long_is_refused_with_its_length(database: Database) -> None:
    session_id = started(database, opened(database))
    with pytest.raises(InvalidInputError, match="has 5001 characters; shorten it to 5000"):
        answer(database, session_id, 5, "x" * 5001)
    answer(database, session_id, 5, "x" * 5000)


def test_the_first_answer_counts_and_a_different_second_one_is_kept_beside_it(
    database: Database,
) -> None:
    session_id = started(database, opened(database))
    item_id = answer(database, session_id, 3, "meant")
    save_answer(database, session_id, item_id, 9, "a slip", TAB)
    (rating,) = all_rows(database, Rating)
    (conflict,) = all_rows(database, RatingConflict)
    assert (rating.value, rating.comment) == (3, "meant")
    assert (conflict.item_id, conflict.value, conflict.comment) == (item_id, 9, "a slip")
    assert item_of(database, session_id).number == 2


def test_the_same_answer_twice_is_no_conflict(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = answer(database, session_id, 3, "same")
    save_answer(database, session_id, item_id, 3, "same ", TAB)
    assert len(all_rows(database, Rating)) == 1
    assert all_rows(database, RatingConflict) == []


def test_a_double_click_stores_one_answer(database: Database) -> None:
    session_id = started(database, opened(database))
    item = item_of(database, session_id)
    with ThreadPoolExecutor(6) as threads:
        futures = [
            threads.submit(save_answer, database, session_id, item.item_id, 4, "", TAB)
            for _ in range(6)
        ]
    assert [future.exception() for future in futures] == [None] * 6
    assert len(all_rows(database, Rating)) == 1
    assert all_rows(database, RatingConflict) == []


def test_the_last_answer_completes_the_session_and_shows_a_code(database: Database) -> None:
    session_id = started(database, opened(database))
    answer(database, session_id)
    answer(database, session_id)
    (row,) = all_rows(database, RatingSession)
    assert (row.status, row.completed_at) == (SessionStatus.STARTED, None)
    assert view_session(database, session_id, TAB).completion_code is None
    answer(database, session_id)
    (row,) = all_rows(database, RatingSession)
    assert row.status is SessionStatus.COMPLETE
    assert row.completed_at is not None
    view = view_session(database, session_id, TAB)
    assert view.item is None
    assert view.completion_code == row.completion_code


def test_an_answer_after_the_end_is_a_conflict_and_changes_nothing(database: Database) -> None:
    session_id = started(database, opened(database, items=1))
    item_id = answer(database, session_id, 3)
    (before,) = all_rows(database, RatingSession)
    save_answer(database, session_id, item_id, 8, "", TAB)
    (after,) = all_rows(database, RatingSession)
    assert after == before
    assert [row.value for row in all_rows(database, Rating)] == [3]
    assert [row.value for row in all_rows(database, RatingConflict)] == [8]


def test_an_older_tab_is_told_to_stop_until_it_takes_over_again(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = item_of(database, session_id).item_id
    claim_tab(database, session_id, "a second tab")
    assert not view_session(database, session_id, TAB).is_current_tab
    assert view_session(database, session_id, "a second tab").is_current_tab
    for _ in range(2):
        with pytest.raises(InvalidInputError, match="goes on in another tab"):
            save_answer(database, session_id, item_id, 5, " why ", TAB)
    assert all_rows(database, Rating) == []
    (conflict,) = all_rows(database, RatingConflict)
    assert (conflict.item_id, conflict.value, conflict.comment) == (item_id, 5, "why")
    claim_tab(database, session_id, TAB)
    save_answer(database, session_id, item_id, 5, "", TAB)
    assert len(all_rows(database, Rating)) == 1


def test_a_different_answer_from_an_older_tab_is_kept_beside_the_first(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = answer(database, session_id, 4)
    claim_tab(database, session_id, "a second tab")
    for value in (4, 9):
        with pytest.raises(InvalidInputError, match="goes on in another tab"):
            save_answer(database, session_id, item_id, value, "", TAB)
    assert [row.value for row in all_rows(database, Rating)] == [4]
    assert [row.value for row in all_rows(database, RatingConflict)] == [9]


def test_an_answer_a_month_after_its_item_was_shown_is_stored(database: Database) -> None:
    session_id = started(database, opened(database))
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        row.started_at -= timedelta(days=30)
        session.add(row)
    answer(database, session_id)
    (rating,) = all_rows(database, Rating)
    assert rating.shown_to_saved_ms >= timedelta(days=30) / timedelta(milliseconds=1)


def test_an_answer_to_an_item_of_another_session_is_refused(database: Database) -> None:
    campaign = opened(database)
    mine, theirs = started(database, campaign), started(database, campaign)
    for item_id in (item_of(database, theirs).item_id, "no such item"):
        with pytest.raises(NotFoundError, match="belongs to another session"):
            save_answer(database, mine, item_id, 5, "", TAB)
    assert all_rows(database, Rating) == []


def test_a_token_finds_its_session_and_a_changed_one_is_refused() -> None:
    token = session_token("a" * 32, "the secret")
    assert session_of_token(token, "the secret") == "a" * 32
    changed = [token[:-1], token + "x", token.swapcase(), token.replace(".", ""), "", "b" * 32]
    for other in [*changed, session_token("a" * 32, "another secret")]:
        with pytest.raises(NotFoundError, match="open the link that you were given again"):
            session_of_token(other, "the secret")


def test_an_unknown_session_is_refused(database: Database) -> None:
    for ask in (claim_tab, view_session):
        with pytest.raises(NotFoundError, match="not known here"):
            ask(database, "nobody", TAB)


@pytest.mark.parametrize("how", ["closed", "expired"])
def test_a_session_under_way_can_be_finished_after_the_campaign_ended(
    database: Database, how: str
) -> None:
    campaign = opened(database)
    session_id = started(database, campaign)
    answer(database, session_id)
    if how == "closed":
        close_campaign(database, campaign.id, ACTOR)
    else:
        expire(database, campaign)
    answer(database, session_id)
    answer(database, session_id)
    assert view_session(database, session_id, TAB).completion_code


def test_the_time_from_shown_to_saved_is_measured_by_the_server(database: Database) -> None:
    session_id = started(database, opened(database))
    for wait_s in (0.15, 0.3):
        shown = time.monotonic()
        item_id = item_of(database, session_id).item_id
        time.sleep(wait_s)
        answer(database, session_id)
        least, most = wait_s * 1000 - 5, (time.monotonic() - shown) * 1000 + 1500
        (row,) = [one for one in all_rows(database, Rating) if one.item_id == item_id]
        assert row.shown_to_saved_ms is not None
        assert least <= row.shown_to_saved_ms <= most


def test_completion_codes_differ_and_are_easy_to_read(database: Database) -> None:
    campaign = opened(database, items=1)
    for _ in range(12):
        started(database, campaign)
    codes = [row.completion_code for row in all_rows(database, RatingSession)]
    assert len(set(codes)) == 12
    for code in codes:
        assert len(code) == 10
        assert not set(code) & set("01IO")


def test_nothing_that_a_rater_sees_tells_of_models_or_responses(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    campaign = opened(database, content, items=6)
    session_id = started(database, campaign)
    seen = [repr(asdict(invitation(database, campaign.link_token)))]
    for _ in range(6):
        seen.append(repr(asdict(view_session(database, session_id, TAB))))
        answer(database, session_id)
    seen.append(repr(asdict(view_session(database, session_id, TAB))))
    hidden = {one.id for one in content.candidates} | {row.id for row in stored(database, content)}
    for one in content.candidates:
        provider, model = one.model.split("/")
        hidden |= {one.model, provider, model}
    shown = "\n".join(seen)
    assert [one for one in hidden if one in shown] == []


def test_a_session_shows_the_task_and_the_whole_response(database: Database) -> None:
    content = make_study(database)
    texts = {row.text for row in store_responses(database, content)}
    session_id = started(database, opened(database, content))
    item = item_of(database, session_id)
    assert item.response in texts
    assert item.task.startswith("Write a briefing in two sentences.\nTasks:\n- Budget number")
    assert item.question == content.version.rubric_question
    assert (item.number, item.total) == (1, 3)


def test_sessions_share_the_responses_evenly(database: Database) -> None:
    campaign = opened(database)
    for _ in range(6):
        started(database, campaign)
    times: dict[str, int] = {}
    for row in all_rows(database, Item):
        times[row.response_id] = times.get(row.response_id, 0) + 1
    assert sorted(times.values()) == [3] * 6


def test_what_an_abandoned_session_reserved_returns_to_the_pool(database: Database) -> None:
    campaign = opened(database)
    abandoned = started(database, campaign)
    with database.write() as session:
        row = session.get_one(RatingSession, abandoned)
        row.started_at -= timedelta(hours=3)
        session.add(row)
    for _ in range(2):
        started(database, campaign)
    times: dict[str, int] = {}
    for item in all_rows(database, Item):
        if item.session_id != abandoned:
            times[item.response_id] = times.get(item.response_id, 0) + 1
    assert sorted(times.values()) == [1] * 6
