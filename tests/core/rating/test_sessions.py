"""A rater's session: found by its token, shown where it stands, ended, withdrawn."""

from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer

from core.rating import sessions
from core.rating.balance import balance_of
from core.rating.design import Outcome, Question
from core.rating.entrance import invitation, record_visit
from core.rating.refusals import Cause, RefusalError
from core.rating.sessions import (
    answer_comprehension,
    claim_tab,
    session_of_token,
    session_token,
    view_session,
    withdraw,
)
from core.rating.views import Stage
from core.studies.rubric import rubric_of
from db.engine import Database
from db.tables import (
    Audit,
    ComprehensionAttempt,
    Control,
    Item,
    Rating,
    RatingConflict,
    RatingSession,
    SessionStatus,
    Subject,
    Visit,
)
from tests.building import all_rows, decide, make_study, store_responses, stored
from tests.core.rating.raters import (
    PROLIFIC,
    TAB,
    answer,
    completed,
    give,
    item_of,
    opened,
    started,
    values_for,
)

QUESTIONS = (
    Question(text="What is 10?", options=("the worst", "the best"), right=1),
    Question(text="May you stop?", options=("always", "never", "at night"), right=0),
)


def refused(cause: Cause) -> Any:
    return pytest.raises(RefusalError, check=lambda error: error.cause is cause)


def outcome_of(database: Database, session_id: str) -> Outcome:
    ending = view_session(database, session_id, TAB).ending
    assert ending is not None
    return ending.outcome


def session_row(database: Database, session_id: str) -> RatingSession:
    with database.read() as session:
        return session.get_one(RatingSession, session_id)


def test_the_last_answer_completes_the_session_and_shows_a_code(database: Database) -> None:
    session_id = started(database, opened(database))
    answer(database, session_id)
    answer(database, session_id)
    row = session_row(database, session_id)
    assert (row.status, row.completed_at, row.ended_at) == (SessionStatus.STARTED, None, None)
    assert view_session(database, session_id, TAB).ending is None
    answer(database, session_id)
    row = session_row(database, session_id)
    assert row.status is SessionStatus.COMPLETE
    assert row.completed_at == row.ended_at is not None
    view = view_session(database, session_id, TAB)
    assert (view.stage, view.item) == (Stage.ENDED, None)
    assert view.ending is not None
    assert (view.ending.outcome, view.ending.code) == (Outcome.COMPLETE, row.completion_code)


def test_a_session_whose_last_answer_was_stored_but_not_its_end_is_ended_when_looked_at(
    database: Database,
) -> None:
    session_id = completed(database, opened(database))
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        row.status, row.completed_at, row.ended_at = SessionStatus.STARTED, None, None
        session.add(row)
    assert outcome_of(database, session_id) is Outcome.COMPLETE


def test_a_token_finds_its_session_and_a_changed_or_old_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = session_token("a" * 32, "the secret")
    assert session_of_token(token, "the secret") == "a" * 32
    changed = [token[:-1], token + "x", token.swapcase(), token.replace(".", ""), "", "b" * 32]
    for other in [*changed, session_token("a" * 32, "another secret")]:
        with refused(Cause.BROKEN_ADDRESS):
            session_of_token(other, "the secret")
    forged = URLSafeTimedSerializer("the secret", salt="another salt").dumps("a" * 32)
    with refused(Cause.BROKEN_ADDRESS):
        session_of_token(str(forged), "the secret")
    monkeypatch.setattr(sessions, "TOKEN_LASTS_S", -1)
    with refused(Cause.EXPIRED_ADDRESS):
        session_of_token(token, "the secret")


def test_an_unknown_session_is_refused(database: Database) -> None:
    for ask in (
        lambda: claim_tab(database, "nobody", TAB),
        lambda: view_session(database, "nobody", TAB),
        lambda: answer_comprehension(database, "nobody", [], TAB),
        lambda: withdraw(database, "nobody", delete_answers=True),
    ):
        with refused(Cause.UNKNOWN_SESSION):
            ask()


