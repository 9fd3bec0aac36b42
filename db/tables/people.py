"""What people gave: campaigns, raters, sessions, items, ratings, and what is left out and why."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel, UniqueConstraint

from db.tables.collection import Origin
from db.types import choice_field, json_field, key_field, moment_field


class CampaignStatus(StrEnum):
    """Whether raters may start (``open``), or nobody may any more (``closed``).

    Sessions under way may be finished after the campaign is closed, so that nobody loses pay.
    """

    OPEN = "open"
    CLOSED = "closed"


class SessionStatus(StrEnum):
    """``started`` sessions never count; ``complete`` ones do unless excluded."""

    STARTED = "started"
    COMPLETE = "complete"


class Preference(StrEnum):
    """The answer to a pair, by the place on the screen."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"


class Subject(StrEnum):
    """What an exclusion is about."""

    SESSION = "session"
    RATER = "rater"
    RATING = "rating"
    RESPONSE = "response"


class Campaign(SQLModel, table=True):
    """One opening of a study version's responses to raters behind one shared link."""

    id: str = key_field()
    study_version_id: str = Field(foreign_key="study_version.id", index=True)
    name: str = Field(max_length=200)
    link_token: str = Field(unique=True, max_length=64)
    status: CampaignStatus = choice_field(CampaignStatus, default=CampaignStatus.OPEN)
    origin: Origin = choice_field(Origin, default=Origin.COLLECTED)
    instructions: str
    consent: str
    items_per_session: int
    expires_at: datetime | None = moment_field(nullable=True)
    opened_at: datetime = moment_field()
    opened_by: str
    closed_at: datetime | None = moment_field(nullable=True)


class CampaignResponse(SQLModel, table=True):
    """Which responses a campaign shows; fixed when it opens."""

    __tablename__ = "campaign_response"

    campaign_id: str = Field(foreign_key="campaign.id", primary_key=True)
    response_id: str = Field(foreign_key="response.id", primary_key=True)


class Rater(SQLModel, table=True):
    """A person who rates, known by a pseudonym.

    ``external_id`` is what the recruiting platform calls them; unique within a campaign.
    """

    __table_args__ = (UniqueConstraint("campaign_id", "external_id"),)

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    pseudonym: str = Field(max_length=100)
    external_id: str | None = Field(default=None, max_length=200)
    created_at: datetime = moment_field()


class RatingSession(SQLModel, table=True):
    """One rater's reserved set of items."""

    __tablename__ = "rating_session"

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    rater_id: str = Field(foreign_key="rater.id", index=True)
    start_nonce: str = Field(unique=True, max_length=64)
    status: SessionStatus = choice_field(SessionStatus, default=SessionStatus.STARTED, index=True)
    origin: Origin = choice_field(Origin, default=Origin.COLLECTED)
    completion_code: str = Field(unique=True, max_length=32)
    arrival: dict[str, Any] = json_field()
    active_tab: str | None = Field(default=None, max_length=64)
    item_count: int = 0
    external_id: str | None = Field(default=None, max_length=200, index=True)
    consented_at: datetime | None = moment_field(nullable=True)
    started_at: datetime = moment_field()
    completed_at: datetime | None = moment_field(nullable=True)


class Item(SQLModel, table=True):
    """What is shown at once: one response to score, or two to compare (then the second is set)."""

    __table_args__ = (UniqueConstraint("session_id", "position"),)

    id: str = key_field()
    session_id: str = Field(foreign_key="rating_session.id", index=True)
    position: int
    response_id: str = Field(foreign_key="response.id", index=True)
    second_response_id: str | None = Field(default=None, foreign_key="response.id")


class Rating(SQLModel, table=True):
    """A person's answer to one criterion of the rubric for one item: a value 0..10 or a preference.

    ``shown_at`` is when the server sent the item: when the answer before it was stored, or when the
    session started. ``shown_to_saved_ms`` is from then on, ``reported_ms`` what an imported file
    claims.
    """

    __table_args__ = (UniqueConstraint("item_id", "criterion"),)

    id: str = key_field()
    item_id: str = Field(foreign_key="item.id")
    session_id: str = Field(foreign_key="rating_session.id", index=True)
    criterion: str = Field(max_length=100)
    value: int | None = None
    preference: Preference | None = choice_field(Preference, default=None, nullable=True)
    comment: str | None = None
    shown_at: datetime | None = moment_field(nullable=True)
    submitted_at: datetime | None = moment_field(nullable=True)
    # Four bytes end after 24.8 days, and a tab can stay open for longer.
    shown_to_saved_ms: int | None = Field(default=None, sa_type=BigInteger)
    reported_ms: int | None = Field(default=None, sa_type=BigInteger)


class RatingConflict(SQLModel, table=True):
    """An answer that came second for its item (another tab, a repeated submit) and differed.

    Kept so that nothing a person gave is lost; the first answer counts.
    """

    __tablename__ = "rating_conflict"

    id: str = key_field()
    item_id: str = Field(foreign_key="item.id", index=True)
    criterion: str = Field(max_length=100)
    value: int | None = None
    comment: str | None = None
    submitted_at: datetime = moment_field()


class Exclusion(SQLModel, table=True):
    """A decision that something does not count, or counts again: a rule and a reason, appended."""

    id: str = key_field()
    subject: Subject = choice_field(Subject)
    subject_id: str = Field(max_length=32, index=True)
    excluded: bool = True
    rule: str = Field(max_length=100)
    reason: str
    created_at: datetime = moment_field()
    created_by: str
