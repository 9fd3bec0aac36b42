"""Which units a session shows, where and on which side: balanced, with ties broken by chance."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # scipy ships no types

from core.rating.assignment import Placed, arrange, choose_units
from db.repositories.reservation import Cell, Planted, Tally, Unit
from db.tables import ControlKind


def unit(arm: str, case: str, sample: int = 0, reserved: int = 0, swapped: int = 0) -> Unit:
    name = f"{case}/{arm}/{sample}"
    return Unit(name, case, arm, f"{name}/first", f"{name}/second", reserved, swapped, 0.0)


def cells_of(
    arms: int, cases: int, samples: int, reserved: dict[str, int] | None = None
) -> list[Cell]:
    """Every arm of every case; a unit's id reads ``case/arm/sample``."""
    cells: list[Cell] = []
    for case in range(cases):
        for arm in range(arms):
            units = [unit(f"m{arm}", f"c{case}", sample) for sample in range(samples)]
            mean = float((reserved or {}).get(f"c{case}/m{arm}", 0))
            cells.append(Cell(f"c{case}", f"m{arm}", mean, tuple(units)))
    return cells


def cases_of(cells: Sequence[Cell]) -> list[str]:
    return sorted({cell.test_case_id for cell in cells})


def choose(cells: Sequence[Cell], count: int, seed: int, chosen: Sequence[Unit] = ()) -> list[Unit]:
    return choose_units(cases_of(cells), cells, count, {}, random.Random(seed), chosen)


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))


@given(size=SIZES, count=st.integers(0, 90), seed=st.integers(), data=st.data())
def test_the_units_are_distinct_and_as_many_as_asked_for_or_there_are(
    size: tuple[int, int, int], count: int, seed: int, data: st.DataObject
) -> None:
    cells = data.draw(st.lists(st.sampled_from(cells_of(*size)), unique=True))
    there_are = {unit.id for cell in cells for unit in cell.units}
    chosen = [one.id for one in choose(cells, count, seed)]
    assert len(chosen) == min(count, len(there_are))
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= there_are


@given(size=SIZES, seed=st.integers(), data=st.data())
def test_whole_blocks_show_all_arms_on_the_same_cases(
    size: tuple[int, int, int], seed: int, data: st.DataObject
) -> None:
    arms, cases, samples = size
    blocks = data.draw(st.integers(1, cases * samples))
    chosen = choose(cells_of(*size), blocks * arms, seed)
    for case in {one.test_case_id for one in chosen}:
        times = Counter(one.arm for one in chosen if one.test_case_id == case)
        assert len(times) == arms
        assert len(set(times.values())) == 1
    of_case = Counter(one.test_case_id for one in chosen)
    assert len(of_case) == min(blocks, cases), "a case comes again only when every other is there"


@given(size=SIZES, seed=st.integers(), data=st.data())
def test_every_arm_is_shown_equally_often_to_within_one(
    size: tuple[int, int, int], seed: int, data: st.DataObject
) -> None:
    cells = cells_of(*size)
    count = data.draw(st.integers(1, sum(len(cell.units) for cell in cells)))
    times = Counter({f"m{arm}": 0 for arm in range(size[0])})
    times.update(one.arm for one in choose(cells, count, seed))
    assert max(times.values()) - min(times.values()) <= 1


def test_the_case_whose_turn_it_is_comes_first() -> None:
    cells = cells_of(2, 3, 1)
    chosen = choose_units(["c2", "c0", "c1"], cells, 4, {}, random.Random(1))
    assert {one.test_case_id for one in chosen} == {"c2", "c0"}


def test_a_case_that_is_in_the_session_waits_for_the_others() -> None:
    cells = cells_of(1, 3, 2)
    chosen = choose(cells, 2, 1, [unit("m0", "c0", 9)])
    assert [one.test_case_id for one in chosen] == ["c1", "c2"]


def test_part_of_a_block_is_of_the_arms_that_lack_most_in_the_case_then_in_the_campaign() -> None:
    cells = cells_of(4, 1, 1, {"c0/m0": 2, "c0/m1": 1, "c0/m2": 1, "c0/m3": 1})
    arms = {"m1": Tally(7), "m2": Tally(5), "m3": Tally(6)}
    chosen = choose_units(["c0"], cells, 2, arms, random.Random(1))
    assert sorted(one.arm for one in chosen) == ["m2", "m3"]


def test_which_arms_make_part_of_a_block_is_chance_when_nothing_tells_them_apart() -> None:
    cells = cells_of(3, 1, 1)
    rng = random.Random(3)
    first = Counter(choose_units(["c0"], cells, 1, {}, rng)[0].arm for _ in range(1200))
    assert len(first) == 3
    assert stats.chisquare(list(first.values())).pvalue > 0.001


def control(number: int, kind: ControlKind = ControlKind.KNOWN_BAD) -> Planted:
    return Planted(f"{kind}-{number}", kind, "c0", "r0")


