"""The chance of an order, against every order counted one at a time."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.calibration.permutations import MOST_MODELS_EXACT, chance_of_order


def counted(people: list[int], judged: list[int]) -> float:
    """The share of all orders that agree with people in as many more pairs than they do not."""

    def concordance(order: list[int]) -> int:
        pairs = [(i, j) for i in range(len(people)) for j in range(i)]
        products = ((people[i] - people[j]) * (order[i] - order[j]) for i, j in pairs)
        return sum((product > 0) - (product < 0) for product in products)

    orders = [list(order) for order in permutations(judged)]
    return sum(concordance(one) >= concordance(judged) for one in orders) / len(orders)


@pytest.mark.parametrize(
    ("people", "judged", "chance"),
    [
        ([1, 1, 2, 2], [1, 1, 2, 2], 1 / 6),
        ([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 1, 1], 1 / 15),
        ([1, 2, 3, 4], [1, 2, 3, 4], 1 / 24),
        ([1, 2, 3, 4], [4, 3, 2, 1], 1),
        ([1, 2, 3, 4], [5, 5, 5, 5], 1),
    ],
)
def test_of_few_models_every_order_is_counted(
    people: list[int], judged: list[int], chance: float
) -> None:
    found = chance_of_order(np.array(people, float), np.array(judged, float))
    assert found == pytest.approx(chance)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=6))
def test_it_is_what_counting_gives_ties_or_not(pairs: list[tuple[int, int]]) -> None:
    people, judged = ([pair[side] for pair in pairs] for side in (0, 1))
    found = chance_of_order(np.array(people, float), np.array(judged, float))
    assert found == pytest.approx(counted(people, judged))


def test_of_many_models_drawn_orders_come_near_the_exact_chance_and_repeat() -> None:
    """Without ties scipy is exact up to 33 models."""
    random = np.random.default_rng(4)
    people = np.arange(12.0)
    judged = people + random.normal(0, 8, 12)
    exact = kendalltau(people, judged, alternative="greater", method="exact").pvalue
    found = chance_of_order(people, judged)
    assert len(people) > MOST_MODELS_EXACT
    assert 0.001 < exact < 0.3
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))
    assert chance_of_order(people, judged) == found


def test_a_drawn_chance_is_never_nothing() -> None:
    assert chance_of_order(np.arange(12.0), np.arange(12.0)) == pytest.approx(1 / 20_001)
