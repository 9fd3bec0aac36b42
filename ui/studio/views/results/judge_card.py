"""One judge: what it is, how far it can be trusted, and where it and people disagree."""

import pandas as pd
import streamlit as st

from core.analysis.calibration.frames import CALLS
from core.judges.base import Shape
from core.judging.evidence import load_calls
from core.judging.reading import asked_judges, load_judge, shape_of, summary_of
from core.results import StudyResults
from db.tables import Judge
from ui.plain import plain
from ui.store import database
from ui.studio.blinding import people_are_locked
from ui.studio.calibration.choosing import choose_judge, judge_keys
from ui.studio.calibration.computed import calibration_of, panels_among, people_on
from ui.studio.calibration.disagreements_view import show_disagreements
from ui.studio.calibration.sections import (
    CHOOSING,
    show_beside_people,
    show_configuration,
    show_counts_of,
    show_errors,
    show_standing,
    show_unscored,
    show_weaknesses,
)
from ui.studio.downloads import offer_downloads
from ui.studio.results_view import choose_criterion, chosen_results, show_counts
from ui.studio.session import require_staff, study_or_stop


def page() -> None:
    """Draw the page."""
    actor = require_staff()
    study = study_or_stop()
    st.title("Judge card")
    results = chosen_results(study)
    judgments = panels_among(results, results.judgments)
    keys = judge_keys(judgments) | _without_scores(study.id, judgments)
    if not keys:
        st.info("No judge has scored these responses yet; run one on the page “Judges”.")
        return
    key = choose_judge(keys, study.id)
    name = keys[key]
    judged = judgments[judgments["judge"] == name]
    judge_id = key if judged.empty else str(judged["judge_id"].iloc[0])
    stored = load_judge(database(), judge_id) if judge_id else None
    calls = _calls(study.id, judged, stored)
    st.subheader(plain(name))
    if stored is None:
        st.caption(
            "The mean of its members, each moved onto 0 to 1. “Panel of 5 of 6” has one member "
            "less than the set-up has models: that one scored nothing."
        )
    else:
        st.caption(plain(summary_of(stored.name)))
    show_counts(results)
    locked = people_are_locked(study.id, actor)
    method = stored.name if stored else str(judged["method"].iloc[0])
    _judge(results, judged, calls, stored, shape_of(method), name, key, locked=locked)
    st.subheader("Its scores")
    offer_downloads(judged, f"{study.name} {name} scores")


def _without_scores(study_id: str, judgments: pd.DataFrame) -> dict[str, str]:
    """The judges that were asked and have scored nothing of this version."""
    scoring = set(judgments["judge_id"])
    return {
        one.judge_id: f"{one.name} (no scores yet, {one.judge_id[:6]})"
        for one in asked_judges(database(), study_id)
        if one.judge_id not in scoring
    }


def _calls(study_id: str, judged: pd.DataFrame, stored: Judge | None) -> pd.DataFrame:
    """The judge's questions on its criterion; of a panel none, since its members have them."""
    if stored is None:
        return load_calls(database(), study_id, "")
    calls = load_calls(database(), study_id, stored.id)
    CALLS.require(calls)
    return calls if judged.empty else calls[calls["criterion"] == _criterion_of(judged)]


def _criterion_of(judged: pd.DataFrame) -> str:
    """The criterion that the judge was asked about; "" for the whole rubric."""
    return "" if judged.empty else str(judged["criterion"].iloc[0])


def _criterion_of_people(results: StudyResults, judged: pd.DataFrame) -> str | None:
    """What of people's answers the judge is held against: the same criterion, if it is of one."""
    own = _criterion_of(judged)
    if not own:
        return choose_criterion(results, "card_criterion")
    answered = {*results.ratings["criterion"], *results.preferences["criterion"]}
    return own if own in answered else None


def _judge(
    results: StudyResults,
    judged: pd.DataFrame,
    calls: pd.DataFrame,
    stored: Judge | None,
    shape: Shape | None,
    name: str,
    key: str,
    *,
    locked: bool,
) -> None:
    card = None
    criterion = None if locked else _criterion_of_people(results, judged)
    if criterion is not None:
        card = calibration_of(results, criterion, judged, name)
        show_standing(card)
    elif not locked:
        st.info(
            "Not enough data: people have not answered yet what this judge was asked, so nobody "
            "knows how far it can be trusted; share a rating link first."
        )
    show_counts_of(judged, calls)
    title = f"{results.content.study.name} {name}"
    if card is not None and len(card.items):
        chooses = shape in CHOOSING
        show_beside_people(card, title, chooses=chooses)
        show_errors(card, people_on(results, criterion or "").scale, title, chooses=chooses)
    show_weaknesses(card, calls, stored, shape)
    show_unscored(results, judged, calls, shape, title)
    if card is not None:
        show_disagreements(results, card.items, calls, title, key)
    if stored is not None:
        show_configuration(stored)


page()
