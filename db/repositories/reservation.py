"""What a campaign can reserve next: its units and controls, by the counters that order them.

Starting a session is a short step of thousands, so it does without the object-relational layer:
statements over columns, found by an index each, and never over all units.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import (
    Connection,
    Subquery,
    bindparam,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

from db.tables import (
    CampaignArm,
    CampaignCase,
    CampaignPlace,
    CampaignUnit,
    Control,
    ControlKind,
    Item,
)
from db.types import new_id


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit that is to be made; the fields are those of `CampaignUnit`."""

    test_case_id: str
    arm: str
    response_id: str
    second_response_id: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that can be reserved, with its counters; see `CampaignUnit`."""

    id: str
    test_case_id: str
    arm: str
    response_id: str
    second_response_id: str | None
    reserved: int
    reserved_swapped: int
    shuffle: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm of one test case: its least reserved units, and how often they all are on average."""

    test_case_id: str
    arm: str
    mean_reserved: float
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something is reserved, and how often with its sides swapped."""

    reserved: int = 0
    swapped: int = 0


@dataclass(frozen=True, slots=True)
class Planted:
    """A control that can be reserved; see `Control`."""

    id: str
    kind: ControlKind
    test_case_id: str
    response_id: str


class Reservations:
    """The units and controls of one campaign within a transaction that holds its row's lock."""

    def __init__(self, connection: Connection, campaign_id: str) -> None:
        self.connection = connection
        self.campaign_id = campaign_id

    def add_units(self, units: Sequence[NewUnit], overlap: int) -> None:
        """Store the units of a campaign that opens, with all counters at none."""
        chance = random.SystemRandom()
        of_campaign = {"campaign_id": self.campaign_id, "reserved": 0}
        counted = of_campaign | {"reserved_swapped": 0}
        cases = Counter(unit.test_case_id for unit in units)
        self._insert(
            CampaignUnit,
            [
                counted
                | {
                    "id": new_id(),
                    "test_case_id": unit.test_case_id,
                    "arm": unit.arm,
                    "response_id": unit.response_id,
                    "second_response_id": unit.second_response_id,
                    "shuffle": chance.random(),
                }
                for unit in units
            ],
        )
        self._insert(
            CampaignCase,
            [
                of_campaign
                | {
                    "test_case_id": test_case_id,
                    "units": number,
                    "missing": number * overlap,
                    "filled": 0.0,
                    "shuffle": chance.random(),
                }
                for test_case_id, number in cases.items()
            ],
        )
        arms = sorted({unit.arm for unit in units})
        self._insert(CampaignArm, [counted | {"arm": arm} for arm in arms])

    def tallies(self) -> dict[str, Tally]:
        """How often each arm is reserved; planted items are tallied under their kind."""
        rows = self.connection.execute(_TALLIES, {"campaign_id": self.campaign_id})
        return {arm: Tally(reserved, swapped) for arm, reserved, swapped in rows}

    def cases(self, first: int, limit: int, *, only_missing: bool) -> list[str]:
        """Test cases by how far they are from the overlap, then least reserved, then by chance.

        ``only_missing`` leaves out those in which no reservation is missing.
        """
        rows = self.connection.execute(
            _MISSING_CASES if only_missing else _CASES,
            {"campaign_id": self.campaign_id, "first": first, "limit": limit},
        )
        return list(rows.scalars())

    def cells(
        self,
        test_case_ids: Sequence[str],
        *,
        depth: int,
        below: int | None,
        excluded: Collection[str],
        taken: Collection[str],
    ) -> list[Cell]:
        """The cells of those test cases, each with its least reserved units.

        Args:
            test_case_ids: whose cells.
            depth: how many units a cell at most.
            below: leaves out units reserved so often already.
            excluded: responses that are not shown.
            taken: units that are not given again.
        """
        least = _least_units(below, excluded, taken)
        query = (
            select(
                col(CampaignUnit.test_case_id),
                col(CampaignUnit.arm),
                func.avg(col(CampaignUnit.reserved)),
                select(func.aggregate_strings(least.c.id, ",")).scalar_subquery(),
            )
            .where(
                col(CampaignUnit.campaign_id) == bindparam("campaign_id"),
                col(CampaignUnit.test_case_id).in_(test_case_ids),
            )
            .group_by(col(CampaignUnit.test_case_id), col(CampaignUnit.arm))
        )
        parameters = {"campaign_id": self.campaign_id, "depth": depth}
        rows = self.connection.execute(query, parameters).all()
        units = self._units([one for *_, ids in rows if ids for one in ids.split(",")])
        return [
            Cell(test_case_id, arm, float(mean), tuple(units[test_case_id, arm]))
            for test_case_id, arm, mean, ids in rows
            if ids
        ]

    def places(self, arms: Collection[str]) -> dict[tuple[str, int], int]:
        """``(arm, position) -> how often reserved``, where it is at all."""
        query = select(
            col(CampaignPlace.arm), col(CampaignPlace.position), col(CampaignPlace.reserved)
        ).where(
            col(CampaignPlace.campaign_id) == self.campaign_id, col(CampaignPlace.arm).in_(arms)
        )
        return {(arm, position): n for arm, position, n in self.connection.execute(query)}

    def controls(
        self,
        kind: ControlKind,
        number: int,
        *,
        of_cases: Collection[str] | None = None,
        besides: Collection[str] = (),
    ) -> list[Planted]:
        """The least reserved controls of a kind, ties by chance.

        Args:
            kind: of the controls.
            number: how many at most.
            of_cases: only those of these test cases.
            besides: not those.
        """
        if number < 1:
            return []
        query = (
            select(
                col(Control.id),
                col(Control.kind),
                col(Control.test_case_id),
                col(Control.response_id),
            )
            .where(
                col(Control.campaign_id) == self.campaign_id,
                col(Control.kind) == kind,
                col(Control.id).not_in(besides),
            )
            .limit(number)
        )
        if of_cases is None:
            query = query.order_by(col(Control.reserved), col(Control.shuffle))
        else:
            # The sum keeps SQLite from walking all controls in order until one is of these cases.
            query = query.where(col(Control.test_case_id).in_(of_cases))
            query = query.order_by(col(Control.reserved) + 0, col(Control.shuffle))
        return [Planted(*row) for row in self.connection.execute(query)]

    def add_items(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Store items; each row has the columns of `Item` besides its id."""
        self._insert(Item, [{"id": new_id(), **row} for row in rows])

    def _units(self, unit_ids: Sequence[str]) -> Mapping[tuple[str, str], list[Unit]]:
        by_cell: defaultdict[tuple[str, str], list[Unit]] = defaultdict(list)
        query = select(*_UNIT_COLUMNS).where(col(CampaignUnit.id).in_(unit_ids))
        units = [Unit(*row) for row in self.connection.execute(query)]
        for unit in sorted(units, key=lambda one: (one.reserved, one.shuffle)):
            by_cell[unit.test_case_id, unit.arm].append(unit)
        return by_cell

    def _insert(self, table: type[SQLModel], rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            # What is returned makes it one statement for many rows, not one each.
            self.connection.execute(insert(table).returning(literal(1)), list(rows))


_unit = aliased(CampaignUnit)
_UNIT_COLUMNS = [col(getattr(CampaignUnit, field.name)) for field in fields(Unit)]


def _least_units(below: int | None, excluded: Collection[str], taken: Collection[str]) -> Subquery:
    """The ids of the least reserved units of the cell that the query around it is at."""
    query = (
        select(col(_unit.id))
        .where(
            col(_unit.campaign_id) == bindparam("campaign_id"),
            col(_unit.test_case_id) == col(CampaignUnit.test_case_id),
            col(_unit.arm) == col(CampaignUnit.arm),
        )
        .order_by(col(_unit.reserved), col(_unit.shuffle))
        .limit(bindparam("depth"))
        .correlate(CampaignUnit)
    )
    if below is not None:
        query = query.where(col(_unit.reserved) < below)
    if taken:
        query = query.where(col(_unit.id).not_in(taken))
    if excluded:
        query = query.where(
            col(_unit.response_id).not_in(excluded),
            func.coalesce(col(_unit.second_response_id), "").not_in(excluded),
        )
    return query.subquery()


_TALLIES = select(
    col(CampaignArm.arm), col(CampaignArm.reserved), col(CampaignArm.reserved_swapped)
).where(col(CampaignArm.campaign_id) == bindparam("campaign_id"))
_CASES = (
    select(col(CampaignCase.test_case_id))
    .where(col(CampaignCase.campaign_id) == bindparam("campaign_id"))
    .order_by(col(CampaignCase.filled), col(CampaignCase.reserved), col(CampaignCase.shuffle))
    .offset(bindparam("first"))
    .limit(bindparam("limit"))
)
_MISSING_CASES = _CASES.where(col(CampaignCase.filled) < 1)
