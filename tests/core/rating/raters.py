"""What a rater does, as steps that tests put together."""

from collections.abc import Callable
from uuid import uuid4

from core.rating.campaigns import open_campaign
from core.rating.sessions import (
    ItemView,
    claim_tab,
    save_answer,
    start_session,
    view_session,
)
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Campaign
from tests.building import ACTOR, make_study, store_responses

TAB = "the tab"


def opened(
    database: Database, content: VersionContent | None = None, *, items: int = 3
) -> Campaign:
    """A campaign on a study whose responses are all made."""
    if content is None:
        content = make_study(database)
        store_responses(database, content)
    return open_campaign(
        database, content.study.id, name="First", items_per_session=items, actor=ACTOR
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


def answer(database: Database, session_id: str, value: int = 5, comment: str = "") -> str:
    """Rate the item that is shown; gives its id."""
    item_id = item_of(database, session_id).item_id
    save_answer(database, session_id, item_id, value, comment, TAB)
    return item_id


def completed(
    database: Database,
    campaign: Campaign,
    value_of: Callable[[ItemView], int] = lambda item: 5,
    **arrival: str,
) -> str:
    """A session of a new person, rated to its end."""
    session_id = started(database, campaign, **arrival)
    while (item := view_session(database, session_id, TAB).item) is not None:
        save_answer(database, session_id, item.item_id, value_of(item), "", TAB)
    return session_id
