"""The page “Monitor”: live figures, with letters for models until somebody unlocks their names."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.rating.campaigns import close_campaign
from core.rating.design import PairsOf, Protocol
from core.rating.entrance import record_visit
from core.rating.views import ItemView
from db.engine import Database
from db.tables import Audit
from tests.building import ACTOR, rows_of
from tests.core.rating.raters import answer, completed, opened, started
from tests.ui.looking import look_at, study_with_responses
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, metric, open_page, pictures_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(slam: Slam) -> Iterator[Database]:
    database = Database(slam.store_url)
    yield database
    database.close()


def value_of(rater: int, item: ItemView) -> int:
    return (item.number + rater) % 11


def names_in(page: Page, models: list[str]) -> list[str]:
    text = page.get_by_test_id("stMain").inner_text()
    return [model for model in models if model.split("/")[1] in text]


def test_what_people_do_appears_by_itself(
    slam: Slam, page: Page, store: Database, pictures: Path | None
) -> None:
    content = study_with_responses(store)
    look_at(page, slam, content, "Monitor")
    expect(page.get_by_text("No campaign yet. Open one on the page")).to_be_visible(timeout=WAIT_MS)
    campaign = opened(
        store, content, items=6, pay_per_session=1.5, platform_fee_share=0.25, attention_items=1
    )
    page.reload()
    expect(metric(page, "Complete")).to_have_text("0", timeout=WAIT_MS)
    expect(page.get_by_text("Estimated finish: none; nobody has started yet.")).to_be_visible()
    record_visit(store, campaign.link_token, "nonce", {})
    for number in range(4):
        completed(store, campaign, partial(value_of, number))
    answer(store, started(store, campaign))
    expect(metric(page, "Opened")).to_have_text("1", timeout=WAIT_MS)
    expect(metric(page, "Active now")).to_have_text("1", timeout=WAIT_MS)
    expect(page.get_by_text(" of 8 sessions that count")).to_be_visible()
    expect(metric(page, "Spread between people")).to_contain_text("points", timeout=WAIT_MS)
    pictures_of(page, pictures, "monitor")


def test_models_are_letters_until_the_names_are_unlocked_which_is_recorded(
    slam: Slam, page: Page, store: Database, pictures: Path | None
) -> None:
    content = study_with_responses(store)
    models = [one.model for one in content.candidates]
    campaign = opened(store, content, items=6)
    for _ in range(2):
        completed(store, campaign)
    look_at(page, slam, content, "Monitor")
    expect(page.get_by_text("Ratings in sessions that count")).to_be_attached(timeout=WAIT_MS)
    assert names_in(page, models) == []
    open_page(page, "Quality")
    expect(page.get_by_role("button", name="Unlock (recorded)")).to_be_visible(timeout=WAIT_MS)
    assert names_in(page, models) == []
    pictures_of(page, pictures, "quality_locked")
    open_page(page, "Agreement")
    expect(page.get_by_role("button", name="Unlock (recorded)")).to_be_visible(timeout=WAIT_MS)
    assert names_in(page, models) == []
    open_page(page, "Monitor")
    page.get_by_role("button", name="Unlock (recorded)").click()
    expect(page.get_by_text("Names unlocked by admin")).to_be_visible(timeout=WAIT_MS)
    with store.read() as session:
        (audit,) = [
            one for one in rows_of(session, Audit)
            if one.action == "unlock names" and one.subject_id == campaign.id
        ]  # fmt: skip
    assert audit.actor == "admin"
    open_page(page, "Quality")
    expect(page.get_by_text("Response quality by model")).to_be_visible(timeout=WAIT_MS)


def test_pairs_are_watched_too_and_a_closed_campaign_has_no_secrets(
    slam: Slam, page: Page, store: Database, pictures: Path | None
) -> None:
    content = study_with_responses(store, cases=2)
    campaign = opened(store, content, items=6, protocol=Protocol.PAIR, pairs_of=PairsOf.ALL)
    for _ in range(3):
        completed(store, campaign)
    close_campaign(store, campaign.id, ACTOR)
    look_at(page, slam, content, "Monitor")
    expect(metric(page, "Two people differ")).to_contain_text("%", timeout=WAIT_MS)
    expect(page.get_by_text("Estimated finish: none;")).to_be_visible()
    expect(page.get_by_role("button", name="Unlock (recorded)")).to_have_count(0)
    pictures_of(page, pictures, "monitor_pairs")
