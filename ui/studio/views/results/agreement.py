"""How far each judge agrees with people on the weakest models (the paper's figure 10)."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.analysis.agreement import agreement_by_judge, default_depth
from core.analysis.calibration.frames import without_gates
from core.analysis.calibration.panels import with_panels
from core.analysis.calibration.standing import Standing
from core.analysis.preferences import preference_share_by_model
from core.analysis.quality import judged_quality_by_model, quality_by_model
from core.analysis.ranking import rank_models, scores_by_source
from core.results import StudyResults
from ui.plain import plain
from ui.studio.blinding import people_are_locked
from ui.studio.calibration.computed import standings_of
from ui.studio.calibration.methods import methods_table, others_table
from ui.studio.charts.agreement import agreement_chart
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN
from ui.studio.results_view import choose_criterion, chosen_results, show_counts
from ui.studio.session import require_staff, study_or_stop

_TWO_DIGITS = st.column_config.NumberColumn(format="%.2f")
_COLUMNS = {
    "standing": st.column_config.TextColumn("standing", width="medium"),
    "within_models": st.column_config.NumberColumn("ranks within models", format="%.2f"),
    "within_models_lower": st.column_config.NumberColumn("from", format="%.2f"),
    "within_models_upper": st.column_config.NumberColumn("to", format="%.2f"),
    "jaccard": st.column_config.NumberColumn("Jaccard index", format="%.2f"),
    "rank_biased_overlap": st.column_config.NumberColumn("rank-biased overlap", format="%.2f"),
    "gated": st.column_config.NumberColumn("put last by a check", format="%d"),
    "card": st.column_config.LinkColumn("card", display_text="open"),
    "why": st.column_config.TextColumn("why", width="large"),
}


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Agreement of judges with people")
    results = chosen_results(study)
    show_counts(results)
    if people_are_locked(study.id, actor):
        return
    criterion = choose_criterion(results, "agreement_criterion")
    human = _human_scores(results, criterion)
    if criterion is None or not human:
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
    judgments = _chosen_gates(results, human, depth)
    _agreement(results, criterion, human, judgments, depth)


def _chosen_gates(results: StudyResults, human: Mapping[str, float], depth: int) -> pd.DataFrame:
    """The judgments with panels, with or without what the gate checks put last."""
    gated = with_panels(results.judgments)
    if not (gated["gate"] != "").any():
        return gated
    bare = with_panels(without_gates(results.judgments))
    responses = gated.loc[gated["gate"] != "", "response_id"].nunique()
    uses_gates = st.toggle(
        "Responses that fail a check come last",
        value=True,
        key="agreement_gates",
        help="Empty answers and error texts get every judge's lowest score.",
    )
    changes = _changes(human, gated, bare, depth)
    said = f"Responses that fail a check: {responses}. "
    said += (
        "The checks change no judge's order at the bottom."
        if changes.empty
        else ("What the checks change:")
    )
    st.caption(said)
    if not changes.empty:
        st.dataframe(
            changes,
            hide_index=True,
            column_config=dict.fromkeys(changes.columns[1:], _TWO_DIGITS),
        )
    return gated if uses_gates else bare


def _changes(
    human: Mapping[str, float], gated: pd.DataFrame, bare: pd.DataFrame, depth: int
) -> pd.DataFrame:
    """The judges whose bottom is another one with the gates than without."""
    both = [
        agreement_by_judge(human, _judged(judgments), depth)[
            ["judge", "jaccard", "rank_biased_overlap"]
        ]
        for judgments in (gated, bare)
    ]
    rows = both[0].merge(both[1], on="judge", suffixes=(" with checks", " without"))
    same = (rows["jaccard with checks"] == rows["jaccard without"]).fillna(True)
    same &= (rows["rank_biased_overlap with checks"] == rows["rank_biased_overlap without"]).fillna(
        True
    )
    return rows[~same].rename(columns=lambda name: name.replace("_", " "))


def _agreement(
    results: StudyResults,
    criterion: str,
    human: Mapping[str, float],
    judgments: pd.DataFrame,
    depth: int,
) -> None:
    name = results.content.study.name
    judged = _judged(judgments)
    frame = agreement_by_judge(human, judged, depth)
    standings = standings_of(results, criterion, judgments, depth)
    _say_who_finds(standings)
    st.subheader("The paper's nine methods")
    st.caption(
        "Ranks within models: Spearman's correlation with people over responses of one model, "
        "with its 95 % interval over test cases. A standing is by one rule for all judges; with "
        "nine of them, one may pass by luck."
    )
    _table(methods_table(judgments, standings, frame, name))
    others = others_table(judgments, standings, frame, name)
    if not others.empty:
        st.subheader("Further judges and panels")
        _table(others)
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
    table = frame.merge(standings, on="judge", how="left")
    st.dataframe(table, hide_index=True, placeholder=UNKNOWN)
    offer_downloads(table, f"{name} agreement")


def _say_who_finds(standings: pd.DataFrame) -> None:
    """Which judges find the bad models, which do not, and of which nobody can tell."""
    say = {
        Standing.FINDS_THE_BAD_MODELS: (st.success, "These find the bad models: "),
        Standing.DOES_NOT: (st.error, "These do not find the bad models: "),
        Standing.NOT_ENOUGH_DATA: (st.info, "Not enough data to say whether these do: "),
    }
    for standing, (show, words) in say.items():
        judges = standings.loc[standings["standing"] == standing.value, "judge"].tolist()
        if judges:
            show(plain(words + "; ".join(judges) + "."))


def _table(table: pd.DataFrame) -> None:
    st.dataframe(
        table, hide_index=True, column_config=_COLUMNS, placeholder=UNKNOWN, height="content"
    )


def _judged(judgments: pd.DataFrame) -> dict[str, dict[str, float]]:
    return scores_by_source(judged_quality_by_model(judgments))


def _ranks(scores: Mapping[str, float]) -> pd.Series:
    """Each model's rank; tied models share the mean of theirs."""
    return rank_models(scores).set_index("model")["rank"]


def _human_scores(results: StudyResults, criterion: str | None) -> dict[str, float]:
    """People's score of each model: mean rating, or the share of comparisons won."""
    if criterion is None:
        return {}
    if criterion in set(results.ratings["criterion"]):
        quality = quality_by_model(results.ratings, criterion, results.rating_scale)
    else:
        quality = preference_share_by_model(results.preferences, criterion)
    return next(iter(scores_by_source(quality).values()), {})


page()
