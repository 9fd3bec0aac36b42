"""How good each model is: people and judges side by side (the paper's figures 8 and 9)."""

import pandas as pd
import streamlit as st

from core.analysis.distribution import judged_score_distribution, rated_score_distribution
from core.analysis.frames import PEOPLE
from core.analysis.preferences import preference_share_by_model
from core.analysis.quality import judged_quality_by_model, quality_by_model
from core.results import StudyResults, load_results
from ui.store import database
from ui.studio.charts.mean_scores import mean_scores_chart
from ui.studio.charts.score_distribution import score_distribution_chart
from ui.studio.downloads import offer_downloads
from ui.studio.results_view import show_cautions, show_counts
from ui.studio.session import choose_version, require_staff, study_or_stop

_TEN = (0.0, 10.0)


def page() -> None:
    """Draw the page."""
    require_staff()
    study = study_or_stop()
    results = load_results(database(), study.id, choose_version(study))
    st.title("Quality by model")
    show_counts(results)
    if results.ratings.empty and results.judgments.empty and results.preferences.empty:
        st.info("Nothing is scored yet. Share a rating link, or run a judge.")
        return
    if not results.preferences.empty:
        _preferences(results)
    _scores(results)
    for judge, scale in results.scales.items():
        if scale != _TEN:
            _similarity(results, judge, scale)
    _table(results, study.name)


def _scores(results: StudyResults) -> None:
    """People's ratings with one judge that scores on the same scale."""
    on_ten = [judge for judge, scale in results.scales.items() if scale == _TEN]
    if results.ratings.empty and not on_ten:
        return
    st.subheader("Scores from 0 to 10")
    chosen = on_ten[0] if on_ten else None
    if len(on_ten) > 1:
        chosen = st.selectbox("Judge beside the people", on_ten, key="quality_judge")
    judged = results.judgments[results.judgments["judge"] == chosen]
    distribution = _stacked(
        rated_score_distribution(results.ratings), judged_score_distribution(judged)
    )
    quality = _stacked(quality_by_model(results.ratings), judged_quality_by_model(judged))
    narrow = st.toggle("Names above the bars, for a phone or a narrow figure", key="narrow")
    chart = score_distribution_chart(
        distribution, quality, reference_model=results.reference_model, narrow=narrow
    )
    st.altair_chart(chart, theme=None)
    show_cautions(quality)


def _similarity(results: StudyResults, judge: str, scale: tuple[float, float]) -> None:
    st.subheader(f"{judge}: nearness to the reference")
    judged = results.judgments[results.judgments["judge"] == judge]
    quality = judged_quality_by_model(judged)
    chart = mean_scores_chart(
        quality,
        title=f"{judge} by model",
        x_title=f"{judge} ({scale[0]:g} to {scale[1]:g})",
        reference_model=results.reference_model,
    )
    st.altair_chart(chart, theme=None)
    show_cautions(quality)


def _preferences(results: StudyResults) -> None:
    st.subheader("Comparisons by people")
    criteria = sorted(results.preferences["criterion"].unique())
    criterion = st.selectbox("Criterion", criteria, key="quality_criterion")
    shares = preference_share_by_model(results.preferences, criterion)
    chart = mean_scores_chart(
        shares,
        title=f"Comparisons won: {criterion}",
        x_title="Share of comparisons won, ties count half (0 to 1)",
        reference_model=results.reference_model,
        even=0.5,
    )
    st.altair_chart(chart, theme=None)
    show_cautions(shares)
    first = (results.preferences["preference"] == "first").mean()
    second = (results.preferences["preference"] == "second").mean()
    st.caption(
        f"The response shown first won {first:.0%} of all answers and the second {second:.0%}. "
        "Where one model is always shown first, position and model cannot be told apart."
    )


def _table(results: StudyResults, study_name: str) -> None:
    st.subheader("The numbers")
    table = _stacked(quality_by_model(results.ratings), judged_quality_by_model(results.judgments))
    if not results.preferences.empty:
        shares = [
            preference_share_by_model(results.preferences, criterion).assign(
                source=f"{PEOPLE}, {criterion}"
            )
            for criterion in sorted(results.preferences["criterion"].unique())
        ]
        table = _stacked(table, *shares)
    st.dataframe(table, hide_index=True)
    offer_downloads(table, f"{study_name} quality")


def _stacked(*frames: pd.DataFrame) -> pd.DataFrame:
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


page()
