import numpy as np
import pytest

from core.analysis.calibration import bounds
from core.analysis.calibration.items import Items, People, people_comparing, shared_items
from core.analysis.calibration.ranks import spearman
from core.analysis.calibration.resampling import draws
from tests.core.analysis.calibration import simulated


def agreement(items: Items) -> float:
    everything = np.zeros(len(items), dtype=np.intp)
    once = draws(int(items.cases.max()) + 1, 0)
    return float(spearman(items.people, items.judged, items.cases, everything, once)[0])


def mean_agreement(known: simulated.Truth, people: People) -> tuple[float, float]:
    shared = shared_items(people, simulated.good(known), known.words)
    sides = (bounds.halves(people, shared), bounds.two_people(people, shared))
    first, second = (float(np.mean([agreement(one) for one in side])) for side in sides)
    return first, second


def test_halves_of_many_agree_more_than_two_people_and_noise_lowers_both() -> None:
    known = simulated.truth()
    clear = mean_agreement(known, simulated.people_of(known, raters=10))
    noisy = mean_agreement(known, simulated.people_of(known, raters=10, noise=4))
    assert clear[0] > clear[1] > noisy[1]
    assert clear[0] > noisy[0]


def test_two_people_agree_as_the_theory_of_their_noise_says() -> None:
    """Within a model, quality varies by 1, and so does the noise that each person adds."""
    made = simulated.truth(1, 40, 10)
    known = simulated.Truth(made.rows.assign(quality=made.rows["quality"] + 3), made.random)
    people = simulated.people_of(known, raters=6, noise=1.0)
    shared = shared_items(people, simulated.good(known), known.words)
    found = [np.corrcoef(one.people, one.judged)[0, 1] for one in bounds.two_people(people, shared)]
    # Leniency of the raters and rounding add noise.
    leniency = people.answers.groupby("rater_id")["value"].mean().var()
    truth = known.rows["quality"].var()
    assert np.mean(found) == pytest.approx(truth / (truth + 1 + 1 / 12 + leniency), abs=0.04)


def test_with_two_raters_each_half_is_one_person() -> None:
    known = simulated.truth(3, 3, 1)
    people = simulated.people_of(known, raters=2)
    shared = shared_items(people, simulated.good(known), known.words)
    for items in bounds.halves(people, shared):
        both = np.sort(np.stack([items.people, items.judged]), axis=0)
        answers = people.answers.groupby("response_id")["value"].agg(["min", "max"])
        assert pytest.approx(answers.loc[shared["response_id"]].to_numpy()) == both.T


def test_what_one_person_rated_is_in_no_half() -> None:
    known = simulated.truth(3, 3, 1)
    people = simulated.people_of(known, raters=1)
    shared = shared_items(people, simulated.good(known), known.words)
    assert all(len(items) == 0 for items in bounds.halves(people, shared))
    assert all(len(items) == 0 for items in bounds.two_people(people, shared))


def test_people_who_compare_have_halves_too() -> None:
    known = simulated.truth(cases=6, samples=1)
    people = people_comparing(simulated.compared(known, 8, 200), simulated.CRITERION)
    shared = shared_items(people, simulated.good(known), known.words)
    assert np.mean([agreement(one) for one in bounds.halves(people, shared)]) > 0.5


@pytest.mark.parametrize("sign", [1, -1])
def test_length_alone_takes_the_direction_that_suits_people(sign: int) -> None:
    known = simulated.truth(4, 6, 3)
    items = simulated.items_of(known, simulated.people_of(known), simulated.good(known))
    lengths = 100 + sign * items.people
    found = bounds.by_length(Items(items.people, items.judged, items.cases, items.models, lengths,
                                   items.scale))  # fmt: skip
    assert found is not None
    assert agreement(found) == pytest.approx(1)


def test_an_unknown_length_leaves_no_judge_by_length() -> None:
    known = simulated.truth(4, 6, 3)
    people = simulated.people_of(known)
    items = Items.of(shared_items(people, simulated.good(known), {}), people.scale)
    assert bounds.by_length(items) is None


def test_a_response_of_unknown_length_does_not_take_the_judge_by_length_away() -> None:
    known = simulated.truth(4, 6, 3)
    people = simulated.people_of(known)
    shared = shared_items(people, simulated.good(known), known.words)
    without = shared.assign(words=shared["words"].mask(shared.index == 5))
    found = bounds.by_length(Items.of(without, people.scale))
    rest = bounds.by_length(Items.of(shared.drop(index=5), people.scale))
    assert found is not None
    assert rest is not None
    assert found.judged.tolist() == rest.judged.tolist()
