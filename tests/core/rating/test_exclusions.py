"""Decisions: each rule's last one holds, one rule is enough, and items come and go with them."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, create_engine

from core.errors import InvalidInputError
from core.rating.exclusions import (
    BY_HAND,
    exclude,
    include_again,
    list_exclusions,
    rules_of_study,
)
from core.results import load_results
from db.engine import Database
from db.repositories.exclusions import excluded_ids
from db.tables import (
    Audit,
    Campaign,
    CampaignResponse,
    CampaignUnit,
    Exclusion,
    Origin,
    Rating,
    RatingSession,
    StudyVersion,
    Subject,
)
from tests.building import ACTOR, decide, rows_of
from tests.core.rating.raters import completed, opened

RULE, OTHER = "median_time", "junk_comments"


def leave_out(
    database: Database, *ids: str, rule: str = RULE, subject: Subject = Subject.SESSION
) -> int:
    return exclude(database, subject, ids, rule, "too fast", {}, ACTOR)


def back(database: Database, one: str, rule: str = RULE) -> None:
    include_again(database, Subject.SESSION, one, rule, "read the comments", ACTOR)


def out(
    database: Database, subject: Subject = Subject.SESSION, ignoring: Sequence[str] = ()
) -> frozenset[str]:
    with database.read() as session:
        return excluded_ids(session, subject, frozenset(ignoring))


def reserved(database: Database) -> int:
    with database.read() as session:
        return sum(one.reserved for one in rows_of(session, CampaignUnit))


def study_of(database: Database, campaign: Campaign) -> str:
    with database.read() as session:
        return session.get_one(StudyVersion, campaign.study_version_id).study_id


def test_a_thing_is_out_while_any_rule_excludes_it(database: Database) -> None:
    leave_out(database, "a", rule=RULE)
    leave_out(database, "a", rule=OTHER)
    back(database, "a", RULE)
    assert out(database) == {"a"}
    back(database, "a", OTHER)
    assert out(database) == frozenset()
    leave_out(database, "a", rule=RULE)
    assert out(database) == {"a"}


def test_a_rule_can_be_looked_away_from(database: Database) -> None:
    leave_out(database, "a", "b", rule=RULE)
    leave_out(database, "b", rule=OTHER)
    assert out(database, ignoring=[RULE]) == {"b"}
    assert out(database, ignoring=[OTHER]) == {"a", "b"}
    assert out(database, ignoring=[RULE, OTHER]) == frozenset()
    assert out(database, Subject.RATER) == frozenset()


def test_of_a_campaign_only_what_it_shows_is_out(database: Database) -> None:
    here, elsewhere = opened(database), opened(database)
    with database.read() as session:
        shown = rows_of(session, CampaignResponse)
    mine = next(one.response_id for one in shown if one.campaign_id == here.id)
    other = next(one.response_id for one in shown if one.campaign_id == elsewhere.id)
    for one in (mine, other):
        leave_out(database, one, subject=Subject.RESPONSE)
    with database.read() as session:
        found = excluded_ids(session, Subject.RESPONSE, of_campaign=here.id)
    assert found == {mine}
    assert out(database, Subject.RESPONSE) == {mine, other}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans())))
def test_the_last_decision_of_each_rule_holds(decisions: list[tuple[str, str, bool]]) -> None:
    engine = create_engine("sqlite://")
    SQLModel.metadata.create_all(engine, tables=[SQLModel.metadata.tables["exclusion"]])
    last: dict[tuple[str, str], bool] = {}
    with Session(engine) as session:
        for subject_id, rule, excluded in decisions:
            session.add(
                Exclusion(
                    subject=Subject.SESSION, subject_id=subject_id, excluded=excluded,
                    rule=rule, reason="chance", created_by=ACTOR,
                )
            )  # fmt: skip
            last[subject_id, rule] = excluded
        session.flush()
        for ignoring in (frozenset[str](), frozenset({"x"})):
            expected = {one for (one, rule), yes in last.items() if yes and rule not in ignoring}
            assert excluded_ids(session, Subject.SESSION, ignoring) == expected
    engine.dispose()


def test_what_a_rule_excludes_already_is_not_decided_again(database: Database) -> None:
    assert leave_out(database, "a", "a") == 1
    assert leave_out(database, "a", "b") == 1
    assert leave_out(database, "a", rule=OTHER) == 1
    with database.read() as session:
        assert len(rows_of(session, Exclusion)) == 3


def test_many_things_are_left_out_at_once(database: Database) -> None:
    many = [f"session {number}" for number in range(25)]
    leave_out(database, many[13])
    assert leave_out(database, *many) == 24
    assert out(database) == set(many)


def test_taking_back_what_was_not_decided_changes_nothing(database: Database) -> None:
    back(database, "a")
    leave_out(database, "a", rule=OTHER)
    back(database, "a", RULE)
    assert out(database) == {"a"}
    with database.read() as session:
        assert len(rows_of(session, Exclusion)) == 1


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 2001, "nul \x00"])
def test_a_decision_without_a_reason_is_refused(database: Database, reason: str) -> None:
    with pytest.raises(InvalidInputError, match="needs a reason"):
        exclude(database, Subject.SESSION, ["a"], RULE, reason, {}, ACTOR)
    leave_out(database, "a")
    with pytest.raises(InvalidInputError, match="needs a reason"):
        include_again(database, Subject.SESSION, "a", RULE, reason, ACTOR)
    assert out(database) == {"a"}


def test_decisions_keep_who_why_and_what_was_seen_and_are_audited(database: Database) -> None:
    evidence = {"a": {"figures": {"median_seconds": 1.5}, "thresholds": {"seconds": 3}}}
    exclude(database, Subject.SESSION, ["a"], RULE, " too fast ", evidence, ACTOR)
    back(database, "a")
    with database.read() as session:
        first, second = sorted(rows_of(session, Exclusion), key=lambda one: one.created_at)
        audits = [one for one in rows_of(session, Audit) if one.subject == "session"]
    assert (first.excluded, first.reason, first.evidence) == (True, "too fast", evidence["a"])
    assert (second.excluded, second.reason, second.created_by) == (
        False, "read the comments", ACTOR,
    )  # fmt: skip
    assert {(one.action, one.actor, one.subject_id) for one in audits} == {
        ("exclude", ACTOR, "a"), ("include again", ACTOR, "a"),
    }  # fmt: skip
    assert all(one.after["rule"] == RULE for one in audits if one.after)


def test_items_of_a_session_that_is_left_out_return_to_the_pool_and_come_back(
    database: Database,
) -> None:
    campaign = opened(database)
    one, _ = completed(database, campaign), completed(database, campaign)
    assert reserved(database) == 6
    leave_out(database, one, rule=RULE)
    leave_out(database, one, rule=OTHER)
    assert reserved(database) == 3, "twice left out is given back once"
    back(database, one, RULE)
    assert reserved(database) == 3, "the other rule still holds"
    back(database, one, OTHER)
    assert reserved(database) == 6


def test_a_rater_who_is_left_out_gives_their_items_back(database: Database) -> None:
    campaign = opened(database)
    one = completed(database, campaign)
    with database.read() as session:
        rater_id = session.get_one(RatingSession, one).rater_id
    leave_out(database, rater_id, subject=Subject.RATER, rule=BY_HAND)
    assert reserved(database) == 0
    leave_out(database, one)
    include_again(database, Subject.RATER, rater_id, BY_HAND, "was me", ACTOR)
    assert reserved(database) == 0, "the session is still out by itself"
    back(database, one)
    assert reserved(database) == 3


def test_an_imported_session_holds_no_items_to_give_back(database: Database) -> None:
    campaign = opened(database)
    one = completed(database, campaign)
    with database.write() as session:
        row = session.get_one(RatingSession, one)
        row.origin = Origin.IMPORTED
        session.add(row)
    leave_out(database, one)
    assert reserved(database) == 3


def test_the_newest_decision_about_a_campaign_is_listed_first_and_said_to_stand(
    database: Database,
) -> None:
    first, second = opened(database), opened(database)
    one, other = completed(database, first), completed(database, second)
    leave_out(database, one)
    back(database, one)
    leave_out(database, other)
    listed = list_exclusions(database, first.id)
    assert [(each.row.excluded, each.stands) for each in listed] == [(False, True), (True, False)]
    assert {each.row.subject_id for each in listed} == {one}
    assert rules_of_study(database, study_of(database, first)) == {}
    assert rules_of_study(database, study_of(database, second)) == {RULE: 1}


@pytest.mark.parametrize("subject", list(Subject))
def test_results_can_be_read_without_a_rule(database: Database, subject: Subject) -> None:
    campaign = opened(database)
    one = completed(database, campaign)
    completed(database, campaign)
    study_id = study_of(database, campaign)
    whole = load_results(database, study_id)
    with database.read() as session:
        rating = rows_of(session, Rating)[0]
    about = {
        Subject.SESSION: one,
        Subject.RATER: whole.ratings["rater_id"][0],
        Subject.RATING: rating.id,
        Subject.RESPONSE: whole.ratings["response_id"][0],
    }
    decide(database, subject, about[subject])
    without = load_results(database, study_id)
    with_it = load_results(database, study_id, ignoring_rules=frozenset({"by hand"}))
    assert len(without.ratings) < len(whole.ratings)
    assert len(with_it.ratings) == len(whole.ratings)
    assert with_it.sessions == whole.sessions
