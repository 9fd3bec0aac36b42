"""What people gave: raters, sessions, items, ratings, and what is left out and why."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from db.tables.collection import Origin
from db.types import choice_field, json_field, key_field, moment_field


class SessionStatus(StrEnum):
    """Only ``complete`` sessions count, unless excluded.

    ``abandoned``: nothing was answered for so long that the items went back to the pool; the rater
    may still come back and finish. The others have ended: attention checks failed, the check of
    understanding failed twice, no consent given, nothing was left to rate, or withdrawn.
    """

    STARTED = "started"
    COMPLETE = "complete"
    ABANDONED = "abandoned"
    FAILED_CHECKS = "failed_checks"
    SCREENED_OUT = "screened_out"
    NO_CONSENT = "no_consent"
    NOTHING_LEFT = "nothing_left"
    WITHDRAWN = "withdrawn"


class AnswerStatus(StrEnum):
    """Whether a rating has a value; ``cannot_judge`` is an answer of its own, without one."""

    ANSWERED = "answered"
    CANNOT_JUDGE = "cannot_judge"


class Preference(StrEnum):
    """The answer to a pair, by the place on the screen."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Subject(StrEnum):
    """What an exclusion is about."""

    SESSION = "session"
    RATER = "rater"
    RATING = "rating"
    RESPONSE = "response"


class Rater(SQLModel, table=True):
    """A person who rates, known by a pseudonym.

    ``external_id`` is what the recruiting platform calls them; unique within a campaign. ``name``
    and ``role`` are an expert's.
    """

    __table_args__ = (UniqueConstraint("campaign_id", "external_id"),)

    id: str = key_field()
    campaign_id: str = Field(foreign_key="campaign.id", index=True)
    pseudonym: str = Field(max_length=100)
    external_id: str | None = Field(default=None, max_length=200)
    name: str | None = Field(default=None, max_length=200)
    role: str | None = Field(default=None, max_length=100)
    created_at: datetime = moment_field()


class RatingSession(SQLModel, table=True):
    """One rater's reserved set of items.

    ``seed`` is all the chance that chose and ordered them. ``released_at`` is set while its items
    are back in the pool. ``understood_at`` is when the check of understanding was passed, or was
    not needed; items are reserved then. ``ended_at`` is for every ending, ``completed_at`` for the
    one that counts.
    """

    __tablename__ = "rating_session"
    __table_args__ = (Index("ix_rating_session_under_way", "campaign_id", "status", "started_at"),)

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
    seed: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200, index=True)
    consented_at: datetime | None = moment_field(nullable=True)
    understood_at: datetime | None = moment_field(nullable=True)
    started_at: datetime = moment_field()
    completed_at: datetime | None = moment_field(nullable=True)
    ended_at: datetime | None = moment_field(nullable=True)
    released_at: datetime | None = moment_field(nullable=True)
    data_deleted_at: datetime | None = moment_field(nullable=True)


class ComprehensionAttempt(SQLModel, table=True):
    """One try at the check of understanding before the first item. Append-only."""

    __tablename__ = "comprehension_attempt"
    __table_args__ = (UniqueConstraint("session_id", "number"),)

    id: str = key_field()
    session_id: str = Field(foreign_key="rating_session.id", index=True)
    number: int
    answers: dict[str, Any] = json_field()
    passed: bool
    at: datetime = moment_field()


class Item(SQLModel, table=True):
    """What is shown at once: one response to score, or two to compare (then the second is set).

    ``response_id`` is shown first. ``unit_id`` is what it was reserved as. A planted item has a
    control, whose text stands in the place of the first or the second response.
    """

    __table_args__ = (UniqueConstraint("session_id", "position"),)

    id: str = key_field()
    session_id: str = Field(foreign_key="rating_session.id", index=True)
    position: int
    response_id: str = Field(foreign_key="response.id", index=True)
    second_response_id: str | None = Field(default=None, foreign_key="response.id")
    unit_id: str | None = Field(default=None, foreign_key="campaign_unit.id")
    control_id: str | None = Field(default=None, foreign_key="control.id")
    second_control_id: str | None = Field(default=None, foreign_key="control.id")


class Rating(SQLModel, table=True):
    """A person's answer to one criterion of the rubric for one item: a value or a preference.

    ``value`` is on the rubric's scale. A comment is about the whole item; of several criteria the
    first carries it. ``active_ms`` is how long the item was looked at, ``hidden_ms`` how long its
    tab was hidden, ``blur_count`` how often the focus went elsewhere: what the browser claims, with
    ``active_ms`` cut to ``shown_to_saved_ms``. ``shown_at`` is when the server sent the item: when
    the answer before it was stored, or when the session started. ``shown_to_saved_ms`` is from then
    on, ``reported_ms`` what an imported file claims.
    """

    __table_args__ = (UniqueConstraint("item_id", "criterion"),)

    id: str = key_field()
    item_id: str = Field(foreign_key="item.id")
    session_id: str = Field(foreign_key="rating_session.id", index=True)
    criterion: str = Field(max_length=100)
    value: int | None = None
    preference: Preference | None = choice_field(Preference, default=None, nullable=True)
    status: AnswerStatus = choice_field(AnswerStatus, default=AnswerStatus.ANSWERED)
    comment: str | None = None
    shown_at: datetime | None = moment_field(nullable=True)
    submitted_at: datetime | None = moment_field(nullable=True)
    # Four bytes end after 24.8 days, and a tab can stay open for longer.
    shown_to_saved_ms: int | None = Field(default=None, sa_type=BigInteger)
    reported_ms: int | None = Field(default=None, sa_type=BigInteger)
    active_ms: int | None = Field(default=None, sa_type=BigInteger)
    hidden_ms: int | None = Field(default=None, sa_type=BigInteger)
    blur_count: int | None = None


class RatingConflict(SQLModel, table=True):
    """An answer that came second for its item (another tab, a repeated submit) and differed.

    Kept so that nothing a person gave is lost; the first answer counts.
    """

    __tablename__ = "rating_conflict"

    id: str = key_field()
    item_id: str = Field(foreign_key="item.id", index=True)
    criterion: str = Field(max_length=100)
    value: int | None = None
    preference: Preference | None = choice_field(Preference, default=None, nullable=True)
    status: AnswerStatus = choice_field(AnswerStatus, default=AnswerStatus.ANSWERED)
    comment: str | None = None
    submitted_at: datetime = moment_field()


class Exclusion(SQLModel, table=True):
    """A decision that something does not count, or counts again: a rule and a reason, appended.

    The last decision of each rule about a thing holds; a thing counts when no rule excludes it.
    ``evidence`` is what the rule saw.
    """

    id: str = key_field()
    subject: Subject = choice_field(Subject)
    subject_id: str = Field(max_length=32, index=True)
    excluded: bool = True
    rule: str = Field(max_length=100)
    reason: str
    evidence: dict[str, Any] | None = json_field(nullable=True)
    created_at: datetime = moment_field()
    created_by: str
