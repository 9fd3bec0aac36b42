"""Open, pause and close campaigns, and count what they brought."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom

from sqlmodel import Session

from core.errors import InvalidInputError
from core.exchange.storable import is_storable, shown
from core.rating.blindness import model_named_in
from core.rating.controls import GoldItem, make_controls
from core.rating.default_texts import default_texts
from core.rating.design import CampaignDesign, design_of
from core.rating.getting import campaign_of
from core.rating.units import add_units, units_of
from core.studies.rubric import Rubric, rubric_of
from core.studies.service import freeze, newest_content, require_prompt
from core.studies.template import render
from db.engine import Database
from db.repositories import audits
from db.repositories.exclusions import excluded_ids
from db.repositories.rating import CampaignCounts, Campaigns
from db.repositories.responses import ResponseInContext, Responses
from db.repositories.studies import VersionContent
from db.tables import Campaign, CampaignStatus, Control, ControlKind, Subject
from db.types import utc_now


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
    design: CampaignDesign,
    actor: str,
    instructions: str = "",
    consent: str = "",
    opens_at: datetime | None = None,
    expires_at: datetime | None = None,
    capacity: int | None = None,
    gold: Sequence[GoldItem] = (),
) -> Campaign:
    """Open the newest version's finished responses to raters behind a new link.

    Args:
        database: the store.
        study_id: whose responses.
        name: the title that raters see.
        design: how they are asked.
        actor: who opens it.
        instructions: Markdown; empty is the language's default for the protocol.
        consent: Markdown; empty is the language's default.
        opens_at: nobody can start before.
        expires_at: nobody can start after.
        capacity: how many sessions may be under way or complete; null is what the overlap needs.
        gold: texts whose right answer is known, where the design plants some.

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
        units = units_of(design, usable, content.reference_ids)
        _check(name, design, len(units), opens_at, expires_at, capacity)
        texts = default_texts(design)
        campaign = Campaign(
            study_version_id=content.version.id,
            name=name.strip(),
            link_token=secrets.token_urlsafe(12),
            instructions=instructions.strip() or texts.instructions,
            consent=consent.strip() or texts.consent,
            items_per_session=design.items_per_session,
            design=design.document(),
            capacity=capacity,
            opens_at=opens_at,
            expires_at=expires_at,
            opened_by=actor,
        )
        _check_storable(
            name=campaign.name, instructions=campaign.instructions, consent=campaign.consent
        )
        rubric = rubric_of(content.version.rubric)
        controls = make_controls(
            design, rubric, usable, content.reference_ids, gold, SystemRandom()
        )
        _check_blindness(campaign, rubric, content, usable, controls)
        session.add(campaign)
        session.flush()
        Campaigns(session).add_responses(campaign.id, [one.response.id for one in usable])
        add_units(session, campaign.id, units)
        for control in controls:
            control.campaign_id = campaign.id
        session.add_all(controls)
        freeze(session, content.version, actor)
        _audit(session, campaign, "open", actor, {"name": campaign.name})
        return campaign


def pause_campaign(database: Database, campaign_id: str, actor: str) -> None:
    """Let nobody start for now; sessions under way go on.

    Raises:
        InvalidInputError: the campaign is closed.
        NotFoundError: there is no such campaign.
    """
    _turn(database, campaign_id, CampaignStatus.PAUSED, "pause", actor)


def resume_campaign(database: Database, campaign_id: str, actor: str) -> None:
    """Let people start again.

    Raises:
        InvalidInputError: the campaign is closed.
        NotFoundError: there is no such campaign.
    """
    _turn(database, campaign_id, CampaignStatus.OPEN, "resume", actor)


def close_campaign(database: Database, campaign_id: str, actor: str) -> None:
    """Let nobody start any more; sessions under way may be finished, so that nobody loses pay.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.write() as session:
        campaign = campaign_of(session, campaign_id, lock=True)
        if campaign.status is CampaignStatus.CLOSED:
            return
        campaign.status, campaign.closed_at = CampaignStatus.CLOSED, utc_now()
        session.add(campaign)
        _audit(session, campaign, "close", actor, {"name": campaign.name})


def change_schedule(
    database: Database,
    campaign_id: str,
    actor: str,
    *,
    opens_at: datetime | None,
    expires_at: datetime | None,
    capacity: int | None,
) -> None:
    """Change when people can start and how many; the values before stay in the audit.

    Raises:
        InvalidInputError: the campaign is closed, or a value cannot be taken.
        NotFoundError: there is no such campaign.
    """
    _check_schedule(opens_at, expires_at, capacity)
    with database.write() as session:
        campaign = campaign_of(session, campaign_id, lock=True)
        _check_not_closed(campaign)
        before = _schedule(campaign)
        campaign.opens_at, campaign.expires_at = opens_at, expires_at
        campaign.capacity = capacity
        session.add(campaign)
        _audit(session, campaign, "change schedule", actor, _schedule(campaign), before)


def unlock_names(database: Database, campaign_id: str, actor: str) -> None:
    """Let staff see which candidate is which while raters are still at work; it is recorded.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.write() as session:
        campaign = campaign_of(session, campaign_id, lock=True)
        if campaign.names_unlocked_at is None:
            campaign.names_unlocked_at, campaign.names_unlocked_by = utc_now(), actor
            session.add(campaign)
            _audit(session, campaign, "unlock names", actor, {"status": campaign.status.value})


