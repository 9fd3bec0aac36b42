"""The columns of the frames that the analysis takes and returns.

What comes in is described by a `FrameContract`; what goes out by a mapping of column to dtype.
Outgoing frames use pandas' nullable dtypes: an unknown number is `<NA>` beside a `status` that says
why, never a NaN that looks like a value and never a 0.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from core.errors import InvalidInputError

__all__ = [
    "AGREEMENT_COLUMNS",
    "DISTRIBUTION_COLUMNS",
    "JUDGMENTS",
    "JUDGMENT_COLUMNS",
    "PEOPLE",
    "PREFERENCES",
    "QUALITY_COLUMNS",
    "RANKING_COLUMNS",
    "RATINGS",
    "SHARE_COLUMNS",
    "FrameContract",
    "typed_frame",
]

PEOPLE: Final = "people"
"""The `source` of what raters said; every other source is the name of a judge."""


@dataclass(frozen=True)
class FrameContract:
    """The columns that an incoming frame must have, with their meanings.

    Further columns are allowed and ignored. No column of the contract may hold a null.
    """

    name: str
    columns: Mapping[str, str]

    def require(self, frame: pd.DataFrame) -> None:
        """Raise `InvalidInputError` unless `frame` has every column and no null in them."""
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InvalidInputError(
                f"The {self.name} lack the column {missing[0]!r}: "
                f"give a frame with the columns {', '.join(self.columns)}."
            )
        for column in self.columns:
            if frame[column].isna().any():
                raise InvalidInputError(
                    f"The {self.name} have rows without a {column}: leave those rows out first."
                )

    def frame(self, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
        """Return `rows` as a frame that has the contract's columns even when there are no rows."""
        return pd.DataFrame(list(rows), columns=list(self.columns))


RATINGS: Final = FrameContract(
    "ratings",
    {
        "session_id": "the rater's session; only complete sessions that were not excluded",
        "rater_id": "the rater's pseudonym",
        "test_case": "name or id of the test case",
        "model": "provider/model",
        "response_id": "the response that was rated",
        "criterion": "the criterion of the rubric, e.g. quality",
        "value": "the rating, on the scale of the rubric",
    },
)
"""One row per counted rating: one session, response and criterion."""

PREFERENCES: Final = FrameContract(
    "preferences",
    {
        "session_id": "the rater's session; only complete sessions that were not excluded",
        "rater_id": "the rater's pseudonym",
        "test_case": "name or id of the test case",
        "criterion": "the criterion of the rubric",
        "first_model": "model of the response that was shown first",
        "second_model": "model of the response that was shown second",
        "first_response_id": "the response that was shown first",
        "second_response_id": "the response that was shown second",
        "preference": "first, second, tie or both_bad",
    },
)
"""One row per counted comparison and criterion of a pair study."""

JUDGMENTS: Final = FrameContract(
    "judgments",
    {
        "judge": "name of the judge",
        "test_case": "name or id of the test case",
        "model": "provider/model",
        "response_id": "the response that was judged",
        "sample_index": "which sample of the model for this test case, from 0",
        "score": "the score on the judge's own scale, higher is better",
        "scale_min": "lowest score the judge can give",
        "scale_max": "highest score the judge can give",
    },
)
"""One row per successful judgment; failed judgments are not rows with a default score."""

QUALITY_COLUMNS: Final[Mapping[str, str]] = {
    "source": "str",  # PEOPLE or the judge's name
    "model": "str",
    "mean": "Float64",  # equal weight per test case, on the source's own scale
    "lower": "Float64",  # 95 % interval; <NA> where `status` is not "ok"
    "upper": "Float64",
    "ratings": "Int64",  # rated responses, judgments, or comparisons that the mean rests on
    "raters": "Int64",  # <NA> for a judge
    "test_cases": "Int64",
    "status": "str",  # an `intervals.Status`
    "note": "str",  # what a reader must know beside the interval; "" if nothing
    "scale_min": "Float64",
    "scale_max": "Float64",
}
"""One row per source and model."""

SHARE_COLUMNS: Final[Mapping[str, str]] = {
    **QUALITY_COLUMNS,
    "wins": "Int64",
    "ties": "Int64",
    "both_bad": "Int64",  # no preference either: half a win for each, as a tie
    "losses": "Int64",
}
"""One row per model: `mean` is the share of comparisons won, 0 to 1; `ratings` counts them."""

DISTRIBUTION_COLUMNS: Final[Mapping[str, str]] = {
    "source": "str",
    "model": "str",
    "score": "Float64",  # centre of the bin on the source's own scale: 0, 1, ..., 10
    "bin_width": "Float64",
    "count": "Int64",
    "share": "Float64",  # of the model's scores from this source; the shares of a model sum to 1
    "scale_min": "Float64",
    "scale_max": "Float64",
}
"""One row per source, model and bin, empty bins included."""

RANKING_COLUMNS: Final[Mapping[str, str]] = {
    "model": "str",
    "score": "Float64",
    "rank": "Float64",  # mid-rank, 1 is best; three models tied for the second place have rank 3
    "tied": "bool",
}
"""One row per model, best first."""

AGREEMENT_COLUMNS: Final[Mapping[str, str]] = {
    "judge": "str",
    "jaccard": "Float64",  # expectation over random tie-breaks, 0 to 1
    "jaccard_lower": "Float64",  # least over all tie-breaks
    "jaccard_upper": "Float64",  # most over all tie-breaks
    "jaccard_by_chance": "Float64",  # expected of a judge that orders at random
    "rank_biased_overlap": "Float64",
    "rank_biased_overlap_lower": "Float64",
    "rank_biased_overlap_upper": "Float64",
    "rank_biased_overlap_by_chance": "Float64",
    "shared_models": "Float64",  # expected number of models in both bottoms, 0 to depth
    "compared_models": "Int64",  # models that both the people and the judge scored
    "left_out": "str",  # models that only one of the two scored, joined by ", "
    "depth": "Int64",  # k of the bottom k
    "status": "str",  # "ok" or "not enough models"
}
"""One row per judge."""


JUDGMENT_COLUMNS: Final[Mapping[str, str]] = {
    "judge": "str",  # label, model, number where several are alike, and criterion if of one
    "judge_id": "str",
    "method": "str",  # the judge's name among all judges, e.g. sem_bleu
    "judge_model": "str",  # provider/model that the judge asks; "" for one that asks none
    "in_force": "bool",  # whether the study's set-up of the judge is still this one
    "criterion": "str",  # "" for the whole rubric
    "test_case": "str",
    "model": "str",
    "response_id": "str",
    "sample_index": "Int64",
    "score": "Float64",  # mean of the judgments; the lowest where a gate check was failed
    "measured_score": "Float64",  # before gates
    "raw_score": "Float64",  # in the method's own unit, <NA> where it has none
    "gate": "str",  # the gate check that was failed, "" if none
    "judgments": "Int64",  # how many the score is the mean of
    "spread": "Float64",  # their standard deviation, <NA> for a single one
    "scale_min": "Float64",
    "scale_max": "Float64",
}
"""One row per judge, criterion and response; fulfils `JUDGMENTS`."""


def typed_frame(rows: Iterable[Mapping[str, object]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Return `rows` as a frame with exactly `columns` and their dtypes, also when it is empty."""
    return pd.DataFrame(list(rows), columns=list(columns)).astype(dict(columns))
