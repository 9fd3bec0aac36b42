"""The proof of balance: how often each thing was shown, counted from the items themselves."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from core.rating.design import design_of
from core.rating.getting import campaign_of
from db.engine import Database
from db.repositories.balance import CellCount, ItemCounts, UnitCount, counters
from db.tables import SessionStatus

COMPLETE = frozenset({SessionStatus.COMPLETE})
"""The sessions that count in results."""


class Axis(StrEnum):
    """What is to be shown evenly; a cell is an arm of a test case."""

    ARM = "arm"
    TEST_CASE = "test_case"
    CELL = "cell"
    UNIT = "unit"
    POSITION = "position"
    SIDE_OF_ARM = "side_of_arm"
    SIDE_OF_UNIT = "side_of_unit"


@dataclass(frozen=True, slots=True)
class Dimension:
    """How evenly the items are spread along one axis.

    ``parts`` is how many things there are, each with an ideal count of its own (a test case with
    half as many responses is ideally shown half as often); ``ideal`` is the mean of them.
    ``greatest_deviation`` is of a part's count from its own ideal.
    """

    axis: Axis
    parts: int
    ideal: float
    least: int
    most: int
    greatest_deviation: float


@dataclass(frozen=True, slots=True)
class CellShown:
    """How often an arm of a test case was shown, for a heat map."""

    arm: str
    test_case_id: str
    items: int


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """How often an arm, or a kind of planted item, was shown at a position, for a heat map."""

    arm: str
    position: int
    items: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What a campaign's sessions were shown, by arm's id; it names no model.

    ``disagreements`` is how many rows of which counters (named by their table) say something else
    than the items of all sessions that hold them; it is empty unless something is broken.
    """

    campaign_id: str
    sessions: int
    items: int
    dimensions: tuple[Dimension, ...]
    cells: tuple[CellShown, ...]
    places: tuple[PlaceShown, ...]
    disagreements: Mapping[str, int]

    @property
    def counters_agree(self) -> bool:
        """Whether the counters that reservations go by are what the items say."""
        return not self.disagreements


