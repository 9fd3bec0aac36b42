"""Which responses a session shows: balanced over models and cases, and in every order."""

import random
from collections import Counter
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.rating.assignment import PoolEntry, assign


def pool(
    models: int, cases: int, samples: int, shown: dict[str, int] | None = None
) -> list[PoolEntry]:
    """Every model's samples for every case; ids read ``case/model/sample``."""
    return [
        PoolEntry(name, f"c{case}", f"m{model}", (shown or {}).get(name, 0))
        for case in range(cases)
        for model in range(models)
        for sample in range(samples)
        for name in [f"c{case}/m{model}/{sample}"]
    ]


def model_of(response_id: str) -> str:
    return response_id.split("/")[1]


def case_of(response_id: str) -> str:
    return response_id.split("/")[0]


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))


@given(size=SIZES, count=st.integers(0, 90), seed=st.integers(), data=st.data())
def test_the_items_are_distinct_and_as_many_as_asked_for_or_there_are(
    size: tuple[int, int, int], count: int, seed: int, data: st.DataObject
) -> None:
    entries = data.draw(st.lists(st.sampled_from(pool(*size)), unique=True))
    chosen = assign(entries, count, random.Random(seed))
    assert len(chosen) == min(count, len(entries))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= {entry.response_id for entry in entries}


@given(size=SIZES, seed=st.integers(), data=st.data())
def test_every_model_is_shown_equally_often_to_within_one(
    size: tuple[int, int, int], seed: int, data: st.DataObject
) -> None:
    entries = pool(*size)
    count = data.draw(st.integers(1, len(entries)))
    shown = data.draw(st.fixed_dictionaries({e.response_id: st.integers(0, 5) for e in entries}))
    chosen = assign(pool(*size, shown), count, random.Random(seed))
    times = Counter({f"m{model}": 0 for model in range(size[0])})
    times.update(model_of(one) for one in chosen)
    assert max(times.values()) - min(times.values()) <= 1


@given(size=SIZES, seed=st.integers(), data=st.data())
def test_whole_blocks_show_all_models_on_the_same_cases(
    size: tuple[int, int, int], seed: int, data: st.DataObject
) -> None:
    models, cases, samples = size
    blocks = data.draw(st.integers(1, cases * samples))
    chosen = assign(pool(*size), blocks * models, random.Random(seed))
    for case in {case_of(one) for one in chosen}:
        times = Counter(model_of(one) for one in chosen if case_of(one) == case)
        assert len(times) == models
        assert len(set(times.values())) == 1
    of_case = Counter(case_of(one) for one in chosen)
    assert len(of_case) == min(blocks, cases), "a case comes again only when every other is there"


@settings(max_examples=40)
@given(size=SIZES, seed=st.integers(), data=st.data())
def test_over_many_sessions_all_responses_are_shown_about_equally_often(
    size: tuple[int, int, int], seed: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, len(pool(*size))))
    rng = random.Random(seed)
    shown: Counter[str] = Counter()
    for _ in range(25):
        shown.update(assign(pool(*size, shown), count, rng))
    times = [shown[entry.response_id] for entry in pool(*size)]
    whole_blocks_of_distinct_cases = count % size[0] == 0 and count <= size[0] * size[1]
    bound = 1 if whole_blocks_of_distinct_cases else 2
    assert max(times) - min(times) <= bound


def test_what_was_shown_least_comes_first() -> None:
    shown = {entry.response_id: 3 for entry in pool(3, 4, 2)}
    for model in range(3):
        shown[f"c2/m{model}/1"] = 0
    chosen = assign(pool(3, 4, 2, shown), 3, random.Random(1))
    assert sorted(chosen) == ["c2/m0/1", "c2/m1/1", "c2/m2/1"]


def test_every_model_is_equally_likely_at_every_place() -> None:
    rng = random.Random(20_240_101)
    at: Counter[tuple[int, str]] = Counter()
    for _ in range(2000):
        chosen = assign(pool(4, 3, 2), 8, rng)
        at.update((place, model_of(one)) for place, one in enumerate(chosen))
    for place in range(8):
        counts = [at[place, f"m{model}"] for model in range(4)]
        assert stats.chisquare(counts).pvalue > 0.001, (place, counts)


def test_every_order_of_the_models_occurs_equally_often() -> None:
    rng = random.Random(7)
    orders = Counter(
        tuple(model_of(one) for one in assign(pool(3, 2, 1), 3, rng)) for _ in range(3000)
    )
    assert set(orders) == set(permutations(("m0", "m1", "m2")))
    assert stats.chisquare(list(orders.values())).pvalue > 0.001


def test_ties_between_cases_and_samples_are_broken_by_chance() -> None:
    rng = random.Random(3)
    first = Counter(tuple(sorted(assign(pool(1, 3, 2), 1, rng))) for _ in range(1200))
    assert len(first) == 6
    assert stats.chisquare(list(first.values())).pvalue > 0.001


@given(size=SIZES, seed=st.integers())
def test_the_same_chance_gives_the_same_session(size: tuple[int, int, int], seed: int) -> None:
    first = assign(pool(*size), 7, random.Random(seed))
    assert first == assign(pool(*size), 7, random.Random(seed))
