"""Campaigns and sessions put straight into the store, to reserve items in."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from core.rating.design import CampaignDesign, design_of
from core.rating.reserving import release, release_abandoned, reserve, retain
from core.rating.units import add_units, units_of
from db.engine import Database
from db.repositories.rating import Campaigns
from db.repositories.responses import Responses
from db.repositories.studies import VersionContent
from db.tables import (
    Campaign,
    CampaignUnit,
    Control,
    ControlKind,
    Item,
    Rater,
    RatingSession,
    SessionStatus,
)
from db.types import new_id, utc_now
from tests.building import ACTOR, make_study, store_responses


def content_of(
    database: Database, *, models: int = 3, cases: int = 4, samples: int = 1
) -> VersionContent:
    """A study with all its responses; the first model is the reference."""
    names = [f"ollama/model-{number}" for number in range(models)]
    content = make_study(
        database, reference=names[0], candidates=names[1:], cases=cases, samples=samples
    )
    store_responses(database, content)
    return content


def campaign_on(
    database: Database,
    content: VersionContent,
    design: CampaignDesign,
    *,
    capacity: int | None = None,
    controls: Sequence[ControlKind] = (),
) -> Campaign:
    """A campaign with its units, and with a control of each of those kinds in every test case."""
    campaign = Campaign(
        study_version_id=content.version.id,
        name="Reserving",
        link_token=new_id(),
        instructions="Read.",
        consent="Yes.",
        items_per_session=design.items_per_session,
        design=design.document(),
        capacity=capacity,
        opened_by=ACTOR,
    )
    with database.write() as session:
        usable = Responses(session).usable(content)
        session.add(campaign)
        session.flush()
        Campaigns(session).add_responses(campaign.id, [one.response.id for one in usable])
        add_units(session, campaign.id, units_of(design, usable, content.reference_ids))
        of_case = {one.test_case.id: one.response for one in usable}
        for number, (case_id, response) in enumerate(sorted(of_case.items())):
            for kind in controls:
                session.add(
                    Control(
                        campaign_id=campaign.id,
                        kind=kind,
                        test_case_id=case_id,
                        response_id=response.id,
                        text=f"{kind} {number}",
                        shuffle=number / 100,
                    )
                )
    return campaign


def start(
    database: Database,
    campaign: Campaign,
    *,
    seed: str | None = None,
    status: SessionStatus = SessionStatus.STARTED,
    now: datetime | None = None,
) -> str | None:
    """Start a session of somebody new, as a rater's start does; none when nothing is left."""
    with database.write() as session:
        return start_in(session, campaign.id, seed=seed, status=status, now=now)


def start_in(
    session: Session,
    campaign_id: str,
    *,
    seed: str | None = None,
    status: SessionStatus = SessionStatus.STARTED,
    now: datetime | None = None,
) -> str | None:
    """`start` within a transaction."""
    campaign = _locked(session, campaign_id)
    now = now or utc_now()
    design = design_of(campaign.design)
    release_abandoned(session, campaign.id, design, now)
    rater = Rater(campaign_id=campaign.id, pseudonym="rater")
    session.add(rater)
    session.flush()
    row = RatingSession(
        campaign_id=campaign.id,
        rater_id=rater.id,
        start_nonce=new_id(),
        completion_code=new_id(),
        started_at=now,
        understood_at=now,
    )
    session.add(row)
    session.flush()
    row.item_count = reserve(session, campaign, design, row.id, seed or secrets.token_hex(16), now)
    row.status = status if row.item_count else SessionStatus.NOTHING_LEFT
    session.add(row)
    return row.id if row.item_count else None


def finish(database: Database, session_id: str) -> None:
    """Mark a session as complete."""
    with database.write() as session:
        session.get_one(RatingSession, session_id).status = SessionStatus.COMPLETE


def drop_out(database: Database, session_id: str) -> bool:
    """Give a session's items back."""
    with database.write() as session:
        released = release(session, session_id, utc_now())
        session.get_one(RatingSession, session_id).status = SessionStatus.ABANDONED
        return released


def come_back(database: Database, session_id: str) -> bool:
    """Let a session that gave its items back hold them again."""
    with database.write() as session:
        retained = retain(session, session_id)
        session.get_one(RatingSession, session_id).status = SessionStatus.STARTED
        return retained


def items_of(database: Database, session_id: str) -> list[Item]:
    """A session's items in order."""
    with database.read() as session:
        query = select(Item).where(Item.session_id == session_id)
        return list(session.exec(query.order_by(col(Item.position))).all())


def units_in(database: Database, campaign: Campaign) -> list[CampaignUnit]:
    """The campaign's units."""
    with database.read() as session:
        query = select(CampaignUnit).where(CampaignUnit.campaign_id == campaign.id)
        return list(session.exec(query.order_by(CampaignUnit.id)).all())


def _locked(session: Session, campaign_id: str) -> Campaign:
    query = select(Campaign).where(Campaign.id == campaign_id)
    return session.exec(query.with_for_update(key_share=True)).one()