def balance_of(
    database: Database,
    campaign_id: str,
    *,
    statuses: Collection[SessionStatus] | None = COMPLETE,
) -> Balance:
    """How evenly a campaign's items are spread.

    Args:
        database: the store.
        campaign_id: which campaign; one without units, such as an imported one, has no dimensions.
        statuses: of the sessions that count; none means all that hold their items, under way too.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.read() as session:
        overlap = design_of(campaign_of(session, campaign_id).design).overlap
        counts = ItemCounts(session, campaign_id, statuses)
        cells = counts.cells(overlap)
        places = counts.places()
        dimensions = _dimensions(cells, counts.units(), places) if cells else ()
        return Balance(
            campaign_id=campaign_id,
            sessions=counts.sessions(),
            items=sum(cell.items for cell in cells),
            dimensions=dimensions,
            cells=tuple(CellShown(one.arm, one.test_case_id, one.items) for one in cells),
            places=tuple(PlaceShown(*key, places[key]) for key in sorted(places)),
            disagreements=_disagreements(session, campaign_id, overlap),
        )


_Share = tuple[int, float]
"""How often a thing was shown, and how often it would ideally be."""


@dataclass(frozen=True, slots=True)
class _Ideal:
    """Every unit is to be shown equally often."""

    items: int
    units: int

    def of(self, units: int) -> float:
        """How often that many units are to be shown together."""
        return self.items * units / self.units


def _dimensions(
    cells: Sequence[CellCount], units: Sequence[UnitCount], places: Mapping[tuple[str, int], int]
) -> tuple[Dimension, ...]:
    ideal = _Ideal(sum(cell.items for cell in cells), sum(cell.units for cell in cells))
    items_of_arm: Counter[str] = Counter()
    swapped_of_arm: Counter[str] = Counter()
    for cell in cells:
        items_of_arm[cell.arm] += cell.items
        swapped_of_arm[cell.arm] += cell.swapped
    dimensions = [
        _dimension(Axis.ARM, _merged(((one.arm, one) for one in cells), ideal)),
        _dimension(Axis.TEST_CASE, _merged(((one.test_case_id, one) for one in cells), ideal)),
        _dimension(Axis.CELL, [(one.items, ideal.of(one.units)) for one in cells]),
        _dimension(
            Axis.UNIT, [share for one in units for share in [(one.items, ideal.of(1))] * one.units]
        ),
        _dimension(Axis.POSITION, _of_positions(items_of_arm, places)),
    ]
    if any(":" in arm for arm in items_of_arm):
        of_arms = [
            share
            for arm, items in items_of_arm.items()
            for share in _sides(items, swapped_of_arm[arm])
        ]
        of_units = [share for one in units for share in _sides(one.items, one.swapped) * one.units]
        dimensions.append(_dimension(Axis.SIDE_OF_ARM, of_arms))
        dimensions.append(_dimension(Axis.SIDE_OF_UNIT, of_units))
    return tuple(dimensions)


def _dimension(axis: Axis, shares: Sequence[_Share]) -> Dimension:
    return Dimension(
        axis=axis,
        parts=len(shares),
        ideal=sum(ideal for _, ideal in shares) / len(shares) if shares else 0.0,
        least=min((items for items, _ in shares), default=0),
        most=max((items for items, _ in shares), default=0),
        greatest_deviation=max((abs(items - ideal) for items, ideal in shares), default=0.0),
    )


def _merged(cells: Iterable[tuple[str, CellCount]], ideal: _Ideal) -> list[_Share]:
    items: Counter[str] = Counter()
    units: Counter[str] = Counter()
    for name, cell in cells:
        items[name] += cell.items
        units[name] += cell.units
    return [(items[name], ideal.of(units[name])) for name in items]


def _of_positions(
    items_of_arm: Mapping[str, int], places: Mapping[tuple[str, int], int]
) -> list[_Share]:
    """Ideally an arm has its share of what each position has left besides planted items."""
    at_position: Counter[int] = Counter()
    for (arm, position), items in places.items():
        if arm in items_of_arm:
            at_position[position] += items
    total = sum(at_position.values())
    return [
        (places.get((arm, position), 0), items * at_position[position] / total)
        for arm, items in items_of_arm.items()
        for position in sorted(at_position)
    ]


def _sides(items: int, swapped: int) -> list[_Share]:
    return [(swapped, items / 2), (items - swapped, items / 2)]


def _disagreements(session: Session, campaign_id: str, overlap: int) -> dict[str, int]:
    counted = counters(session, campaign_id)
    held = ItemCounts(session, campaign_id, None)
    cells, controls = held.cells(overlap), held.controls()
    cases: dict[str, tuple[int, int]] = {}
    arms: dict[str, tuple[int, int]] = {}
    for cell in cells:
        _add(cases, cell.test_case_id, cell.items, cell.missing)
        _add(arms, cell.arm, cell.items, cell.swapped)
    for kind, items, swapped in controls.values():
        _add(arms, kind, items, swapped)
    numbers = {
        "campaign_unit": sum(cell.disagreeing for cell in cells),
        "campaign_case": _differing(cases, counted.cases),
        "campaign_arm": _differing({arm: n for arm, n in arms.items() if n[0]}, counted.arms),
        "campaign_place": _differing(held.places(), counted.places),
        "control": _differing({one: n for one, (_, n, _) in controls.items()}, counted.controls),
    }
    return {name: number for name, number in numbers.items() if number}


def _add(sums: dict[str, tuple[int, int]], name: str, first: int, second: int) -> None:
    before = sums.get(name, (0, 0))
    sums[name] = (before[0] + first, before[1] + second)


def _differing(one: Mapping[Any, object], other: Mapping[Any, object]) -> int:
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())
