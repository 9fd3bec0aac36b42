"""Calibrations, computed once for everybody who looks at the same figures."""

import pandas as pd
import streamlit as st

from core.analysis.calibration.card import Calibration, calibrate, standings
from core.analysis.calibration.items import People, people_comparing, people_rating
from core.judging.reading import example_ids, load_judge, load_responses
from core.results import StudyResults
from ui.store import database

_KEPT = 20


def people_on(results: StudyResults, criterion: str) -> People:
    """What people said on the criterion, by scores or by comparisons."""
    if criterion in set(results.ratings["criterion"]):
        return people_rating(results.ratings, criterion, results.rating_scale)
    return people_comparing(results.preferences, criterion)


def responses_of(results: StudyResults) -> pd.DataFrame:
    """The responses that judges could judge, with their lengths."""
    content = results.content
    return load_responses(database(), content.study.id, content.version.number)


def words_of(responses: pd.DataFrame) -> dict[str, int]:
    """The length of each response, by id."""
    return dict(zip(responses["response_id"], responses["words"], strict=True))


def calibration_of(
    results: StudyResults, criterion: str, judgments: pd.DataFrame, judge: str
) -> Calibration:
    """One judge beside people; ``judgments`` are its rows."""
    words = words_of(responses_of(results))
    people = _answers(results, criterion)
    left_out = sorted(_examples(results, judgments))
    return _calibrated(*people, results.rating_scale, criterion, judgments, judge, words, left_out)


def standings_of(
    results: StudyResults, criterion: str, judgments: pd.DataFrame, depth: int
) -> pd.DataFrame:
    """Every judge's standing, as `core.analysis.calibration.card.standings`."""
    words = words_of(responses_of(results))
    by_judge = {
        str(judge_id): sorted(_examples(results, rows))
        for judge_id, rows in judgments.groupby("judge_id")
    }
    people = _answers(results, criterion)
    return _standings(*people, results.rating_scale, criterion, judgments, words, by_judge, depth)


def _answers(results: StudyResults, criterion: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ratings on the criterion, or the comparisons where there are none."""
    ratings, preferences = results.ratings, results.preferences
    return (
        ratings[ratings["criterion"] == criterion],
        preferences[preferences["criterion"] == criterion],
    )


def _people(
    ratings: pd.DataFrame, preferences: pd.DataFrame, scale: tuple[float, float], criterion: str
) -> People:
    if ratings.empty:
        return people_comparing(preferences, criterion)
    return people_rating(ratings, criterion, scale)


def _examples(results: StudyResults, rows: pd.DataFrame) -> set[str]:
    """The responses shown to a judge as examples; of a panel, to all judges of its method."""
    ids = {str(one) for one in rows["judge_id"].unique() if one}
    if not ids:
        members = results.judgments["method"].isin(list(rows["method"].unique()))
        ids = {str(one) for one in results.judgments.loc[members, "judge_id"].unique()}
    return {one for judge_id in ids for one in example_ids(load_judge(database(), judge_id))}


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _calibrated(
    ratings: pd.DataFrame,
    preferences: pd.DataFrame,
    scale: tuple[float, float],
    criterion: str,
    judgments: pd.DataFrame,
    judge: str,
    words: dict[str, int],
    left_out: list[str],
) -> Calibration:
    people = _people(ratings, preferences, scale, criterion)
    return calibrate(people, judgments, judge, words, left_out_response_ids=left_out)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _standings(
    ratings: pd.DataFrame,
    preferences: pd.DataFrame,
    scale: tuple[float, float],
    criterion: str,
    judgments: pd.DataFrame,
    words: dict[str, int],
    left_out: dict[str, list[str]],
    depth: int,
) -> pd.DataFrame:
    people = _people(ratings, preferences, scale, criterion)
    return standings(people, judgments, words, left_out_response_ids=left_out, depth=depth)
