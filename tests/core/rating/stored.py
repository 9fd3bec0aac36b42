"""Campaigns in any state, put straight into the store: open ones, with sessions of every ending."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert
from sqlmodel import col, select

from core.rating.design import CampaignDesign, Protocol
from core.studies.rubric import QUALITY
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import (
    AnswerStatus,
    Campaign,
    CampaignResponse,
    CampaignUnit,
    Item,
    Preference,
    Rater,
    Rating,
    RatingSession,
    Response,
    SessionStatus,
)
from db.types import new_id, utc_now
from tests.building import ACTOR

Value = int | Preference | None
"""A score, the answer to a pair, or that it could not be judged."""


def stored_campaign(
    database: Database,
    content: VersionContent,
    responses: Sequence[Response],
    design: CampaignDesign = CampaignDesign(),  # noqa: B008  immutable
    **values: Any,
) -> Campaign:
    """An open campaign whose units are those responses, or each beside the reference's."""
    campaign = Campaign(
        study_version_id=content.version.id,
        name="Rate short texts",
        link_token=uuid4().hex,
        instructions="Read.",
        consent="Agree.",
        items_per_session=design.items_per_session,
        design=design.document(),
        opened_by=ACTOR,
        **values,
    )
    with database.write() as session:
        session.add(campaign)
        session.flush()
        session.add_all(
            CampaignResponse(campaign_id=campaign.id, response_id=one.id) for one in responses
        )
        session.add_all(_units(campaign, content, responses, design))
    return campaign


def stored_session(
    database: Database,
    campaign: Campaign,
    answers: Mapping[str, Value],
    status: SessionStatus = SessionStatus.COMPLETE,
    *,
    started_at: datetime | None = None,
    active_ms: int | None = 9000,
    swapped: bool = False,
    external_id: str | None = None,
    **values: Any,
) -> RatingSession:
    """A session that gave those answers, by unit id, a minute after it was started."""
    start = started_at or utc_now() - timedelta(minutes=5)
    end = start + timedelta(minutes=1)
    is_over = status not in (SessionStatus.STARTED, SessionStatus.ABANDONED)
    rater = Rater(
        campaign_id=campaign.id, pseudonym=f"rater-{new_id()[:8]}", external_id=external_id
    )
    row = RatingSession(
        campaign_id=campaign.id,
        rater_id=rater.id,
        start_nonce=uuid4().hex,
        status=status,
        completion_code=new_id()[:10].upper(),
        item_count=len(answers),
        started_at=start,
        completed_at=end if status is SessionStatus.COMPLETE else None,
        ended_at=end if is_over else None,
        **values,
    )
    with database.write() as session:
        session.add(rater)
        session.flush()
        session.add(row)
        session.flush()
        _answer(session.connection(), row, answers, active_ms, swapped)
    return row


def units_of(database: Database, campaign: Campaign) -> list[CampaignUnit]:
    """The campaign's units in a fixed order."""
    with database.read() as session:
        query = select(CampaignUnit).where(CampaignUnit.campaign_id == campaign.id)
        return list(session.exec(query.order_by(col(CampaignUnit.shuffle))).all())


def _units(
    campaign: Campaign,
    content: VersionContent,
    responses: Sequence[Response],
    design: CampaignDesign,
) -> list[CampaignUnit]:
    references = {
        (one.test_case_id, one.sample_index): one
        for one in responses
        if one.candidate_id in content.reference_ids
    }
    units = []
    for number, one in enumerate(responses):
        second = None
        if design.protocol is Protocol.PAIR:
            second = references[one.test_case_id, one.sample_index]
            if one is second:
                continue
        units.append(
            CampaignUnit(
                campaign_id=campaign.id,
                test_case_id=one.test_case_id,
                arm=f"{one.candidate_id}:{second.candidate_id}" if second else one.candidate_id,
                response_id=one.id,
                second_response_id=second.id if second else None,
                shuffle=number,
            )
        )
    return units


def _answer(
    connection: Connection,
    row: RatingSession,
    answers: Mapping[str, Value],
    active_ms: int | None,
    swapped: bool,
) -> None:
    units = {
        one.id: one
        for one in connection.execute(select(CampaignUnit).where(col(CampaignUnit.id).in_(answers)))
    }
    items = [
        Item(
            session_id=row.id,
            position=position,
            response_id=units[one].second_response_id if swapped else units[one].response_id,
            second_response_id=units[one].response_id if swapped else units[one].second_response_id,
            unit_id=one,
        ).model_dump()
        for position, one in enumerate(answers)
    ]
    ratings = [
        rating(row, item["id"], answers[item["unit_id"]], active_ms).model_dump() for item in items
    ]
    if items:
        connection.execute(insert(Item), items)
        connection.execute(insert(Rating), ratings)


def rating(row: RatingSession, item_id: str, value: Value, active_ms: int | None = 9000) -> Rating:
    """An answer to the item, a minute after the session was started."""
    return Rating(
        item_id=item_id,
        session_id=row.id,
        criterion=QUALITY,
        value=value if isinstance(value, int) else None,
        preference=value if isinstance(value, Preference) else None,
        status=AnswerStatus.CANNOT_JUDGE if value is None else AnswerStatus.ANSWERED,
        submitted_at=row.started_at + timedelta(minutes=1),
        shown_to_saved_ms=10_000,
        active_ms=active_ms,
    )