def test_completion_codes_differ_and_are_easy_to_read(database: Database) -> None:
    campaign = opened(database, items=1, overlap=10)
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
    campaign = opened(
        database, content, items=6, attention_items=1, known_bad_items=1, comprehension=QUESTIONS
    )
    session_id = started(database, campaign)
    seen = [repr(asdict(invitation(database, campaign.link_token, {})))]
    seen.append(repr(asdict(view_session(database, session_id, TAB))))
    answer_comprehension(database, session_id, [1, 0], TAB)
    for _ in range(8):
        seen.append(repr(asdict(view_session(database, session_id, TAB))))
        answer(database, session_id)
    seen.append(repr(asdict(view_session(database, session_id, TAB))))
    hidden = {one.id for one in content.candidates} | {row.id for row in stored(database, content)}
    hidden |= {row.id for row in all_rows(database, Control)} | {"known_bad", "gold"}
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
    (response,) = item.responses
    assert response in texts
    assert item.task.startswith("Write a briefing in two sentences.\nTasks:\n- Budget number")
    assert item.rubric == rubric_of(content.version.rubric)
    assert (item.number, item.total) == (1, 3)


def test_the_time_left_follows_the_plan_and_then_the_raters_own_pace(database: Database) -> None:
    campaign = opened(database, items=6, seconds_per_item=60)
    session_id = started(database, campaign)
    assert item_of(database, session_id).minutes_left == 6
    for _ in range(3):
        answer(database, session_id)
    assert item_of(database, session_id).minutes_left == 1
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        assert row.understood_at is not None
        row.understood_at -= timedelta(days=1)
        session.add(row)
    assert item_of(database, session_id).minutes_left == 9


def test_sessions_share_the_responses_evenly(database: Database) -> None:
    campaign = opened(database)
    for _ in range(6):
        started(database, campaign)
    times = Counter(row.response_id for row in all_rows(database, Item))
    assert sorted(times.values()) == [3] * 6


def test_what_an_abandoned_session_reserved_returns_to_the_pool_until_it_comes_back(
    database: Database,
) -> None:
    campaign = opened(database)
    abandoned = started(database, campaign)
    with database.write() as session:
        row = session.get_one(RatingSession, abandoned)
        row.started_at -= timedelta(hours=3)
        row.understood_at = row.started_at
        session.add(row)
    for _ in range(2):
        started(database, campaign)
    times = Counter(
        row.response_id for row in all_rows(database, Item) if row.session_id != abandoned
    )
    assert sorted(times.values()) == [1] * 6
    assert session_row(database, abandoned).status is SessionStatus.ABANDONED
    claim_tab(database, abandoned, TAB)
    assert session_row(database, abandoned).status is SessionStatus.STARTED
    for _ in range(3):
        answer(database, abandoned)
    assert outcome_of(database, abandoned) is Outcome.COMPLETE


def test_items_come_after_the_check_of_understanding_is_passed(database: Database) -> None:
    session_id = started(database, opened(database, comprehension=QUESTIONS))
    view = view_session(database, session_id, TAB)
    assert view.comprehension is not None
    assert view.comprehension.attempts_left == 2
    assert [one.options for one in view.comprehension.questions] == [
        one.options for one in QUESTIONS
    ]
    assert all_rows(database, Item) == []
    view = answer_comprehension(database, session_id, [0, 0], TAB)
    assert view.comprehension is not None
    assert view.comprehension.attempts_left == 1
    view = answer_comprehension(database, session_id, [1, 0], TAB)
    assert view.stage is Stage.ITEM
    assert len(all_rows(database, Item)) == 3
    attempts = sorted(all_rows(database, ComprehensionAttempt), key=lambda row: row.number)
    assert [(row.number, row.passed) for row in attempts] == [(1, False), (2, True)]


