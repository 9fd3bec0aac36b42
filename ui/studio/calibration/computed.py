"""Calibrations, computed once for everybody who looks at the same figures."""

import pandas as pd
import streamlit as st

from core.analysis.calibration.card import Calibration, calibrate, standing_of_people, standings
from core.analysis.calibration.items import People, people_comparing, people_rating
from core.analysis.calibration.panels import with_panels
from core.judging.reading import example_ids, load_judge, load_responses, panel_sizes
from core.rating.exclusions import rules_of_study
from core.results import StudyResults
from ui.store import database

_KEPT = 20


def people_on(results: StudyResults, criterion: str) -> People:
    """What people said on the criterion, by scores or by comparisons."""
    if criterion in set(results.ratings["criterion"]):
        return people_rating(results.ratings, criterion, results.rating_scale)
    return people_comparing(results.preferences, criterion)


def responses_of(results: StudyResults) -> pd.DataFrame:
    """The responses that judges could judge, with their lengths, as `RESPONSES`.

    What a rule leaves out is among them where the reader turned the rule off, so that the results
    hold what people or judges said of it.
    """
    study_id, version = results.content.study.id, results.content.version.number
    rules = frozenset(rules_of_study(database(), study_id))
    usual = load_responses(database(), study_id, version)
    if not rules:
        return usual
    everything = load_responses(database(), study_id, version, ignoring_rules=rules)
    counting = {
        *usual["response_id"],
        *results.judgments["response_id"],
        *results.ratings["response_id"],
        *results.preferences["first_response_id"],
        *results.preferences["second_response_id"],
    }
    return everything[everything["response_id"].isin(counting)]


def panels_among(results: StudyResults, judgments: pd.DataFrame) -> pd.DataFrame:
    """The judgments with those of panels, which say how much of their set-up they are."""
    methods = [str(one) for one in judgments["method"].unique()]
    sizes = panel_sizes(database(), results.content.study.id, methods)
    return with_panels(judgments, sizes)


def examples_by_judge(results: StudyResults, judgments: pd.DataFrame) -> dict[str, list[str]]:
    """``judge's name -> responses that it was shown as examples``."""
    return {
        str(judge): sorted(_examples(results, rows)) for judge, rows in judgments.groupby("judge")
    }


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
    by_judge = examples_by_judge(results, judgments)
    people = _answers(results, criterion)
    return _standings(*people, results.rating_scale, criterion, judgments, words, by_judge, depth)


def standing_of_people_on(results: StudyResults, criterion: str, depth: int) -> pd.DataFrame:
    """One half of the people beside the other, as `standings_of`."""
    words = words_of(responses_of(results))
    people = _answers(results, criterion)
    return _standing_of_people(*people, results.rating_scale, criterion, words, depth)


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


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _standing_of_people(
    ratings: pd.DataFrame,
    preferences: pd.DataFrame,
    scale: tuple[float, float],
    criterion: str,
    words: dict[str, int],
    depth: int,
) -> pd.DataFrame:
    people = _people(ratings, preferences, scale, criterion)
    return standing_of_people(people, words, depth=depth)
