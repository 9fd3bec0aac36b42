"""Campaigns, raters, sessions, items and ratings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, or_, update
from sqlmodel import Session, and_, col, select

from db.tables import (
    Campaign,
    CampaignResponse,
    ComprehensionAttempt,
    Invite,
    Item,
    Rater,
    Rating,
    RatingConflict,
    RatingSession,
    SessionStatus,
    StudyVersion,
    Visit,
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

    def by_link(self, link_token: str, *, lock: bool = False) -> Campaign | None:
        """The campaign behind a link; a locked one is nobody else's to lock until the commit."""
        query = select(Campaign).where(Campaign.link_token == link_token)
        if lock:
            # PostgreSQL's row lock; SQLite has one writer anyway.
            query = query.with_for_update(key_share=True)
        return self.session.exec(query).first()

    def locked(self, campaign_id: str) -> Campaign | None:
        """The campaign of that id, nobody else's to lock until the commit."""
        query = select(Campaign).where(Campaign.id == campaign_id)
        return self.session.exec(query.with_for_update(key_share=True)).first()

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

    def add_visit(self, campaign_id: str, nonce: str, arrival: Mapping[str, str]) -> None:
        """Keep that the link was opened, unless that opening was kept before."""
        query = select(Visit.id).where(Visit.nonce == nonce)
        if self.session.exec(query).first() is None:
            self.session.add(Visit(campaign_id=campaign_id, nonce=nonce, arrival=dict(arrival)))

    def response_count(self, campaign_id: str) -> int:
        """How many responses the campaign shows."""
        query = select(func.count()).select_from(CampaignResponse)
        return self.session.exec(query.where(CampaignResponse.campaign_id == campaign_id)).one()

    def complete_among(
        self, campaign_id: str, session_ids: Iterable[str], rater_ids: Iterable[str]
    ) -> int:
        """How many complete sessions of the campaign are among those, or of those raters."""
        query = select(func.count()).where(
            RatingSession.campaign_id == campaign_id,
            RatingSession.status == SessionStatus.COMPLETE,
            or_(col(RatingSession.id).in_(session_ids), col(RatingSession.rater_id).in_(rater_ids)),
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

    def rater(self, campaign_id: str, external_id: str) -> Rater | None:
        """The person whom the recruiting platform calls so."""
        query = select(Rater).where(
            Rater.campaign_id == campaign_id, Rater.external_id == external_id
        )
        return self.session.exec(query).first()

    def external_id_of(self, row: RatingSession) -> str | None:
        """What the recruiting platform calls the session's rater."""
        return self.session.exec(select(Rater.external_id).where(Rater.id == row.rater_id)).first()

    def of_external_rater(self, campaign_id: str, external_id: str | None) -> RatingSession | None:
        """The newest session of the person whom the recruiting platform calls so."""
        if external_id is None:
            return None
        query = (
            select(RatingSession)
            .join(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .where(Rater.campaign_id == campaign_id, Rater.external_id == external_id)
        )
        return self.session.exec(query.order_by(col(RatingSession.started_at).desc())).first()

    def attempts(self, session_id: str) -> int:
        """How many attempts at the check of understanding were made."""
        query = select(func.count()).select_from(ComprehensionAttempt)
        return self.session.exec(query.where(ComprehensionAttempt.session_id == session_id)).one()

    def add_attempt(self, session_id: str, answers: Sequence[int], *, passed: bool) -> int:
        """Keep an attempt at the check of understanding; gives its number, from 1."""
        number = self.attempts(session_id) + 1
        self.session.add(
            ComprehensionAttempt(
                session_id=session_id,
                number=number,
                answers={str(place): answer for place, answer in enumerate(answers)},
                passed=passed,
            )
        )
        return number

    def delete_answers(self, row: RatingSession, kept: Collection[str | None]) -> int:
        """Delete what a rater gave and who they are; gives how many answers.

        Of the address's parameters those named in ``kept`` stay with the session.
        """
        items = select(Item.id).where(Item.session_id == row.id).scalar_subquery()
        connection = self.session.connection()
        deleted = connection.execute(delete(Rating).where(col(Rating.session_id) == row.id))
        connection.execute(delete(RatingConflict).where(col(RatingConflict.item_id).in_(items)))
        connection.execute(
            delete(ComprehensionAttempt).where(col(ComprehensionAttempt.session_id) == row.id)
        )
        connection.execute(update(Rater).where(col(Rater.id) == row.rater_id).values(name=None))
        connection.execute(update(Invite).where(col(Invite.session_id) == row.id).values(name=None))
        row.arrival = {name: value for name, value in row.arrival.items() if name in kept}
        self._forget_visits(row)
        return int(deleted.rowcount)

    def _forget_visits(self, row: RatingSession) -> None:
        external_id = self.external_id_of(row)
        query = select(Visit).where(Visit.campaign_id == row.campaign_id)
        for visit in self.session.exec(query):
            is_theirs = external_id is not None and external_id in visit.arrival.values()
            if is_theirs or visit.nonce == row.start_nonce:
                visit.arrival = {}
                self.session.add(visit)


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
