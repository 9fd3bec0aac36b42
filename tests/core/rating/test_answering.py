"""An answer is checked against the rubric, committed at once, and the first one counts."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.rating.answering import MOST_CONFLICTS
from core.rating.balance import balance_of
from core.rating.controls import GoldItem
from core.rating.design import Outcome, Protocol
from core.rating.refusals import Cause, RefusalError
from core.rating.reserving import release
from core.rating.sessions import claim_tab, view_session, withdraw
from core.rating.views import ItemView, Stage
from core.studies.rubric import Criterion, Reason, Rubric, Scale
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import (
    AnswerStatus,
    Control,
    Item,
    Preference,
    Rating,
    RatingConflict,
    RatingSession,
    SessionStatus,
)
from db.types import utc_now
from tests.building import ACTOR, all_rows, definition, store_responses
from tests.core.rating.raters import TAB, answer, give, item_of, opened, started, values_for

TWO_CRITERIA = Rubric(
    criteria=(
        Criterion(key="accuracy", question="Is it right?"),
        Criterion(key="style", question="Is it well written?"),
    ),
    scale=Scale(minimum=1, maximum=5),
    allows_both_bad=True,
)


def study_with(database: Database, rubric: Rubric) -> VersionContent:
    content = create_study(database, replace(definition(), rubric=rubric), ACTOR)
    store_responses(database, content)
    return content


def refused(cause: Cause) -> Any:
    return pytest.raises(RefusalError, check=lambda error: error.cause is cause)


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
    whatever_a_page_sends: list[Any] = [-1, 11, 5.5, "5", "first", True, [5], 10**30]
    for value in whatever_a_page_sends:
        with refused(Cause.VALUE_NOT_ON_SCALE):
            give(database, session_id, item.item_id, values={"quality": value})
    for values in ({}, {"quality": None}, {"another": 5}):
        with refused(Cause.VALUE_MISSING):
            give(database, session_id, item.item_id, values=values)
    assert all_rows(database, Rating) == []
    assert item_of(database, session_id) == item


def test_every_criterion_is_answered_on_the_rubrics_own_scale(database: Database) -> None:
    content = study_with(database, TWO_CRITERIA)
    session_id = started(database, opened(database, content))
    item = item_of(database, session_id)
    with refused(Cause.VALUE_MISSING):
        give(database, session_id, item.item_id, values={"accuracy": 3})
    with refused(Cause.VALUE_NOT_ON_SCALE):
        give(database, session_id, item.item_id, values={"accuracy": 3, "style": 0})
    give(database, session_id, item.item_id, values={"accuracy": 3, "style": 5}, comment="why")
    rows = {row.criterion: row for row in all_rows(database, Rating)}
    assert {key: row.value for key, row in rows.items()} == {"accuracy": 3, "style": 5}
    assert (rows["accuracy"].comment, rows["style"].comment) == ("why", None)


def test_a_pair_is_answered_by_side_a_tie_or_both_bad_as_the_rubric_allows(
    database: Database,
) -> None:
    content = study_with(database, TWO_CRITERIA)
    session_id = started(database, opened(database, content, protocol=Protocol.PAIR))
    item = item_of(database, session_id)
    assert len(item.responses) == 2
    for bad in ("third", 3, "", "FIRST"):
        with refused(Cause.VALUE_NOT_ON_SCALE):
            give(database, session_id, item.item_id, values={"accuracy": bad, "style": "tie"})
    give(database, session_id, item.item_id, values={"accuracy": "second", "style": "both_bad"})
    rows = {row.criterion: row.preference for row in all_rows(database, Rating)}
    assert rows == {"accuracy": Preference.SECOND, "style": Preference.BOTH_BAD}
    plain = study_with(database, Rubric(allows_tie=False))
    other = started(database, opened(database, plain, protocol=Protocol.PAIR))
    for word in ("tie", "both_bad"):
        with refused(Cause.VALUE_NOT_ON_SCALE):
            give(database, other, item_of(database, other).item_id, values={"quality": word})


def test_cannot_judge_is_an_answer_of_its_own_where_it_is_allowed(database: Database) -> None:
    session_id = started(database, opened(database, items=1))
    item_id = item_of(database, session_id).item_id
    view = give(database, session_id, item_id, cannot_judge=True, comment="no idea")
    (row,) = all_rows(database, Rating)
    assert (row.value, row.preference, row.status) == (None, None, AnswerStatus.CANNOT_JUDGE)
    assert row.comment == "no idea"
    assert view.stage is Stage.ENDED
    strict = study_with(database, Rubric(allows_cannot_judge=False))
    other = started(database, opened(database, strict))
    with refused(Cause.VALUE_NOT_ON_SCALE):
        give(database, other, item_of(database, other).item_id, cannot_judge=True)


def test_a_required_reason_is_asked_for_and_a_very_long_one_refused(database: Database) -> None:
    content = study_with(database, Rubric(reason=Reason.REQUIRED))
    session_id = started(database, opened(database, content))
    for comment in ("", "  \n"):
        with refused(Cause.REASON_MISSING):
            answer(database, session_id, 5, comment)
    for comment in ("x" * 5001, "x" * 1_000_000):
        with refused(Cause.COMMENT_TOO_LONG):
            answer(database, session_id, 5, comment)
    answer(database, session_id, 5, "x" * 5000)


def test_the_first_answer_counts_and_a_different_second_one_is_kept_beside_it(
    database: Database,
) -> None:
    session_id = started(database, opened(database))
    item_id = answer(database, session_id, 3, "meant")
    give(database, session_id, item_id, values={"quality": 9}, comment="a slip")
    give(database, session_id, item_id, cannot_judge=True)
    (rating,) = all_rows(database, Rating)
    slip, unsure = sorted(all_rows(database, RatingConflict), key=lambda row: row.value is None)
    assert (rating.value, rating.comment) == (3, "meant")
    assert (slip.item_id, slip.value, slip.comment) == (item_id, 9, "a slip")
    assert unsure.status is AnswerStatus.CANNOT_JUDGE
    assert item_of(database, session_id).number == 2


def test_the_same_answer_twice_is_no_conflict(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = answer(database, session_id, 3, "same")
    give(database, session_id, item_id, values={"quality": 3}, comment="same ")
    assert len(all_rows(database, Rating)) == 1
    assert all_rows(database, RatingConflict) == []


def test_a_double_click_stores_one_answer(database: Database) -> None:
    session_id = started(database, opened(database))
    item = item_of(database, session_id)
    with ThreadPoolExecutor(6) as threads:
        futures = [
            threads.submit(give, database, session_id, item.item_id, values=values_for(item, 4))
            for _ in range(6)
        ]
    assert [future.exception() for future in futures] == [None] * 6
    assert len(all_rows(database, Rating)) == 1
    assert all_rows(database, RatingConflict) == []


def test_an_answer_after_the_end_is_a_conflict_and_changes_nothing(database: Database) -> None:
    session_id = started(database, opened(database, items=1))
    item_id = answer(database, session_id, 3)
    (before,) = all_rows(database, RatingSession)
    give(database, session_id, item_id, values={"quality": 8})
    (after,) = all_rows(database, RatingSession)
    assert after == before
    assert [row.value for row in all_rows(database, Rating)] == [3]
    assert [row.value for row in all_rows(database, RatingConflict)] == [8]


def test_whoever_withdrew_gives_nothing_more(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = item_of(database, session_id).item_id
    withdraw(database, session_id, delete_answers=True)
    view = give(database, session_id, item_id, values={"quality": 8}, comment="late")
    assert view.stage is Stage.ENDED
    assert all_rows(database, Rating) == all_rows(database, RatingConflict) == []


def test_an_older_tab_is_told_to_stop_until_it_takes_over_again(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = item_of(database, session_id).item_id
    claim_tab(database, session_id, "a second tab")
    assert not view_session(database, session_id, TAB).is_current_tab
    assert view_session(database, session_id, "a second tab").is_current_tab
    for _ in range(2):
        with refused(Cause.OTHER_TAB):
            give(database, session_id, item_id, values={"quality": 5}, comment=" why ")
    assert all_rows(database, Rating) == []
    (conflict,) = all_rows(database, RatingConflict)
    assert (conflict.item_id, conflict.value, conflict.comment) == (item_id, 5, "why")
    claim_tab(database, session_id, TAB)
    give(database, session_id, item_id, values={"quality": 5})
    assert len(all_rows(database, Rating)) == 1


def test_a_hundred_tabs_leave_one_that_may_answer(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = item_of(database, session_id).item_id
    tabs = [f"tab {number}" for number in range(100)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda tab: claim_tab(database, session_id, tab), tabs))
    current = [tab for tab in tabs if view_session(database, session_id, tab).is_current_tab]
    assert len(current) == 1
    give(database, session_id, item_id, current[0], values={"quality": 5})
    assert [row.value for row in all_rows(database, Rating)] == [5]


def test_an_answer_to_an_item_of_another_session_is_refused(database: Database) -> None:
    campaign = opened(database)
    mine, theirs = started(database, campaign), started(database, campaign)
    for item_id in (item_of(database, theirs).item_id, "no such item"):
        with refused(Cause.OTHER_SESSION):
            give(database, mine, item_id, values={"quality": 5})
    assert all_rows(database, Rating) == []


def test_an_item_is_answered_in_its_turn(database: Database) -> None:
    session_id = started(database, opened(database))
    items = sorted(all_rows(database, Item), key=lambda row: row.position)
    with refused(Cause.OTHER_SESSION):
        give(database, session_id, items[2].id, values={"quality": 5})
    for bad in ("\x00", "\ud800", "", "x" * 100_000):
        with refused(Cause.OTHER_SESSION):
            give(database, session_id, bad, values={"quality": 5})
    assert all_rows(database, Rating) == []


def test_answers_that_do_not_count_are_kept_up_to_a_bound(database: Database) -> None:
    session_id = started(database, opened(database))
    item_id = answer(database, session_id, 3)
    for number in range(MOST_CONFLICTS + 10):
        give(database, session_id, item_id, values={"quality": 9}, comment=f"again {number}")
    assert len(all_rows(database, RatingConflict)) == MOST_CONFLICTS


def try_to_give(database: Database, session_id: str, item: ItemView) -> None:
    with suppress(RefusalError):
        give(database, session_id, item.item_id, values=values_for(item, 5))


def give_up(database: Database, session_id: str) -> None:
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        row.status = SessionStatus.ABANDONED
        session.add(row)
        session.flush()
        release(session, session_id, utc_now())


@pytest.mark.parametrize("kind", ["first", "last", "abandoned"])
def test_a_withdrawal_beside_an_answer_leaves_nothing_behind_and_no_reservation(
    database: Database, kind: str
) -> None:
    campaign = opened(database, overlap=50)
    for _ in range(8):
        session_id = started(database, campaign)
        for _ in range(2 if kind == "last" else 0):
            answer(database, session_id)
        item = item_of(database, session_id)
        if kind == "abandoned":
            give_up(database, session_id)
        with ThreadPoolExecutor(2) as threads:
            giving = threads.submit(try_to_give, database, session_id, item)
            withdrawing = threads.submit(withdraw, database, session_id, delete_answers=True)
        giving.result()
        withdrawing.result()
        with database.read() as session:
            row = session.get_one(RatingSession, session_id)
        assert row.status is SessionStatus.WITHDRAWN
        assert row.released_at is not None
    assert all_rows(database, Rating) == []
    assert balance_of(database, campaign.id).counters_agree


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


def test_an_answer_a_month_after_its_item_was_shown_is_stored(database: Database) -> None:
    session_id = started(database, opened(database))
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        assert row.understood_at is not None
        row.understood_at -= timedelta(days=30)
        session.add(row)
    answer(database, session_id)
    (rating,) = all_rows(database, Rating)
    assert rating.shown_to_saved_ms >= timedelta(days=30) / timedelta(milliseconds=1)


def test_what_the_browser_claims_of_time_is_kept_within_what_the_server_saw(
    database: Database,
) -> None:
    session_id = started(database, opened(database))
    time.sleep(0.05)
    item = item_of(database, session_id)
    give(
        database, session_id, item.item_id,
        values=values_for(item, 5), active_ms=10**9, hidden_ms=3, blur_count=2,
    )  # fmt: skip
    (row,) = all_rows(database, Rating)
    assert row.active_ms == row.shown_to_saved_ms
    assert (row.hidden_ms, row.blur_count) == (3, 2)


def test_claims_of_time_that_are_none_are_unknown(database: Database) -> None:
    session_id = started(database, opened(database))
    item = item_of(database, session_id)
    give(
        database, session_id, item.item_id,
        values=values_for(item, 5), active_ms=-4, hidden_ms="soon", blur_count=1.5,
    )  # fmt: skip
    (row,) = all_rows(database, Rating)
    assert (row.active_ms, row.hidden_ms, row.blur_count) == (None, None, None)
    assert row.shown_to_saved_ms is not None


def test_a_clock_that_went_back_gives_no_negative_time(database: Database) -> None:
    session_id = started(database, opened(database))
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        assert row.understood_at is not None
        row.understood_at += timedelta(hours=1)
        session.add(row)
    answer(database, session_id)
    (rating,) = all_rows(database, Rating)
    assert rating.shown_to_saved_ms == 0


def test_an_abandoned_session_that_gets_an_answer_goes_on(database: Database) -> None:
    campaign = opened(database, lease_minutes=1)
    session_id = started(database, campaign)
    item_id = item_of(database, session_id).item_id
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        assert row.understood_at is not None
        row.started_at -= timedelta(minutes=2)
        row.understood_at -= timedelta(minutes=2)
        session.add(row)
    started(database, campaign)
    (row,) = [one for one in all_rows(database, RatingSession) if one.id == session_id]
    assert row.status is SessionStatus.ABANDONED
    give(database, session_id, item_id, values={"quality": 5})
    (row,) = [one for one in all_rows(database, RatingSession) if one.id == session_id]
    assert (row.status, row.released_at) == (SessionStatus.STARTED, None)
    assert item_of(database, session_id).number == 2


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_wrong_answer_to_a_gold_item_is_explained_before_the_next_one(
    database: Database, protocol: Protocol
) -> None:
    content = study_with(database, Rubric())
    gold = GoldItem(
        content.test_cases[0].id, "Nonsense.", minimum=0, maximum=2, better=False,
        feedback="It says nothing of the tasks.",
    )  # fmt: skip
    campaign = opened(database, content, items=2, gold=[gold], gold_items=1, protocol=protocol)
    for is_right in (True, False):
        session_id = started(database, campaign)
        feedback = []
        while (item := view_session(database, session_id, TAB).item) is not None:
            is_gold = "Nonsense." in item.responses
            wrong: int | str = 9
            right: int | str = 1
            if protocol is Protocol.PAIR:
                sides = ("first", "second")
                place = item.responses.index("Nonsense.") if is_gold else 0
                wrong, right = sides[place], sides[1 - place]
            value = right if is_right else wrong
            view = give(database, session_id, item.item_id, values={"quality": value})
            if view.item is not None:
                feedback.append((is_gold, view.item.feedback))
        expected = None if is_right else gold.feedback
        assert all(text == (expected if gold_shown else None) for gold_shown, text in feedback)


def test_a_planted_item_shows_its_own_text_with_the_task_of_its_case(database: Database) -> None:
    content = study_with(database, Rubric())
    session_id = started(database, opened(database, content, items=6, attention_items=1))
    (control_id,) = [row.control_id for row in all_rows(database, Item) if row.control_id]
    (control,) = [row for row in all_rows(database, Control) if row.id == control_id]
    case = next(one for one in content.test_cases if one.id == control.test_case_id)
    shown = []
    while (item := view_session(database, session_id, TAB).item) is not None:
        if item.responses == (control.text,):
            shown.append(item.task)
        answer(database, session_id)
    assert len(shown) == 1
    assert case.values["tasks"] in shown[0]


def test_the_last_answer_to_a_session_that_was_just_given_up_completes_it(
    database: Database,
) -> None:
    session_id = started(database, opened(database, items=1))
    answer(database, session_id)
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        row.status, row.completed_at, row.ended_at = SessionStatus.ABANDONED, None, None
        session.add(row)
        session.flush()
        assert release(session, session_id, utc_now())
    view = view_session(database, session_id, TAB)
    assert view.ending is not None
    assert view.ending.outcome is Outcome.COMPLETE
    (row,) = all_rows(database, RatingSession)
    assert (row.status, row.released_at) == (SessionStatus.COMPLETE, None)
