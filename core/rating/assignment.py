"""Which responses a new session shows, and in what order: balanced, then shuffled.

A session is made of blocks. A block is one test case answered by every model once, because only
answers to the same case by the same rater can be compared with each other. Cases, and the samples
within a block, are those shown least so far; ties are broken at random. At the end the whole
session is shuffled, so that no order tells models apart.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolEntry:
    """One response that a campaign may show, with how often it is shown or reserved so far."""

    response_id: str
    test_case_id: str
    candidate_id: str
    times_shown: int


def assign(pool: Sequence[PoolEntry], count: int, rng: random.Random) -> list[str]:
    """The response ids of a new session, in the order to show them.

    Args:
        pool: everything the campaign may show.
        count: how many items the session has; fewer when the pool is smaller.
        rng: the source of chance, seeded by the caller.

    Returns:
        Distinct response ids.
    """
    left = {entry.response_id: entry for entry in pool}
    chosen: list[str] = []
    shown_cases: set[str] = set()
    while left and len(chosen) < count:
        case_id = _least_shown_case(left.values(), shown_cases, rng)
        shown_cases.add(case_id)
        block = _block([e for e in left.values() if e.test_case_id == case_id], rng)
        for entry in block[: count - len(chosen)]:
            chosen.append(entry.response_id)
            del left[entry.response_id]
    rng.shuffle(chosen)
    return chosen


def _least_shown_case(
    entries: Iterable[PoolEntry], shown_cases: set[str], rng: random.Random
) -> str:
    shown: dict[str, int] = defaultdict(int)
    for entry in entries:
        shown[entry.test_case_id] += entry.times_shown
    # A case already in this session comes again only when every other one is in it too.
    return min(shown, key=lambda case: (case in shown_cases, shown[case], rng.random()))


def _block(entries: Sequence[PoolEntry], rng: random.Random) -> list[PoolEntry]:
    """The least shown response of each candidate, least shown candidates first."""
    by_candidate: dict[str, list[PoolEntry]] = defaultdict(list)
    for entry in entries:
        by_candidate[entry.candidate_id].append(entry)
    shown = {one: sum(e.times_shown for e in mine) for one, mine in by_candidate.items()}
    order = sorted(by_candidate, key=lambda one: (shown[one], rng.random()))
    return [
        min(by_candidate[one], key=lambda entry: (entry.times_shown, rng.random())) for one in order
    ]
