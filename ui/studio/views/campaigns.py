"""Rating campaigns: open one, share its link, see who finished, close it."""

from datetime import UTC, date, datetime, time

import streamlit as st

from core.errors import SlamError
from core.rating.campaigns import (
    DEFAULT_CONSENT,
    DEFAULT_INSTRUCTIONS,
    CampaignSummary,
    close_campaign,
    default_items_per_session,
    list_campaigns,
    open_campaign,
)
from core.studies.service import StudySummary, newest_version
from db.tables import CampaignStatus, Origin
from ui.plain import plain
from ui.store import database, settings
from ui.studio.acting import act, show_problem
from ui.studio.session import require_staff, study_or_stop

_PLACE = "campaigns"


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Rating by people")
    show_problem(_PLACE)
    campaigns = list_campaigns(database(), study.id)
    with st.expander("Open a campaign", expanded=not campaigns):
        _open_form(study, actor)
    if not campaigns:
        st.info("No campaign yet. Open one, then share its link with raters.")
    for summary in campaigns:
        _campaign(summary, actor)


def _open_form(study: StudySummary, actor: str) -> None:
    content = newest_version(database(), study.id)
    default = default_items_per_session(len(content.candidates), len(content.test_cases))
    key = study.version_id
    with st.form(f"open_campaign_{key}", border=False):
        name = st.text_input(
            "Title that raters see", "Rate short texts", key=f"campaign_name_{key}"
        )
        items = st.number_input(
            "Answers each rater sees", 1, 10_000, default, key=f"campaign_items_{key}",
            help="A multiple of the number of models lets each rater compare all of them.",
        )  # fmt: skip
        instructions = st.text_area("Instructions", DEFAULT_INSTRUCTIONS, key=f"instructions_{key}")
        consent = st.text_area("Consent", DEFAULT_CONSENT, key=f"consent_{key}")
        last_day = st.date_input("Last day (UTC)", None, key=f"campaign_last_day_{key}")
        opened = st.form_submit_button("Open campaign", type="primary", key="open_campaign_button")
    if not opened:
        return
    try:
        open_campaign(
            database(),
            study.id,
            name=name,
            items_per_session=int(items),
            actor=actor,
            instructions=instructions,
            consent=consent,
            expires_at=_end_of(last_day) if isinstance(last_day, date) else None,
        )
    except SlamError as error:
        st.error(plain(error))
        return
    st.rerun()


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, tzinfo=UTC)


def _campaign(summary: CampaignSummary, actor: str) -> None:
    campaign, counts = summary.campaign, summary.counts
    with st.container(border=True):
        is_open = campaign.status is CampaignStatus.OPEN
        origin = ", imported" if campaign.origin is Origin.IMPORTED else ""
        st.subheader(campaign.name)
        st.caption(
            f"{'Open' if is_open else 'Closed'}{origin}; {summary.responses} responses, "
            f"{campaign.items_per_session} a session; since {campaign.opened_at:%Y-%m-%d %H:%M} UTC"
        )
        if is_open:
            st.code(f"{settings().rate_url}/?campaign={campaign.link_token}", language=None)
            if settings().public_rate_url is None:
                st.caption(
                    "This address works on this machine only; set SLAM_PUBLIC_RATE_URL to the one "
                    "that raters reach, then start SLaM again."
                )
        columns = st.columns(4)
        counted = counts.complete - summary.excluded_sessions
        columns[0].metric("Sessions that count", counted)
        columns[1].metric("Not complete", counts.started)
        columns[2].metric("Excluded", summary.excluded_sessions)
        columns[3].metric("Ratings in complete sessions", counts.ratings)
        if is_open:
            st.button(
                "Close this campaign",
                key=f"close_{campaign.id}",
                on_click=act,
                args=(_PLACE, close_campaign, database(), campaign.id, actor),
                help="Nobody can start any more; sessions under way may be finished.",
            )


page()
