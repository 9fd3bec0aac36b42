"""What a design takes and can show, drawn as it changes, before anybody is asked."""

from typing import Any

import streamlit as st

from core.rating.design import Protocol
from core.rating.material import Material, count_naming_a_model
from core.rating.planning import Plan, Precision, plan, precision_by_size
from core.rating.policies import warnings
from ui.plain import plain
from ui.store import database
from ui.studio.campaigns.draft import Draft
from ui.studio.charts.precision import precision_chart
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN


def show_plan(draft: Draft, material: Material) -> None:
    """Draw it, with what the platform or the raters could stumble over."""
    design = draft.design
    sizes: dict[str, Any] = {
        "models": material.models,
        "test_cases": material.test_cases,
        "samples": material.samples,
        "has_reference": material.has_reference,
        "assumptions": draft.assumptions,
    }
    found = plan(design, material.rubric, words_per_item=material.words_per_item(design), **sizes)
    st.markdown("#### The design")
    _figures(found, design.currency)
    if material.missing:
        st.caption(
            f"Planned as if all responses were there; {material.missing:,} are missing and cannot "
            "be rated."
        )
    unit = "points" if design.protocol is Protocol.SCORE else "of the comparisons won"
    _precision(found.precision, unit)
    if draft.capacity is not None and draft.capacity < found.sessions:
        st.warning(
            f"At most {draft.capacity:,} sessions are let in and {found.sessions:,} are needed; "
            "some responses will get fewer ratings than planned."
        )
    for sentence in warnings(design, found):
        st.warning(plain(sentence), icon=":material/policy:")
    with st.expander("What more raters or test cases would buy", expanded=True):
        frame = precision_by_size(design, material.rubric, **sizes)
        width = found.precision.half_width
        planned = None if width is None else (found.precision.raters, width)
        st.altair_chart(precision_chart(frame, unit, planned), theme=None)
        st.caption("Sessions are as long as in this design.")
        offer_downloads(frame, f"{material.content.study.name} precision")


def warn_of_names(material: Material) -> None:
    """Say how many responses name a model of the study; they are shown to raters all the same."""
    version_id = material.content.version.id
    naming = _count_naming(version_id, material.responses, material.words_of_response, material)
    if naming:
        verb = "response names" if naming == 1 else "responses name"
        st.warning(
            f"{naming:,} {verb} a model of this study. Raters are shown what a model wrote as it "
            "is; whoever reads a name there may know, or believe to know, whose response it is.",
            icon=":material/visibility:",
        )


# The first three tell one state of the responses from another; all texts are read for the answer.
@st.cache_data(max_entries=100, show_spinner=False)
def _count_naming(version_id: str, responses: int, words: float | None, _material: Material) -> int:
    return count_naming_a_model(database(), _material.content)


def money(amount: float | None, currency: str) -> str:
    """A sum in its currency; unknown is a dash."""
    return UNKNOWN if amount is None else f"{amount:,.2f} {currency}"


def _figures(found: Plan, currency: str) -> None:
    with st.container(horizontal=True):
        st.metric("Ratings needed", f"{found.ratings:,}")
        st.metric("Sessions needed", f"{found.sessions:,}")
        st.metric("People to recruit", f"{found.people_to_recruit:,}")
        st.metric("Items a rater", f"{found.items_per_rater:,}")
        st.metric("Minutes a rater", f"{found.minutes_per_rater:.1f}")
        if found.pay_per_hour is not None:
            st.metric("Pay an hour", money(found.pay_per_hour, currency))
            st.metric("Cost in all", money(found.cost_total, currency))
    if found.cost_total is not None:
        st.caption(
            plain(
                f"{money(found.pay_total, currency)} of the cost are pay, "
                f"{money(found.fee_total, currency)} the platform's fee. People who drop out are "
                "not paid in this plan."
            )
        )


def _precision(precision: Precision, unit: str) -> None:
    if precision.half_width is None:
        st.info(plain(f"Expected precision: none; {precision.status}."))
        return
    subject = (
        "the mean difference of a candidate to the reference"
        if unit == "points"
        else "the share of comparisons that a model wins"
    )
    width = (
        f"{precision.half_width:.2f} {unit}"
        if unit == "points"
        else (f"{100 * precision.half_width:.0f} percent {unit}")
    )
    note = "" if precision.status == "ok" else f" It is about {precision.status}."
    st.write(
        plain(
            f"Expected precision: {subject} will be known to about ± {width}, with "
            f"{precision.ratings:,} ratings each by {precision.raters:,} people on "
            f"{precision.test_cases:,} test cases.{note}"
        )
    )
