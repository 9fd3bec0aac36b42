"""The paper's nine methods beside all other judges, as one table."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from core.judging.reading import AskedJudge
from ui.studio.calibration.choosing import card_address, judge_keys

__all__ = ["PAPER_METHODS", "PEOPLE", "Judged", "methods_table", "others_table", "scored_few"]

PAPER_METHODS: Final = {
    "scorer": "Scorer",
    "comparer": "Comparer",
    "comparer_nr": "Comparer-NR",
    "multi_choice_selector": "Multi-choice selector",
    "tf_idf": "TF-IDF",
    "sbert": "SBERT",
    "use_qa": "USE-QA",
    "openai_embeddings": "OpenAI embeddings",
    "sem_bleu": "SEM-BLEU",
}
"""The methods of the paper's figure 10, by name."""

PEOPLE: Final = "People"

_NOT_RUN: Final = "not run yet"
_TO_DO: Final = "Run it on the page “Judges”."
_SCORED_NOTHING: Final = "scored nothing"
_WHY_NOTHING: Final = "It was asked and has scored none of these responses; its card says why."
_OTHER_CRITERION: Final = "judged by another criterion than people were asked"
_NUMBERS: Final = [
    "over_models",
    "over_models_lower",
    "over_models_upper",
    "within_models",
    "within_models_lower",
    "within_models_upper",
    "jaccard",
    "rank_biased_overlap",
    "items",
    "gated",
]
_SHOWN: Final = ["method", "standing", "judge", "card", *_NUMBERS, "why"]


@dataclass(frozen=True)
class Judged:
    """What the tables are made of.

    Attributes:
        judgments: of all judges, with panels, as `core.analysis.calibration.panels`.
        standings: `STANDING_COLUMNS`.
        agreement: `AGREEMENT_COLUMNS`.
        people: one half of the people beside the other, `STANDING_COLUMNS`.
        silent: the judges that were asked and have scored nothing.
        study_name: for the addresses of the cards.
    """

    judgments: pd.DataFrame
    standings: pd.DataFrame
    agreement: pd.DataFrame
    people: pd.DataFrame
    silent: Sequence[AskedJudge]
    study_name: str


def methods_table(found: Judged) -> pd.DataFrame:
    """People, then the paper's nine methods in its order, each with its judges.

    A method that was not run says so, and a judge that scored nothing links to its card.
    """
    known = _known(found)
    known = known[~known["is_panel"]]
    rows = [found.people.rename(columns={"sentence": "why"}).assign(method=PEOPLE)]
    for method, label in PAPER_METHODS.items():
        mine = known[known["method_name"] == method]
        silent = _silent(found, {method})
        if mine.empty and silent.empty:
            silent = pd.DataFrame([{"standing": _NOT_RUN, "why": _TO_DO}])
        rows += [mine.assign(method=label), silent.assign(method=label)]
    return _stacked(rows, _SHOWN)


def others_table(found: Judged) -> pd.DataFrame:
    """Every judge that is none of the paper's methods, and the panels."""
    known = _known(found)
    others = known[known["is_panel"] | ~known["method_name"].isin(list(PAPER_METHODS))]
    silent = _silent(found, {one.method for one in found.silent} - PAPER_METHODS.keys())
    shown = ["judge", *(column for column in _SHOWN if column not in ("method", "judge"))]
    return _stacked([others, silent], shown)


def scored_few(standings: pd.DataFrame) -> str:
    """Which judges scored fewer responses than people rated; empty where none did."""
    few = standings[standings["items"] < standings["rated_by_people"]]
    return "; ".join(
        f"{judge} ({items} of {rated})"
        for judge, items, rated in zip(
            few["judge"], few["items"], few["rated_by_people"], strict=True
        )
    )


def _known(found: Judged) -> pd.DataFrame:
    firsts = found.judgments.groupby("judge")[["method", "judge_id"]].first()
    keys = {name: key for key, name in judge_keys(found.judgments).items()}
    agreement = found.agreement[["judge", "jaccard", "rank_biased_overlap"]]
    rows = (
        firsts.rename(columns={"method": "method_name"})
        .reset_index()
        .merge(found.standings, on="judge", how="left")
        .merge(agreement, on="judge", how="left")
    )
    return rows.assign(
        is_panel=rows["judge_id"] == "",
        standing=rows["standing"].fillna(_OTHER_CRITERION),
        why=rows["sentence"].fillna(""),
        card=[card_address(found.study_name, keys[str(judge)]) for judge in rows["judge"]],
    )


def _silent(found: Judged, methods: Collection[str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "judge": one.name,
                "card": card_address(found.study_name, one.judge_id),
                "standing": _SCORED_NOTHING,
                "why": _WHY_NOTHING,
            }
            for one in found.silent
            if one.method in methods
        ],
        columns=["judge", "card", "standing", "why"],
    )


def _stacked(rows: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The rows as one frame; what a row does not have is null, or an empty text."""
    together = [one.reindex(columns=list(columns)) for one in rows]
    values = {column: [value for one in together for value in one[column]] for column in columns}
    numbers = [column for column in columns if column in _NUMBERS]
    texts = {column: "str" for column in columns if column not in _NUMBERS}
    frame = pd.DataFrame(values).astype(dict.fromkeys(numbers, "Float64"))
    return frame.fillna(dict.fromkeys(texts, "")).astype(texts)
