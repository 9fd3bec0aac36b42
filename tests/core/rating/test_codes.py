"""Who is to be paid, and whose a code is that came back."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInputError, NotFoundError
from core.rating.codes import COLUMNS, MOST_CODES, CodeStatus, codes_frame, verify_codes
from core.rating.design import PLATFORMS, CampaignDesign, Outcome
from core.rating.sessions import withdraw
from db.engine import Database
from db.tables import (
    Campaign,
    Control,
    ControlKind,
    Item,
    RatingSession,
    Response,
    SessionStatus,
)
from tests.building import make_study, store_responses
from tests.core.rating.raters import completed, opened
from tests.core.rating.stored import rating, stored_campaign, stored_session, units_of

PROLIFIC = PLATFORMS["prolific"].model_copy(update={"codes": {Outcome.COMPLETE: "C0MPLETE"}})


def new_campaign(database: Database) -> tuple[Campaign, list[Response]]:
    content = make_study(database)
    responses = store_responses(database, content)
    design = CampaignDesign(platform=PROLIFIC, attention_items=1)
    return stored_campaign(database, content, responses, design), responses


def answers(database: Database, campaign: Campaign, value: int = 5) -> dict[str, Any]:
    return {unit.id: value for unit in units_of(database, campaign)[:3]}


def attention(
    database: Database, one: RatingSession, response: Response, right: int, value: int | None
) -> None:
    """An attention item that says which value to choose, and what was chosen."""
    control = Control(
        campaign_id=one.campaign_id, kind=ControlKind.ATTENTION, response_id=response.id,
        test_case_id=response.test_case_id, text=f"Choose {right}.",
        expected={"minimum": right, "maximum": right}, shuffle=0.5,
    )  # fmt: skip
    item = Item(
        session_id=one.id, position=99, response_id=response.id, control_id=control.id
    )  # fmt: skip
    with database.write() as session:
        session.add(control)
        session.flush()
        session.add(item)
        session.flush()
        session.add(rating(one, item.id, value))


def rows(database: Database, campaign: Campaign) -> dict[str, dict[str, Any]]:
    frame = codes_frame(database, campaign.id)
    assert tuple(frame.columns) == COLUMNS
    return {
        str(row["outcome"]): {str(k): v for k, v in row.items()} for row in frame.to_dict("records")
    }


def test_a_row_tells_who_came_how_it_ended_and_whether_to_pay(database: Database) -> None:
    campaign, responses = new_campaign(database)
    done = stored_session(
        database, campaign, answers(database, campaign), external_id="person 1",
        arrival={"PROLIFIC_PID": "person 1", "SESSION_ID": "submission 7"}, active_ms=20_000,
    )  # fmt: skip
    attention(database, done, responses[0], right=3, value=4)
    row = rows(database, campaign)["complete"]
    assert row["platform_id"] == "person 1"
    assert row["platform_session"] == "submission 7"
    assert row["code"] == done.completion_code
    assert row["items_answered"] == 4
    assert row["active_minutes"] == pytest.approx((3 * 20 + 9) / 60, abs=0.01)
    assert row["attention_failures"] == 1
    assert row["pay_is_due"]


def test_who_came_from_prolific_is_exported_by_prolifics_ids(database: Database) -> None:
    campaign = opened(database, platform=PROLIFIC)
    completed(database, campaign, PROLIFIC_PID="person 1", SESSION_ID="submission 7")
    row = rows(database, campaign)["complete"]
    assert (row["platform_id"], row["platform_session"]) == ("person 1", "submission 7")


@pytest.mark.parametrize("deletes", [True, False])
def test_who_withdrew_after_the_end_is_known_and_owed_money(
    database: Database, deletes: bool
) -> None:
    campaign = opened(database, platform=PROLIFIC)
    session_id = completed(database, campaign, PROLIFIC_PID="person 1")
    withdraw(database, session_id, delete_answers=deletes)
    row = rows(database, campaign)["withdrawn"]
    assert (row["platform_id"], row["pay_is_due"]) == ("person 1", True)
    (found,) = verify_codes(database, campaign.id, row["code"])
    assert (found.outcome, found.pay_is_due) == (Outcome.WITHDRAWN, True)


@pytest.mark.parametrize(("value", "failures"), [(3, 0), (4, 1), (None, 1)])
def test_an_attention_item_is_failed_by_any_other_answer(
    database: Database, value: int | None, failures: int
) -> None:
    campaign, responses = new_campaign(database)
    one = stored_session(database, campaign, {}, SessionStatus.STARTED)
    attention(database, one, responses[0], right=3, value=value)
    assert rows(database, campaign)["started"]["attention_failures"] == failures


@pytest.mark.parametrize("status", list(SessionStatus))
def test_only_ended_sessions_have_a_code_and_only_finished_ones_are_paid(
    database: Database, status: SessionStatus
) -> None:
    campaign, _ = new_campaign(database)
    one = stored_session(database, campaign, answers(database, campaign), status)
    row = rows(database, campaign)[status.value]
    is_over = status not in (SessionStatus.STARTED, SessionStatus.ABANDONED)
    assert row["code"] == (one.completion_code if is_over else None)
    assert row["pay_is_due"] == (status is SessionStatus.COMPLETE)
    (found,) = verify_codes(database, campaign.id, one.completion_code)
    assert found.status is (CodeStatus.KNOWN if is_over else CodeStatus.UNKNOWN)
    assert found.outcome == (Outcome(status.value) if is_over else None)
    assert found.pay_is_due == (status is SessionStatus.COMPLETE if is_over else None)


def test_who_finished_and_then_took_the_answers_back_is_still_paid(database: Database) -> None:
    campaign, _ = new_campaign(database)
    one = stored_session(database, campaign, answers(database, campaign))
    with database.write() as session:
        session.get_one(RatingSession, one.id).status = SessionStatus.WITHDRAWN
    assert rows(database, campaign)["withdrawn"]["pay_is_due"]


def test_pasted_codes_are_found_whatever_stands_between_them(database: Database) -> None:
    campaign, _ = new_campaign(database)
    one, other = (stored_session(database, campaign, {}) for _ in range(2))
    pasted = f'"{one.completion_code.lower()}";\r\nNOCODE\tc0mplete, {other.completion_code} NOCODE'
    found = verify_codes(database, campaign.id, pasted)
    assert [
        (row.code, row.status, row.outcome, row.pay_is_due, row.times_pasted) for row in found
    ] == [
        (one.completion_code, CodeStatus.KNOWN, Outcome.COMPLETE, True, 1),
        ("NOCODE", CodeStatus.UNKNOWN, None, None, 2),
        ("C0MPLETE", CodeStatus.PLATFORM, Outcome.COMPLETE, None, 1),
        (other.completion_code, CodeStatus.KNOWN, Outcome.COMPLETE, True, 1),
    ]
    assert found[0].rater != found[3].rater


def test_a_code_of_another_campaign_is_unknown(database: Database) -> None:
    campaign, _ = new_campaign(database)
    other, _ = new_campaign(database)
    elsewhere = stored_session(database, other, {})
    (found,) = verify_codes(database, campaign.id, elsewhere.completion_code)
    assert (found.status, found.rater) == (CodeStatus.UNKNOWN, None)


def test_too_many_codes_and_unknown_campaigns_are_refused(database: Database) -> None:
    campaign, _ = new_campaign(database)
    many = " ".join(map(str, range(MOST_CODES + 1)))
    with pytest.raises(InvalidInputError, match="50,001 codes are too many"):
        verify_codes(database, campaign.id, many)
    for look in (lambda: codes_frame(database, "no"), lambda: verify_codes(database, "no", "A")):
        with pytest.raises(NotFoundError, match="no campaign 'no'"):
            look()
    assert codes_frame(database, campaign.id).empty


@pytest.fixture(scope="module")
def one_campaign(tmp_path_factory: pytest.TempPathFactory, migrated_file: Any) -> Any:
    import shutil

    path = tmp_path_factory.mktemp("codes") / "slam.sqlite3"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database, new_campaign(database)[0]
    database.close()


@given(st.text(max_size=300))
@settings(max_examples=50)
def test_any_text_can_be_pasted(one_campaign: tuple[Database, Campaign], pasted: str) -> None:
    database, campaign = one_campaign
    found = verify_codes(database, campaign.id, pasted)
    assert all(row.status is not CodeStatus.KNOWN for row in found)
    assert len({row.code for row in found}) == len(found)
