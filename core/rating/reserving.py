"""Reserve a session's items, give them back, and take them again.

All of it happens in the caller's writing transaction, one start of a campaign at a time: SQLite has
one writer, and on PostgreSQL the caller holds the campaign row's lock before anything of a session
is locked. Counters say which unit comes next, so that no start looks at all of them.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from core.rating.assignment import Placed, arm_of, arrange, choose_units
from core.rating.design import CampaignDesign, Protocol, design_of
from db.repositories.exclusions import excluded_ids
from db.repositories.leases import Leases
from db.repositories.reservation import Cell, Planted, Reservations, Unit
from db.repositories.reserved import Counters, Held
from db.tables import Campaign, ControlKind, Subject


def reserve(
    session: Session,
    campaign: Campaign,
    design: CampaignDesign,
    session_id: str,
    seed: str,
    now: datetime,
) -> int:
    """Reserve and store the items of a stored session that has none.

    Units below the overlap come first. A session that begins with some of them is filled up with
    the least reserved others, so that everybody gets the same work and pay. When none is below it,
    latecomers rate beyond it where the design allows that and another session might not finish.

    Args:
        session: the writing transaction that holds the campaign row's lock.
        campaign: what is rated.
        design: the campaign's.
        session_id: whose items they are.
        seed: the source of all chance; with the same counters it gives the same items.
        now: the present moment.

    Returns:
        How many items were reserved; 0 when nothing is left, or as many sessions as the campaign
        has room for are under way or complete.
    """
    if not has_room(session, campaign, session_id):
        return 0
    leases = Leases(session)
    rng = random.Random(seed)  # noqa: S311  # no secret: it must come out the same again
    store = Reservations(session.connection(), campaign.id)
    excluded = excluded_ids(session, Subject.RESPONSE, of_campaign=campaign.id)
    choice = _Choice(store, design, excluded, rng)
    units = choice.below_overlap()
    if not units and not (
        design.allows_extra_sessions and leases.is_other_under_way(campaign.id, session_id)
    ):
        return 0
    if len(units) < design.items_per_session:
        units += choice.beyond_overlap(units)
    if not units:
        return 0
    chosen: list[Unit | Planted] = [*units, *_controls(store, design, units)]
    in_pairs = design.protocol is Protocol.PAIR
    places = store.places({arm_of(one) for one in chosen})
    placed = arrange(chosen, places, choice.arms, rng, in_pairs=in_pairs)
    store.add_items([_row(session_id, one, in_pairs=in_pairs) for one in placed])
    counters = Counters(session.connection(), campaign.id)
    counters.count([_held(one) for one in placed], 1, design.overlap, rng)
    return len(placed)


def has_room(session: Session, campaign: Campaign, session_id: str) -> bool:
    """Whether the campaign's capacity has room for that session beside the others."""
    capacity = campaign.capacity
    return capacity is None or Leases(session).count_others(campaign.id, session_id) < capacity


def release(session: Session, session_id: str, now: datetime) -> bool:
    """Give a session's items back to the pool; false when they are there already.

    Call it before anything of the session is locked in this transaction.
    """
    leases = Leases(session)
    campaign = leases.lock_campaign(session_id)
    if campaign is None or not leases.mark_released(session_id, now):
        return False
    _recount(session, campaign.id, design_of(campaign.design), [session_id], by=-1)
    return True


def retain(session: Session, session_id: str) -> bool:
    """Let a session whose items were given back hold them again; false when it holds them.

    Call it before anything of the session is locked in this transaction.
    """
    leases = Leases(session)
    campaign = leases.lock_campaign(session_id)
    if campaign is None or not leases.mark_retained(session_id):
        return False
    _recount(session, campaign.id, design_of(campaign.design), [session_id], by=1)
    return True


def release_abandoned(
    session: Session, campaign_id: str, design: CampaignDesign, now: datetime, most: int = 10
) -> int:
    """Give back what sessions hold in which nothing happened during the lease; says how many.

    Args:
        session: the writing transaction that holds the campaign row's lock.
        campaign_id: whose sessions.
        design: the campaign's; it has the lease.
        now: the present moment.
        most: how many at most, so that nobody's start waits long for it.
    """
    leases = Leases(session)
    silent_since = now - timedelta(minutes=design.lease_minutes)
    abandoned = leases.silent_since(campaign_id, silent_since, most)
    if abandoned:
        leases.abandon(abandoned, now)
        _recount(session, campaign_id, design, abandoned, by=-1)
    return len(abandoned)


