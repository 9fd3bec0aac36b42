"""Everything people answered comes out, one row a rating, with what it is and whether it counts."""

import re
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlmodel import col, select

from core.exchange.original import import_bytes
from core.exchange.ratings_columns import BATTLE_COLUMNS, RATING_COLUMNS
from core.exchange.ratings_export import battles_frame, ratings_frame
from core.rating.design import CampaignDesign, Protocol
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import (
    Campaign,
    Control,
    ControlKind,
    Item,
    Preference,
    Rating,
    RatingSession,
    Response,
    SessionStatus,
    Subject,
)
from db.types import utc_now
from tests.building import REFERENCE, decide, make_study, store_responses
from tests.core.exchange import samples
from tests.core.rating.stored import Value, stored_campaign, stored_session, units_of

CONVENTIONAL = """
study_id session_id rater_id rater_kind item_id prompt_id response_id model criterion scale value
label comment position order_index shown_at submitted_at active_ms is_gold is_attention included
exclusion_reason rubric_version
""".split()  # noqa: SIM905  a list of names reads better in lines


def rated(
    database: Database, protocol: Protocol = Protocol.SCORE
) -> tuple[VersionContent, Campaign, list[str]]:
    """A study with a campaign, and its units' ids."""
    content = make_study(database)
    responses = store_responses(database, content)
    campaign = stored_campaign(database, content, responses, CampaignDesign(protocol=protocol))
    return content, campaign, [one.id for one in units_of(database, campaign)]


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def plant(database: Database, kind: ControlKind) -> str:
    """Turn the first item into a planted one; gives its id."""
    with database.write() as session:
        item = session.exec(select(Item).order_by(col(Item.position))).first()
        assert item is not None
        owner = session.get_one(RatingSession, item.session_id)
        response = session.get_one(Response, item.response_id)
        control = Control(
            campaign_id=owner.campaign_id,
            kind=kind,
            test_case_id=response.test_case_id,
            response_id=response.id,
            text="Choose 3.",
            shuffle=0.5,
        )
        session.add(control)
        session.flush()
        item.control_id = control.id
        session.add(item)
        return item.id


def test_the_columns_are_the_conventional_ones_first(database: Database) -> None:
    content = make_study(database)
    frame = ratings_frame(database, content.study.id)
    assert frame.empty
    assert list(frame.columns)[: len(CONVENTIONAL)] == CONVENTIONAL
    assert list(frame.columns) == list(RATING_COLUMNS)
    assert list(battles_frame(database, content.study.id).columns) == list(BATTLE_COLUMNS)


def test_a_score_tells_what_was_rated_and_by_whom(database: Database) -> None:
    content, campaign, units = rated(database)
    done = stored_session(database, campaign, {units[0]: 7}, external_id="PROLIFIC-123")
    (row,) = rows(ratings_frame(database, content.study.id))
    unit = units_of(database, campaign)[0]
    models = {one.id: one.model for one in content.candidates}
    assert row["study_id"] == content.study.id
    assert row["session_id"] == done.id
    assert row["rater_kind"] == "HUMAN"
    assert (row["prompt_id"], row["response_id"]) == (unit.test_case_id, unit.response_id)
    assert row["model"] == models[unit.arm]
    assert (row["criterion"], row["scale"], row["value"]) == ("quality", "0..10", 7)
    assert (row["position"], row["order_index"], row["active_ms"]) == (0, 0, 9000)
    assert row["submitted_at"] == done.started_at + timedelta(minutes=1)
    assert (row["included"], row["rubric_version"]) == (True, 1)
    for name in ("label", "exclusion_reason", "second_response_id", "preferred_side", "shown_at"):
        assert row[name] is None, name
    assert "PROLIFIC-123" not in str(row)


def test_cannot_judge_has_no_value_and_counts(database: Database) -> None:
    content, campaign, units = rated(database)
    stored_session(database, campaign, {units[0]: None})
    (row,) = rows(ratings_frame(database, content.study.id))
    assert row["value"] is None
    assert (row["label"], row["status"], row["included"]) == ("cannot_judge", "cannot_judge", True)


@pytest.mark.parametrize("status", [one for one in SessionStatus if one != "complete"])
def test_sessions_that_do_not_count_are_in_it_with_the_reason(
    database: Database, status: SessionStatus
) -> None:
    content, campaign, units = rated(database)
    stored_session(database, campaign, {units[0]: 4}, status)
    (row,) = rows(ratings_frame(database, content.study.id))
    words = status.value.replace("_", " ")
    assert (row["included"], row["session_status"]) == (False, status.value)
    assert row["exclusion_reason"] == f"the session is {words}, not complete"


