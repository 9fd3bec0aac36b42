"""What the staff may call the models while people still rate: letters, until somebody unlocks."""

import hashlib
from collections.abc import Collection, Iterable
from string import ascii_uppercase

from core.rating.campaigns import names_are_locked
from core.rating.design import PairsOf, Protocol, design_of
from db.tables import Campaign, Candidate

REFERENCE_NAME = "the reference"


def blind_names(
    campaign: Campaign, candidates: Iterable[Candidate], reference_ids: Collection[str]
) -> dict[str, str]:
    """``candidate id -> how the pages call it``.

    While `names_are_locked`, that is “Candidate A”, “Candidate B”, …, the reference too, in an
    order drawn from the campaign's id: always the same for one campaign, another for the next, and
    never the study's. Where each pair holds the reference, the letter that all pairs share would
    give it away: there it is called what it is, and only the candidates have letters. Afterwards
    it is the model's name.
    """
    if not names_are_locked(campaign):
        return {one.id: one.model for one in candidates}
    ids = {one.id for one in candidates}
    design = design_of(campaign.design)
    is_beside_all = design.protocol is Protocol.PAIR and design.pairs_of is PairsOf.REFERENCE
    told = ids.intersection(reference_ids) if is_beside_all else set()
    drawn = sorted(ids - told, key=lambda one: _chance(campaign.id, one))
    letters = {one: f"Candidate {_letters(place)}" for place, one in enumerate(drawn)}
    return letters | dict.fromkeys(told, REFERENCE_NAME)


def _chance(campaign_id: str, candidate_id: str) -> str:
    return hashlib.sha256(f"{campaign_id} {candidate_id}".encode()).hexdigest()


def _letters(place: int) -> str:
    """A to Z, then AA, AB, …, as the columns of a spreadsheet."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, len(ascii_uppercase))
        letters = ascii_uppercase[rest] + letters
    return letters