class _Choice:
    """The units that one session gets."""

    def __init__(
        self,
        store: Reservations,
        design: CampaignDesign,
        excluded: frozenset[str],
        rng: random.Random,
    ) -> None:
        self.store = store
        self.design = design
        self.excluded = excluded
        self.rng = rng
        self.arms = store.tallies()

    def below_overlap(self) -> list[Unit]:
        """Units that lack reservations to the overlap."""
        return self._choose(self.design.overlap, [])

    def beyond_overlap(self, chosen: Sequence[Unit]) -> list[Unit]:
        """Units that fill the session up besides those."""
        return self._choose(None, chosen)

    def _choose(self, below: int | None, chosen: Sequence[Unit]) -> list[Unit]:
        count = self.design.items_per_session - len(chosen)
        case_ids, cells = self._pool(below, chosen, count)
        return choose_units(case_ids, cells, count, self.arms, self.rng, chosen)

    def _pool(
        self, below: int | None, chosen: Sequence[Unit], count: int
    ) -> tuple[list[str], list[Cell]]:
        """So many cases that a session can be made of ones that are not in it, if there are."""
        in_session = {unit.test_case_id for unit in chosen}
        arms = self.arms.keys() - set(ControlKind)
        step = -(-count // max(1, len(arms))) + len(in_session)
        case_ids: list[str] = []
        cells: list[Cell] = []
        while True:
            more = self.store.cases(len(case_ids), step, only_missing=below is not None)
            case_ids += more
            cells += self._cells(more, 1, below, chosen)
            if sum(cell.test_case_id not in in_session for cell in cells) >= count:
                return case_ids, cells
            if len(more) < step:
                return case_ids, self._deeper(case_ids, below, chosen, count, cells)
            step *= 2

    def _deeper(
        self,
        case_ids: Sequence[str],
        below: int | None,
        chosen: Sequence[Unit],
        count: int,
        cells: list[Cell],
    ) -> list[Cell]:
        """As many units a cell as a session needs that all cases are in already."""
        depth = 1
        while sum(len(cell.units) for cell in cells) < count:
            if all(len(cell.units) < depth for cell in cells):
                break
            depth *= 2
            cells = self._cells(case_ids, depth, below, chosen)
        return cells

    def _cells(
        self, case_ids: Sequence[str], depth: int, below: int | None, chosen: Sequence[Unit]
    ) -> list[Cell]:
        return self.store.cells(
            case_ids,
            depth=depth,
            below=below,
            excluded=self.excluded,
            taken=[unit.id for unit in chosen],
        )


def _controls(store: Reservations, design: CampaignDesign, units: Sequence[Unit]) -> list[Planted]:
    """The session's planted items; known-bad ones are of its test cases while there are some."""
    shown_cases = sorted({unit.test_case_id for unit in units})
    controls = [
        *store.controls(ControlKind.ATTENTION, design.attention_items),
        *store.controls(ControlKind.GOLD, design.gold_items),
    ]
    known_bad = store.controls(ControlKind.KNOWN_BAD, design.known_bad_items, of_cases=shown_cases)
    missing = design.known_bad_items - len(known_bad)
    others = store.controls(
        ControlKind.KNOWN_BAD, missing, besides=[control.id for control in known_bad]
    )
    return [*controls, *known_bad, *others]


def _row(session_id: str, one: Placed, *, in_pairs: bool) -> dict[str, object]:
    """The columns of an item."""
    what = one.what
    is_control = isinstance(what, Planted)
    first: str | None = what.response_id
    second = what.response_id if isinstance(what, Planted) else what.second_response_id
    if one.is_swapped:
        first, second = second, first
    return {
        "session_id": session_id,
        "position": one.position,
        "response_id": first,
        "second_response_id": second if in_pairs else None,
        "unit_id": None if is_control else what.id,
        "control_id": what.id if is_control and not one.is_swapped else None,
        "second_control_id": what.id if is_control and one.is_swapped else None,
    }


def _held(one: Placed) -> Held:
    if isinstance(one.what, Planted):
        return Held(one.arm, one.position, one.is_swapped, control_id=one.what.id)
    return Held(
        one.arm,
        one.position,
        one.is_swapped,
        unit_id=one.what.id,
        test_case_id=one.what.test_case_id,
        was_reserved=one.what.reserved,
    )


def _recount(
    session: Session,
    campaign_id: str,
    design: CampaignDesign,
    session_ids: Sequence[str],
    *,
    by: int,
) -> None:
    counters = Counters(session.connection(), campaign_id)
    counters.count(counters.held(session_ids), by, design.overlap)
