from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.analysis.overlap import (
    Groups,
    agreeing_orders,
    chance_jaccard,
    chance_rank_biased_overlap,
    disagreeing_orders,
    expected_jaccard,
    expected_overlap,
    expected_rank_biased_overlap,
    jaccard,
    rank_biased_overlap,
)
from tests.core.analysis import made

NAMES = "abcdefghij"


def tie_breaks(groups: Groups) -> list[list[str]]:
    """Return every order that breaks the ties, each as likely as the other."""
    return [
        [name for group in broken for name in group]
        for broken in product(*(permutations(group) for group in groups))
    ]


def all_pairs(first: Groups, second: Groups) -> Iterator[tuple[list[str], list[str]]]:
    yield from product(tie_breaks(first), tie_breaks(second))


@st.composite
def groupings(draw: st.DrawFn, names: str) -> list[list[str]]:
    """Draw an order of the names, cut into tie groups of at most four."""
    left = list(draw(st.permutations(names)))
    groups = []
    while left:
        size = draw(st.integers(1, 4))
        groups.append(left[:size])
        left = left[size:]
    return groups


@st.composite
def two_rankings(draw: st.DrawFn) -> tuple[list[list[str]], list[list[str]], int]:
    names = NAMES[: draw(st.integers(2, 5))]
    k = draw(st.integers(1, len(names)))
    return draw(groupings(names)), draw(groupings(names)), k


def singles(order: str) -> list[list[str]]:
    return [[name] for name in order]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("abcdefghij", "badcfehgji", 0.82127),
        ("cabxdeyfzg", "abcdefghij", 0.671429),
        ("abcdefghij", "abcdefghij", 1),
        ("abcde", "fghij", 0),
    ],
)
def test_rank_biased_overlap_is_that_of_the_hand_examples(
    first: str, second: str, expected: float
) -> None:
    value = float(rank_biased_overlap(first, second, len(first)))
    assert value == pytest.approx(expected, abs=5e-6)


def test_seven_shared_of_ten_is_a_jaccard_index_of_seven_thirteenths() -> None:
    assert jaccard("abcdefgxyz", "abcdefghij", 10) == Fraction(7, 13)


@made.unhurried
@given(two_rankings())
def test_the_expected_jaccard_index_is_the_mean_over_all_tie_breaks(
    rankings: tuple[Groups, Groups, int],
) -> None:
    first, second, k = rankings
    brute = mean(jaccard(*pair, k) for pair in all_pairs(first, second))
    assert expected_jaccard(first, second, k) == brute


@made.unhurried
@given(two_rankings())
def test_the_expected_rank_biased_overlap_is_the_mean_over_all_tie_breaks(
    rankings: tuple[Groups, Groups, int],
) -> None:
    first, second, k = rankings
    brute = mean(rank_biased_overlap(*pair, k) for pair in all_pairs(first, second))
    assert expected_rank_biased_overlap(first, second, k) == brute


@made.unhurried
@given(two_rankings())
def test_agreeing_and_disagreeing_orders_bound_every_tie_break(
    rankings: tuple[Groups, Groups, int],
) -> None:
    first, second, k = rankings
    for measure in (jaccard, rank_biased_overlap):
        brute = [measure(*pair, k) for pair in all_pairs(first, second)]
        assert measure(*agreeing_orders(first, second), k) == max(brute)
        assert measure(*disagreeing_orders(first, second), k) == min(brute)


@made.unhurried
@given(groupings(NAMES), groupings(NAMES), st.integers(1, 10))
def test_both_measures_are_symmetric_and_lie_between_their_bounds(
    first: Groups, second: Groups, k: int
) -> None:
    least, most = disagreeing_orders(first, second), agreeing_orders(first, second)
    for expected, measure in (
        (expected_jaccard, jaccard),
        (expected_rank_biased_overlap, rank_biased_overlap),
    ):
        value = expected(first, second, k)
        assert value == expected(second, first, k)
        assert 0 <= measure(*least, k) <= value <= measure(*most, k) <= 1


@made.unhurried
@given(groupings(NAMES), groupings(NAMES), st.permutations(NAMES), st.integers(1, 10))
def test_what_the_models_are_called_does_not_matter(
    first: Groups, second: Groups, names: list[str], k: int
) -> None:
    called = dict(zip(NAMES, names, strict=True))
    renamed_first = [[called[name] for name in group] for group in first]
    renamed_second = [[called[name] for name in group] for group in second]
    for expected in (expected_jaccard, expected_rank_biased_overlap):
        assert expected(first, second, k) == expected(renamed_first, renamed_second, k)
    for orders in (agreeing_orders, disagreeing_orders):
        renamed = rank_biased_overlap(*orders(renamed_first, renamed_second), k)
        assert rank_biased_overlap(*orders(first, second), k) == renamed


@made.unhurried
@given(st.permutations(NAMES), st.integers(1, 10))
def test_the_same_order_without_ties_gives_exactly_one(order: list[str], k: int) -> None:
    groups = [[name] for name in order]
    assert expected_jaccard(groups, groups, k) == 1
    assert expected_rank_biased_overlap(groups, groups, k) == 1


def test_a_judge_that_ties_everything_agrees_as_much_as_chance() -> None:
    order, all_tied = singles(NAMES), [list(NAMES)]
    assert expected_jaccard(order, all_tied, 4) == chance_jaccard(10, 4)
    assert expected_rank_biased_overlap(order, all_tied, 4) == chance_rank_biased_overlap(10, 4)
    assert expected_overlap(order, all_tied, 4) == Fraction(16, 10)


@pytest.mark.parametrize(("n", "k"), [(2, 1), (7, 3), (29, 10), (40, 25)])
def test_the_jaccard_index_by_chance_is_the_mean_over_scipys_hypergeometric(n: int, k: int) -> None:
    shared = stats.hypergeom(n, k, k)
    expected = sum(shared.pmf(o) * o / (2 * k - o) for o in range(k + 1))
    assert float(chance_jaccard(n, k)) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "k"), [(2, 1), (5, 2), (5, 4)])
def test_the_levels_by_chance_are_the_means_over_all_orders(n: int, k: int) -> None:
    orders = list(permutations(NAMES[:n]))
    assert chance_jaccard(n, k) == mean(jaccard(NAMES[:n], order, k) for order in orders)
    assert chance_rank_biased_overlap(n, k) == mean(
        rank_biased_overlap(NAMES[:n], order, k) for order in orders
    )
