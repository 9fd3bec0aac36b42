"""Rating campaigns: plan and open one, share its link, see who finished, close it."""

import streamlit as st

from core.errors import SlamError
from core.rating.campaigns import list_campaigns, open_campaign
from core.rating.material import Material, material_of
from core.studies.service import StudySummary
from ui.plain import plain
from ui.store import database
from ui.studio.campaigns.card import show_campaign
from ui.studio.campaigns.form import draft_input
from ui.studio.campaigns.plan_view import show_plan, warn_of_names
from ui.studio.session import require_staff, study_or_stop


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Rating by people")
    campaigns = list_campaigns(database(), study.id)
    material = material_of(database(), study.id)
    warn_of_names(material)
    with st.expander("Open a campaign", expanded=not campaigns):
        _open(study, material, actor)
    if not campaigns:
        st.info("No campaign yet. Open one, then share its link with raters.")
    for summary in campaigns:
        show_campaign(summary, actor)


def _open(study: StudySummary, material: Material, actor: str) -> None:
    if not material.responses:
        st.info("There is no response to rate yet; make some on the page “Responses”.")
        return
    draft = draft_input(material)
    show_plan(draft, material)
    # Not in a callback: one would be given what stood in the fields a run earlier.
    if not st.button("Open campaign", type="primary", key="open_campaign_button"):
        return
    try:
        open_campaign(
            database(),
            study.id,
            name=draft.name,
            design=draft.design,
            actor=actor,
            instructions=draft.instructions,
            consent=draft.consent,
            opens_at=draft.opens_at,
            expires_at=draft.expires_at,
            capacity=draft.capacity,
            gold=draft.gold,
        )
    except SlamError as error:
        st.error(plain(error))
        return
    st.rerun()


page()