@pytest.mark.parametrize("subject", list(Subject))
def test_what_is_excluded_says_by_which_rule_until_it_counts_again(
    database: Database, subject: Subject
) -> None:
    content, campaign, units = rated(database)
    done = stored_session(database, campaign, {units[0]: 4})
    with database.read() as session:
        rating = session.exec(select(Rating)).one()
        item = session.exec(select(Item)).one()
    ids = {
        Subject.SESSION: done.id,
        Subject.RATER: done.rater_id,
        Subject.RATING: rating.id,
        Subject.RESPONSE: item.response_id,
    }
    decide(database, subject, ids[subject])
    (row,) = rows(ratings_frame(database, content.study.id))
    assert not row["included"]
    assert row["exclusion_reason"] == f"{subject.value} excluded, by hand: a test says so"
    decide(database, subject, ids[subject], excluded=False)
    (row,) = rows(ratings_frame(database, content.study.id))
    assert row["included"]


@pytest.mark.parametrize("kind", list(ControlKind))
def test_a_planted_item_names_no_model_and_does_not_count(
    database: Database, kind: ControlKind
) -> None:
    content, campaign, units = rated(database)
    stored_session(database, campaign, {units[0]: 3, units[1]: 8})
    item_id = plant(database, kind)
    planted, real = rows(ratings_frame(database, content.study.id))
    assert planted["item_id"] == item_id
    assert planted["model"] is None
    assert planted["response_id"] is None
    flags = ("is_attention", "is_gold", "is_known_bad")
    assert [planted[name] for name in flags] == [name == f"is_{kind.value}" for name in flags]
    assert (planted["included"], real["included"]) == (False, True)
    assert not any(real[name] for name in flags)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("answer", list(Preference))
def test_a_pair_tells_the_preference_by_side_and_by_model(
    database: Database, answer: Preference, swapped: bool
) -> None:
    content, campaign, units = rated(database, Protocol.PAIR)
    stored_session(database, campaign, {units[0]: answer}, swapped=swapped)
    (row,) = rows(ratings_frame(database, content.study.id))
    sides = (row["model"], row["second_model"])
    assert (sides[0] == REFERENCE) is swapped
    assert row["reference_side"] == ("first" if swapped else "second")
    assert (row["scale"], row["label"], row["preferred_side"]) == ("pair", answer, answer)
    wanted = {"first": sides[0], "second": sides[1]}.get(answer, answer)
    assert row["preferred_model"] == wanted
    assert row["value"] is None

    (battle,) = rows(battles_frame(database, content.study.id))
    winners = {"first": "model_a", "second": "model_b", "tie": "tie", "both_bad": "both_bad"}
    assert (battle["model_a"], battle["model_b"]) == sides
    assert (battle["winner"], battle["judge"]) == (winners[answer], row["rater_id"])
    assert battle["question_id"] == row["prompt_id"]
    assert battle["tstamp"] == row["submitted_at"].timestamp()


def test_only_comparisons_that_count_are_battles(database: Database) -> None:
    content, campaign, units = rated(database, Protocol.PAIR)
    unfinished: dict[str, Value] = {units[0]: Preference.FIRST}
    stored_session(database, campaign, unfinished, SessionStatus.STARTED)
    undecided: dict[str, Value] = {units[0]: None}
    stored_session(database, campaign, undecided)
    assert len(ratings_frame(database, content.study.id)) == 2
    assert battles_frame(database, content.study.id).empty


def test_the_order_of_answers_is_told_by_their_moments(database: Database) -> None:
    content, campaign, units = rated(database)
    stored_session(database, campaign, {units[0]: 1, units[1]: 2, units[2]: 3})
    with database.write() as session:
        for rating in session.exec(select(Rating)).all():
            item = session.get_one(Item, rating.item_id)
            rating.submitted_at = (
                None if item.position == 2 else utc_now() - timedelta(minutes=item.position)
            )
            session.add(rating)
    found = rows(ratings_frame(database, content.study.id))
    assert [(row["position"], row["order_index"]) for row in found] == [(0, 1), (1, 0), (2, None)]


def test_an_imported_study_comes_out_without_the_names_of_its_raters(database: Database) -> None:
    report = import_bytes(
        database,
        "city.json",
        samples.as_json(samples.crowd_study()),
        study_name=None,
        actor="tester",
    )
    frame = ratings_frame(database, report.study_id)
    found = rows(frame)
    assert len(found) == report.taken["ratings"] == 8
    assert set(frame["criterion"]) == {"clarity", "warmth"}
    assert set(frame["origin"]) == {"imported"}
    assert all(re.fullmatch("rater-[0-9a-f]{12}", row["rater_id"]) for row in found)
    assert "worker_" not in frame.to_csv()
    assert set(frame["reference_side"]) == {"first"}
    first = found[0]
    assert (first["model"], first["second_model"]) == ("openai/gpt-4", "ollama/tiny:1b")
    assert first["reported_ms"] == 12_500
    assert first["submitted_at"] is None
    assert first["order_index"] is None
    assert first["included"]
    battles = battles_frame(database, report.study_id)
    assert len(battles) == 8
    assert battles["tstamp"].isna().all()
