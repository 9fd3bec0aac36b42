"""Count what a campaign's items hold, as sessions reserve them, give them back and take them again.

Each kind of counter changes in one statement or two, however many items a session has.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    Insert,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col

from db.tables import CampaignArm, CampaignCase, CampaignPlace, CampaignUnit, Control, Item


@dataclass(frozen=True, slots=True)
class Held:
    """What an item holds of a campaign's counters: a unit of a test case, or a control.

    ``arm`` is the unit's, or the control's kind. ``was_reserved`` is the unit's count before it
    changes.
    """

    arm: str
    position: int
    is_swapped: bool
    unit_id: str | None = None
    test_case_id: str | None = None
    was_reserved: int = 0
    control_id: str | None = None


class Counters:
    """The counters of one campaign within a transaction that holds its row's lock."""

    def __init__(self, connection: Connection, campaign_id: str) -> None:
        self.connection = connection
        self.campaign_id = campaign_id

    def held(self, session_ids: Sequence[str]) -> list[Held]:
        """What the items of those sessions hold."""
        rows = self.connection.execute(_HELD, {"session_ids": session_ids}).all()
        return [
            Held(
                arm=row.arm,
                position=row.position,
                is_swapped=bool(
                    row.response_id != row.first_response_id
                    if row.unit_id
                    else row.second_control_id
                ),
                unit_id=row.unit_id,
                test_case_id=row.test_case_id,
                was_reserved=row.reserved or 0,
                control_id=row.control_id or row.second_control_id,
            )
            for row in rows
        ]

    def count(
        self, held: Sequence[Held], by: int, overlap: int, rng: random.Random | None = None
    ) -> None:
        """Count what is reserved (``by`` is 1) or given back (-1).

        With a source of chance, what is counted gets a new chance for ties.
        """
        self._count_rows(
            CampaignUnit, [(one.unit_id, one.is_swapped) for one in held if one.unit_id], by, rng
        )
        self._count_rows(
            Control, [(one.control_id, False) for one in held if one.control_id], by, rng
        )
        self._count_cases(held, by, overlap, rng)
        self._count_arms(held, by)
        self._count_places(held, by)

    def _count_rows(
        self,
        table: type[CampaignUnit | Control],
        rows: Sequence[tuple[str, bool]],
        by: int,
        rng: random.Random | None,
    ) -> None:
        """Change units or controls, those that change alike in one statement."""
        times = Counter(row_id for row_id, _ in rows)
        swapped = Counter(row_id for row_id, is_swapped in rows if is_swapped)
        alike: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
        for row_id, number in times.items():
            alike[number, swapped[row_id]].append(row_id)
        for (number, number_swapped), ids in alike.items():
            for start in range(0, len(ids), _CHUNK):
                some = ids[start : start + _CHUNK]
                changes: dict[str, Any] = {"reserved": col(table.reserved) + by * number}
                if issubclass(table, CampaignUnit):
                    swapped_by = by * number_swapped
                    changes["reserved_swapped"] = col(table.reserved_swapped) + swapped_by
                if rng is not None:
                    chances = {row_id: rng.random() for row_id in some}
                    changes["shuffle"] = case(chances, value=col(table.id))
                query = update(table).where(col(table.id).in_(some)).values(changes)
                self.connection.execute(query)

    def _count_cases(
        self, held: Sequence[Held], by: int, overlap: int, rng: random.Random | None
    ) -> None:
        reserved: Counter[str] = Counter()
        missing: Counter[str] = Counter()
        of_unit = {one.unit_id: one.was_reserved for one in held}
        for one in held:
            if one.test_case_id is not None:
                before = of_unit[one.unit_id]
                of_unit[one.unit_id] = after = before + by
                reserved[one.test_case_id] += by
                missing[one.test_case_id] += max(0, overlap - after) - max(0, overlap - before)
        rows = [
            {
                "campaign_id_is": self.campaign_id,
                "test_case_id_is": test_case_id,
                "by": reserved[test_case_id],
                "missing_by": missing[test_case_id],
                "overlap": overlap,
                "chance": None if rng is None else rng.random(),
            }
            for test_case_id in reserved
        ]
        if rows:
            self.connection.execute(_COUNT_CASE, rows)

    def _count_arms(self, held: Sequence[Held], by: int) -> None:
        reserved = Counter(one.arm for one in held)
        swapped = Counter(one.arm for one in held if one.is_swapped)
        rows = [
            {
                "campaign_id": self.campaign_id,
                "arm": arm,
                "reserved": by * number,
                "reserved_swapped": by * swapped[arm],
            }
            for arm, number in reserved.items()
        ]
        if rows:
            self.connection.execute(_COUNT_ARM[self.connection.dialect.name], rows)

    def _count_places(self, held: Sequence[Held], by: int) -> None:
        rows = [
            {
                "campaign_id": self.campaign_id,
                "arm": arm,
                "position": position,
                "reserved": by * number,
            }
            for (arm, position), number in Counter((one.arm, one.position) for one in held).items()
        ]
        if rows:
            self.connection.execute(_COUNT_PLACE[self.connection.dialect.name], rows)


_CHUNK = 500
_HELD: Select[*tuple[Any, ...]] = (
    select(
        col(Item.position),
        col(Item.response_id),
        col(Item.unit_id),
        col(Item.control_id),
        col(Item.second_control_id),
        col(CampaignUnit.test_case_id),
        func.coalesce(col(CampaignUnit.arm), col(Control.kind)).label("arm"),
        col(CampaignUnit.response_id).label("first_response_id"),
        col(CampaignUnit.reserved),
    )
    .outerjoin(CampaignUnit, col(CampaignUnit.id) == col(Item.unit_id))
    .outerjoin(
        Control, col(Control.id) == func.coalesce(col(Item.control_id), col(Item.second_control_id))
    )
    .where(
        col(Item.session_id).in_(bindparam("session_ids", expanding=True)),
        or_(col(CampaignUnit.id).is_not(None), col(Control.id).is_not(None)),
    )
    .order_by(col(Item.session_id), col(Item.position))
)
_still_missing = col(CampaignCase.missing) + bindparam("missing_by")
_COUNT_CASE = (
    update(CampaignCase)
    .where(
        col(CampaignCase.campaign_id) == bindparam("campaign_id_is"),
        col(CampaignCase.test_case_id) == bindparam("test_case_id_is"),
    )
    .values(
        reserved=col(CampaignCase.reserved) + bindparam("by"),
        missing=_still_missing,
        filled=1.0 - _still_missing * 1.0 / (col(CampaignCase.units) * bindparam("overlap")),
        shuffle=func.coalesce(bindparam("chance", type_=Float), col(CampaignCase.shuffle)),
    )
)


def _counted(table: type[SQLModel], keys: list[str], counts: list[str]) -> dict[str, Insert]:
    """By dialect: add to a row of counts, which is made when it is not there."""
    statements: dict[str, Insert] = {}
    for dialect in (sqlite, postgresql):
        added = dialect.insert(table)
        statements[dialect.dialect.name] = added.on_conflict_do_update(
            index_elements=keys,
            set_={name: getattr(table, name) + added.excluded[name] for name in counts},
        ).returning(getattr(table, keys[0]))  # all rows in one statement, not in one each
    return statements


_COUNT_ARM = _counted(CampaignArm, ["campaign_id", "arm"], ["reserved", "reserved_swapped"])
_COUNT_PLACE = _counted(CampaignPlace, ["campaign_id", "arm", "position"], ["reserved"])
