"""Open and close campaigns, and count what they brought."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from core.errors import InvalidInputError, NotFoundError
from core.exchange.storable import is_storable, shown
from core.rating.blindness import model_named_in
from core.studies.service import freeze, newest_content, require_prompt
from core.studies.template import render
from db.engine import Database
from db.repositories import audits
from db.repositories.rating import CampaignCounts, Campaigns
from db.repositories.responses import ResponseInContext, Responses, excluded_ids
from db.repositories.studies import VersionContent
from db.tables import Campaign, CampaignStatus, Subject
from db.types import utc_now

DEFAULT_INSTRUCTIONS = (
    "You will read what an assistant was asked and one response at a time. Rate each response from "
    "0 (useless) to 10 (could not be better). Judge every response on its own; there is no right "
    "number of high or low ratings."
)
DEFAULT_CONSENT = (
    "Taking part is voluntary, and you can stop at any time by closing the page. We store your "
    "ratings, your comments and when you gave them, under a pseudonym."
)


@dataclass(frozen=True, slots=True)
class CampaignSummary:
    """A campaign as a list shows it; only ``counts.complete`` sessions count."""

    campaign: Campaign
    counts: CampaignCounts
    excluded_sessions: int
    responses: int


def open_campaign(
    database: Database,
    study_id: str,
    *,
    name: str,
    items_per_session: int,
    actor: str,
    instructions: str = DEFAULT_INSTRUCTIONS,
    consent: str = DEFAULT_CONSENT,
    expires_at: datetime | None = None,
) -> Campaign:
    """Open the newest version's finished responses to raters behind a new link.

    Raises:
        InvalidInputError: there is nothing to rate, a value cannot be taken, or a text that raters
            would read names a model.
        NotFoundError: there is no such study.
    """
    with database.write() as session:
        content = newest_content(session, study_id)
        require_prompt(content, "raters cannot be shown what was asked")
        usable = Responses(session).usable(content)
        if not usable:
            raise InvalidInputError(
                "There is no response to rate yet; generate responses before opening a campaign."
            )
        _check(name, items_per_session, len(usable), expires_at)
        _check_storable(name=name, instructions=instructions, consent=consent)
        campaign = Campaign(
            study_version_id=content.version.id,
            name=name.strip(),
            link_token=secrets.token_urlsafe(12),
            instructions=instructions.strip() or DEFAULT_INSTRUCTIONS,
            consent=consent.strip() or DEFAULT_CONSENT,
            items_per_session=items_per_session,
            expires_at=expires_at,
            opened_by=actor,
        )
        _check_blindness(campaign, content, usable)
        session.add(campaign)
        session.flush()
        Campaigns(session).add_responses(campaign.id, [one.response.id for one in usable])
        freeze(session, content.version, actor)
        _audit(session, campaign, "open", actor)
        return campaign


def close_campaign(database: Database, campaign_id: str, actor: str) -> None:
    """Let nobody start any more; sessions under way may be finished, so that nobody loses pay.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.write() as session:
        campaign = Campaigns(session).get(campaign_id)
        if campaign is None:
            raise NotFoundError(f"There is no campaign {campaign_id!r}; pick one from the list.")
        if campaign.status is CampaignStatus.CLOSED:
            return
        campaign.status, campaign.closed_at = CampaignStatus.CLOSED, utc_now()
        session.add(campaign)
        _audit(session, campaign, "close", actor)


def list_campaigns(database: Database, study_id: str) -> list[CampaignSummary]:
    """The campaigns of a study with their counts, newest first."""
    with database.read() as session:
        campaigns = Campaigns(session)
        sessions = excluded_ids(session, Subject.SESSION)
        raters = excluded_ids(session, Subject.RATER)
        return [
            CampaignSummary(
                campaign=campaign,
                counts=campaigns.counts(campaign.id),
                excluded_sessions=campaigns.complete_among(campaign.id, sessions, raters),
                responses=campaigns.response_count(campaign.id),
            )
            for campaign in campaigns.of_study(study_id)
        ]


def default_items_per_session(models: int, test_cases: int) -> int:
    """Whole blocks of all models, as many as make about twelve items, at least one."""
    blocks = max(1, min(test_cases, round(12 / max(models, 1))))
    return models * blocks


def _check(name: str, items_per_session: int, usable: int, expires_at: datetime | None) -> None:
    if not 1 <= len(name.strip()) <= 200:
        raise InvalidInputError("The campaign needs a name of 1 to 200 characters; type one.")
    if not 1 <= items_per_session <= usable:
        raise InvalidInputError(
            f"{items_per_session} items a session cannot be shown; "
            f"choose 1 to {usable}, the number of responses there are."
        )
    if expires_at is not None and expires_at <= utc_now():
        raise InvalidInputError(
            f"The link would already have expired on {expires_at:%Y-%m-%d}; choose a later day."
        )


def _check_storable(**texts: str) -> None:
    for place, text in texts.items():
        if not is_storable(text):
            raise InvalidInputError(
                f"The campaign's {place} cannot be stored: it holds a NUL character or half a "
                "character; remove it."
            )


def _check_blindness(
    campaign: Campaign, content: VersionContent, usable: list[ResponseInContext]
) -> None:
    """Refuse texts that would tell raters of a model, before anybody reads them."""
    models = [candidate.model for candidate in content.candidates]
    texts = {
        "The campaign's name": campaign.name,
        "The campaign's instructions": campaign.instructions,
        "The campaign's consent": campaign.consent,
        "The study's description": content.version.description,
        "The study's question to raters": content.version.rubric_question,
    }
    shown_cases = {one.test_case.id: one for one in usable}.values()
    for one in shown_cases:
        place = f"The task of test case {shown(one.test_case.name)!r}"
        # Two cases may share a name; each is looked at.
        texts[place] = texts.get(place, "") + render(one.template.text, one.test_case.values) + "\n"
    for place, text in texts.items():
        name = model_named_in(text, models)
        if name is not None:
            raise InvalidInputError(
                f"{place} contains the model name {name!r}, which raters must not read; "
                "take it out, then open the campaign."
            )


def _audit(session: Session, campaign: Campaign, action: str, actor: str) -> None:
    audits.record(
        session,
        actor=actor,
        action=action,
        subject="campaign",
        subject_id=campaign.id,
        after={"name": campaign.name},
    )
