"""What somebody is about to open: everything that the form of a new campaign holds."""

from dataclasses import dataclass
from datetime import datetime

from core.rating.controls import GoldItem
from core.rating.design import CampaignDesign
from core.rating.planning import Assumptions


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign that is not open yet; the fields are those of `core.rating.campaigns`."""

    name: str
    design: CampaignDesign
    instructions: str
    consent: str
    opens_at: datetime | None
    expires_at: datetime | None
    capacity: int | None
    gold: tuple[GoldItem, ...]
    assumptions: Assumptions
