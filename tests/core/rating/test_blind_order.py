"""Neither where an item stands nor its identifier tells which model wrote what, or what is planted.

Over many sessions, what an item shows is independent of its place by a chi-square test. Identifiers
are drawn anew each time, so the test would be wrong once in a million runs.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product

import pytest
from scipy.stats import (  # type: ignore[import-untyped]  # scipy ships no types
    chi2_contingency,
)

from core.rating.design import CampaignDesign, Protocol
from db.engine import Database
from db.tables import ControlKind, Item
from tests.core.rating.reservations import campaign_on, content_of, items_of, start, units_in

SESSIONS = 60
ONCE_IN_A_MILLION = 1e-6
Place = Callable[[Item, Sequence[Item]], object]


def by_position(item: Item, items: Sequence[Item]) -> object:
    return item.position


def by_identifier(item: Item, items: Sequence[Item]) -> object:
    return sorted(one.id for one in items).index(item.id)


def by_beginning_of_identifier(item: Item, items: Sequence[Item]) -> object:
    return item.id[0]


def p_value(pairs: Sequence[tuple[object, object]]) -> float:
    """How likely so much dependence is by chance."""
    counts = Counter(pairs)
    rows, columns = ({pair[side] for pair in pairs} for side in (0, 1))
    table = [[counts[row, column] for column in columns] for row in rows]
    return float(chi2_contingency(table).pvalue)


def sessions_of(
    database: Database, design: CampaignDesign
) -> tuple[list[list[Item]], dict[str, str]]:
    """Many sessions' items, and of each unit its arm."""
    campaign = campaign_on(database, content_of(database), design, controls=[*ControlKind])
    started = [start(database, campaign) for _ in range(SESSIONS)]
    sessions = [items_of(database, one) for one in started if one is not None]
    assert len(sessions) == SESSIONS
    return sessions, {one.id: one.arm for one in units_in(database, campaign)}


DESIGNS = pytest.mark.parametrize(
    "design",
    [
        CampaignDesign(
            protocol=protocol, overlap=SESSIONS, items_per_session=6,
            attention_items=1, gold_items=1, known_bad_items=1,
        )
        for protocol in Protocol
    ],
    ids=list(Protocol),
)  # fmt: skip


@DESIGNS
def test_an_items_place_does_not_tell_its_model(database: Database, design: CampaignDesign) -> None:
    sessions, arm_of = sessions_of(database, design)
    for place in (by_position, by_identifier, by_beginning_of_identifier):
        pairs = [
            (arm_of[item.unit_id], place(item, items))
            for items in sessions
            for item in items
            if item.unit_id
        ]
        assert len(pairs) == 6 * SESSIONS
        assert p_value(pairs) > ONCE_IN_A_MILLION, place.__name__


@DESIGNS
def test_an_items_place_does_not_tell_what_is_planted(
    database: Database, design: CampaignDesign
) -> None:
    sessions, _ = sessions_of(database, design)
    for place in (by_position, by_identifier, by_beginning_of_identifier):
        pairs = [(item.unit_id is None, place(item, items)) for items in sessions for item in items]
        assert len(pairs) == 9 * SESSIONS
        assert p_value(pairs) > ONCE_IN_A_MILLION, place.__name__


def test_the_side_of_a_pair_does_not_tell_the_model_or_what_is_planted(database: Database) -> None:
    design = CampaignDesign(
        protocol=Protocol.PAIR, overlap=SESSIONS, items_per_session=6, known_bad_items=3
    )
    sessions, _ = sessions_of(database, design)
    items = [item for items in sessions for item in items]
    units = [(item.unit_id, item.response_id) for item in items if item.unit_id]
    # Each pair is seen either way round equally often, but for one.
    sides = Counter(units)
    for unit_id in {one for one, _ in units}:
        ways = [count for (one, _), count in sides.items() if one == unit_id]
        assert len(ways) == 2
        assert abs(ways[0] - ways[1]) <= 1
    planted = Counter(item.control_id is None for item in items if not item.unit_id)
    assert abs(planted[True] - planted[False]) <= 1


@pytest.mark.parametrize("models", [2, 3])
def test_the_check_finds_out_when_every_or_every_other_session_is_sorted(models: int) -> None:
    in_order = [(arm, arm * 2 + turn) for arm, turn in product(range(models), range(2))]
    assert p_value(in_order * SESSIONS) < ONCE_IN_A_MILLION
    # Each model once at each place is as much as so many sessions show.
    mixed = list(product(range(models), range(2 * models))) * (SESSIONS // 2 // models)
    assert p_value(mixed + in_order * (SESSIONS // 2)) < ONCE_IN_A_MILLION
    assert p_value(mixed) > ONCE_IN_A_MILLION
