"""The form of a new campaign: what raters see, how items are given out, who comes, for what pay."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.rating.campaigns import default_items_per_session
from core.rating.default_texts import default_texts
from core.rating.design import LANGUAGES, Audience, CampaignDesign, PairsOf, Protocol
from core.rating.material import Material
from core.rating.planning import Assumptions, arms_of
from ui.rate.safe import as_markdown
from ui.studio.campaigns.checks_form import checks_input, comprehension_input, gold_input
from ui.studio.campaigns.draft import Draft
from ui.studio.campaigns.moments import moment_input
from ui.studio.campaigns.platform_form import platform_input

_PROTOCOLS = {
    Protocol.SCORE: "A score for one response",
    Protocol.PAIR: "The better of two responses",
}
_PAIRS = {
    PairsOf.REFERENCE: "each candidate with the reference",
    PairsOf.ALL: "every model with every other",
}
_AUDIENCES = {
    Audience.CROWD: "A crowd: one link, people of a recruiting platform",
    Audience.EXPERTS: "Experts: a link of their own for each invited person",
    Audience.OPEN: "Anyone with the link, after a question that people can answer",
}


@dataclass(frozen=True, slots=True)
class _Basics:
    name: str
    protocol: Protocol
    pairs_of: PairsOf
    audience: Audience
    language: str
    instructions: str
    consent: str


def draft_input(material: Material) -> Draft:
    """Draw the form; gives what it holds now, checked by nobody yet."""
    key = material.content.version.id
    st.markdown("#### What raters see")
    basics = _basics(key, material.has_reference)
    st.markdown("#### How often, and how many at once")
    sizes = _sizes(key, basics, material)
    platform: dict[str, Any] = {}
    if basics.audience is Audience.CROWD:
        st.markdown("#### Recruiting platform")
        platform = {"platform": platform_input(key)}
    st.markdown("#### Quality")
    checks = checks_input(key)
    gold = gold_input(key, material, basics.protocol) if checks["gold_items"] else ()
    comprehension = comprehension_input(key)
    st.markdown("#### Schedule and capacity")
    opens_at = moment_input("Opens at (UTC, optional)", f"opens_{key}")
    expires_at = moment_input("Closes for newcomers at (UTC, optional)", f"expires_{key}")
    capacity = capacity_input(f"capacity_{key}")
    pay = _pay(key) if basics.audience is Audience.CROWD else {}
    return Draft(
        name=basics.name,
        design=CampaignDesign(
            protocol=basics.protocol,
            pairs_of=basics.pairs_of,
            audience=basics.audience,
            language=basics.language,
            comprehension=comprehension,
            **sizes,
            **platform,
            **checks,
            **pay,
        ),
        instructions=basics.instructions,
        consent=basics.consent,
        opens_at=opens_at,
        expires_at=expires_at,
        capacity=capacity,
        gold=gold,
        assumptions=_assumptions(key),
    )


def capacity_input(key: str, value: int | None = None) -> int | None:
    """How many sessions there may be."""
    number = st.number_input(
        "Most sessions (optional)", 1, 1_000_000, value, key=key,
        placeholder="as many as the ratings need",
        help="Sessions under way count too; whoever comes later is told that nothing is left.",
    )  # fmt: skip
    return None if number is None else int(number)


def _basics(key: str, has_reference: bool) -> _Basics:
    name = st.text_input("Title that raters see", "Rate short texts", key=f"campaign_name_{key}")
    columns = st.columns(2)
    with columns[0]:
        protocol = st.radio(
            "What they give", list(Protocol), format_func=_PROTOCOLS.__getitem__,
            key=f"protocol_{key}",
        ) or Protocol.SCORE  # fmt: skip
        pairs_of = PairsOf.REFERENCE if has_reference else PairsOf.ALL
        if protocol is Protocol.PAIR and has_reference:
            pairs_of = st.radio(
                "Which pairs", list(PairsOf), format_func=_PAIRS.__getitem__, key=f"pairs_{key}"
            ) or PairsOf.REFERENCE  # fmt: skip
    with columns[1]:
        audience = st.radio(
            "Who rates", list(Audience), format_func=_AUDIENCES.__getitem__, key=f"audience_{key}"
        ) or Audience.CROWD  # fmt: skip
        language = st.selectbox(
            "Language of the pages", list(LANGUAGES), format_func=LANGUAGES.__getitem__,
            key=f"language_{key}",
        ) or "en"  # fmt: skip
    texts = default_texts(CampaignDesign(protocol=protocol, language=language))
    # Another language or protocol has other default texts.
    own = f"{key}_{protocol}_{language}"
    instructions = st.text_area(
        "Instructions (Markdown)", texts.instructions, key=f"instructions_{own}"
    )
    consent = st.text_area("Consent (Markdown)", texts.consent, key=f"consent_{own}")
    with st.expander("Preview of both texts"):
        st.markdown(as_markdown(instructions))
        st.divider()
        st.markdown(as_markdown(consent))
    return _Basics(name, protocol, pairs_of, audience, language, instructions, consent)


def _sizes(key: str, basics: _Basics, material: Material) -> dict[str, Any]:
    shown = CampaignDesign(protocol=basics.protocol, pairs_of=basics.pairs_of)
    arms = arms_of(shown, material.models, has_reference=material.has_reference)
    items = default_items_per_session(arms, material.test_cases)
    columns = st.columns(3)
    thing = "response" if basics.protocol is Protocol.SCORE else "pair"
    overlap = columns[0].number_input(
        f"People who rate each {thing}", 1, 1000, shown.overlap, key=f"overlap_{key}"
    )
    items_per_session = columns[1].number_input(
        "Items a session", 1, 500, min(items, 500), key=f"campaign_items_{key}_{arms}",
        help="Planted items come on top. A multiple of the number of models (or pairs of models) "
        "lets each rater compare all of them.",
    )  # fmt: skip
    seconds = columns[2].number_input(
        "Seconds an item takes", 1, 3600, shown.seconds_per_item, key=f"seconds_{key}",
        help="For the time that raters are told and for the pay an hour.",
    )  # fmt: skip
    lease = st.number_input(
        "Minutes without an answer until a session's items return to the pool",
        1, 60 * 24 * 30, shown.lease_minutes, key=f"lease_{key}",
    )  # fmt: skip
    extra = st.checkbox(
        "Let latecomers rate more than is needed while others have not finished",
        shown.allows_extra_sessions, key=f"extra_{key}",
    )  # fmt: skip
    return {
        "overlap": int(overlap),
        "items_per_session": int(items_per_session),
        "seconds_per_item": int(seconds),
        "lease_minutes": int(lease),
        "allows_extra_sessions": extra,
    }


def _pay(key: str) -> dict[str, Any]:
    st.markdown("#### Pay")
    columns = st.columns(3)
    pay = columns[0].number_input(
        "Pay a session (optional)", 0.0, 10_000.0, None, step=0.1, format="%.2f", key=f"pay_{key}"
    )
    currency = columns[1].selectbox("Currency", ["USD", "GBP", "EUR"], key=f"currency_{key}")
    fee = columns[2].number_input(
        "The platform's fee, percent of the pay", 0.0, 500.0, 0.0, step=1.0, key=f"fee_{key}"
    )
    return {
        "pay_per_session": pay,
        "currency": currency or "USD",
        "platform_fee_share": fee / 100,
    }


def _assumptions(key: str) -> Assumptions:
    usual = Assumptions()
    with st.expander("What the plan takes for granted"):
        columns = st.columns(3)
        case, rater, rating = (
            column.number_input(
                label, 0.0, 10.0, value, step=0.1, key=f"sd_{number}_{key}",
                help="Standard deviation in points of a scale from 0 to 10.",
            )
            for number, (column, label, value) in enumerate(
                zip(
                    columns,
                    ("Between test cases", "Between raters", "Of a single rating"),
                    (usual.sd_between_cases, usual.sd_between_raters, usual.sd_of_rating),
                    strict=True,
                )
            )
        )  # fmt: skip
        drop_out = st.number_input(
            "Percent of those who start and do not finish", 0.0, 95.0,
            100 * usual.drop_out_share, step=5.0, key=f"drop_out_{key}",
        )  # fmt: skip
        minutes = st.number_input(
            "Minutes before the first item", 0.0, 120.0, usual.minutes_before_first_item,
            step=0.5, key=f"minutes_before_{key}",
        )  # fmt: skip
    return Assumptions(case, rater, rating, drop_out / 100, minutes)
