"""Nobody of the staff reads which model does well while people rate, unless they unlock it."""

from dataclasses import replace

import streamlit as st

from core.rating.campaigns import list_campaigns, names_are_locked, unlock_names
from core.results import StudyResults
from db.tables import Campaign
from ui.plain import plain
from ui.store import database
from ui.studio.acting import act, show_problem


def offer_unlocking(campaign: Campaign, actor: str) -> None:
    """Say that the names are locked, with the button that unlocks them for good."""
    st.info(
        plain(
            f"People are still rating in “{campaign.name}”, so what they gave to which model "
            "is shown when it is closed, or once somebody unlocks it, which is recorded."
        )
    )
    st.button(
        "Unlock (recorded)",
        key=f"unlock_{campaign.id}",
        on_click=act,
        args=(campaign.id, unlock_names, database(), campaign.id, actor),
    )


def people_are_locked(study_id: str, actor: str) -> bool:
    """Whether people's answers by model are not to be shown yet; then the page says so."""
    campaigns = list_campaigns(database(), study_id)
    locked = [one.campaign for one in campaigns if names_are_locked(one.campaign)]
    for campaign in locked:
        show_problem(campaign.id)
        offer_unlocking(campaign, actor)
    return bool(locked)


def without_people(results: StudyResults) -> StudyResults:
    """The results of the judges alone."""
    return replace(
        results, ratings=results.ratings.iloc[:0], preferences=results.preferences.iloc[:0]
    )
