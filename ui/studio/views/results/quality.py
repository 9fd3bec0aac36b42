"""How good each model is: people and judges side by side (the paper's figures 8 and 9)."""

import pandas as pd
import streamlit as st

from core.analysis.distribution import judged_score_distribution, rated_score_distribution
from core.analysis.frames import PEOPLE
from core.analysis.preferences import preference_share_by_model
from core.analysis.quality import judged_quality_by_model, quality_by_model
from core.results import StudyResults
from ui.studio.blinding import people_are_locked, without_people
from ui.studio.charts.mean_scores import mean_scores_chart
from ui.studio.charts.score_distribution import score_distribution_chart
from ui.studio.downloads import offer_downloads
from ui.studio.ratings_downloads import offer_ratings
from ui.studio.results_view import choose_criterion, chosen_results, show_cautions, show_counts
from ui.studio.session import require_staff, study_or_stop

# The scale drawn in full where people have not rated: that of judges who are asked for a score.
# (Streamlit would print a docstring of a page's constant onto the page.)
_JUDGES_SCALE = (0.0, 10.0)


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Quality by model")
    results = chosen_results(study)
    show_counts(results)
    if people_are_locked(study.id, actor):
        results = without_people(results)
        if results.judgments.empty:
            return
    if results.ratings.empty and results.judgments.empty and results.preferences.empty:
        st.info("Nothing is scored yet. Share a rating link, or run a judge.")
        return
    criterion = choose_criterion(results, "quality_criterion")
    preferences = results.preferences[results.preferences["criterion"] == criterion]
    if criterion is not None and not preferences.empty:
        _preferences(preferences, criterion, results.reference_model)
    ratings = results.ratings[results.ratings["criterion"] == criterion]
    scale = _JUDGES_SCALE if ratings.empty else results.rating_scale
    _scores(results, ratings, criterion or "", scale)
    for judge, own_scale in results.scales.items():
        if own_scale != scale:
            _on_own_scale(results, judge, own_scale)
    _table(results, study.name)
    offer_ratings(study)


def _scores(
    results: StudyResults, ratings: pd.DataFrame, criterion: str, scale: tuple[float, float]
) -> None:
    """People's ratings on the criterion with one judge that scores on the same scale."""
    same = [judge for judge, own_scale in results.scales.items() if own_scale == scale]
    if ratings.empty and not same:
        return
    st.subheader(f"Scores from {scale[0]:g} to {scale[1]:g}")
    chosen = same[0] if same else None
    if len(same) > 1:
        chosen = st.selectbox("Judge beside the people", same, key="quality_judge")
    judged = results.judgments[results.judgments["judge"] == chosen]
    distribution = _stacked(
        rated_score_distribution(ratings, criterion, scale), judged_score_distribution(judged)
    )
    quality = _stacked(quality_by_model(ratings, criterion, scale), judged_quality_by_model(judged))
    narrow = st.toggle("Names above the bars, for a phone or a narrow figure", key="narrow")
    chart = score_distribution_chart(
        distribution, quality, reference_model=results.reference_model, narrow=narrow
    )
    st.altair_chart(chart, theme=None)
    show_cautions(quality)


def _on_own_scale(results: StudyResults, judge: str, scale: tuple[float, float]) -> None:
    """A judge whose scores people's cannot be laid beside, such as nearness to the reference."""
    st.subheader(f"{judge}: from {scale[0]:g} to {scale[1]:g}")
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


def _preferences(preferences: pd.DataFrame, criterion: str, reference_model: str | None) -> None:
    st.subheader("Comparisons by people")
    shares = preference_share_by_model(preferences, criterion)
    chart = mean_scores_chart(
        shares,
        title=f"Comparisons won: {criterion}",
        x_title="Share of comparisons won, ties and “both bad” count half (0 to 1)",
        reference_model=reference_model,
        even=0.5,
    )
    st.altair_chart(chart, theme=None)
    show_cautions(shares)
    answers = preferences["preference"].value_counts(normalize=True)
    share = {one: answers.get(one, 0.0) for one in ("first", "second", "tie", "both_bad")}
    st.caption(
        f"The response shown first won {share['first']:.0%} of all answers and the second "
        f"{share['second']:.0%}; {share['tie']:.0%} were ties, and in {share['both_bad']:.0%} both "
        "were called bad. Where one model is always shown first, position and model cannot be told "
        "apart."
    )


def _table(results: StudyResults, study_name: str) -> None:
    st.subheader("The numbers")
    rated = {
        criterion: quality_by_model(results.ratings, criterion, results.rating_scale)
        for criterion in sorted(results.ratings["criterion"].unique())
    }
    compared = {
        criterion: preference_share_by_model(results.preferences, criterion)
        for criterion in sorted(results.preferences["criterion"].unique())
    }
    table = _stacked(
        *(frame.assign(source=f"{PEOPLE}, {name}") for name, frame in rated.items()),
        judged_quality_by_model(results.judgments),
        *(frame.assign(source=f"{PEOPLE} comparing, {name}") for name, frame in compared.items()),
    )
    st.dataframe(table, hide_index=True)
    offer_downloads(table, f"{study_name} quality")


def _stacked(*frames: pd.DataFrame) -> pd.DataFrame:
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


page()
