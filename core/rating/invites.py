"""Single-use links for experts: made for a role, withdrawn, or renewed when one was lost."""

import secrets
from collections.abc import Sequence
from enum import StrEnum

import pandas as pd
from sqlmodel import Session

from core.errors import InvalidInputError, NotFoundError
from core.exchange.storable import is_storable, shown
from core.rating.design import Audience, design_of
from core.rating.getting import campaign_of
from db.engine import Database
from db.repositories import audits
from db.repositories.invites import InviteRow, Invites
from db.tables import CampaignStatus, Invite
from db.types import utc_now

MOST_AT_ONCE = 500
COLUMNS = ("role", "name", "state", "rater", "link", "created_at", "used_at")


class InviteState(StrEnum):
    """What became of an invite. ``renewed`` leads on to a session that was begun before."""

    UNUSED = "unused"
    RENEWED = "renewed"
    USED = "used"
    REVOKED = "revoked"


def create_invites(
    database: Database,
    campaign_id: str,
    role: str,
    names: Sequence[str | None],
    actor: str,
) -> list[Invite]:
    """Make a link for each person; a name of ``None`` leaves it to them to give one.

    Raises:
        InvalidInputError: the campaign takes no experts or is closed, or a text cannot be taken.
        NotFoundError: there is no such campaign.
    """
    _check(role, names)
    with database.write() as session:
        campaign = campaign_of(session, campaign_id)
        if design_of(campaign.design).audience is not Audience.EXPERTS:
            raise InvalidInputError(
                f"The campaign {shown(campaign.name)!r} is not for experts; share its link, or "
                "open one for experts."
            )
        if campaign.status is CampaignStatus.CLOSED:
            raise InvalidInputError(
                f"The campaign {shown(campaign.name)!r} is closed; nobody can be invited any more."
            )
        invites = [
            _new_invite(campaign_id, role.strip(), (name or "").strip() or None, actor)
            for name in names
        ]
        session.add_all(invites)
        for invite in invites:
            _audit(session, invite, "create", actor)
        return invites


def revoke_invite(database: Database, invite_id: str, actor: str) -> None:
    """Let the link lead nowhere any more; a session that was begun with it stays and may go on.

    Raises:
        NotFoundError: there is no such invite.
    """
    with database.write() as session:
        invite = _invite(session, invite_id)
        if invite.revoked_at is None:
            invite.revoked_at = utc_now()
            session.add(invite)
            _audit(session, invite, "revoke", actor)


def renew_invite(database: Database, invite_id: str, actor: str) -> Invite:
    """A new link in place of one that was used or lost; it leads to the same session.

    Raises:
        InvalidInputError: the invite was revoked, or renewed before.
        NotFoundError: there is no such invite.
    """
    with database.write() as session:
        invite = _invite(session, invite_id)
        if invite.revoked_at is not None:
            raise InvalidInputError(
                "This invitation was withdrawn or renewed before; make a new one, or renew the "
                "one that took its place."
            )
        renewed = _new_invite(invite.campaign_id, invite.role, invite.name, actor)
        renewed.session_id = invite.session_id
        invite.revoked_at = utc_now()
        session.add_all([invite, renewed])
        _audit(session, renewed, "renew", actor, before={"invite": invite.id})
        return renewed


def list_invites(database: Database, campaign_id: str) -> list[InviteRow]:
    """All invites of a campaign with what became of them, oldest first."""
    with database.read() as session:
        return list(Invites(session).of_campaign(campaign_id))


def state_of(row: InviteRow) -> InviteState:
    """What became of the invite."""
    if row.invite.revoked_at is not None:
        return InviteState.REVOKED
    if row.invite.used_at is not None:
        return InviteState.USED
    return InviteState.RENEWED if row.invite.session_id is not None else InviteState.UNUSED


def invites_frame(rows: Sequence[InviteRow], rate_url: str) -> pd.DataFrame:
    """The invites with `COLUMNS`; a link that leads nowhere any more is null."""
    return pd.DataFrame(
        [
            (
                row.invite.role,
                row.invite.name,
                state_of(row).value,
                row.pseudonym,
                None if row.invite.revoked_at else link_of(row.invite, rate_url),
                row.invite.created_at,
                row.invite.used_at,
            )
            for row in rows
        ],
        columns=list(COLUMNS),
    )


def link_of(invite: Invite, rate_url: str) -> str:
    """The address that this one person opens."""
    return f"{rate_url}/?invite={invite.token}"


def _new_invite(campaign_id: str, role: str, name: str | None, actor: str) -> Invite:
    return Invite(
        campaign_id=campaign_id,
        token=secrets.token_urlsafe(16),
        role=role,
        name=name,
        created_by=actor,
    )


def _check(role: str, names: Sequence[str | None]) -> None:
    if not 1 <= len(role.strip()) <= 100 or not is_storable(role):
        raise InvalidInputError("An invitation needs a role of 1 to 100 characters; type one.")
    if not 1 <= len(names) <= MOST_AT_ONCE:
        raise InvalidInputError(
            f"{len(names)} invitations cannot be made at once; ask for 1 to {MOST_AT_ONCE}."
        )
    for name in names:
        if name is not None and (len(name.strip()) > 200 or not is_storable(name)):
            raise InvalidInputError(
                f"The name {shown(name)!r} cannot be stored; shorten it to 200 characters."
            )


def _invite(session: Session, invite_id: str) -> Invite:
    invite = Invites(session).locked(invite_id)
    if invite is None:
        raise NotFoundError(f"There is no invitation {invite_id!r}; pick one from the list.")
    return invite


def _audit(
    session: Session,
    invite: Invite,
    action: str,
    actor: str,
    before: dict[str, str] | None = None,
) -> None:
    """The token stays out of the audit: who reads that must not be able to rate."""
    audits.record(
        session,
        actor=actor,
        action=action,
        subject="invite",
        subject_id=invite.id,
        before=before,
        after={"campaign": invite.campaign_id, "role": invite.role, "name": invite.name},
    )