def arranged(
    chosen: Sequence[Unit | Planted],
    places: dict[tuple[str, int], int] | None = None,
    *,
    arms: dict[str, Tally] | None = None,
    seed: int = 1,
    in_pairs: bool = False,
) -> list[Placed]:
    return arrange(chosen, places or {}, arms or {}, random.Random(seed), in_pairs=in_pairs)


@given(
    units=st.integers(1, 8),
    kinds=st.lists(st.sampled_from(list(ControlKind)), max_size=4),
    seed=st.integers(),
)
def test_every_item_has_a_position_of_its_own_and_attention_is_never_asked_first(
    units: int, kinds: list[ControlKind], seed: int
) -> None:
    chosen: list[Unit | Planted] = [
        *(unit(f"m{number}", "c0") for number in range(units)),
        *(control(number, kind) for number, kind in enumerate(kinds)),
    ]
    placed = arranged(chosen, seed=seed)
    assert [one.position for one in placed] == list(range(len(chosen)))
    assert {one.what.id for one in placed} == {one.id for one in chosen}
    assert placed[0].arm != "attention"


def test_an_arm_goes_where_it_was_least_often() -> None:
    places = {("m0", 0): 3, ("m0", 1): 2, ("m0", 2): 3, ("m1", 0): 3, ("m1", 1): 9, ("m1", 2): 2}
    places |= {("m2", 0): 0, ("m2", 1): 9, ("m2", 2): 9}
    chosen = [unit(f"m{number}", "c0") for number in range(3)]
    for seed in range(20):
        placed = arranged(chosen, places, seed=seed)
        assert [one.arm for one in placed] == ["m2", "m0", "m1"]


def test_over_many_sessions_every_arm_is_at_every_position_about_equally_often() -> None:
    chosen = [unit(f"m{number % 4}", f"c{number // 4}") for number in range(12)]
    at: Counter[tuple[str, int]] = Counter()
    rng = random.Random(5)
    for _ in range(200):
        at.update((one.arm, one.position) for one in arrange(chosen, at, {}, rng, in_pairs=False))
    counts = [at[f"m{arm}", position] for arm in range(4) for position in range(12)]
    assert all(48 <= count <= 52 for count in counts), "a plain shuffle strays by about 18"


def test_every_order_of_the_arms_occurs_equally_often() -> None:
    rng = random.Random(7)
    chosen = [unit(f"m{number}", "c0") for number in range(3)]
    orders = Counter(
        tuple(one.arm for one in arrange(chosen, {}, {}, rng, in_pairs=False)) for _ in range(3000)
    )
    assert set(orders) == set(permutations(("m0", "m1", "m2")))
    assert stats.chisquare(list(orders.values())).pvalue > 0.001


def test_scores_have_no_sides() -> None:
    placed = arranged([unit("m0", "c0", reserved=3)], arms={"m0": Tally(3, 0)})
    assert not placed[0].is_swapped


def test_a_pair_is_shown_on_the_side_it_lacks_then_its_arm_then_the_session() -> None:
    mine = unit("m0", "c0", reserved=1, swapped=1)
    assert not arranged([mine], arms={"m0": Tally(5, 0)}, in_pairs=True)[0].is_swapped
    even = unit("m0", "c0", reserved=2, swapped=1)
    assert arranged([even], arms={"m0": Tally(5, 2)}, in_pairs=True)[0].is_swapped
    assert not arranged([even], arms={"m0": Tally(5, 3)}, in_pairs=True)[0].is_swapped
    for seed in range(20):
        both = arranged([even, unit("m1", "c0")], seed=seed, in_pairs=True)
        assert sorted(one.is_swapped for one in both) == [False, True]


def test_the_side_of_a_first_pair_is_chance() -> None:
    swapped = sum(
        arranged([unit("m0", "c0")], seed=seed, in_pairs=True)[0].is_swapped for seed in range(400)
    )
    assert stats.binomtest(swapped, 400).pvalue > 0.001


def test_a_kind_of_control_takes_turns_over_the_sides() -> None:
    arms = {"known_bad": Tally(3, 1)}
    assert arranged([control(0)], arms=arms, in_pairs=True)[0].is_swapped
    both = arranged([control(0), control(1)], arms=arms, in_pairs=True)
    assert [one.is_swapped for one in both] == [True, False]


@settings(max_examples=50)
@given(size=SIZES, count=st.integers(1, 20), seed=st.integers())
def test_the_same_chance_gives_the_same_session(
    size: tuple[int, int, int], count: int, seed: int
) -> None:
    cells = cells_of(*size)

    def session(rng: random.Random) -> list[Placed]:
        units = choose_units(cases_of(cells), cells, count, {}, rng)
        return arrange(units, {}, {}, rng, in_pairs=True)

    assert session(random.Random(seed)) == session(random.Random(seed))
    shuffled = random.Random(seed).sample(cells, len(cells))
    again = choose_units(cases_of(cells), shuffled, count, {}, random.Random(seed))
    assert again == choose_units(cases_of(cells), cells, count, {}, random.Random(seed))
