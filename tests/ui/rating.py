"""Campaigns for tests of the raters' pages, put straight into a running installation's store."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlmodel import Session, col, select

from core.rating.campaigns import open_campaign
from core.rating.controls import GoldItem
from core.rating.design import PLATFORMS, CampaignDesign
from core.rating.invites import create_invites
from core.studies.rubric import DEFAULT_RUBRIC, Criterion, Rubric
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Campaign, Item, Rating, RatingSession
from tests.building import ACTOR, definition, numbered_text, store_responses
from tests.ui.running import Slam

PROLIFIC = PLATFORMS["prolific"]
CRITERIA = Rubric(
    criteria=(
        Criterion(key="correct", question="Is everything in it correct?"),
        Criterion(key="kind", question="Is it kind to the reader?"),
        Criterion(key="brief", question="Is it as short as it can be?"),
    )
)


@contextmanager
def store_of(slam: Slam) -> Iterator[Database]:
    """The installation's database."""
    database = Database(slam.store_url)
    try:
        yield database
    finally:
        database.close()


@dataclass(frozen=True)
class Opened:
    """A campaign and the addresses that lead to it."""

    slam: Slam
    campaign: Campaign

    def link(self, **parameters: str) -> str:
        """The shared link, with a platform's parameters."""
        query = urlencode({"campaign": self.campaign.link_token, **parameters})
        return f"{self.slam.rate_url}/?{query}"

    def invite_link(self, name: str | None = None) -> str:
        """A new expert's own link."""
        with store_of(self.slam) as database:
            (invite,) = create_invites(database, self.campaign.id, "nurse", [name], ACTOR)
        return f"{self.slam.rate_url}/?invite={invite.token}"

    def sessions(self) -> list[RatingSession]:
        """The campaign's sessions, oldest first."""
        with self.slam.store() as session:
            query = select(RatingSession).where(RatingSession.campaign_id == self.campaign.id)
            return list(session.exec(query.order_by(col(RatingSession.started_at))).all())

    def item_ids(self) -> set[str]:
        """The items of all its sessions."""
        with self.slam.store() as session:
            query = select(Item.id).where(
                col(Item.session_id).in_([one.id for one in self.sessions()])
            )
            return set(session.exec(query).all())

    def ratings(self) -> list[Rating]:
        """What was given in all its sessions, in the order it was stored."""
        with self.slam.store() as session:
            return ratings_of(session, [one.id for one in self.sessions()])


def ratings_of(session: Session, session_ids: list[str]) -> list[Rating]:
    """The ratings of sessions, in the order they were stored."""
    query = select(Rating).where(col(Rating.session_id).in_(session_ids))
    return list(session.exec(query.order_by(col(Rating.submitted_at), col(Rating.criterion))).all())


def opened(
    slam: Slam,
    *,
    study: str | None = None,
    rubric: Rubric = DEFAULT_RUBRIC,
    text: Callable[[int], str] = numbered_text,
    items: int = 3,
    name: str = "Rate short briefings",
    instructions: str = "",
    consent: str = "",
    gold: Callable[[VersionContent], Sequence[GoldItem]] = lambda content: (),
    **design: Any,
) -> Opened:
    """A campaign on a study of two test cases and three models, whose responses are all there."""
    with store_of(slam) as database:
        made = replace(definition(), rubric=rubric)
        content = create_study(database, replace(made, name=study or made.name), ACTOR)
        store_responses(database, content, text=text)
        campaign = open_campaign(
            database,
            content.study.id,
            name=name,
            design=CampaignDesign(items_per_session=items, **design),
            actor=ACTOR,
            instructions=instructions,
            consent=consent,
            gold=gold(content),
        )
    return Opened(slam, campaign)
