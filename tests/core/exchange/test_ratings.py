from sqlmodel import col, select

from core.exchange.original import import_bytes
from db.engine import Database
from db.tables import (
    Campaign,
    CampaignResponse,
    CampaignStatus,
    Item,
    Origin,
    Preference,
    Rater,
    Rating,
    RatingSession,
    Response,
    SessionStatus,
)
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, comparison


def test_a_crowd_study_is_stored_with_every_answer(database: Database) -> None:
    content = as_json(samples.crowd_study())
    report = import_bytes(database, "talk.json", content, study_name=None, actor="ada")
    assert report.taken == {
        "test_cases": 1,
        "candidates": 2,
        "responses": 3,
        "sessions": 3,
        "items": 4,
        "ratings": 8,
    }
    with database.read() as session:
        (campaign,) = session.exec(select(Campaign)).all()
        sessions = session.exec(select(RatingSession)).all()
        raters = session.exec(select(Rater)).all()
        items = session.exec(select(Item)).all()
        ratings = session.exec(select(Rating)).all()
        texts = {one.id: one.text for one in session.exec(select(Response)).all()}
        shown = session.exec(select(CampaignResponse)).all()
    assert (campaign.status, campaign.origin) == (CampaignStatus.CLOSED, Origin.IMPORTED)
    assert campaign.items_per_session == 2
    assert {one.response_id for one in shown} == set(texts)
    assert {one.status for one in sessions} == {SessionStatus.COMPLETE}
    assert {one.origin for one in sessions} == {Origin.IMPORTED}
    assert sorted(one.pseudonym for one in raters) == ["worker_1", "worker_2"]
    assert {texts[one.response_id] for one in items} == {"Well done!"}
    assert {texts[one.second_response_id or ""] for one in items} == {"Good.", "Fine."}
    assert {one.reported_ms for one in ratings} == {12_500}
    assert {(one.value, one.submitted_at, one.shown_to_saved_ms) for one in ratings} == {
        (None, None, None)
    }
    given = sorted((one.criterion, one.preference) for one in ratings if one.preference)
    assert given.count(("clarity", Preference.FIRST)) == 2
    assert given.count(("clarity", Preference.SECOND)) == 2
    assert given.count(("warmth", Preference.TIE)) == 4


def test_an_item_that_is_left_keeps_the_place_of_the_others(database: Database) -> None:
    pairs = [comparison(), comparison(clarity="?"), comparison(clarity="Tie")]
    report = import_bytes(
        database, "t.json", as_json([{"ann": pairs}]), study_name=None, actor="ada"
    )
    assert (report.taken["items"], report.left["items"], report.left["ratings"]) == (2, 1, 2)
    with database.read() as session:
        (stored,) = session.exec(select(RatingSession)).all()
        positions = session.exec(select(Item.position).order_by(col(Item.position))).all()
    assert stored.status is SessionStatus.STARTED
    assert positions == [0, 2]