def test_nobody_answers_the_check_of_understanding_when_there_is_no_room(
    database: Database,
) -> None:
    campaign = opened(database, comprehension=QUESTIONS, capacity=1)
    first, second = started(database, campaign), started(database, campaign)
    for session_id in (first, second):
        assert view_session(database, session_id, TAB).stage is Stage.COMPREHENSION
    answer_comprehension(database, first, [1, 0], TAB)
    assert outcome_of(database, started(database, campaign)) is Outcome.NOTHING_LEFT
    answer_comprehension(database, second, [1, 0], TAB)
    assert outcome_of(database, second) is Outcome.NOTHING_LEFT


def test_two_failed_attempts_at_understanding_screen_out_and_reserve_nothing(
    database: Database,
) -> None:
    session_id = started(database, opened(database, comprehension=QUESTIONS))
    for _ in range(2):
        answer_comprehension(database, session_id, [0, 1], TAB)
    assert outcome_of(database, session_id) is Outcome.SCREENED_OUT
    answer_comprehension(database, session_id, [1, 0], TAB)
    assert outcome_of(database, session_id) is Outcome.SCREENED_OUT
    assert all_rows(database, Item) == []
    assert len(all_rows(database, ComprehensionAttempt)) == 2


def test_an_incomplete_or_foreign_answer_to_the_check_is_no_attempt(database: Database) -> None:
    session_id = started(database, opened(database, comprehension=QUESTIONS))
    for chosen, cause in (
        ([1, None], Cause.VALUE_MISSING),
        ([1], Cause.VALUE_MISSING),
        ([1, 3], Cause.VALUE_NOT_ON_SCALE),
        ([1, -1], Cause.VALUE_NOT_ON_SCALE),
    ):
        with refused(cause):
            answer_comprehension(database, session_id, chosen, TAB)
    with refused(Cause.OTHER_TAB):
        answer_comprehension(database, session_id, [1, 0], "another tab")
    assert all_rows(database, ComprehensionAttempt) == []


@pytest.mark.parametrize(
    ("failures", "outcome"), [(1, Outcome.COMPLETE), (2, Outcome.FAILED_CHECKS)]
)
def test_a_session_with_too_many_failed_attention_items_does_not_count(
    database: Database, failures: int, outcome: Outcome
) -> None:
    campaign = opened(database, items=3, attention_items=2, attention_failures_allowed=1)
    session_id = started(database, campaign)
    texts = {row.text: row.expected["minimum"] for row in all_rows(database, Control)}
    failed = 0
    while (item := view_session(database, session_id, TAB).item) is not None:
        value = texts.get(item.responses[0], 5)
        if item.responses[0] in texts and failed < failures:
            value, failed = (value + 1) % 10, failed + 1
        give(database, session_id, item.item_id, values=values_for(item, value))
    assert failed == failures
    assert outcome_of(database, session_id) is outcome
    row = session_row(database, session_id)
    assert (row.completed_at is not None) is (outcome is Outcome.COMPLETE)
    assert (row.released_at is not None) is (outcome is Outcome.FAILED_CHECKS)


def test_a_rater_goes_back_with_the_code_of_the_outcome(database: Database) -> None:
    platform = PROLIFIC.model_copy(
        update={
            "codes": {Outcome.COMPLETE: "DONE1"},
            "return_url": "https://example.org/?cc={code}&who={rater_id}&s={study_id}",
        }
    )
    campaign = opened(database, items=1, platform=platform)
    done = completed(database, campaign, PROLIFIC_PID="p 1&x=y", STUDY_ID="s/1")
    ending = view_session(database, done, TAB).ending
    assert ending is not None
    assert ending.return_url == "https://example.org/?cc=DONE1&who=p%201%26x%3Dy&s=s%2F1"
    again = withdraw(database, done, delete_answers=True).ending
    assert again is not None
    assert again.outcome is Outcome.WITHDRAWN
    assert again.return_url == ending.return_url, "the work was done and is paid"
    gone = started(database, campaign, PROLIFIC_PID="p2")
    ended = withdraw(database, gone, delete_answers=False).ending
    assert ended is not None
    assert ended.return_url == f"https://example.org/?cc={ended.code}&who=p2&s="


