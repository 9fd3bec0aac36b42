"""What the pages of results share."""

import pandas as pd
import streamlit as st

from core.results import StudyResults
from ui.plain import plain


def show_counts(results: StudyResults) -> None:
    """Which sessions count, said before any figure."""
    sessions = results.sessions
    st.caption(f"Version {results.content.version.number} of “{results.content.study.name}”")
    columns = st.columns(3)
    columns[0].metric("Sessions that count", sessions.counted)
    columns[1].metric("Left out: not complete", sessions.incomplete)
    columns[2].metric("Left out: excluded", sessions.excluded)
    if sessions.other_question:
        st.caption(
            f"{sessions.other_question} sessions answered another question and are not mixed in."
        )
    if results.cannot_judge:
        st.caption(
            f"{results.cannot_judge} items were answered with “I cannot judge this”; they are in "
            "no mean and no share."
        )


def choose_criterion(results: StudyResults, key: str) -> str | None:
    """The criterion to show, chosen where people answered several; none where they answered none.

    The page says which one it is: answers to different questions are never averaged.
    """
    answered = {*results.ratings["criterion"], *results.preferences["criterion"]}
    known = [one for one in results.rubric.keys if one in answered]
    criteria = [*known, *sorted(answered.difference(known))]
    if not criteria:
        return None
    chosen: str = criteria[0]
    if len(criteria) > 1:
        chosen = st.selectbox("Criterion of the people", criteria, key=key) or chosen
        question = {one.key: one.question for one in results.rubric.criteria}.get(chosen)
        st.caption(
            plain(
                f"People were asked {len(criteria)} things; this is “{chosen}” alone"
                + (f": {question} " if question else ". ")
                + "A judge gives one score to all of them together."
            )
        )
    return chosen


def show_cautions(quality: pd.DataFrame) -> None:
    """What a reader must know beside the intervals: too few raters, only these prompts, …"""
    unsure = quality[(quality["status"] != "ok") | (quality["note"] != "")]
    cautions: dict[str, set[str]] = {}
    for row in unsure.to_dict("records"):
        caution = row["status"] if row["status"] != "ok" else row["note"]
        cautions.setdefault(str(row["source"]), set()).update(str(caution).split("; "))
    for source, said in sorted(cautions.items()):
        st.caption(plain(f"Mind ({source}): {'; '.join(sorted(said))}."))
