"""How campaigns go while people rate; the models are letters until somebody unlocks their names."""

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from core.rating.campaigns import CampaignSummary, list_campaigns, names_are_locked
from core.rating.design import Protocol
from core.rating.monitoring import NEWEST_SESSIONS, Collected, Flow, load_collected, load_flow
from core.rating.pace import Finish
from db.tables import CampaignStatus, Origin, SessionStatus
from db.types import utc_now
from ui.plain import plain
from ui.store import database
from ui.studio.acting import guarded, show_problem
from ui.studio.blinding import offer_unlocking
from ui.studio.charts.completions import completions_chart
from ui.studio.charts.heat_map import heat_map
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN, in_words
from ui.studio.session import require_staff, study_or_stop

_FLOW_EVERY_S = 3.0
_COLLECTED_EVERY_S = 15.0
_ENDINGS = {
    SessionStatus.ABANDONED: "Abandoned",
    SessionStatus.FAILED_CHECKS: "Failed checks",
    SessionStatus.SCREENED_OUT: "Screened out",
    SessionStatus.NO_CONSENT: "No consent",
    SessionStatus.NOTHING_LEFT: "Nothing left",
    SessionStatus.WITHDRAWN: "Withdrawn",
}


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Monitor")
    campaigns = [
        one
        for one in list_campaigns(database(), study.id)
        if one.campaign.origin is Origin.COLLECTED
    ]
    if not campaigns:
        st.info("No campaign yet. Open one on the page “Rating”.")
        return
    campaign = _chosen(campaigns).campaign
    is_live = campaign.status is not CampaignStatus.CLOSED
    flow = st.fragment(guarded(_flow), run_every=_FLOW_EVERY_S if is_live else None)
    flow(campaign.id)
    show_problem(campaign.id)
    if names_are_locked(campaign):
        offer_unlocking(campaign, actor)
    elif campaign.names_unlocked_at is not None:
        by = plain(campaign.names_unlocked_by or UNKNOWN)
        st.caption(f"Names unlocked by {by} at {campaign.names_unlocked_at:%Y-%m-%d %H:%M} UTC")
    collected = st.fragment(guarded(_collected), run_every=_COLLECTED_EVERY_S if is_live else None)
    collected(campaign.id, campaign.name)


def _chosen(campaigns: Sequence[CampaignSummary]) -> CampaignSummary:
    """The campaign to look at: the newest one that takes people, unless another is chosen."""
    by_id = {one.campaign.id: one for one in campaigns}
    taking = [one for one, it in by_id.items() if it.campaign.status is CampaignStatus.OPEN]
    if len(by_id) == 1:
        return campaigns[0]
    chosen = st.selectbox(
        "Campaign",
        list(by_id),
        index=list(by_id).index(taking[0]) if taking else 0,
        format_func=lambda one: (
            f"{by_id[one].campaign.name}, since {by_id[one].campaign.opened_at:%Y-%m-%d %H:%M}"
        ),
        key="monitored_campaign",
    )
    return by_id[chosen or campaigns[0].campaign.id]


def _flow(campaign_id: str) -> None:
    flow = load_flow(database(), campaign_id, utc_now())
    needed = flow.sessions_needed
    share = min(1.0, flow.complete / needed) if needed else 0.0
    st.progress(share, text=f"{flow.complete:,} of {needed:,} sessions that count")
    with st.container(horizontal=True):
        st.metric("Opened", f"{flow.visits:,}", help="How often the link was opened.")
        st.metric("Active now", f"{flow.active_now:,}", help="Answered within five minutes.")
        st.metric("Started", f"{flow.statuses.get(SessionStatus.STARTED, 0):,}")
        st.metric("Complete", f"{flow.statuses.get(SessionStatus.COMPLETE, 0):,}")
        st.metric("Excluded by rule", f"{flow.excluded:,}")
        for status, label in _ENDINGS.items():
            if status is SessionStatus.ABANDONED or flow.statuses.get(status):
                st.metric(label, f"{flow.statuses.get(status, 0):,}")
        st.metric("Cost so far", _cost(flow))
    if flow.excluded_by_rule:
        rules = (f"{rule}: {count:,}" for rule, count in sorted(flow.excluded_by_rule.items()))
        st.caption(plain(f"Excluded by {', '.join(rules)}; one session can be under several."))
    st.write(plain(_finish(flow.finish)))
    st.altair_chart(completions_chart(flow.completions), theme=None)
    st.caption(f"As of {utc_now():%H:%M:%S} UTC")


def _cost(flow: Flow) -> str:
    return UNKNOWN if flow.cost is None else f"{flow.cost:,.2f} {flow.design.currency}"


def _finish(finish: Finish) -> str:
    if finish.expected is None:
        return f"Estimated finish: none; {finish.status}."
    earliest = f"{finish.earliest:%Y-%m-%d %H:%M}" if finish.earliest else "now"
    latest = f"{finish.latest:%Y-%m-%d %H:%M}" if finish.latest else "more than a year from now"
    return (
        f"Estimated finish: {finish.expected:%Y-%m-%d %H:%M} UTC, from {earliest} to {latest}, if "
        "people keep coming as in the last 24 hours."
    )


def _collected(campaign_id: str, name: str) -> None:
    collected = load_collected(database(), campaign_id)
    with st.container(horizontal=True):
        _disagreement(collected)
        median_ms = collected.median_active_ms
        time = UNKNOWN if median_ms is None else in_words(timedelta(milliseconds=median_ms))
        st.metric("Median active time an item", time)
        failed, answered = collected.attention_failed, collected.attention_answered
        share = f"{failed:,} of {answered:,}" if answered else UNKNOWN
        st.metric("Attention items failed", share)
    st.caption(f"Over the newest {NEWEST_SESSIONS:,} sessions.")
    cells = collected.cells.rename(columns={"arm": "row", "test_case": "column", "rated": "count"})
    chart = heat_map(
        cells,
        "Ratings in sessions that count",
        column="test case",
        subtitle=("The darker, the nearer to the target.",),
    )
    st.altair_chart(chart, theme=None)
    st.dataframe(collected.arms.rename(columns={"arm": "candidate"}), hide_index=True)
    offer_downloads(collected.cells, f"{name} cells {campaign_id[:6]}")


def _disagreement(collected: Collected) -> None:
    found = collected.disagreement
    if collected.protocol is Protocol.PAIR:
        st.metric(
            "Two people differ",
            UNKNOWN if found.value is None else f"{found.value:.0%}",
            help=f"The share of two answers to the same pair that differ; {found.by_chance:.0%} "
            "if people answered at random.",
        )
        return
    st.metric(
        "Spread between people",
        UNKNOWN if found.value is None else f"{found.value:.2f} points",
        help="The mean standard deviation within a response; "
        f"{found.by_chance:.2f} if people answered at random.",
    )


page()
