"""How often everything was shown, counted from the items themselves."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlmodel import Session, col

from db.tables import (
    CampaignArm,
    CampaignCase,
    CampaignPlace,
    CampaignUnit,
    Control,
    Item,
    RatingSession,
    SessionStatus,
)


@dataclass(frozen=True, slots=True)
class CellCount:
    """An arm of a test case: its units, and the items that showed one of them."""

    test_case_id: str
    arm: str
    units: int
    items: int
    swapped: int
    missing: int
    disagreeing: int
    """Units whose counters say something else."""


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many units were shown so often, and so often of that swapped."""

    units: int
    items: int
    swapped: int


class ItemCounts:
    """Counts over the items of a campaign within one transaction.

    Args:
        session: the transaction.
        campaign_id: whose items.
        statuses: of the sessions that count; none means those that hold their items, which is what
            the counters count.
    """

    def __init__(
        self, session: Session, campaign_id: str, statuses: Collection[SessionStatus] | None
    ) -> None:
        self.connection = session.connection()
        self.campaign_id = campaign_id
        self.counts_session: ColumnElement[bool] = (
            col(RatingSession.released_at).is_(None)
            if statuses is None
            else col(RatingSession.status).in_(statuses)
        )

    def sessions(self) -> int:
        """How many sessions count and have items."""
        query = select(func.count(col(Item.session_id).distinct())).select_from(Item)
        return int(self.connection.execute(self._of_campaign(query)).scalar_one())

    def cells(self, overlap: int) -> list[CellCount]:
        """Every cell, shown or not."""
        unit = self._units()
        query = select(
            unit.c.test_case_id,
            unit.c.arm,
            func.count(),
            func.sum(unit.c.shown),
            func.sum(unit.c.swapped),
            func.sum(case((unit.c.shown < overlap, overlap - unit.c.shown), else_=0)),
            func.sum(
                case(
                    (unit.c.shown != unit.c.reserved, 1),
                    (unit.c.swapped != unit.c.reserved_swapped, 1),
                    else_=0,
                )
            ),
        ).group_by(unit.c.test_case_id, unit.c.arm)
        return [
            CellCount(test_case_id, arm, *(int(number) for number in numbers))
            for test_case_id, arm, *numbers in self.connection.execute(
                query.order_by(unit.c.test_case_id, unit.c.arm)
            )
        ]

    def units(self) -> list[UnitCount]:
        """Every unit, those alike together."""
        unit = self._units()
        query = select(func.count(), unit.c.shown, unit.c.swapped)
        rows = self.connection.execute(query.group_by(unit.c.shown, unit.c.swapped))
        return [UnitCount(*(int(number) for number in row)) for row in rows]

    def places(self) -> dict[tuple[str, int], int]:
        """``(arm or kind of control, position) -> items``."""
        arm = func.coalesce(col(CampaignUnit.arm), col(Control.kind))
        query = self._of_campaign(
            select(arm, col(Item.position), func.count())
            .select_from(Item)
            .outerjoin(CampaignUnit, col(CampaignUnit.id) == col(Item.unit_id))
            .outerjoin(Control, col(Control.id) == _control_id())
            .where(arm.is_not(None))
        ).group_by(arm, col(Item.position))
        return {(name, place): items for name, place, items in self.connection.execute(query)}

    def controls(self) -> dict[str, tuple[str, int, int]]:
        """``control id -> (kind, items, of those swapped)``, of controls that were shown."""
        query = self._of_campaign(
            select(
                col(Control.id),
                col(Control.kind),
                func.count(),
                func.count(col(Item.second_control_id)),
            )
            .select_from(Item)
            .join(Control, col(Control.id) == _control_id())
        ).group_by(col(Control.id), col(Control.kind))
        return {
            control_id: (kind.value, items, swapped)
            for control_id, kind, items, swapped in self.connection.execute(query)
        }

    def _units(self) -> Subquery:
        """Every unit with its counters and with what its items say."""
        counted = (
            self._of_campaign(
                select(
                    col(Item.unit_id),
                    func.count().label("shown"),
                    func.sum(
                        case((col(Item.response_id) != col(CampaignUnit.response_id), 1), else_=0)
                    ).label("swapped"),
                )
                .select_from(Item)
                .join(CampaignUnit, col(CampaignUnit.id) == col(Item.unit_id))
            )
            .group_by(col(Item.unit_id))
            .subquery()
        )
        return (
            select(
                col(CampaignUnit.test_case_id),
                col(CampaignUnit.arm),
                col(CampaignUnit.reserved),
                col(CampaignUnit.reserved_swapped),
                func.coalesce(counted.c.shown, 0).label("shown"),
                func.coalesce(counted.c.swapped, 0).label("swapped"),
            )
            .outerjoin(counted, counted.c.unit_id == col(CampaignUnit.id))
            .where(col(CampaignUnit.campaign_id) == self.campaign_id)
            .subquery()
        )

    def _of_campaign(self, query: Any) -> Any:
        return query.join(RatingSession, col(RatingSession.id) == col(Item.session_id)).where(
            col(RatingSession.campaign_id) == self.campaign_id, self.counts_session
        )


@dataclass(frozen=True, slots=True)
class Counters:
    """What a campaign's counters say, without zeros.

    ``cases`` hold what is reserved and what is missing, ``arms`` what is reserved and swapped.
    """

    cases: dict[str, tuple[int, int]]
    arms: dict[str, tuple[int, int]]
    places: dict[tuple[str, int], int]
    controls: dict[str, int]


def counters(session: Session, campaign_id: str) -> Counters:
    """The campaign's counters besides those of its units."""
    connection = session.connection()
    cases = connection.execute(
        select(
            col(CampaignCase.test_case_id), col(CampaignCase.reserved), col(CampaignCase.missing)
        ).where(col(CampaignCase.campaign_id) == campaign_id)
    )
    arms = connection.execute(
        select(
            col(CampaignArm.arm), col(CampaignArm.reserved), col(CampaignArm.reserved_swapped)
        ).where(col(CampaignArm.campaign_id) == campaign_id, col(CampaignArm.reserved) != 0)
    )
    places = connection.execute(
        select(
            col(CampaignPlace.arm), col(CampaignPlace.position), col(CampaignPlace.reserved)
        ).where(col(CampaignPlace.campaign_id) == campaign_id, col(CampaignPlace.reserved) != 0)
    )
    controls = connection.execute(
        select(col(Control.id), col(Control.reserved)).where(
            col(Control.campaign_id) == campaign_id, col(Control.reserved) != 0
        )
    )
    return Counters(
        cases={name: (reserved, missing) for name, reserved, missing in cases},
        arms={name: (reserved, swapped) for name, reserved, swapped in arms},
        places={(name, position): reserved for name, position, reserved in places},
        controls={row.id: row.reserved for row in controls},
    )


def _control_id() -> ColumnElement[str | None]:
    return func.coalesce(col(Item.control_id), col(Item.second_control_id))
