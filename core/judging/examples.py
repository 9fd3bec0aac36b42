"""Responses that people rated, drawn to be shown to a judge's model with their scores.

They are spread over the people's scale and over the test cases. A response never helps to judge its
own test case (`core.judging.planning` leaves it out there), and calibration leaves it out too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from core.errors import InvalidInputError
from core.judges.base import AnyJudge, Example, LLMJudge
from core.judging.planning import Material
from core.results import StudyResults, load_results
from db.engine import Database
from db.repositories.responses import Responses


@dataclass(frozen=True, slots=True)
class Rated:
    """A response by the mean of what people gave it, as a share of their scale (0 to 1)."""

    response_id: str
    test_case: str
    score: float


def shows_examples(judge: AnyJudge) -> bool:
    """Whether the judge's model is shown what people gave."""
    return isinstance(judge, LLMJudge) and bool(judge.asking.examples)


def draw_examples(
    database: Database, study_id: str, count: int, criterion: str, seed: int
) -> tuple[Example, ...]:
    """Draw rated responses of the newest version; fewer where people rated fewer.

    Args:
        database: the store.
        study_id: the study; only ratings of sessions that count are looked at.
        count: how many.
        criterion: the key of the criterion whose ratings are shown.
        seed: another one draws others where several serve as well.

    Raises:
        InvalidInputError: no rating of that criterion counts yet.
        NotFoundError: there is no such study.
    """
    results = load_results(database, study_id, with_gates=False)
    drawn = spread(_rated(results, criterion), count, seed)
    if not drawn:
        raise InvalidInputError(
            f"No rating of {criterion!r} counts yet, so there is nothing to draw from; collect "
            "ratings first."
        )
    with database.read() as session:
        found = Responses(session).by_ids([one.response_id for one in drawn])
    material = Material(results.content, found)
    return tuple(
        Example(
            response_id=one.response_id,
            test_case_id=material.by_id[one.response_id].test_case.id,
            prompt=material.prompt_of(material.by_id[one.response_id]),
            response=material.by_id[one.response_id].response.text or "",
            score=one.score,
        )
        for one in drawn
    )


def spread(rated: Sequence[Rated], count: int, seed: int) -> list[Rated]:
    """So many of the responses, from the worst to the best.

    The responses are ranked, and those nearest to the middles of ``count`` equal parts of the
    ranking are taken, of a test case that is not among them yet as long as there is one.
    """
    ranked = sorted(rated, key=lambda one: (one.score, _lot(seed, one.response_id)))
    places = {one.response_id: place for place, one in enumerate(ranked)}
    taken: list[Rated] = []
    for number in range(min(count, len(ranked))):
        target = (number + 0.5) * len(ranked) / count - 0.5
        left = [one for one in ranked if one not in taken]
        used = {one.test_case for one in taken}
        taken.append(
            min(
                left,
                key=lambda one: (
                    one.test_case in used,
                    abs(places[one.response_id] - target),
                    _lot(seed, one.response_id),
                ),
            )
        )
    return sorted(taken, key=lambda one: places[one.response_id])


def _rated(results: StudyResults, criterion: str) -> list[Rated]:
    minimum, maximum = results.rating_scale
    ratings = results.ratings[results.ratings["criterion"] == criterion]
    means = ratings.groupby(["response_id", "test_case"], as_index=False)["value"].mean()
    return [
        Rated(str(response_id), str(case), (float(mean) - minimum) / (maximum - minimum))
        for response_id, case, mean in means.itertuples(index=False)
    ]


def _lot(seed: int, response_id: str) -> str:
    return sha256(f"{seed}\n{response_id}".encode()).hexdigest()
