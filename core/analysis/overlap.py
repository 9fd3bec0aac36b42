"""How much two rankings share at one end, exactly, when either may hold ties.

A ranking comes as tie groups: lists of names from the end that counts. S_d is the set of the first
d names once ties are broken. Two measures at depth k, both from 0 (nothing shared) to 1:

* the Jaccard index |S_k & T_k| / |S_k | T_k|
* truncated rank-biased overlap with uniform weights, also called average overlap:
  (1/k) * sum over d = 1..k of |S_d & T_d| / d (Webber, Moffat & Zobel 2010)

Ties are broken at random, independently in the two rankings; what is reported is the expectation
over tie-breaks (Corsi & Urbano 2024) and the least and most that any tie-break gives. Both
rankings must hold the same names, and k must be from 1 to their number. All sums are exact
fractions, so that equal rankings give 1 and not almost 1.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import comb
from typing import TypeAlias

__all__ = [
    "Groups",
    "agreeing_orders",
    "chance_jaccard",
    "chance_of_overlap",
    "chance_rank_biased_overlap",
    "disagreeing_orders",
    "expected_jaccard",
    "expected_overlap",
    "expected_rank_biased_overlap",
    "jaccard",
    "rank_biased_overlap",
]

Groups: TypeAlias = Sequence[Sequence[str]]


def jaccard(first: Sequence[str], second: Sequence[str], k: int) -> Fraction:
    """Return the Jaccard index of the first `k` names of two orders without ties."""
    return _jaccard_of(len(set(first[:k]) & set(second[:k])), k)


def rank_biased_overlap(first: Sequence[str], second: Sequence[str], k: int) -> Fraction:
    """Return uniform-weight rank-biased overlap to depth `k` of two orders without ties."""
    overlaps = (len(set(first[:d]) & set(second[:d])) for d in range(1, k + 1))
    return sum((Fraction(n, d) for d, n in enumerate(overlaps, 1)), Fraction()) / k


def expected_overlap(first: Groups, second: Groups, depth: int) -> Fraction:
    """Return the expectation of |S_d & T_d|: the sum of P(in S_d) * P(in T_d) over the names."""
    in_first, in_second = _inclusion(first, depth), _inclusion(second, depth)
    return sum((in_first[name] * in_second[name] for name in in_first), Fraction())


def expected_rank_biased_overlap(first: Groups, second: Groups, k: int) -> Fraction:
    """Return the expectation of `rank_biased_overlap` over tie-breaks."""
    terms = (expected_overlap(first, second, d) / d for d in range(1, k + 1))
    return sum(terms, Fraction()) / k


def expected_jaccard(first: Groups, second: Groups, k: int) -> Fraction:
    """Return the expectation of `jaccard` over tie-breaks.

    The index is not linear in the overlap, so its whole distribution is needed.
    """
    distribution = _overlap_distribution(_inclusion(first, k), _inclusion(second, k), k)
    return sum((p * _jaccard_of(shared, k) for shared, p in distribution.items()), Fraction())


def chance_jaccard(n: int, k: int) -> Fraction:
    """Return the expected Jaccard index of two random orders of `n` names: hypergeometric."""
    shares = _hypergeometric(n, k, k).items()
    return sum((p * _jaccard_of(shared, k) for shared, p in shares), Fraction())


def chance_rank_biased_overlap(n: int, k: int) -> Fraction:
    """Return the expected rank-biased overlap of two random orders of `n` names: (k+1)/(2n).

    At depth d two random sets of d names out of n share d*d/n on average.
    """
    return Fraction(k + 1, 2 * n)


def chance_of_overlap(first: Groups, second: Groups, k: int) -> Fraction:
    """Return how likely a random order is to share at least as many of the first `k` names.

    The tail of the hypergeometric distribution; where ties leave the overlap of the two rankings
    open, the mean of it over tie-breaks.
    """
    by_chance = _hypergeometric(sum(map(len, first)), k, k)
    shared = _overlap_distribution(_inclusion(first, k), _inclusion(second, k), k)
    return sum(
        (
            p * sum((q for hits, q in by_chance.items() if hits >= overlap), Fraction())
            for overlap, p in shared.items()
        ),
        Fraction(),
    )


def agreeing_orders(first: Groups, second: Groups) -> tuple[list[str], list[str]]:
    """Return the tie-breaks with the largest overlap at every depth, so of both measures.

    Each tie is broken in the order of the other ranking, and a tie that both share by name in
    both. At depth d this takes first whom the other surely takes, then whom it may take; giving up
    one of the former for one of the latter never gains. One pair of orders does so at all depths.
    """
    in_first, in_second, by_name = _places(first), _places(second), _by_name(first)
    return (
        _broken(first, key=lambda name: (in_second[name], by_name[name])),
        _broken(second, key=lambda name: (in_first[name], by_name[name])),
    )


def disagreeing_orders(first: Groups, second: Groups) -> tuple[list[str], list[str]]:
    """Return the tie-breaks with the least overlap at every depth, so of both measures.

    The mirror of `agreeing_orders`: each tie is broken against the order of the other ranking, and
    a tie that both share by name in one and against it in the other.
    """
    in_first, in_second, by_name = _places(first), _places(second), _by_name(first)
    return (
        _broken(first, key=lambda name: (-in_second[name], by_name[name])),
        _broken(second, key=lambda name: (-in_first[name], -by_name[name])),
    )


def _broken(groups: Groups, key: Callable[[str], tuple[int, int]]) -> list[str]:
    return [name for group in groups for name in sorted(group, key=key)]


def _by_name(groups: Groups) -> dict[str, int]:
    names = sorted(name for group in groups for name in group)
    return {name: number for number, name in enumerate(names)}


def _places(groups: Groups) -> dict[str, int]:
    return {name: place for place, group in enumerate(groups) for name in group}


def _inclusion(groups: Groups, depth: int) -> dict[str, Fraction]:
    """Return for every name the probability that it is among the first `depth`."""
    chances: dict[str, Fraction] = {}
    before = 0
    for group in groups:
        places = min(max(depth - before, 0), len(group))
        chances |= dict.fromkeys(group, Fraction(places, len(group)))
        before += len(group)
    return chances


def _overlap_distribution(
    first: Mapping[str, Fraction], second: Mapping[str, Fraction], k: int
) -> dict[int, Fraction]:
    """Return the probability of every possible |S_k & T_k| from the inclusion probabilities.

    Only the ties at the cut are random. S draws its open places from its tied names, among which
    some are sure to be in T (`wanted`) and some are tied in T as well (`both`): a multivariate
    hypergeometric. Given that draw T draws its own open places, and hits the names of S at random.
    """
    sure_first = {name for name, p in first.items() if p == 1}
    sure_second = {name for name, p in second.items() if p == 1}
    tied_first = {name for name, p in first.items() if 0 < p < 1}
    tied_second = {name for name, p in second.items() if 0 < p < 1}
    wanted, both = tied_first & sure_second, tied_first & tied_second
    places_first, places_second = k - len(sure_first), k - len(sure_second)
    distribution: defaultdict[int, Fraction] = defaultdict(Fraction)
    # A multivariate draw is two plain ones: first the wanted, then those tied in both.
    for x, p_x in _hypergeometric(len(tied_first), len(wanted), places_first).items():
        others = len(tied_first) - len(wanted)
        for u, p_u in _hypergeometric(others, len(both), places_first - x).items():
            hits = len(tied_second & sure_first) + u
            for y, p_y in _hypergeometric(len(tied_second), hits, places_second).items():
                distribution[len(sure_first & sure_second) + x + y] += p_x * p_u * p_y
    return dict(distribution)


def _hypergeometric(population: int, marked: int, draws: int) -> dict[int, Fraction]:
    """Return the probability of each possible number of marked ones among the drawn."""
    total = comb(population, draws)
    least, most = max(0, draws - (population - marked)), min(marked, draws)
    return {
        hits: Fraction(comb(marked, hits) * comb(population - marked, draws - hits), total)
        for hits in range(least, most + 1)
    }


def _jaccard_of(shared: int, k: int) -> Fraction:
    return Fraction(shared, 2 * k - shared)