def names_are_locked(campaign: Campaign) -> bool:
    """Whether staff are not to see which candidate is which: until unlocked, or closed."""
    return campaign.names_unlocked_at is None and campaign.status is not CampaignStatus.CLOSED


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


def _turn(
    database: Database, campaign_id: str, status: CampaignStatus, action: str, actor: str
) -> None:
    with database.write() as session:
        campaign = campaign_of(session, campaign_id, lock=True)
        _check_not_closed(campaign)
        if campaign.status is not status:
            campaign.status = status
            session.add(campaign)
            _audit(session, campaign, action, actor, {"name": campaign.name})


def _check_not_closed(campaign: Campaign) -> None:
    if campaign.status is CampaignStatus.CLOSED:
        raise InvalidInputError(
            f"The campaign {shown(campaign.name)!r} is closed for good; open a new one."
        )


def _schedule(campaign: Campaign) -> dict[str, object]:
    moments = {"opens_at": campaign.opens_at, "expires_at": campaign.expires_at}
    written = {name: one and one.isoformat() for name, one in moments.items()}
    return {**written, "capacity": campaign.capacity}


def _check(
    name: str,
    design: CampaignDesign,
    units: int,
    opens_at: datetime | None,
    expires_at: datetime | None,
    capacity: int | None,
) -> None:
    if not 1 <= len(name.strip()) <= 200:
        raise InvalidInputError("The campaign needs a name of 1 to 200 characters; type one.")
    design.check()
    if design.items_per_session > units:
        raise InvalidInputError(
            f"{design.items_per_session} items a session cannot be shown; "
            f"choose 1 to {units}, the number of different ones there are."
        )
    _check_schedule(opens_at, expires_at, capacity)


def _check_schedule(
    opens_at: datetime | None, expires_at: datetime | None, capacity: int | None
) -> None:
    if expires_at is not None and expires_at <= utc_now():
        raise InvalidInputError(
            f"The link would already have expired on {expires_at:%Y-%m-%d}; choose a later day."
        )
    if opens_at is not None and expires_at is not None and opens_at >= expires_at:
        raise InvalidInputError(
            f"The campaign would open on {opens_at:%Y-%m-%d %H:%M}, after its end; choose an "
            "earlier moment."
        )
    if capacity is not None and not 1 <= capacity <= 1_000_000:
        raise InvalidInputError(
            f"A capacity of {capacity} sessions cannot be used; choose 1 to 1,000,000."
        )


def _check_storable(**texts: str) -> None:
    for place, text in texts.items():
        if not is_storable(text):
            raise InvalidInputError(
                f"The campaign's {place} cannot be stored: it holds a NUL character or half a "
                "character; remove it."
            )


def _check_blindness(
    campaign: Campaign,
    rubric: Rubric,
    content: VersionContent,
    usable: list[ResponseInContext],
    controls: Sequence[Control],
) -> None:
    """Refuse texts that would tell raters of a model, before anybody reads them."""
    design = design_of(campaign.design)
    questions = [text for one in design.comprehension for text in (one.text, *one.options)]
    gold = [one for one in controls if one.kind is ControlKind.GOLD]
    texts = {
        "The campaign's name": campaign.name,
        "The campaign's instructions": campaign.instructions,
        "The campaign's consent": campaign.consent,
        "The check of understanding": "\n".join(questions),
        "A gold item": "\n".join(f"{one.text}\n{one.feedback or ''}" for one in gold),
        "The study's description": content.version.description,
        "The study's question to raters": rubric.question,
        # The page that asks them has the names too, though it does not show them.
        "A criterion's name": "\n".join(rubric.keys),
        "The scale": f"{rubric.scale.minimum_label}\n{rubric.scale.maximum_label}",
    }
    for one in {one.test_case.id: one for one in usable}.values():
        place = f"The task of test case {shown(one.test_case.name)!r}"
        # Two cases may share a name; each is looked at.
        texts[place] = texts.get(place, "") + render(one.template.text, one.test_case.values) + "\n"
    models = [candidate.model for candidate in content.candidates]
    for place, text in texts.items():
        name = model_named_in(text, models)
        if name is not None:
            raise InvalidInputError(
                f"{place} contains the model name {name!r}, which raters must not read; "
                "take it out, then open the campaign."
            )


def _audit(
    session: Session,
    campaign: Campaign,
    action: str,
    actor: str,
    after: dict[str, object],
    before: dict[str, object] | None = None,
) -> None:
    audits.record(
        session,
        actor=actor,
        action=action,
        subject="campaign",
        subject_id=campaign.id,
        before=before,
        after=after,
    )
