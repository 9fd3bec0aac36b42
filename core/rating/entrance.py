"""How a person comes in: what the link opens, who they are, and their one session."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from core.exchange.storable import is_storable, storable_part
from core.rating.design import Audience, CampaignDesign, Platform, design_of
from core.rating.endings import new_code
from core.rating.refusals import Cause, RefusalError
from core.rating.reserving import has_room, release_abandoned
from core.rating.sessions import understood
from core.rating.views import Invitation
from db.engine import Database
from db.repositories.invites import Invites
from db.repositories.rating import Campaigns, Sessions, new_rater
from db.repositories.studies import Studies
from db.tables import (
    Campaign,
    CampaignStatus,
    Invite,
    Rater,
    RatingSession,
    SessionStatus,
)
from db.types import utc_now

MTURK_PREVIEW = "ASSIGNMENT_ID_NOT_AVAILABLE"
"""What Mechanical Turk sends as the assignment before somebody has accepted it."""
_GOES_ON = (SessionStatus.STARTED, SessionStatus.ABANDONED)
_MAY_COME_AGAIN = (SessionStatus.NO_CONSENT, SessionStatus.NOTHING_LEFT)
_MOST_PARAMETERS = 20
_PLACEHOLDER = re.compile(r"[{}<>]|^%.*%$|^\[.*\]$")
_MOST_RELEASED = 3
"""So few at a time, so that nobody's start waits long for what others left behind."""


def invitation(database: Database, link_token: str, arrival: Mapping[str, str]) -> Invitation:
    """What the shared link opens for this person.

    Args:
        database: the store.
        link_token: the campaign's.
        arrival: the address's other parameters.

    Raises:
        RefusalError: the link is wrong, takes nobody now, or does not say who comes.
    """
    arrival = _storable(arrival)
    with database.read() as session:
        campaign = _campaign(session, link_token)
        design = design_of(campaign.design)
        external_id = _external_id(design, arrival)
        earlier = Sessions(session).of_external_rater(campaign.id, external_id)
        goes_on = _going_on(design, earlier, arrival) is not None
        if not goes_on:
            _check_enters(campaign, design, external_id, arrival)
        return _invitation(session, campaign, design, is_under_way=goes_on)


def expert_invitation(database: Database, invite_token: str) -> Invitation:
    """What an expert's own link opens.

    Raises:
        RefusalError: the link is wrong, was used or withdrawn, or its campaign takes nobody now.
    """
    with database.read() as session:
        invite = _invite(session, invite_token)
        campaign = Campaigns(session).get(invite.campaign_id)
        if campaign is None:
            raise RefusalError(Cause.UNKNOWN_LINK)
        if invite.session_id is None:
            _check_open(campaign)
        earlier = Sessions(session).get(invite.session_id) if invite.session_id else None
        is_under_way = _goes_on_by(invite, earlier)
        design = design_of(campaign.design)
        return _invitation(session, campaign, design, is_under_way=is_under_way)


def record_visit(
    database: Database, link_token: str, nonce: str, arrival: Mapping[str, str]
) -> None:
    """Keep that the link was opened, with the parameters as they came; once a ``nonce``."""
    with database.write() as session:
        campaign = Campaigns(session).by_link(link_token) if is_storable(link_token) else None
        if campaign is not None:
            Campaigns(session).add_visit(campaign.id, nonce, _storable(arrival))


def start_session(
    database: Database,
    link_token: str,
    start_nonce: str,
    arrival: Mapping[str, str],
    *,
    is_human: bool = False,
) -> str:
    """Begin the session of a person who agreed, or give back the one they have; its id.

    The same press of the button (``start_nonce``), or the same person as the recruiting platform
    names them, gets the same session again, also when the campaign takes no new ones any more.

    Args:
        database: the store.
        link_token: the campaign's.
        start_nonce: of this press of the button.
        arrival: the address's other parameters.
        is_human: whether the proof of humanity was given, where the campaign asks for it.

    Raises:
        RefusalError: the link is wrong or takes nobody now, the person has taken part already, or
            gave no proof.
    """
    with database.write() as session:
        coming = _Coming.by_link(session, link_token, start_nonce, arrival)
        if coming.earlier is not None:
            return coming.earlier.id
        if coming.design.audience is Audience.OPEN and not is_human:
            raise RefusalError(Cause.NOT_HUMAN)
        campaign, design = coming.campaign, coming.design
        rater = _rater(session, campaign, coming.external_id)
        return _begin(session, campaign, design, rater, start_nonce, coming.arrival).id