def test_whoever_withdraws_does_not_count_and_keeps_what_was_given_unless_asked(
    database: Database,
) -> None:
    session_id = started(database, opened(database))
    answer(database, session_id)
    view = withdraw(database, session_id, delete_answers=False)
    assert (view.stage, outcome_of(database, session_id)) == (Stage.ENDED, Outcome.WITHDRAWN)
    row = session_row(database, session_id)
    assert row.released_at is not None
    assert row.data_deleted_at is None
    assert len(all_rows(database, Rating)) == 1


def test_answers_that_were_kept_at_the_withdrawal_can_be_deleted_later(
    database: Database,
) -> None:
    session_id = started(database, opened(database))
    answer(database, session_id)
    ending = withdraw(database, session_id, delete_answers=False).ending
    assert ending is not None
    assert ending.can_withdraw
    ending = withdraw(database, session_id, delete_answers=True).ending
    assert ending is not None
    assert not ending.can_withdraw
    assert all_rows(database, Rating) == []


def test_an_excluded_session_that_is_finished_later_gives_its_items_back(
    database: Database,
) -> None:
    campaign = opened(database)
    session_id = started(database, campaign)
    decide(database, Subject.SESSION, session_id)
    for _ in range(3):
        answer(database, session_id)
    row = session_row(database, session_id)
    assert row.status is SessionStatus.COMPLETE
    assert row.released_at is not None
    assert balance_of(database, campaign.id).counters_agree


def test_a_session_abandoned_at_the_check_of_understanding_holds_its_items_once(
    database: Database,
) -> None:
    campaign = opened(database, comprehension=QUESTIONS, lease_minutes=1)
    session_id = started(database, campaign)
    with database.write() as session:
        row = session.get_one(RatingSession, session_id)
        row.started_at -= timedelta(minutes=5)
        session.add(row)
    started(database, campaign)
    assert session_row(database, session_id).status is SessionStatus.ABANDONED
    answer_comprehension(database, session_id, [1, 0], TAB)
    for _ in range(3):
        answer(database, session_id)
    row = session_row(database, session_id)
    assert (row.status, row.released_at) == (SessionStatus.COMPLETE, None)
    assert balance_of(database, campaign.id).counters_agree


def test_blank_lines_around_a_text_are_not_shown(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content, text=lambda number: f"\n\n  Text {number}\n\n")
    item = item_of(database, started(database, opened(database, content)))
    assert item.responses[0].startswith("Text")
    assert not item.responses[0].endswith("\n")


def test_on_request_everything_that_was_given_is_deleted_and_that_is_recorded(
    database: Database,
) -> None:
    campaign = opened(database, platform=PROLIFIC, comprehension=QUESTIONS)
    arrival = {"PROLIFIC_PID": "p1", "free_text": "my name"}
    for number in range(2):
        record_visit(database, campaign.link_token, f"visit {number}", arrival)
    session_id = started(database, campaign, **arrival)
    answer_comprehension(database, session_id, [1, 0], TAB)
    item_id = answer(database, session_id, 3)
    give(database, session_id, item_id, values={"quality": 9})
    answer(database, session_id)
    answer(database, session_id)
    assert outcome_of(database, session_id) is Outcome.COMPLETE
    withdraw(database, session_id, delete_answers=True)
    withdraw(database, session_id, delete_answers=True)
    assert outcome_of(database, session_id) is Outcome.WITHDRAWN
    for table in (Rating, RatingConflict, ComprehensionAttempt):
        assert all_rows(database, table) == []
    row = session_row(database, session_id)
    assert row.arrival == {"PROLIFIC_PID": "p1"}, "to be paid by"
    assert "my name" not in repr(all_rows(database, Visit))
    assert row.data_deleted_at is not None
    (entry,) = [one for one in all_rows(database, Audit) if one.subject == "rating_session"]
    assert (entry.actor, entry.after) == ("rater", {"answers deleted": 3})
