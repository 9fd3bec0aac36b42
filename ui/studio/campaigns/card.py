"""One campaign: its link, how it stands, and what can be done with it."""

from datetime import datetime

import streamlit as st

from core.errors import SlamError
from core.rating.campaigns import (
    CampaignSummary,
    change_schedule,
    close_campaign,
    pause_campaign,
    resume_campaign,
)
from core.rating.design import Audience, CampaignDesign, Protocol, design_of
from core.rating.links import adds_nothing_itself, platform_link
from db.tables import Campaign, CampaignStatus, Origin
from ui.plain import plain
from ui.store import database, settings
from ui.studio.acting import act, show_problem
from ui.studio.campaigns.balance_view import show_balance
from ui.studio.campaigns.codes_view import show_codes
from ui.studio.campaigns.form import capacity_input
from ui.studio.campaigns.invites_view import show_invites
from ui.studio.campaigns.moments import moment_input

_STATUS = {
    CampaignStatus.OPEN: "Open",
    CampaignStatus.PAUSED: "Paused",
    CampaignStatus.CLOSED: "Closed",
}
_PROTOCOLS = {Protocol.SCORE: "scores", Protocol.PAIR: "pairs"}
_AUDIENCES = {
    Audience.CROWD: "a crowd",
    Audience.EXPERTS: "invited experts",
    Audience.OPEN: "anyone with the link",
}
_SCHEDULE, _INVITES, _CODES, _BALANCE = "Schedule", "Invitations", "Codes", "Proof of balance"


def show_campaign(summary: CampaignSummary, actor: str) -> None:
    """Draw it."""
    campaign, counts = summary.campaign, summary.counts
    design = design_of(campaign.design)
    with st.container(border=True):
        st.subheader(plain(campaign.name))
        st.caption(plain(_standing(summary, design)))
        if campaign.status is not CampaignStatus.CLOSED:
            _link(campaign, design)
        with st.container(horizontal=True):
            st.metric("Sessions that count", counts.complete - summary.excluded_sessions)
            st.metric("Not complete", counts.started)
            st.metric("Excluded", summary.excluded_sessions)
            st.metric("Ratings in complete sessions", counts.ratings)
        show_problem(campaign.id)
        if campaign.status is not CampaignStatus.CLOSED:
            _turns(campaign, actor)
        if campaign.origin is Origin.COLLECTED:
            _more(campaign, design, actor)


def _standing(summary: CampaignSummary, design: CampaignDesign) -> str:
    campaign = summary.campaign
    if campaign.origin is Origin.IMPORTED:
        return f"{_STATUS[campaign.status]}, imported; {summary.responses:,} responses"
    parts = [
        f"{_STATUS[campaign.status]}; {_PROTOCOLS[design.protocol]} by "
        f"{_AUDIENCES[design.audience]}; {summary.responses:,} responses, "
        f"{design.shown_items} items a session; since {_written(campaign.opened_at)} UTC"
    ]
    if campaign.opens_at is not None:
        parts.append(f"starts {_written(campaign.opens_at)} UTC")
    if campaign.expires_at is not None:
        parts.append(f"ends {_written(campaign.expires_at)} UTC")
    if campaign.capacity is not None:
        parts.append(f"at most {campaign.capacity:,} sessions")
    return "; ".join(parts)


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _link(campaign: Campaign, design: CampaignDesign) -> None:
    if design.audience is Audience.EXPERTS:
        st.caption("Experts come by links of their own; make them below, under “Invitations”.")
        return
    link = f"{settings().rate_url}/?campaign={campaign.link_token}"
    st.code(platform_link(link, design.platform), language=None, wrap_lines=True)
    parameter = design.platform.rater_parameter
    if parameter is not None and adds_nothing_itself(design.platform):
        st.caption(
            plain(f"Let the platform add &{parameter}= with the person's id; nobody can start "
                  "without it.")
        )  # fmt: skip
    if settings().public_rate_url is None:
        st.caption(
            "This address works on this machine only; set SLAM_PUBLIC_RATE_URL to the one "
            "that raters reach, then start SLaM again."
        )
    st.caption(
        "To see the pages as a rater does, open the link in a private window"
        + (plain(f" with &{parameter}=preview at its end") if parameter else "")
        + ". The first page counts a visit and nothing else; a session that you start can be "
        "excluded."
    )


def _turns(campaign: Campaign, actor: str) -> None:
    is_open = campaign.status is CampaignStatus.OPEN
    with st.container(horizontal=True):
        st.button(
            "Pause" if is_open else "Resume",
            key=f"turn_{campaign.id}",
            on_click=act,
            args=(
                campaign.id,
                pause_campaign if is_open else resume_campaign,
                database(),
                campaign.id,
                actor,
            ),
            help="While it is paused nobody can start; sessions under way go on.",
        )
        st.button(
            "Close this campaign",
            key=f"close_{campaign.id}",
            on_click=act,
            args=(campaign.id, close_campaign, database(), campaign.id, actor),
            help="For good: nobody can start any more; sessions under way may be finished.",
        )


def _more(campaign: Campaign, design: CampaignDesign, actor: str) -> None:
    """What is looked at now and then: drawn only when asked for."""
    is_closed = campaign.status is CampaignStatus.CLOSED
    parts = [*([] if is_closed else [_SCHEDULE]), _CODES, _BALANCE]
    if design.audience is Audience.EXPERTS:
        parts.insert(0, _INVITES)
    part = st.segmented_control(
        "More of this campaign", parts, key=f"more_{campaign.id}", label_visibility="collapsed"
    )
    if part == _SCHEDULE:
        _schedule(campaign, actor)
    elif part == _INVITES:
        show_invites(campaign, actor)
    elif part == _CODES:
        show_codes(campaign)
    elif part == _BALANCE:
        show_balance(campaign)


def _schedule(campaign: Campaign, actor: str) -> None:
    key = campaign.id
    opens_at = moment_input("Opens at (UTC)", f"change_opens_{key}", campaign.opens_at)
    expires_at = moment_input(
        "Closes for newcomers at (UTC)", f"change_expires_{key}", campaign.expires_at
    )
    capacity = capacity_input(f"change_capacity_{key}", campaign.capacity)
    if st.button("Save schedule and capacity", key=f"change_{key}"):
        try:
            change_schedule(
                database(), key, actor, opens_at=opens_at, expires_at=expires_at, capacity=capacity
            )
        except SlamError as error:
            st.error(plain(error))
            return
        st.rerun()
