"""The responses that both people and a judge scored, and both scores as arrays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.answers import Scale, answers_on, rows_on_criterion
from core.analysis.calibration.frames import ITEM_COLUMNS, complete
from core.analysis.calibration.resampling import CodeArray, FloatArray
from core.analysis.frames import PREFERENCES
from core.analysis.preferences import points_of

__all__ = [
    "Items",
    "People",
    "judged_for",
    "on_scale",
    "people_comparing",
    "people_rating",
    "shared_items",
]

_UNIT: Final[Scale] = (0.0, 1.0)
_LEAST_WHOLE_STEPS: Final = 2
_MOST_WHOLE_STEPS: Final = 20
_STEPS: Final = 10


@dataclass(frozen=True)
class People:
    """What people said on one criterion.

    Attributes:
        criterion: the criterion.
        answers: one row per person and response: ``session_id``, ``rater_id``, ``test_case``,
            ``model``, ``response_id``, ``value``. In a pair study a comparison gives two rows: 1
            point, 0, or half a point for each.
        scale: of ``value``.
        comparisons: the comparisons of a pair study, a `PREFERENCES` frame on this criterion.
    """

    criterion: str
    answers: pd.DataFrame
    scale: Scale
    comparisons: pd.DataFrame | None = None

    @cached_property
    def means(self) -> pd.DataFrame:
        """One row per response: ``test_case``, ``model``, ``people`` and ``raters``, by id."""
        grouped = self.answers.groupby("response_id", sort=True)
        return grouped.agg(
            test_case=("test_case", "first"),
            model=("model", "first"),
            people=("value", "mean"),
            raters=("rater_id", "nunique"),
        )


@dataclass(frozen=True)
class Items:
    """Two scores of the same responses on one scale: people's, or a half of theirs, and another's.

    ``cases`` and ``models`` are codes from 0, in order of name; ``words`` is NaN where unknown.
    """

    people: FloatArray
    judged: FloatArray
    cases: CodeArray
    models: CodeArray
    words: FloatArray
    scale: Scale

    @classmethod
    def of(cls, frame: pd.DataFrame, scale: Scale) -> "Items":
        """The arrays of a frame with `ITEM_COLUMNS`."""
        return cls(
            people=frame["people"].to_numpy(dtype=float),
            judged=frame["judged"].to_numpy(dtype=float),
            cases=np.unique(frame["test_case"], return_inverse=True)[1].astype(np.intp),
            models=np.unique(frame["model"], return_inverse=True)[1].astype(np.intp),
            words=frame["words"].to_numpy(dtype=float, na_value=np.nan),
            scale=scale,
        )

    def __len__(self) -> int:
        return len(self.people)

    @property
    def has_length(self) -> npt.NDArray[np.bool_]:
        """Of which responses the length is known."""
        return np.isfinite(self.words)

    def only(self, rows: npt.NDArray[np.bool_]) -> "Items":
        """Those rows alone, test cases and models numbered anew."""
        return Items(
            people=self.people[rows],
            judged=self.judged[rows],
            cases=np.unique(self.cases[rows], return_inverse=True)[1].astype(np.intp),
            models=np.unique(self.models[rows], return_inverse=True)[1].astype(np.intp),
            words=self.words[rows],
            scale=self.scale,
        )

    @property
    def test_cases(self) -> int:
        """How many test cases there are."""
        return len(np.unique(self.cases))

    @property
    def model_count(self) -> int:
        """How many models there are."""
        return len(np.unique(self.models))

    @property
    def step_width(self) -> float:
        """One point of a scale of a few whole points, otherwise a tenth of the scale."""
        span = self.scale[1] - self.scale[0]
        return 1.0 if _LEAST_WHOLE_STEPS <= span <= _MOST_WHOLE_STEPS else span / _STEPS

    def steps(self) -> tuple[CodeArray, CodeArray]:
        """Both scores as numbers of whole steps from the lowest score, a half up."""
        people, judged = (
            np.floor((values - self.scale[0]) / self.step_width + 0.5).astype(np.intp)
            for values in (self.people, self.judged)
        )
        return people, judged

    def step_score(self, step: int) -> float:
        """The score in the middle of a step."""
        return self.scale[0] + step * self.step_width


def people_rating(ratings: pd.DataFrame, criterion: str, scale: Scale) -> People:
    """Return people's ratings on one criterion; raises as `core.analysis.answers.answers_on`."""
    return People(criterion, answers_on(ratings, criterion, scale), scale)


def people_comparing(preferences: pd.DataFrame, criterion: str) -> People:
    """Return people's comparisons on one criterion, as points of 0, a half or 1 per response.

    Raises `InvalidInputError` for a criterion that nobody answered and an unknown preference.
    """
    PREFERENCES.require(preferences)
    chosen = rows_on_criterion(preferences, criterion)
    points = points_of(chosen)
    who = chosen[["session_id", "rater_id", "test_case"]]
    sides = [
        who.assign(
            model=chosen[f"{side}_model"], response_id=chosen[f"{side}_response_id"], value=value
        )
        for side, value in (("first", points), ("second", 1.0 - points))
    ]
    return People(criterion, pd.concat(sides, ignore_index=True), _UNIT, chosen)


def judged_for(
    judgments: pd.DataFrame,
    criterion: str,
    left_out_response_ids: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Return what can be held against people's answers on a criterion, of all judges.

    That is what was judged by the whole rubric or by that criterion, without the responses that a
    judge was shown as examples: ``left_out_response_ids`` maps a judge's name to those.
    """
    rows = complete(judgments)
    rows = rows[rows["criterion"].isin(["", criterion])]
    seen = {
        (judge, response_id)
        for judge, response_ids in (left_out_response_ids or {}).items()
        for response_id in response_ids
    }
    pairs = zip(rows["judge"], rows["response_id"], strict=True)
    return rows[np.array([pair not in seen for pair in pairs], dtype=bool)]


def shared_items(
    people: People,
    judged: pd.DataFrame,
    words: Mapping[str, int],
    left_out_response_ids: Collection[str] = (),
) -> pd.DataFrame:
    """Return the responses that people and one judge scored: `ITEM_COLUMNS`, by response id.

    ``judged`` are the rows of one judge in a `JUDGMENTS` frame. A judge by criterion is compared
    with people on that criterion only. ``words`` is the length of each response by id. What a judge
    saw as an example is to be left out.
    """
    rows = complete(judged)
    rows = rows[rows["criterion"].isin(["", people.criterion])]
    rows = rows[~rows["response_id"].isin(list(left_out_response_ids))]
    means = people.means
    rows = rows[rows["response_id"].isin(means.index)].sort_values("response_id")
    both = means.loc[rows["response_id"]].reset_index()
    score = rows["score"].to_numpy(dtype=float)
    lowest, highest = (rows[end].to_numpy(dtype=float) for end in ("scale_min", "scale_max"))
    both["judged"] = on_scale((score - lowest) / (highest - lowest), people.scale)
    both["score"] = score
    both["words"] = both["response_id"].map(words)
    return both[list(ITEM_COLUMNS)].astype(dict(ITEM_COLUMNS))


def on_scale(share: FloatArray, scale: Scale) -> FloatArray:
    """Move shares of a scale, 0 (worst) to 1 (best), linearly onto one."""
    moved: FloatArray = scale[0] + share * (scale[1] - scale[0])
    return moved
