"""Letters instead of models while people rate."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.rating.blind_names import blind_names
from core.rating.design import CampaignDesign, PairsOf, Protocol
from db.tables import Campaign, CampaignStatus, Candidate
from db.types import utc_now

CANDIDATES = [
    Candidate(id=f"{number:032x}", study_id="s", model=f"ollama/m{number}", parameters_hash="")
    for number in range(30)
]
REFERENCE = frozenset({CANDIDATES[0].id})


def campaign(id: str = "c", **changes: Any) -> Campaign:
    values: dict[str, Any] = {"study_version_id": "v", "name": "n", "link_token": id}
    return Campaign(id=id, opened_by="o", **values | changes)


def test_models_are_letters_until_the_names_are_unlocked_or_the_campaign_is_closed() -> None:
    real = {one.id: one.model for one in CANDIDATES}
    for status in (CampaignStatus.OPEN, CampaignStatus.PAUSED):
        blind = campaign(status=status)
        assert set(blind_names(blind, CANDIDATES, REFERENCE).values()).isdisjoint(real.values())
        unlocked = campaign(status=status, names_unlocked_at=utc_now())
        assert blind_names(unlocked, CANDIDATES, REFERENCE) == real
    closed = campaign(status=CampaignStatus.CLOSED)
    assert blind_names(closed, CANDIDATES, REFERENCE) == real


def test_the_order_is_chance_of_its_own_for_every_campaign() -> None:
    first = [
        blind_names(campaign(str(number)), CANDIDATES, REFERENCE)[CANDIDATES[0].id]
        for number in range(9)
    ]
    assert len(set(first)) > 3


@given(st.permutations(CANDIDATES[:6]))
def test_the_order_in_which_candidates_are_given_changes_nothing(shuffled: list[Candidate]) -> None:
    assert blind_names(campaign(), shuffled, REFERENCE) == blind_names(
        campaign(), CANDIDATES[:6], REFERENCE
    )


def test_letters_go_on_after_z() -> None:
    labels = sorted(
        blind_names(campaign(), CANDIDATES, REFERENCE).values(), key=lambda one: (len(one), one)
    )
    assert labels[0] == "Candidate A"
    assert labels[25:] == ["Candidate Z"] + [f"Candidate A{letter}" for letter in "ABCD"]


@given(st.integers(0, 100))
def test_in_pairs_with_the_reference_only_the_candidates_have_letters(number: int) -> None:
    design = CampaignDesign(protocol=Protocol.PAIR).document()
    names = blind_names(campaign(str(number), design=design), CANDIDATES[:4], REFERENCE)
    assert names[CANDIDATES[0].id] == "the reference"
    assert sorted(names.values())[:3] == ["Candidate A", "Candidate B", "Candidate C"]


def test_where_every_model_is_compared_with_every_other_the_reference_is_a_letter_too() -> None:
    design = CampaignDesign(protocol=Protocol.PAIR, pairs_of=PairsOf.ALL).document()
    names = blind_names(campaign(design=design), CANDIDATES[:4], REFERENCE)
    assert sorted(names.values()) == [f"Candidate {letter}" for letter in "ABCD"]


def test_an_unlocked_reference_is_called_by_its_name_in_pairs() -> None:
    design = CampaignDesign(protocol=Protocol.PAIR).document()
    unlocked = campaign(design=design, names_unlocked_at=utc_now())
    assert blind_names(unlocked, CANDIDATES[:4], REFERENCE)[CANDIDATES[0].id] == "ollama/m0"
