"""Invitations of single people to a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from db.tables import Invite, Rater, RatingSession, SessionStatus


@dataclass(frozen=True, slots=True)
class InviteRow:
    """An invite with what became of its session: null while nobody has started with it."""

    invite: Invite
    session_status: SessionStatus | None
    pseudonym: str | None


class Invites:
    """Queries over invites within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def locked(self, invite_id: str) -> Invite | None:
        """The invite of that id, nobody else's to change until the commit."""
        query = select(Invite).where(Invite.id == invite_id).with_for_update()
        return self.session.exec(query).first()

    def by_token(self, token: str) -> Invite | None:
        """The invite behind a link."""
        return self.session.exec(select(Invite).where(Invite.token == token)).first()

    def of_campaign(self, campaign_id: str) -> Sequence[InviteRow]:
        """All invites of a campaign, oldest first."""
        query = (
            select(Invite, RatingSession, Rater)
            .outerjoin(RatingSession, col(RatingSession.id) == col(Invite.session_id))
            .outerjoin(Rater, col(Rater.id) == col(RatingSession.rater_id))
            .where(Invite.campaign_id == campaign_id)
            .order_by(col(Invite.created_at), col(Invite.id))
        )
        return [
            InviteRow(
                invite,
                session_status=begun.status if begun else None,
                pseudonym=rater.pseudonym if rater else None,
            )
            for invite, begun, rater in self.session.exec(query).all()
        ]
