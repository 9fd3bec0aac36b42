"""The pages of results with several criteria, comparisons, and answers without a value."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core.rating.design import CampaignDesign, Protocol
from core.studies.rubric import Criterion, Rubric, Scale
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import CallStatus, CampaignStatus, Judge, Judgment, Preference, Rating, Response
from db.types import new_id
from tests.building import ACTOR, definition, store_responses
from tests.core.rating.stored import stored_campaign, stored_session, units_of
from tests.ui.studio_pages import VIEWS, studio

TWO = Rubric(
    criteria=(Criterion(), Criterion(key="warmth", question="How warm is it?")),
    scale=Scale(minimum=1, maximum=5),
)


@pytest.fixture(autouse=True)
def _signed_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with studio(database, monkeypatch):
        yield


def opened(view: str, content: VersionContent) -> AppTest:
    page = AppTest.from_file(str(VIEWS / view), default_timeout=30)
    page.session_state["study_choice"] = content.study.name
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    return "\n".join(element.value for element in (*page.caption, *page.subheader))


def scored(database: Database, status: CampaignStatus = CampaignStatus.CLOSED) -> VersionContent:
    """Two raters who found everything good but cold, and one thing that they could not judge."""
    content = create_study(database, replace(definition(), rubric=TWO), ACTOR)
    responses = store_responses(database, content)
    campaign = stored_campaign(database, content, responses, status=status)
    units = [unit.id for unit in units_of(database, campaign)]
    for _ in range(2):
        stored_session(database, campaign, {**dict.fromkeys(units[:-1], 5), units[-1]: None})
    with database.write() as session:
        for rating in session.exec(select(Rating)).all():
            again = rating.model_dump(exclude={"id", "criterion", "value"})
            value = None if rating.value is None else 2
            session.add(Rating(**again, criterion="warmth", value=value))
    return content


def test_each_criterion_is_shown_by_itself_and_on_its_scale(database: Database) -> None:
    page = opened("results/quality.py", scored(database))
    assert page.selectbox(key="quality_criterion").options == ["quality", "warmth"]
    assert "People were asked 2 things; this is “quality” alone" in said(page)
    assert "Scores from 1 to 5" in said(page)
    assert "2 items were answered with “I cannot judge this”" in said(page)
    numbers = page.dataframe[0].value
    means = numbers.groupby("source")["mean"].unique().map(list).to_dict()
    assert means == {"people, quality": [5.0], "people, warmth": [2.0]}
    page.selectbox(key="quality_criterion").select("warmth").run()
    assert not page.exception
    assert "this is “warmth” alone" in said(page)
    assert "How warm is it" in said(page)


def test_all_ratings_can_be_taken_away(database: Database) -> None:
    page = opened("results/quality.py", scored(database))
    assert "Ratings, one a row" in said(page)
    labels = {element.proto.label for element in page.get("download_button")}
    wanted = {"Ratings as CSV", "Ratings as Parquet", "Comparisons as battles", "Codebook"}
    assert wanted <= labels


def judged(database: Database, content: VersionContent) -> None:
    """A judge's score of one response."""
    row = Judge(identity=new_id(), name="made", label="Made", model=None, scale_min=0, scale_max=10)
    with database.write() as session:
        session.add(row)
        session.flush()
        response_id = session.exec(
            select(Response.id).where(Response.study_id == content.study.id)
        ).first()
        assert response_id is not None
        session.add(
            Judgment(
                judge_id=row.id, response_id=response_id, inputs_hash=new_id(),
                status=CallStatus.OK, score=5,
            )
        )  # fmt: skip


def test_files_that_name_the_models_wait_until_the_names_are_unlocked(database: Database) -> None:
    content = scored(database, CampaignStatus.OPEN)
    judged(database, content)
    page = opened("results/quality.py", content)
    assert "once the names are unlocked" in said(page)
    labels = {element.proto.label for element in page.get("download_button")}
    assert not any("Ratings" in label or "battles" in label for label in labels)


def test_the_share_of_both_bad_is_said(database: Database) -> None:
    content = create_study(database, definition(), ACTOR)
    design = CampaignDesign(protocol=Protocol.PAIR)
    responses = store_responses(database, content)
    campaign = stored_campaign(database, content, responses, design, status=CampaignStatus.CLOSED)
    units = [unit.id for unit in units_of(database, campaign)]
    answers = [Preference.BOTH_BAD, Preference.FIRST, Preference.TIE, Preference.BOTH_BAD]
    stored_session(database, campaign, dict(zip(units, answers, strict=True)))
    page = opened("results/quality.py", content)
    assert "25% were ties, and in 50% both were called bad" in said(page)


def test_agreement_asks_for_the_criterion_too(database: Database) -> None:
    page = opened("results/agreement.py", scored(database))
    assert page.selectbox(key="agreement_criterion").options == ["quality", "warmth"]
