"""What a judge is held against: people beside other people, and judges that read nothing.

The ceiling is what people agree with each other: the raters are parted at random into two halves,
many times over, and one half's means are compared with the other's on the same responses. Half of
the people is noisier than all of them; the figure is not corrected for that (Spearman and Brown's
formula would), since a correction would make it depend on a model of the raters. One person beside
one other is given too.

The floor is what needs no reading: the same score for all, and a score by length alone, longer or
shorter being better, whichever suits people more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.calibration import ranks
from core.analysis.calibration.items import Items, People, on_scale
from core.analysis.calibration.resampling import DRAWS, SEED, CodeArray, FloatArray, draws, ratio

__all__ = [
    "BY_LENGTH",
    "ONE_PERSON",
    "OTHER_HALF",
    "SAME_FOR_ALL",
    "SPLITS",
    "by_length",
    "draws_of_split",
    "halves",
    "same_for_all",
    "two_people",
]

OTHER_HALF: Final = "two halves of the people"
ONE_PERSON: Final = "two people"
BY_LENGTH: Final = "length alone"
SAME_FOR_ALL: Final = "the same score for all"

SPLITS: Final = 10
"""How often the people are parted at random."""

_LEAST_LENGTHS: Final = 2


def draws_of_split(test_cases: int, split: int) -> FloatArray:
    """Return the draws of test cases for one split; over all splits there are `DRAWS` of them."""
    return draws(test_cases, DRAWS // SPLITS, SEED + 1 + split)


def halves(people: People, shared: pd.DataFrame) -> Iterator[Items]:
    """Yield one half of the people beside the other on the ``shared`` items, split by split.

    ``shared`` has `ITEM_COLUMNS`. Responses that only one half rated are not in a split.
    """
    answers = _Answers.about(people, shared)
    for split in range(SPLITS):
        order = np.random.default_rng(SEED + split).permutation(answers.rater_count)
        yield answers.compared(order[answers.raters] < answers.rater_count // 2)


def two_people(people: People, shared: pd.DataFrame) -> Iterator[Items]:
    """Yield one person's answer beside one other's on each of the ``shared`` items, as `halves`."""
    answers = _Answers.about(people, shared)
    for split in range(SPLITS):
        order = np.random.default_rng(SEED + split).permutation(len(answers.values))
        drawn = order[np.argsort(answers.items[order], kind="stable")]
        place = np.arange(len(drawn)) - np.searchsorted(answers.items[drawn], answers.items[drawn])
        yield answers.only(drawn[place < 2]).compared(place[place < 2] == 0)


def same_for_all(items: Items) -> Items:
    """Return a judge that gives people's mean to every response."""
    constant = items.people.mean() if len(items) else 0.0
    return replace(items, judged=np.full(len(items), constant))


def by_length(items: Items) -> Items | None:
    """Return a judge that scores by the rank of the length, in words, of each response.

    Responses of unknown length are not among its items; None where fewer than two are left.
    """
    known = items.only(items.has_length)
    if len(known) < _LEAST_LENGTHS:
        return None
    once = np.ones((1, known.test_cases))
    direction = ranks.spearman(known.people, known.words, known.cases, known.cases, once)[0]
    signed = -known.words if direction < 0 else known.words
    return replace(known, judged=on_scale(rankdata(signed) / len(known), known.scale))


@dataclass(frozen=True)
class _Answers:
    """People's single answers about the shared items: whose, about which item, what."""

    whole: Items
    items: CodeArray
    raters: CodeArray
    values: FloatArray

    @classmethod
    def about(cls, people: People, shared: pd.DataFrame) -> "_Answers":
        known = people.answers[people.answers["response_id"].isin(shared["response_id"])]
        place = pd.Series(np.arange(len(shared)), index=shared["response_id"])
        # Who compared a response with several others answered about it more than once.
        once = known.groupby(["response_id", "rater_id"])["value"].mean().reset_index()
        return cls(
            whole=Items.of(shared, people.scale),
            items=place[once["response_id"]].to_numpy(dtype=np.intp),
            raters=np.unique(once["rater_id"], return_inverse=True)[1].astype(np.intp),
            values=once["value"].to_numpy(dtype=float),
        )

    @property
    def rater_count(self) -> int:
        return len(np.unique(self.raters))

    def only(self, rows: CodeArray) -> "_Answers":
        """Those rows alone, in that order."""
        return _Answers(self.whole, self.items[rows], self.raters[rows], self.values[rows])

    def compared(self, is_first: npt.NDArray[np.bool_]) -> Items:
        """The means of the first side beside those of the second, where both have answers."""
        means = []
        for side in (is_first, ~is_first):
            counts = np.bincount(self.items[side], minlength=len(self.whole))
            sums = np.bincount(
                self.items[side], self.values[side], minlength=len(self.whole)
            ).astype(float)
            means.append(ratio(sums, counts.astype(float)))
        both = np.isfinite(means[0]) & np.isfinite(means[1])
        return Items(
            people=means[0][both],
            judged=means[1][both],
            cases=self.whole.cases[both],
            models=np.unique(self.whole.models[both], return_inverse=True)[1].astype(np.intp),
            words=self.whole.words[both],
            scale=self.whole.scale,
        )
