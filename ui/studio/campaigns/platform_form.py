"""The part of the form about a recruiting platform: its parameters, its codes, the way back."""

import streamlit as st

from core.rating.design import PLATFORMS, Outcome, Platform

_NAMES = {
    "none": "None: no ids, own codes",
    "prolific": "Prolific",
    "cloudresearch": "CloudResearch Connect",
    "sona": "SONA",
    "mturk": "Mechanical Turk",
    "generic": "Another platform",
}
_OUTCOMES = {
    Outcome.COMPLETE: "Complete",
    Outcome.FAILED_CHECKS: "Failed checks",
    Outcome.SCREENED_OUT: "Screened out",
    Outcome.NO_CONSENT: "No consent",
    Outcome.NOTHING_LEFT: "Nothing left to rate",
    Outcome.WITHDRAWN: "Withdrawn",
}


def platform_input(key: str) -> Platform:
    """Draw it; a platform's usual values stand in the fields and can be changed."""
    name = st.selectbox(
        "Platform", list(PLATFORMS), format_func=_NAMES.__getitem__, key=f"platform_{key}"
    )
    preset = PLATFORMS[name or "none"]
    if preset.name == "none":
        st.caption("Nobody is asked for an id, so that one person can take part several times.")
        return preset
    own = f"{preset.name}_{key}"
    columns = st.columns(3)
    rater, study, submission = (
        column.text_input(label, value or "", key=f"{field}_{own}").strip() or None
        for column, label, value, field in zip(
            columns,
            ("Parameter with the person's id", "… with the study's id", "… with the submission's"),
            (preset.rater_parameter, preset.study_parameter, preset.session_parameter),
            ("rater_parameter", "study_parameter", "session_parameter"),
            strict=True,
        )
    )
    return_url = st.text_input(
        "Address to send people back to (optional)",
        preset.return_url or "",
        key=f"return_url_{own}",
        help="It may hold {code}, {rater_id}, {study_id} and {session_id}.",
    )
    codes = _codes(own)
    return Platform(
        name=preset.name,
        rater_parameter=rater,
        study_parameter=study,
        session_parameter=submission,
        return_url=return_url.strip() or None,
        codes=codes,
    )


def _codes(own: str) -> dict[Outcome, str]:
    st.caption(
        "The platform's own codes, one for everybody with that outcome. Where there is none, a "
        "person's own code goes along."
    )
    columns = st.columns(3)
    typed = {
        outcome: columns[number % 3].text_input(label, key=f"code_{outcome}_{own}").strip()
        for number, (outcome, label) in enumerate(_OUTCOMES.items())
    }
    return {outcome: code for outcome, code in typed.items() if code}