def start_invited(
    database: Database, invite_token: str, start_nonce: str, name: str | None = None
) -> str:
    """Begin an expert's session, or go on with the one that a renewed invitation leads to.

    Raises:
        RefusalError: the link is wrong, was used or withdrawn, or its campaign takes nobody now.
    """
    with database.write() as session:
        invite = _invite(session, invite_token)
        campaign = Campaigns(session).locked(invite.campaign_id)
        if campaign is None:
            raise RefusalError(Cause.UNKNOWN_LINK)
        # Read again under the lock: the link may have been used in the meantime.
        session.refresh(invite)
        _check_not_revoked(invite)
        earlier = Sessions(session).get(invite.session_id) if invite.session_id else None
        if earlier is not None and earlier.start_nonce == start_nonce:
            return earlier.id
        goes_on = _goes_on_by(invite, earlier)
        invite.used_at = utc_now()
        session.add(invite)
        if earlier is not None and goes_on:
            return earlier.id
        _check_open(campaign)
        rater = _expert(session, campaign, invite, earlier, name)
        design = design_of(campaign.design)
        invite.session_id = _begin(session, campaign, design, rater, start_nonce, {}).id
        return invite.session_id


def decline(
    database: Database, link_token: str, start_nonce: str, arrival: Mapping[str, str]
) -> str:
    """Keep that a person did not agree; gives the id of a session that ended before it began.

    Raises:
        RefusalError: as for `start_session`.
    """
    with database.write() as session:
        coming = _Coming.by_link(session, link_token, start_nonce, arrival)
        if coming.earlier is not None:
            return coming.earlier.id
        if coming.design.audience is Audience.OPEN:
            # There is nobody to tell and nothing to pay; whoever does not agree closes the page.
            raise RefusalError(Cause.NOT_HUMAN)
        rater = _rater(session, coming.campaign, coming.external_id)
        row = _new_session(coming.campaign, rater, start_nonce, coming.arrival)
        row.status, row.ended_at = SessionStatus.NO_CONSENT, utc_now()
        session.add(row)
        session.flush()
        return row.id


@dataclass(frozen=True, slots=True)
class _Coming:
    """Somebody at the shared link: the session that is theirs already, or they may begin one."""

    campaign: Campaign
    design: CampaignDesign
    arrival: Mapping[str, str]
    external_id: str | None
    earlier: RatingSession | None

    @classmethod
    def by_link(
        cls, session: Session, link_token: str, start_nonce: str, arrival: Mapping[str, str]
    ) -> "_Coming":
        """Find out who comes; one start at a time, so that each sees what others reserved."""
        arrival = _storable(arrival)
        campaign = _campaign(session, link_token, lock=True)
        design = design_of(campaign.design)
        external_id = _external_id(design, arrival)
        earlier = Sessions(session).by_start_nonce(start_nonce)
        if earlier is None:
            known = Sessions(session).of_external_rater(campaign.id, external_id)
            earlier = _going_on(design, known, arrival)
        if earlier is None:
            _check_enters(campaign, design, external_id, arrival)
        return cls(campaign, design, arrival, external_id, earlier)


def _begin(
    session: Session,
    campaign: Campaign,
    design: CampaignDesign,
    rater: Rater,
    start_nonce: str,
    arrival: Mapping[str, str],
) -> RatingSession:
    now = utc_now()
    release_abandoned(session, campaign.id, design, now, _MOST_RELEASED)
    row = _new_session(campaign, rater, start_nonce, arrival)
    row.consented_at = now
    session.add(row)
    session.flush()
    if not design.comprehension:
        understood(session, row, now)
    elif not has_room(session, campaign, row.id):
        # Nobody answers questions first to be sent away then.
        row.status, row.ended_at = SessionStatus.NOTHING_LEFT, now
        session.add(row)
    return row


def _new_session(
    campaign: Campaign, rater: Rater, start_nonce: str, arrival: Mapping[str, str]
) -> RatingSession:
    return RatingSession(
        campaign_id=campaign.id,
        rater_id=rater.id,
        start_nonce=start_nonce,
        completion_code=new_code(),
        seed=secrets.token_hex(8),
        arrival=dict(arrival),
    )


def _rater(session: Session, campaign: Campaign, external_id: str | None) -> Rater:
    known = Sessions(session).rater(campaign.id, external_id) if external_id else None
    if known is not None:
        return known
    rater = new_rater(campaign.id, external_id)
    session.add(rater)
    session.flush()
    return rater


def _expert(
    session: Session,
    campaign: Campaign,
    invite: Invite,
    earlier: RatingSession | None,
    name: str | None,
) -> Rater:
    if earlier is not None:
        return session.get_one(Rater, earlier.rater_id)
    rater = new_rater(campaign.id, None)
    rater.role = invite.role
    rater.name = invite.name or storable_part(name or "").strip()[:200] or None
    session.add(rater)
    session.flush()
    return rater


