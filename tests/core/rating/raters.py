"""What a rater does, as steps that tests put together."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from core.rating.answering import save_answer
from core.rating.campaigns import open_campaign
from core.rating.controls import GoldItem
from core.rating.design import PLATFORMS, CampaignDesign, Protocol
from core.rating.entrance import start_session
from core.rating.sessions import claim_tab, view_session
from core.rating.views import Answer, ItemView, SessionView
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Campaign
from tests.building import ACTOR, make_study, store_responses

TAB = "the tab"
PROLIFIC = PLATFORMS["prolific"]


def opened(
    database: Database,
    content: VersionContent | None = None,
    *,
    items: int = 3,
    gold: Sequence[GoldItem] = (),
    capacity: int | None = None,
    **design: Any,
) -> Campaign:
    """A campaign on a study whose responses are all made."""
    if content is None:
        content = make_study(database)
        store_responses(database, content)
    return open_campaign(
        database,
        content.study.id,
        name="First",
        design=CampaignDesign(items_per_session=items, **design),
        actor=ACTOR,
        gold=gold,
        capacity=capacity,
    )


def started(database: Database, campaign: Campaign, **arrival: str) -> str:
    """A session of a new person in one tab."""
    session_id = start_session(database, campaign.link_token, uuid4().hex, arrival)
    claim_tab(database, session_id, TAB)
    return session_id


def item_of(database: Database, session_id: str) -> ItemView:
    """The item that is to be rated now."""
    item = view_session(database, session_id, TAB).item
    assert item is not None
    return item


def values_for(item: ItemView, value: int) -> dict[str, int | str]:
    """An answer to every criterion; for pairs an odd number prefers the first."""
    if item.protocol is Protocol.SCORE:
        return dict.fromkeys(item.rubric.keys, value)
    return dict.fromkeys(item.rubric.keys, "first" if value % 2 else "second")


def give(
    database: Database, session_id: str, item_id: str, tab: str = TAB, **answer: Any
) -> SessionView:
    """Give that answer to that item."""
    return save_answer(database, session_id, item_id, Answer(**answer), tab)


def answer(database: Database, session_id: str, value: int = 5, comment: str = "") -> str:
    """Rate the item that is shown; gives its id."""
    item = item_of(database, session_id)
    give(database, session_id, item.item_id, values=values_for(item, value), comment=comment)
    return item.item_id


def completed(
    database: Database,
    campaign: Campaign,
    value_of: Callable[[ItemView], int] = lambda item: 5,
    **arrival: str,
) -> str:
    """A session of a new person, rated to its end."""
    session_id = started(database, campaign, **arrival)
    while (item := view_session(database, session_id, TAB).item) is not None:
        values = values_for(item, value_of(item))
        give(database, session_id, item.item_id, values=values)
    return session_id
