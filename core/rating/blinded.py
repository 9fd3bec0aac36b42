"""A campaign's arms and test cases by the names that the staff may read now."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.rating.blind_names import blind_names
from core.rating.getting import campaign_of, version_of_campaign
from core.rating.monitoring import arm_name, case_names
from db.engine import Database
from db.tables import ControlKind

_PLANTED = {
    ControlKind.ATTENTION: "attention items",
    ControlKind.GOLD: "gold items",
    ControlKind.KNOWN_BAD: "known-bad items",
}


@dataclass(frozen=True, slots=True)
class Blinded:
    """``candidate id -> name`` and ``test case id -> name``."""

    candidates: Mapping[str, str]
    test_cases: Mapping[str, str]

    def arm(self, arm: str) -> str:
        """What a `db.tables.CampaignUnit`'s arm, or a kind of planted item, is called."""
        if arm in _PLANTED:
            return _PLANTED[ControlKind(arm)]
        first, _, second = arm.partition(":")
        return arm_name(self.candidates, first, second or None)


def blinded(database: Database, campaign_id: str) -> Blinded:
    """The names of one campaign.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.read() as session:
        campaign = campaign_of(session, campaign_id)
        content = version_of_campaign(session, campaign)
    names = blind_names(campaign, content.candidates, content.reference_ids)
    return Blinded(names, case_names(content.test_cases))