def _going_on(
    design: CampaignDesign, earlier: RatingSession | None, arrival: Mapping[str, str]
) -> RatingSession | None:
    """The session that somebody with that id of the platform goes on with; none if they may begin.

    A session under way only from the same submission, where the platform names it: an id is no
    secret, and whoever knows it could otherwise take over, or withdraw, what its owner is doing.

    Raises:
        RefusalError: the person has taken part, or is taking part elsewhere.
    """
    if earlier is None or earlier.status in _MAY_COME_AGAIN:
        return None
    name = design.platform.session_parameter or ""
    submissions = {one[name] for one in (earlier.arrival, arrival) if one.get(name)}
    is_elsewhere = earlier.status is SessionStatus.STARTED and len(submissions) > 1
    # An ended session's page shows what is paid for.
    if is_elsewhere or earlier.status not in _GOES_ON:
        raise RefusalError(Cause.TAKEN_PART)
    return earlier


def _invitation(
    session: Session, campaign: Campaign, design: CampaignDesign, *, is_under_way: bool
) -> Invitation:
    version = Studies(session).version(campaign.study_version_id)
    return Invitation(
        campaign_id=campaign.id,
        name=campaign.name,
        description=version.description if version else "",
        instructions=campaign.instructions,
        consent=campaign.consent,
        items=design.shown_items,
        minutes=max(1, round(design.shown_items * design.seconds_per_item / 60)),
        language=design.language,
        audience=design.audience,
        is_under_way=is_under_way,
    )


def _storable(arrival: Mapping[str, str]) -> dict[str, str]:
    names = list(arrival)[:_MOST_PARAMETERS]
    return {storable_part(name)[:100]: storable_part(arrival[name])[:500] for name in names}


def _external_id(design: CampaignDesign, arrival: Mapping[str, str]) -> str | None:
    name = design.platform.rater_parameter
    value = arrival.get(name, "").strip()[:200] if name else ""
    # A placeholder that the platform did not fill in would make one person of everybody.
    return None if not value or _PLACEHOLDER.search(value) else value


def _campaign(session: Session, link_token: str, *, lock: bool = False) -> Campaign:
    # What no database holds is no link, and PostgreSQL would not even look for it.
    campaign = (
        Campaigns(session).by_link(link_token, lock=lock) if is_storable(link_token) else None
    )
    if campaign is None:
        raise RefusalError(Cause.UNKNOWN_LINK)
    return campaign


def _invite(session: Session, token: str) -> Invite:
    invite = Invites(session).by_token(token) if is_storable(token) else None
    if invite is None:
        raise RefusalError(Cause.UNKNOWN_LINK)
    _check_not_revoked(invite)
    return invite


def _goes_on_by(invite: Invite, earlier: RatingSession | None) -> bool:
    """Whether an invitation leads on to its earlier session; otherwise one may begin.

    Raises:
        RefusalError: the invitation was used, and its person was not sent away then.
    """
    was_sent_away = earlier is not None and earlier.status in _MAY_COME_AGAIN
    if invite.used_at is not None and not was_sent_away:
        raise RefusalError(Cause.INVITE_USED)
    return earlier is not None and not was_sent_away


def _check_not_revoked(invite: Invite) -> None:
    if invite.revoked_at is not None:
        raise RefusalError(Cause.INVITE_REVOKED)


def _check_enters(
    campaign: Campaign,
    design: CampaignDesign,
    external_id: str | None,
    arrival: Mapping[str, str],
) -> None:
    _check_open(campaign)
    if design.audience is Audience.EXPERTS:
        raise RefusalError(Cause.INVITE_NEEDED)
    if _is_preview(design.platform, arrival):
        raise RefusalError(Cause.PREVIEW_ONLY)
    if design.platform.requires_id and external_id is None:
        raise RefusalError(Cause.NO_PLATFORM_ID)


def _is_preview(platform: Platform, arrival: Mapping[str, str]) -> bool:
    name = platform.session_parameter
    return name is not None and arrival.get(name) == MTURK_PREVIEW


def _check_open(campaign: Campaign) -> None:
    now = utc_now()
    if campaign.status is CampaignStatus.CLOSED:
        raise RefusalError(Cause.CLOSED)
    if campaign.expires_at is not None and campaign.expires_at <= now:
        raise RefusalError(Cause.EXPIRED)
    if campaign.opens_at is not None and campaign.opens_at > now:
        raise RefusalError(Cause.NOT_YET_OPEN)
    if campaign.status is CampaignStatus.PAUSED:
        raise RefusalError(Cause.PAUSED)
