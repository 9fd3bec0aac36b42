"""Campaigns: what they show, to whom, and how often each thing is reserved."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from db.tables.collection import Origin
from db.types import choice_field, json_field, key_field, moment_field


class CampaignStatus(StrEnum):
    """Whether raters may start (``open``), not now (``paused``) or never again (``closed``).

    Sessions under way may be finished after the campaign is paused or closed, so that nobody loses
    pay.
    """

    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Campaign(SQLModel, table=True):
    """One opening of a study version's responses to raters.

    ``design`` is the document of `core.rating.design.CampaignDesign`, fixed when it opens.
    ``capacity`` is how many sessions may be under way or complete at most. Who looks at the
    candidates' names before the campaign is closed unlocks them, once and for all.
    """

    id: str = key_field()
    study_version_id: str = Field(foreign_key="study_version.id", index=True)
    name: str = Field(max_length=200)
    link_token: str = Field(unique=True, max_length=64)
    status: CampaignStatus = choice_field(CampaignStatus, default=CampaignStatus.OPEN)
    origin: Origin = choice_field(Origin, default=Origin.COLLECTED)
    instructions: str
    consent: str
    items_per_session: int
    design: dict[str, Any] = json_field()
    capacity: int | None = None
    opens_at: datetime | None = moment_field(nullable=True)
    expires_at: datetime | None = moment_field(nullable=True)
    opened_at: datetime = moment_field()
    opened_by: str
    closed_at: datetime | None = moment_field(nullable=True)
    names_unlocked_at: datetime | None = moment_field(nullable=True)
    names_unlocked_by: str | None = None


class CampaignResponse(SQLModel, table=True):
    """Which responses a campaign shows; fixed when it opens."""

    __tablename__ = "campaign_response"

    campaign_id: str = Field(foreign_key="campaign.id", primary_key=True)
    response_id: str = Field(foreign_key="response.id", primary_key=True)


_UNIT_ORDER = ("campaign_id", "test_case_id", "arm", "reserved", "shuffle")


class CampaignUnit(SQLModel, table=True):
    """What an item of a campaign shows: one response, or two of the same test case.

    ``arm`` names what is compared: the candidate's id, or both ids of a pair. ``reserved`` counts
    the items of sessions that are under way or complete; ``reserved_swapped`` those of them that
    show the second response first. ``shuffle`` breaks ties: chance, drawn anew with each
    reservation.
    """

    __tablename__ = "campaign_unit"
    __table_args__ = (
        Index("ix_campaign_unit_least", *_UNIT_ORDER),
        UniqueConstraint("campaign_id", "response_id", "second_response_id"),
    )

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id")
    test_case_id: str = Field(foreign_key="test_case.id")
    arm: str = Field(max_length=65)
    response_id: str = Field(foreign_key="response.id")
    second_response_id: str | None = Field(default=None, foreign_key="response.id")
    shuffle: float
    reserved: int = 0
    reserved_swapped: int = 0


class CampaignCase(SQLModel, table=True):
    """How often a test case's responses are reserved in a campaign; see `CampaignUnit`.

    ``missing`` is how many reservations its units lack to the campaign's overlap, and ``filled``
    the share that they do not lack: 1 exactly when none is missing.
    """

    __tablename__ = "campaign_case"
    __table_args__ = (
        Index("ix_campaign_case_least", "campaign_id", "filled", "reserved", "shuffle"),
    )

    campaign_id: str = Field(foreign_key="campaign.id", primary_key=True)
    test_case_id: str = Field(foreign_key="test_case.id", primary_key=True)
    units: int
    missing: int
    filled: float = 0.0
    shuffle: float
    reserved: int = 0


class CampaignArm(SQLModel, table=True):
    """How often an arm is reserved in a campaign, and its sides swapped; see `CampaignUnit`."""

    __tablename__ = "campaign_arm"

    campaign_id: str = Field(foreign_key="campaign.id", primary_key=True)
    arm: str = Field(max_length=65, primary_key=True)
    reserved: int = 0
    reserved_swapped: int = 0


class CampaignPlace(SQLModel, table=True):
    """How often an arm is reserved at a position of a session; see `CampaignUnit`."""

    __tablename__ = "campaign_place"

    campaign_id: str = Field(foreign_key="campaign.id", primary_key=True)
    arm: str = Field(max_length=65, primary_key=True)
    position: int = Field(primary_key=True)
    reserved: int = 0


class ControlKind(StrEnum):
    """Why an item was planted among the responses.

    ``attention``: its text says what to answer. ``gold``: the right answer is known.
    ``known_bad``: the reference's answer, spoilt; tells whether the panel sees it.
    """

    ATTENTION = "attention"
    GOLD = "gold"
    KNOWN_BAD = "known_bad"


class Control(SQLModel, table=True):
    """A text planted among a campaign's responses, shown as if it were one of them.

    It stands in the place of ``response_id``, whose test case's task is shown with it. ``expected``
    is the right answer (see `core.rating.controls`), ``feedback`` what a rater reads after a wrong
    one, ``made_by`` how a known-bad text came about. ``reserved`` and ``shuffle`` are as those of
    `CampaignUnit`.
    """

    __table_args__ = (
        Index("ix_control_least", "campaign_id", "kind", "reserved", "shuffle"),
        Index("ix_control_case", "campaign_id", "kind", "test_case_id"),
    )

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id")
    kind: ControlKind = choice_field(ControlKind)
    test_case_id: str = Field(foreign_key="test_case.id")
    response_id: str = Field(foreign_key="response.id")
    text: str
    made_by: str | None = Field(default=None, max_length=32)
    expected: dict[str, Any] | None = json_field(nullable=True)
    feedback: str | None = None
    shuffle: float
    reserved: int = 0


class Invite(SQLModel, table=True):
    """A single-use link for one expert. A renewed one leads to the session of the one before."""

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    token: str = Field(unique=True, max_length=64)
    role: str = Field(max_length=100)
    name: str | None = Field(default=None, max_length=200)
    session_id: str | None = Field(default=None, foreign_key="rating_session.id")
    created_at: datetime = moment_field()
    created_by: str
    used_at: datetime | None = moment_field(nullable=True)
    revoked_at: datetime | None = moment_field(nullable=True)


class Visit(SQLModel, table=True):
    """One opening of a campaign's link, with the address's parameters as they arrived."""

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    nonce: str = Field(unique=True, max_length=64)
    arrival: dict[str, Any] = json_field()
    opened_at: datetime = moment_field()
