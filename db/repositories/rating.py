"""Campaigns, raters, sessions, items and ratings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, func, insert, or_, update
from sqlalchemy import select as core_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, select

from db.tables import (
    Campaign,
    CampaignResponse,
    Item,
    PromptTemplate,
    Rater,
    Rating,
    RatingSession,
    Response,
    SessionStatus,
    StudyVersion,
    TestCase,
)
from db.types import new_id


@dataclass(frozen=True, slots=True)
class CampaignCounts:
    """Sessions of a campaign by what became of them; excluded ones are counted by the caller."""

    complete: int
    started: int
    ratings: int


class Campaigns:
    """Queries over campaigns within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, campaign_id: str) -> Campaign | None:
        """The campaign of that id."""
        return self.session.get(Campaign, campaign_id)

    def by_link(self, link_token: str) -> Campaign | None:
        """The campaign behind a link."""
        return self.session.exec(select(Campaign).where(Campaign.link_token == link_token)).first()

    def of_study(self, study_id: str) -> Sequence[Campaign]:
        """All campaigns of all versions of a study, newest first."""
        query = (
            select(Campaign)
            .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
            .where(StudyVersion.study_id == study_id)
        )
        return self.session.exec(query.order_by(col(Campaign.opened_at).desc())).all()

    def add_responses(self, campaign_id: str, response_ids: Iterable[str]) -> None:
        """Say which responses the campaign shows."""
        rows = [{"campaign_id": campaign_id, "response_id": one} for one in response_ids]
        if rows:
            self.session.connection().execute(insert(CampaignResponse), rows)

    def pool(self, campaign_id: str, reserved_since: datetime) -> list[tuple[Response, int]]:
        """The campaign's responses with how often each is shown.

        Items of complete sessions count, and of sessions started after ``reserved_since``: what
        was abandoned before returns to the pool.
        """
        counted = or_(
            col(RatingSession.status) == SessionStatus.COMPLETE,
            col(RatingSession.started_at) > reserved_since,
        )
        shown = (
            select(Item.response_id, func.count().label("times"))
            .join(RatingSession, col(RatingSession.id) == col(Item.session_id))
            .where(RatingSession.campaign_id == campaign_id, counted)
            .group_by(Item.response_id)
            .subquery()
        )
        rows = self.session.exec(
            select(Response, func.coalesce(shown.c.times, 0))
            .join(CampaignResponse, col(CampaignResponse.response_id) == col(Response.id))
            .outerjoin(shown, shown.c.response_id == col(Response.id))
            .where(CampaignResponse.campaign_id == campaign_id)
            .order_by(col(Response.id))
        ).all()
        return [(response, int(times)) for response, times in rows]

    def response_count(self, campaign_id: str) -> int:
        """How many responses the campaign shows."""
        query = select(func.count()).select_from(CampaignResponse)
        return self.session.exec(query.where(CampaignResponse.campaign_id == campaign_id)).one()

    def sessions_among(self, campaign_id: str, session_ids: Iterable[str]) -> int:
        """How many of those sessions are the campaign's."""
        query = select(func.count()).where(
            RatingSession.campaign_id == campaign_id, col(RatingSession.id).in_(session_ids)
        )
        return self.session.exec(query).one()

    def counts(self, campaign_id: str) -> CampaignCounts:
        """How far the campaign is."""
        by_status = dict(
            self.session.exec(
                select(RatingSession.status, func.count())
                .where(RatingSession.campaign_id == campaign_id)
                .group_by(col(RatingSession.status))
            ).all()
        )
        ratings = self.session.exec(
            select(func.count())
            .select_from(Rating)
            .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
            .where(
                RatingSession.campaign_id == campaign_id,
                RatingSession.status == SessionStatus.COMPLETE,
            )
        ).one()
        return CampaignCounts(
            complete=by_status.get(SessionStatus.COMPLETE, 0),
            started=by_status.get(SessionStatus.STARTED, 0),
            ratings=ratings,
        )


@dataclass(frozen=True, slots=True)
class CurrentItem:
    """A session with the first of its items that has no answer; all of the item is null if none."""

    status: SessionStatus
    completion_code: str
    active_tab: str | None
    item_count: int
    question: str
    item_id: str | None
    position: int | None
    response: str | None
    template: str | None
    values: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """An item that is about to get its answer, with what the answer is checked against."""

    session_id: str
    active_tab: str | None
    item_count: int
    position: int
    shown_at: datetime


