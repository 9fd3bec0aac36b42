"""How far each judge agrees with people on the weakest models (the paper's figure 10)."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.analysis.agreement import agreement_by_judge, default_depth
from core.analysis.preferences import preference_share_by_model
from core.analysis.quality import judged_quality_by_model, quality_by_model
from core.analysis.ranking import rank_models, scores_by_source
from core.results import StudyResults
from ui.studio.blinding import people_are_locked
from ui.studio.charts.agreement import agreement_chart
from ui.studio.downloads import offer_downloads
from ui.studio.results_view import choose_criterion, chosen_results, show_counts
from ui.studio.session import require_staff, study_or_stop


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Agreement of judges with people")
    results = chosen_results(study)
    show_counts(results)
    if people_are_locked(study.id, actor):
        return
    human = _human_scores(results)
    if not human:
        st.info("People have not finished a session yet; share a rating link first.")
        return
    if results.judgments.empty:
        st.info("No judge has scored these responses yet; run one on the page “Judges”.")
        return
    if len(human) < 2:
        st.info("Agreement needs at least two models that people rated.")
        return
    depth = int(
        st.number_input(
            "How many of the weakest models to compare",
            1,
            len(human) - 1,
            default_depth(len(human)),
            key="agreement_depth",
        )
    )
    judged = scores_by_source(judged_quality_by_model(results.judgments))
    frame = agreement_by_judge(human, judged, depth)
    st.altair_chart(agreement_chart(frame), theme=None)
    st.caption(
        "Both measures go from 0 to 1. Ties are broken in every possible way: the bar is the mean "
        "over them, the thin line goes from the least to the most. The thick stroke is what a "
        f"judge reaches that orders the models at random. People: {results.sessions.counted} "
        "sessions; with few of them, their own order is mostly chance."
    )
    st.subheader("Ranks, 1 is best")
    ranks = {source: _ranks(scores) for source, scores in {"people": human, **judged}.items()}
    st.dataframe(pd.DataFrame(ranks).sort_values("people"))
    st.subheader("The numbers")
    st.dataframe(frame, hide_index=True)
    offer_downloads(frame, f"{study.name} agreement")


def _ranks(scores: Mapping[str, float]) -> pd.Series:
    """Each model's rank; tied models share the mean of theirs."""
    return rank_models(scores).set_index("model")["rank"]


def _human_scores(results: StudyResults) -> dict[str, float]:
    """People's score of each model: mean rating, or the share of comparisons won."""
    criterion = choose_criterion(results, "agreement_criterion")
    if criterion is None:
        return {}
    if criterion in set(results.ratings["criterion"]):
        quality = quality_by_model(results.ratings, criterion, results.rating_scale)
    else:
        quality = preference_share_by_model(results.preferences, criterion)
    return next(iter(scores_by_source(quality).values()), {})


page()
