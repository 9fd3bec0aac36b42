"""Invitations of experts: make links, hand them out, withdraw or renew one."""

import streamlit as st

from core.errors import SlamError
from core.rating.invites import (
    create_invites,
    invites_frame,
    list_invites,
    renew_invite,
    revoke_invite,
)
from db.repositories.invites import InviteRow
from db.tables import Campaign, CampaignStatus
from ui.plain import plain
from ui.rate.safe import visible
from ui.store import database, settings
from ui.studio.acting import act
from ui.studio.campaigns.moments import MOMENT
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN


def show_invites(campaign: Campaign, actor: str) -> None:
    """Draw them."""
    rows = list_invites(database(), campaign.id)
    if campaign.status is not CampaignStatus.CLOSED:
        _make(campaign, actor)
    if not rows:
        st.info("Nobody is invited yet.")
        return
    frame = invites_frame(rows, settings().rate_url)
    st.dataframe(
        frame.rename(columns=lambda name: name.replace("_", " ")),
        hide_index=True,
        placeholder=UNKNOWN,
        column_config={"created at": MOMENT, "used at": MOMENT},
    )
    offer_downloads(frame, f"{campaign.name} invitations {campaign.id[:6]}")
    _change(campaign, rows, actor)


def _make(campaign: Campaign, actor: str) -> None:
    with st.form(f"invite_{campaign.id}", clear_on_submit=True, border=False):
        role = st.text_input("Role", "Expert", key=f"invite_role_{campaign.id}")
        names = st.text_area(
            "Names, one a line", key=f"invite_names_{campaign.id}",
            help="A line with only a dash makes a link without a name; the person may give one.",
        )  # fmt: skip
        made = st.form_submit_button("Make links", key=f"invite_make_{campaign.id}")
    if made:
        typed = [line.strip() for line in names.splitlines() if line.strip()]
        wanted = [None if name == "-" else name for name in typed] or [None]
        try:
            create_invites(database(), campaign.id, role, wanted, actor)
        except SlamError as error:
            st.error(plain(error))
            return
        st.rerun()


def _change(campaign: Campaign, rows: list[InviteRow], actor: str) -> None:
    standing = [row for row in rows if row.invite.revoked_at is None]
    if not standing:
        return
    labels = {row.invite.id: _label(row) for row in standing}
    chosen = st.selectbox(
        "Invitation", list(labels), format_func=labels.__getitem__, key=f"invitation_{campaign.id}"
    )
    if chosen is None:
        return
    with st.container(horizontal=True):
        st.button(
            "Renew this link", key=f"renew_{campaign.id}", on_click=act,
            args=(campaign.id, renew_invite, database(), chosen, actor),
            help="A new link in its place; it leads to the same session.",
        )  # fmt: skip
        st.button(
            "Withdraw it", key=f"revoke_{campaign.id}", on_click=act,
            args=(campaign.id, revoke_invite, database(), chosen, actor),
            help="The link leads nowhere any more; a session that was begun may go on.",
        )  # fmt: skip


def _label(row: InviteRow) -> str:
    return visible(f"{row.invite.role}, {row.invite.name or 'no name'}, {row.invite.token[:4]}…")
