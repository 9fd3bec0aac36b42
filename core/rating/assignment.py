"""Which units a new session shows, in what order and on which side: balanced, ties by chance.

A session is made of blocks. A block is one test case answered by every arm once, because only
answers to the same case by the same rater can be compared with each other. Cases, and the units
within a block, are those reserved least so far. Every item then gets the position at which its arm
was least often, and a pair the side that it was shown on less, so that neither tells models apart.
All chance comes from one seeded source: the same seed on the same counters gives the same session.
"""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from db.repositories.reservation import Cell, Planted, Tally, Unit
from db.tables import ControlKind


@dataclass(frozen=True, slots=True)
class Placed:
    """One item of a session: a unit or a control, its position, and whether its sides change."""

    what: Unit | Planted
    position: int
    is_swapped: bool = False

    @property
    def arm(self) -> str:
        """What it is counted as: the unit's arm, or the control's kind."""
        return arm_of(self.what)


def arm_of(what: Unit | Planted) -> str:
    """The unit's arm, or the control's kind."""
    return what.kind.value if isinstance(what, Planted) else what.arm


def choose_units(
    case_ids: Sequence[str],
    cells: Sequence[Cell],
    count: int,
    arms: Mapping[str, Tally],
    rng: random.Random,
    chosen: Sequence[Unit] = (),
) -> list[Unit]:
    """The units of a session, block after block.

    Where less than a block is left, it is of the arms that are least reserved in that test case,
    then in the campaign.

    Args:
        case_ids: the test cases, those whose turn it is first.
        cells: what can be chosen, the least reserved units of each cell first.
        count: how many are wanted; fewer are given when there are fewer.
        arms: how often each arm is reserved in the campaign.
        rng: the source of chance.
        chosen: units of the session already; a case of theirs comes again only when every other
            one is in the session.
    """
    left: dict[str, dict[str, tuple[Cell, deque[Unit]]]] = defaultdict(dict)
    for cell in cells:
        left[cell.test_case_id][cell.arm] = (cell, deque(cell.units))
    times = Counter({arm: tally.reserved for arm, tally in arms.items()})
    times.update(unit.arm for unit in chosen)
    visits = Counter({unit.test_case_id: 1 for unit in chosen})
    turns = [(visits[one], turn, one) for turn, one in enumerate(case_ids) if left.get(one)]
    heapify(turns)
    units: list[Unit] = []
    while turns and len(units) < count:
        visit, turn, case_id = heappop(turns)
        of_case = left[case_id]
        for arm in _block(of_case, count - len(units), times, rng):
            _, waiting = of_case[arm]
            units.append(waiting.popleft())
            times[arm] += 1
            if not waiting:
                del of_case[arm]
        if of_case:
            heappush(turns, (visit + 1, turn, case_id))
    return units


def _block(
    of_case: Mapping[str, tuple[Cell, deque[Unit]]],
    room: int,
    times: Mapping[str, int],
    rng: random.Random,
) -> list[str]:
    arms = sorted(of_case)
    if len(arms) <= room:
        return arms
    arms.sort(key=lambda arm: (of_case[arm][0].mean_reserved, times.get(arm, 0), rng.random()))
    return arms[:room]


def arrange(
    chosen: Sequence[Unit | Planted],
    places: Mapping[tuple[str, int], int],
    arms: Mapping[str, Tally],
    rng: random.Random,
    *,
    in_pairs: bool,
) -> list[Placed]:
    """Give every item its position, and in pairs its side.

    Args:
        chosen: the session's units and controls.
        places: ``(arm, position) -> how often`` the campaign has the arm there.
        arms: how often each arm is reserved and swapped in the campaign.
        rng: the source of chance.
        in_pairs: whether items have sides.
    """
    positions = _positions(chosen, places, rng)
    ordered = sorted(zip(positions, chosen, strict=True), key=lambda pair: pair[0])
    if not in_pairs:
        return [Placed(what, position) for position, what in ordered]
    sides = Sides(arms, rng)
    return [Placed(what, position, sides.next(what)) for position, what in ordered]


def _positions(
    chosen: Sequence[Unit | Planted],
    places: Mapping[tuple[str, int], int],
    rng: random.Random,
) -> list[int]:
    """A position for each, in their order: where its arm was least often, ties by chance.

    Attention items are never the first, so they choose before the others; those choose in an order
    of chance.
    """
    free = set(range(len(chosen)))
    positions = [0] * len(chosen)
    order = sorted(
        range(len(chosen)), key=lambda index: (not _is_attention(chosen[index]), rng.random())
    )
    for index in order:
        arm, is_attention = arm_of(chosen[index]), _is_attention(chosen[index])
        allowed = sorted(free - {0}) if is_attention else sorted(free)
        position = min(allowed, key=lambda one: (places.get((arm, one), 0), rng.random()))
        positions[index] = position
        free.remove(position)
    return positions


def _is_attention(what: Unit | Planted) -> bool:
    return isinstance(what, Planted) and what.kind is ControlKind.ATTENTION


class Sides:
    """Which pairs of a session are shown the other way round.

    First the unit's own imbalance decides, then its arm's, then the session's, then chance.
    """

    def __init__(self, arms: Mapping[str, Tally], rng: random.Random) -> None:
        self._rng = rng
        self._excess: defaultdict[str, int] = defaultdict(int)
        self._excess |= {arm: _excess(tally.reserved, tally.swapped) for arm, tally in arms.items()}
        self._excess_of_session = 0

    def next(self, what: Unit | Planted) -> bool:
        """Whether this item, the next one of the session, is swapped."""
        of_unit = 0 if isinstance(what, Planted) else _excess(what.reserved, what.reserved_swapped)
        arm = arm_of(what)
        excess = of_unit or self._excess[arm] or self._excess_of_session
        is_swapped = excess < 0 if excess else self._rng.random() < 0.5
        change = 1 if is_swapped else -1
        self._excess[arm] += change
        self._excess_of_session += change
        return is_swapped


def _excess(reserved: int, swapped: int) -> int:
    """By how many the swapped ones outnumber the others."""
    return 2 * swapped - reserved
