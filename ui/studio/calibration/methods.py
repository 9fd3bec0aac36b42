"""The paper's nine methods beside all other judges, as one table."""

from typing import Final

import pandas as pd

from ui.studio.calibration.choosing import card_address, judge_keys

__all__ = ["PAPER_METHODS", "methods_table", "others_table"]

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

_NOT_RUN: Final = "not run yet"
_TO_DO: Final = "Run it on the page “Judges”."
_OTHER_CRITERION: Final = "judged by another criterion than people were asked"
_SHOWN: Final = [
    "method",
    "judge",
    "card",
    "standing",
    "within_models",
    "within_models_lower",
    "within_models_upper",
    "jaccard",
    "rank_biased_overlap",
    "gated",
    "why",
]


def methods_table(
    judgments: pd.DataFrame, standings: pd.DataFrame, agreement: pd.DataFrame, study_name: str
) -> pd.DataFrame:
    """The paper's nine methods in its order, each with its judges, or said not to have been run.

    Args:
        judgments: of all judges, with panels, as `core.analysis.calibration.panels`.
        standings: `STANDING_COLUMNS`.
        agreement: `AGREEMENT_COLUMNS`.
        study_name: for the addresses of the cards.
    """
    known = _known(judgments, standings, agreement, study_name)
    known = known[~known["is_panel"]]
    rows = []
    for method, label in PAPER_METHODS.items():
        mine = known[known["method_name"] == method]
        if mine.empty:
            missing = {"method": label, "standing": _NOT_RUN, "why": _TO_DO}
            mine = pd.DataFrame([missing])
        rows.append(mine.assign(method=label).reindex(columns=_SHOWN))
    return _stacked(rows)


def others_table(
    judgments: pd.DataFrame, standings: pd.DataFrame, agreement: pd.DataFrame, study_name: str
) -> pd.DataFrame:
    """Every judge that is none of the paper's methods, and the panels."""
    known = _known(judgments, standings, agreement, study_name)
    others = known[known["is_panel"] | ~known["method_name"].isin(list(PAPER_METHODS))]
    return others[[column for column in _SHOWN if column != "method"]].reset_index(drop=True)


def _known(
    judgments: pd.DataFrame, standings: pd.DataFrame, agreement: pd.DataFrame, study_name: str
) -> pd.DataFrame:
    firsts = judgments.groupby("judge")[["method", "judge_id"]].first()
    keys = {name: key for key, name in judge_keys(judgments).items()}
    rows = (
        firsts.rename(columns={"method": "method_name"})
        .reset_index()
        .merge(standings, on="judge", how="left")
        .merge(agreement[["judge", "jaccard", "rank_biased_overlap"]], on="judge", how="left")
    )
    return rows.assign(
        is_panel=rows["judge_id"] == "",
        standing=rows["standing"].fillna(_OTHER_CRITERION),
        why=rows["sentence"].fillna(""),
        card=[card_address(study_name, keys[str(judge)]) for judge in rows["judge"]],
    )


def _stacked(rows: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows as one frame; those of methods that were not run have nulls of the right kinds."""
    columns = {column: [value for one in rows for value in one[column]] for column in _SHOWN}
    numbers = {"within_models", "within_models_lower", "within_models_upper", "jaccard"}
    numbers |= {"rank_biased_overlap", "gated"}
    texts = {column: "str" for column in _SHOWN if column not in numbers}
    frame = pd.DataFrame(columns).astype(dict.fromkeys(numbers, "Float64"))
    return frame.fillna(dict.fromkeys(texts, "")).astype(texts)
