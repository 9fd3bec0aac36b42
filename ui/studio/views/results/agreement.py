"""How far each judge agrees with people on the weakest models (the paper's figure 10)."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from core.analysis.agreement import agreement_by_judge, default_depth
from core.analysis.calibration.frames import without_gates
from core.analysis.calibration.items import judged_for
from core.analysis.calibration.standing import Standing
from core.analysis.preferences import preference_share_by_model
from core.analysis.quality import judged_quality_by_model, quality_by_model
from core.analysis.ranking import rank_models, scores_by_source
from core.judging.reading import AskedJudge, asked_judges
from core.results import StudyResults
from ui.plain import plain
from ui.store import database
from ui.studio.blinding import people_are_locked
from ui.studio.calibration.computed import (
    examples_by_judge,
    panels_among,
    standing_of_people_on,
    standings_of,
)
from ui.studio.calibration.methods import Judged, methods_table, others_table, scored_few
from ui.studio.charts.agreement import agreement_chart
from ui.studio.downloads import offer_downloads
from ui.studio.progress import UNKNOWN
from ui.studio.results_view import choose_criterion, chosen_results, show_counts
from ui.studio.session import require_staff, study_or_stop

_TWO_DIGITS = st.column_config.NumberColumn(format="%.2f")
_COLUMNS = {
    "standing": st.column_config.TextColumn("standing", width="medium"),
    "over_models": st.column_config.NumberColumn("ranks over models", format="%.2f"),
    "over_models_lower": st.column_config.NumberColumn("from", format="%.2f"),
    "over_models_upper": st.column_config.NumberColumn("to", format="%.2f"),
    "within_models": st.column_config.NumberColumn("ranks within models", format="%.2f"),
    "within_models_lower": st.column_config.NumberColumn("from", format="%.2f"),
    "within_models_upper": st.column_config.NumberColumn("to", format="%.2f"),
    "jaccard": st.column_config.NumberColumn("Jaccard index", format="%.2f"),
    "rank_biased_overlap": st.column_config.NumberColumn("rank-biased overlap", format="%.2f"),
    "items": st.column_config.NumberColumn("responses shared", format="%d"),
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
    judgments = _chosen_gates(results, criterion, human, depth)
    _agreement(results, criterion, human, judgments, depth)


def _chosen_gates(
    results: StudyResults, criterion: str, human: Mapping[str, float], depth: int
) -> pd.DataFrame:
    """The judgments with panels, with or without what the gate checks put last."""
    gated = panels_among(results, results.judgments)
    if not (gated["gate"] != "").any():
        return gated
    bare = panels_among(results, without_gates(results.judgments))
    responses = gated.loc[gated["gate"] != "", "response_id"].nunique()
    uses_gates = st.toggle(
        "Responses that fail a check come last",
        value=True,
        key="agreement_gates",
        help="Empty answers and error texts get every judge's lowest score.",
    )
    both = [_counting(results, criterion, one) for one in (gated, bare)]
    changes = _changes(human, both[0], both[1], depth)
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


def _counting(results: StudyResults, criterion: str, judgments: pd.DataFrame) -> pd.DataFrame:
    """What can be held against people's answers: on their criterion, without examples."""
    return judged_for(judgments, criterion, examples_by_judge(results, judgments))


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
    judged = _judged(_counting(results, criterion, judgments))
    frame = agreement_by_judge(human, judged, depth)
    standings = standings_of(results, criterion, judgments, depth)
    found = Judged(
        judgments=judgments,
        standings=standings,
        agreement=frame,
        people=standing_of_people_on(results, criterion, depth),
        silent=_silent(results),
        study_name=name,
    )
    _say_who_finds(standings)
    st.subheader("The paper's nine methods")
    st.caption(
        "Ranks are Spearman's correlations with people, with 95 % intervals over test cases: over "
        "models they tell who finds the bad models, within models whether single scores can be "
        "trusted. A standing is by one rule for all judges; with nine of them, one may pass by "
        "luck. The first row is one half of the people beside the other half."
    )
    _table(methods_table(found))
    few = scored_few(standings)
    if few:
        st.warning(
            plain(
                "These scored fewer responses than people rated (some are shown to a judge as "
                "examples, or have nothing to be compared with), so their overlap is with other "
                f"responses than people's ranks rest on: {few}."
            )
        )
    others = others_table(found)
    if not others.empty:
        st.subheader("Further judges and panels")
        _table(others)
    _chart(frame)
    st.caption(
        "Both measures go from 0 to 1. Ties are broken in every possible way: the bar is the mean "
        "over them, the thin line goes from the least to the most. The thick stroke is what a "
        f"judge reaches that orders the models at random. People: {results.sessions.counted} "
        "sessions; with few of them, their own order is mostly chance."
    )
    _show_ranks(human, {judge: judged[judge] for judge in frame[frame["jaccard"].notna()]["judge"]})
    st.subheader("The numbers")
    table = frame.merge(standings, on="judge", how="left")
    st.dataframe(table, hide_index=True, placeholder=UNKNOWN)
    offer_downloads(table, f"{name} agreement")


def _silent(results: StudyResults) -> list[AskedJudge]:
    """The judges as they are set up now that were asked and have scored nothing."""
    scoring = set(results.judgments["judge_id"])
    return [
        one
        for one in asked_judges(database(), results.content.study.id)
        if one.is_in_force and one.judge_id not in scoring
    ]


def _chart(frame: pd.DataFrame) -> None:
    """The agreement as bars; a judge's model stands on a line of its own, to leave them room."""
    named = frame.assign(judge=frame["judge"].str.replace(" by ", "\nby ", n=1))
    chart = agreement_chart(named)
    chart.config["lineBreak"] = "\n"
    st.altair_chart(chart, theme=None)


def _show_ranks(human: Mapping[str, float], judged: Mapping[str, Mapping[str, float]]) -> None:
    """Each model's rank by people and by every judge, over the models that all of them scored."""
    st.subheader("Ranks, 1 is best")
    sources = {"people": human, **judged}
    shared = sorted(set.intersection(*(set(scores) for scores in sources.values())))
    if not shared:
        st.caption("No model was scored by people and by all these judges.")
        return
    if len(shared) < len(human):
        st.caption(
            f"Over the {len(shared)} models that people and all these judges scored; the others "
            "have no rank here."
        )
    ranks = pd.DataFrame(
        {
            source: _ranks({model: scores[model] for model in shared})
            for source, scores in sources.items()
        },
        index=sorted(human),
    )
    st.dataframe(
        ranks.sort_values("people"),
        placeholder=UNKNOWN,
        column_config={"_index": st.column_config.TextColumn("model")},
    )


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