class Sessions:
    """Queries over one rater's session within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, session_id: str) -> RatingSession | None:
        """The session of that id."""
        return self.session.get(RatingSession, session_id)

    def by_start_nonce(self, start_nonce: str) -> RatingSession | None:
        """The session that this press of the start button made."""
        query = select(RatingSession).where(RatingSession.start_nonce == start_nonce)
        return self.session.exec(query).first()

    def of_external_rater(self, campaign_id: str, external_id: str) -> RatingSession | None:
        """The newest session of the person whom the recruiting platform calls so."""
        query = (
            select(RatingSession)
            .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .where(Rater.campaign_id == campaign_id, Rater.external_id == external_id)
        )
        return self.session.exec(query.order_by(col(RatingSession.started_at).desc())).first()

    def add_items(self, session_id: str, response_ids: Sequence[str]) -> None:
        """Reserve the responses for the session, in that order."""
        rows = [
            Item(session_id=session_id, position=position, response_id=response_id).model_dump()
            for position, response_id in enumerate(response_ids)
        ]
        self.session.connection().execute(insert(Item), rows)

    def current(self, session_id: str) -> CurrentItem | None:
        """Where the session stands, in one query; none when there is no such session."""
        row = self.session.connection().execute(_CURRENT, {"session_id": session_id}).first()
        return CurrentItem(*tuple(row)) if row else None

    def answered_item(self, item_id: str) -> AnsweredItem | None:
        """The item that an answer is for, in one query; none when there is no such item."""
        row = self.session.connection().execute(_ANSWERED, {"item_id": item_id}).first()
        if row is None:
            return None
        session_id, active_tab, item_count, position, started_at, last_answer_at = row
        return AnsweredItem(
            session_id, active_tab, item_count, position, last_answer_at or started_at
        )

    def complete(self, session_id: str, at: datetime) -> None:
        """Mark the session as complete unless it is."""
        self.session.connection().execute(
            update(RatingSession)
            .where(
                col(RatingSession.id) == session_id,
                col(RatingSession.status) == SessionStatus.STARTED,
            )
            .values(status=SessionStatus.COMPLETE, completed_at=at)
        )

    def rating_of(self, item_id: str, criterion: str) -> Rating | None:
        """The answer that an item has."""
        query = select(Rating).where(Rating.item_id == item_id, Rating.criterion == criterion)
        return self.session.exec(query).first()

    def add_rating(self, values: Mapping[str, object]) -> bool:
        """Store an answer unless the item has one; says whether it was stored.

        ``values`` are the columns of `Rating` besides its id.
        """
        connection = self.session.connection()
        statement = _ADD_RATING[connection.dialect.name]
        return connection.execute(statement, {"id": new_id(), **values}).rowcount == 1


# A rating step runs the three statements below and nothing else; built once, they cost a cache
# look-up instead of a compilation.
_open_item = aliased(Item)
_CURRENT = (
    core_select(
        col(RatingSession.status),
        col(RatingSession.completion_code),
        col(RatingSession.active_tab),
        col(RatingSession.item_count),
        col(StudyVersion.rubric_question),
        col(Item.id),
        col(Item.position),
        col(Response.text),
        col(PromptTemplate.text),
        col(TestCase.values),
    )
    .join(Campaign, col(Campaign.id) == col(RatingSession.campaign_id))
    .join(StudyVersion, col(StudyVersion.id) == col(Campaign.study_version_id))
    .outerjoin(
        Item,
        (col(Item.session_id) == col(RatingSession.id))
        & (
            col(Item.position)
            == core_select(func.min(_open_item.position))
            .where(
                col(_open_item.session_id) == bindparam("session_id"),
                ~exists().where(col(Rating.item_id) == col(_open_item.id)),
            )
            .scalar_subquery()
        ),
    )
    .outerjoin(Response, col(Response.id) == col(Item.response_id))
    .outerjoin(TestCase, col(TestCase.id) == col(Response.test_case_id))
    .outerjoin(PromptTemplate, col(PromptTemplate.id) == col(Response.prompt_template_id))
    .where(col(RatingSession.id) == bindparam("session_id"))
)
_ANSWERED = (
    core_select(
        col(RatingSession.id),
        col(RatingSession.active_tab),
        col(RatingSession.item_count),
        col(Item.position),
        col(RatingSession.started_at),
        core_select(func.max(col(Rating.submitted_at)))
        .where(col(Rating.session_id) == col(RatingSession.id))
        .correlate(RatingSession)
        .scalar_subquery(),
    )
    .join(Item, col(Item.session_id) == col(RatingSession.id))
    .where(col(Item.id) == bindparam("item_id"))
)
_ADD_RATING = {
    name: dialect.insert(Rating).on_conflict_do_nothing(index_elements=["item_id", "criterion"])
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


@dataclass(frozen=True, slots=True)
class RatedItem:
    """One answer with the item and session it belongs to."""

    rating: Rating
    item: Item
    session: RatingSession


def complete_ratings(session: Session, campaign_ids: Sequence[str]) -> list[RatedItem]:
    """Every answer of the campaigns' complete sessions, in a fixed order."""
    rows = session.exec(
        select(Rating, Item, RatingSession)
        .join(Item, col(Item.id) == col(Rating.item_id))
        .join(RatingSession, col(RatingSession.id) == col(Rating.session_id))
        .where(
            and_(
                col(RatingSession.campaign_id).in_(campaign_ids),
                col(RatingSession.status) == SessionStatus.COMPLETE,
            )
        )
        .order_by(col(RatingSession.started_at), col(Item.position), Rating.criterion)
    ).all()
    return [RatedItem(*row) for row in rows]


def new_rater(campaign_id: str, external_id: str | None) -> Rater:
    """A rater who is known by a pseudonym that tells nothing."""
    return Rater(
        campaign_id=campaign_id, external_id=external_id, pseudonym=f"rater-{new_id()[:8]}"
    )
