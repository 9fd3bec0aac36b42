"""Pages of the studio for a study that a test put into the store, looked at in a browser."""

from playwright.sync_api import Page, expect

from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from tests.building import ACTOR, definition, store_responses
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, enter, open_page


def study_with_responses(database: Database, cases: int = 5) -> VersionContent:
    """A new study whose responses are all made."""
    content = create_study(database, definition(cases=cases), ACTOR)
    store_responses(database, content)
    return content


def look_at(page: Page, slam: Slam, content: VersionContent, title: str) -> None:
    """Sign in, and open a page for that study."""
    enter(page, slam)
    page.goto(f"{slam.studio_url}/?study={content.study.name}")
    expect(page.get_by_role("heading", name=content.study.name)).to_be_visible(timeout=WAIT_MS)
    open_page(page, title)
