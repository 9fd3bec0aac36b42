"""What a campaign's pages read at every step and what never changes: kept once read."""

from dataclasses import dataclass

from sqlalchemy import Connection

from core.rating.design import CampaignDesign, design_of_json
from core.rating.refusals import Cause, RefusalError
from core.studies.rubric import Rubric, rubric_of_json
from db.repositories import rating_step

_MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class CampaignContent:
    """A campaign's instructions (Markdown), how it asks, and what."""

    instructions: str
    design: CampaignDesign
    rubric: Rubric


_kept: dict[str, CampaignContent] = {}


def content_of_campaign(connection: Connection, campaign_id: str) -> CampaignContent:
    """The content of an open campaign, from memory if it was read before.

    Raises:
        RefusalError: there is no such campaign.
    """
    content = _kept.get(campaign_id)
    if content is None:
        row = rating_step.fixed_content(connection, campaign_id)
        if row is None:
            raise RefusalError(Cause.UNKNOWN_SESSION)
        content = CampaignContent(
            row.instructions, design_of_json(row.design), rubric_of_json(row.rubric)
        )
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[campaign_id] = content
    return content
