"""Invitations of experts: made, withdrawn, renewed, listed; each change in the audit."""

import pytest
from sqlmodel import Session

from core.errors import InvalidInputError, NotFoundError
from core.rating.design import Audience, CampaignDesign
from core.rating.entrance import start_invited
from core.rating.invites import (
    InviteState,
    create_invites,
    invites_frame,
    list_invites,
    renew_invite,
    revoke_invite,
    state_of,
)
from core.rating.refusals import Cause, RefusalError
from db.engine import Database
from db.tables import Audit, Campaign, CampaignStatus, Invite
from db.types import utc_now
from tests.building import ACTOR, make_study, rows_of, store_responses
from tests.core.rating.raters import opened
from tests.core.rating.stored import stored_campaign, stored_session


def campaign_for(database: Database, audience: Audience = Audience.EXPERTS) -> Campaign:
    content = make_study(database)
    rows = store_responses(database, content)
    return stored_campaign(database, content, rows, CampaignDesign(audience=audience))


def used(database: Database, campaign: Campaign, invite: Invite) -> str:
    """As if the person had begun; gives the session's id."""
    session_id = stored_session(database, campaign, {}).id
    with database.write() as session:
        row = session.get_one(Invite, invite.id)
        row.session_id, row.used_at = session_id, utc_now()
        session.add(row)
    return session_id


def states(database: Database, campaign: Campaign) -> list[InviteState]:
    return [state_of(row) for row in list_invites(database, campaign.id)]


def test_each_person_gets_a_link_of_their_own_that_is_hard_to_guess(database: Database) -> None:
    campaign = campaign_for(database)
    made = create_invites(database, campaign.id, " Editor ", ["Ada ", None, ""], ACTOR)
    assert [(one.role, one.name) for one in made] == [
        ("Editor", "Ada"), ("Editor", None), ("Editor", None),
    ]  # fmt: skip
    assert len({one.token for one in made}) == 3
    assert min(len(one.token) for one in made) >= 20
    assert states(database, campaign) == [InviteState.UNUSED] * 3


@pytest.mark.parametrize(
    ("role", "names", "sentence"),
    [
        ("  ", [None], "role of 1 to 100"),
        ("x" * 101, [None], "role of 1 to 100"),
        ("Editor", [], "^0 invitations"),
        ("Editor", [None] * 501, "^501 invitations"),
        ("Editor", ["x" * 201], "^The name 'xxx"),
        ("Editor", ["half \ud800"], "cannot be stored"),
        ("NUL\x00", [None], "role of 1 to 100"),
    ],
)
def test_what_cannot_be_stored_is_refused(
    database: Database, role: str, names: list[str | None], sentence: str
) -> None:
    campaign = campaign_for(database)
    with pytest.raises(InvalidInputError, match=sentence):
        create_invites(database, campaign.id, role, names, ACTOR)
    assert list_invites(database, campaign.id) == []


@pytest.mark.parametrize("audience", [Audience.CROWD, Audience.OPEN])
def test_only_campaigns_for_experts_invite(database: Database, audience: Audience) -> None:
    campaign = campaign_for(database, audience)
    with pytest.raises(InvalidInputError, match="is not for experts; share its link"):
        create_invites(database, campaign.id, "Editor", [None], ACTOR)


def test_a_closed_or_absent_campaign_invites_nobody(database: Database) -> None:
    campaign = campaign_for(database)
    with database.write() as session:
        session.get_one(Campaign, campaign.id).status = CampaignStatus.CLOSED
    with pytest.raises(InvalidInputError, match="is closed; nobody can be invited"):
        create_invites(database, campaign.id, "Editor", [None], ACTOR)
    with pytest.raises(NotFoundError, match="no campaign 'nowhere'"):
        create_invites(database, "nowhere", "Editor", [None], ACTOR)


def test_a_renewed_invite_leads_to_the_same_session_by_another_link(database: Database) -> None:
    campaign = campaign_for(database)
    (first,) = create_invites(database, campaign.id, "Editor", ["Ada"], ACTOR)
    session_id = used(database, campaign, first)
    second = renew_invite(database, first.id, "another")
    assert second.token != first.token
    assert (second.session_id, second.used_at) == (session_id, None)
    assert (second.role, second.name, second.created_by) == ("Editor", "Ada", "another")
    assert states(database, campaign) == [InviteState.REVOKED, InviteState.RENEWED]
    with pytest.raises(InvalidInputError, match="was withdrawn or renewed before"):
        renew_invite(database, first.id, ACTOR)


def test_who_lost_the_address_goes_on_with_a_renewed_link(database: Database) -> None:
    campaign = opened(database, audience=Audience.EXPERTS)
    (first,) = create_invites(database, campaign.id, "Editor", ["Ada"], ACTOR)
    session_id = start_invited(database, first.token, "one press", None)
    assert states(database, campaign) == [InviteState.USED]
    second = renew_invite(database, first.id, ACTOR)
    assert start_invited(database, second.token, "another press", None) == session_id
    with pytest.raises(RefusalError) as refused:
        start_invited(database, first.token, "a third press", None)
    assert refused.value.cause is Cause.INVITE_REVOKED
    assert states(database, campaign) == [InviteState.REVOKED, InviteState.USED]


def test_a_revoked_invite_stays_revoked_since_the_first_time(database: Database) -> None:
    campaign = campaign_for(database)
    (invite,) = create_invites(database, campaign.id, "Editor", [None], ACTOR)
    revoke_invite(database, invite.id, ACTOR)
    (first,) = list_invites(database, campaign.id)
    revoke_invite(database, invite.id, ACTOR)
    (second,) = list_invites(database, campaign.id)
    assert first.invite.revoked_at == second.invite.revoked_at is not None
    for change in (revoke_invite, renew_invite):
        with pytest.raises(NotFoundError, match="no invitation 'nowhere'"):
            change(database, "nowhere", ACTOR)


def test_every_change_is_in_the_audit_and_no_token_is(database: Database) -> None:
    campaign = campaign_for(database)
    first, other = create_invites(database, campaign.id, "Editor", ["Ada", None], ACTOR)
    second = renew_invite(database, first.id, ACTOR)
    revoke_invite(database, other.id, ACTOR)
    revoke_invite(database, other.id, ACTOR)
    with database.read() as session:
        audits = _of_invites(session)
    assert sorted((one.action, one.subject_id) for one in audits) == sorted(
        [("create", first.id), ("create", other.id), ("renew", second.id), ("revoke", other.id)]
    )
    written = repr([(one.before, one.after) for one in audits])
    assert not any(one.token in written for one in (first, second, other))


def test_the_table_holds_only_links_that_lead_somewhere(database: Database) -> None:
    campaign = campaign_for(database)
    first, other = create_invites(database, campaign.id, "Editor", ["Ada", None], ACTOR)
    used(database, campaign, first)
    revoke_invite(database, other.id, ACTOR)
    frame = invites_frame(list_invites(database, campaign.id), "https://rate.example")
    by_state = {row["state"]: row for row in frame.to_dict("records")}
    assert by_state["used"]["link"] == f"https://rate.example/?invite={first.token}"
    assert str(by_state["used"]["rater"]).startswith("rater-")
    assert frame.set_index("state")["link"].notna().to_dict() == {"used": True, "revoked": False}


def _of_invites(session: Session) -> list[Audit]:
    return [one for one in rows_of(session, Audit) if one.subject == "invite"]
