"""A study in which the truth is known: responses of known quality, raters, judges of each kind."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.analysis.calibration.items import Items, People, people_rating, shared_items
from core.analysis.frames import JUDGMENTS, PREFERENCES, RATINGS
from tests.core.analysis.made import TEN

CRITERION = "quality"


@dataclass(frozen=True)
class Truth:
    """Responses with their true quality; ``rows`` holds ``quality`` and ``words`` besides."""

    rows: pd.DataFrame
    random: np.random.Generator

    @property
    def words(self) -> dict[str, int]:
        return dict(zip(self.rows["response_id"], self.rows["words"], strict=True))


def truth(models: int = 10, cases: int = 10, samples: int = 2, *, seed: int = 1) -> Truth:
    """Models from bad to good on a 0 to 10 scale; length has nothing to do with quality."""
    random = np.random.default_rng(seed)
    rows = pd.DataFrame(
        [
            {
                "response_id": f"{model:02}-{case:03}-{sample}",
                "test_case": f"case {case:03}",
                "model": f"ollama/model-{model:02}",
                "sample_index": sample,
                "quality": 2 + 6 * model / max(1, models - 1) + random.normal(0, 1),
                "words": int(random.integers(20, 200)),
            }
            for model in range(models)
            for case in range(cases)
            for sample in range(samples)
        ]
    )
    return Truth(rows, random)


def rated(known: Truth, raters: int = 6, noise: float = 1.5) -> pd.DataFrame:
    """Ratings by people of whom each has a leniency of their own and rates every response."""
    responses = known.rows
    rows = []
    for rater in range(raters):
        values = responses["quality"] + known.random.normal(0, 0.7)
        values = values + known.random.normal(0, noise, len(responses))
        rows.append(
            responses[["test_case", "model", "response_id"]].assign(
                session_id=f"session {rater}",
                rater_id=f"rater {rater}",
                criterion=CRITERION,
                value=values.round().clip(0, 10),
            )
        )
    return pd.concat(rows, ignore_index=True)[list(RATINGS.columns)]


def people_of(known: Truth, raters: int = 6, noise: float = 1.5) -> People:
    return people_rating(rated(known, raters, noise), CRITERION, TEN)


def compared(known: Truth, raters: int = 4, pairs: int = 60) -> pd.DataFrame:
    """Comparisons of two models' responses to one test case; a small difference is a tie."""
    rows = []
    by_case = [group for _, group in known.rows.groupby("test_case")]
    for rater in range(raters):
        for _ in range(pairs):
            group = by_case[known.random.integers(len(by_case))]
            first, second = group.iloc[known.random.permutation(len(group))[:2]].to_dict("records")
            gap = first["quality"] - second["quality"] + known.random.normal(0, 1)
            rows.append(
                {
                    "session_id": f"session {rater}",
                    "rater_id": f"rater {rater}",
                    "test_case": first["test_case"],
                    "criterion": CRITERION,
                    "first_model": first["model"],
                    "second_model": second["model"],
                    "first_response_id": first["response_id"],
                    "second_response_id": second["response_id"],
                    "preference": "tie" if abs(gap) < 0.5 else "first" if gap > 0 else "second",
                }
            )
    return PREFERENCES.frame(rows)


def judged(
    known: Truth,
    name: str,
    score: Callable[[pd.DataFrame], "pd.Series[float]"],
    scale: tuple[float, float] = TEN,
) -> pd.DataFrame:
    """One judge's judgments, cut to its scale."""
    columns = [column for column in JUDGMENTS.columns if column in known.rows.columns]
    return known.rows[columns].assign(
        judge=name,
        score=score(known.rows).clip(*scale).to_numpy(dtype=float),
        scale_min=scale[0],
        scale_max=scale[1],
    )


def good(known: Truth, name: str = "good", noise: float = 1.0) -> pd.DataFrame:
    """A judge that sees the truth with some noise, in whole points."""
    return judged(
        known,
        name,
        lambda rows: (rows["quality"] + known.random.normal(0, noise, len(rows))).round(),
    )


def random(known: Truth) -> pd.DataFrame:
    return judged(known, "random", lambda rows: pd.Series(known.random.uniform(0, 10, len(rows))))


def by_length(known: Truth) -> pd.DataFrame:
    return judged(known, "length", lambda rows: rows["words"] / 200, (0.0, 1.0))


def constant(known: Truth) -> pd.DataFrame:
    return judged(known, "constant", lambda rows: rows["words"] * 0 + 7.0)


def by_position(known: Truth) -> pd.DataFrame:
    """A judge that always chooses the first of five responses shown in random order."""
    return judged(
        known,
        "position",
        lambda rows: pd.Series((known.random.permutation(len(rows)) % 5 == 0).astype(float)),
        (0.0, 1.0),
    )


def items_of(known: Truth, people: People, judgments: pd.DataFrame) -> Items:
    return Items.of(shared_items(people, judgments, known.words), people.scale)
