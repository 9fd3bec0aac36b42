"""Letters instead of models while people rate."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.rating.blind_names import blind_names
from db.tables import Campaign, CampaignStatus, Candidate
from db.types import utc_now

CANDIDATES = [
    Candidate(id=f"{number:032x}", study_id="s", model=f"ollama/m{number}", parameters_hash="")
    for number in range(30)
]


def campaign(id: str = "c", **changes: Any) -> Campaign:
    values: dict[str, Any] = {"study_version_id": "v", "name": "n", "link_token": id}
    return Campaign(id=id, opened_by="o", **values | changes)


def test_models_are_letters_until_the_names_are_unlocked_or_the_campaign_is_closed() -> None:
    real = {one.id: one.model for one in CANDIDATES}
    for status in (CampaignStatus.OPEN, CampaignStatus.PAUSED):
        blind = campaign(status=status)
        assert set(blind_names(blind, CANDIDATES).values()).isdisjoint(real.values())
        unlocked = campaign(status=status, names_unlocked_at=utc_now())
        assert blind_names(unlocked, CANDIDATES) == real
    closed = campaign(status=CampaignStatus.CLOSED)
    assert blind_names(closed, CANDIDATES) == real


def test_the_order_is_chance_of_its_own_for_every_campaign() -> None:
    first = [
        blind_names(campaign(str(number)), CANDIDATES)[CANDIDATES[0].id] for number in range(9)
    ]
    assert len(set(first)) > 3


@given(st.permutations(CANDIDATES[:6]))
def test_the_order_in_which_candidates_are_given_changes_nothing(shuffled: list[Candidate]) -> None:
    assert blind_names(campaign(), shuffled) == blind_names(campaign(), CANDIDATES[:6])


def test_letters_go_on_after_z() -> None:
    labels = sorted(blind_names(campaign(), CANDIDATES).values(), key=lambda one: (len(one), one))
    assert labels[0] == "Candidate A"
    assert labels[25:] == ["Candidate Z"] + [f"Candidate A{letter}" for letter in "ABCD"]
