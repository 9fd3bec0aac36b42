"""The page “Screening”: what rules see, who is left out and counts again, whether a panel sees."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.rating.exclusions import rules_of_study
from core.rating.screening.service import screen
from core.results import load_results
from db.engine import Database
from db.tables import Campaign, Study, StudyVersion
from tests.core.rating.raters import completed
from tests.core.rating.screening.planted import careful, planted_campaign
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, enter, fill, metric, open_page, pick, pictures_of, settled

pytestmark = pytest.mark.browser

CAREFUL = 6


@pytest.fixture(scope="module")
def database(slam: Slam) -> Database:
    return Database(slam.store_url)


@pytest.fixture(scope="module")
def campaign(database: Database) -> Campaign:
    """Rated by six who read and two who always give the same value."""
    campaign = planted_campaign(database, overlap=9)
    for _ in range(CAREFUL):
        completed(database, campaign, careful)
    for _ in range(2):
        completed(database, campaign, lambda item: 6)
    return campaign


def study_of(database: Database, campaign: Campaign) -> Study:
    with database.read() as session:
        version = session.get_one(StudyVersion, campaign.study_version_id)
        return session.get_one(Study, version.study_id)


@pytest.fixture
def screening(slam: Slam, database: Database, campaign: Campaign, page: Page) -> Page:
    """The page, signed in, looking at the campaign's study."""
    # All of the page is in view: what opens is not pushed out of it by what comes later.
    page.set_viewport_size({"width": 1280, "height": 2400})
    enter(page, slam)
    page.goto(f"{slam.studio_url}/screening?study={study_of(database, campaign).name}")
    expect(page.get_by_role("heading", name="Screening of sessions")).to_be_visible(timeout=WAIT_MS)
    settled(page)
    return page


def test_sessions_are_left_out_with_a_reason_and_count_again_with_another(
    screening: Page, database: Database, campaign: Campaign, pictures: Path | None
) -> None:
    study = study_of(database, campaign)
    expect(screening.get_by_text("Can this panel tell bad from good?")).to_be_visible()
    expect(metric(screening, "Complete sessions")).to_have_text("8")
    pick(screening, "Rule", "Straight-lining")
    button = screening.get_by_role("button", name="Exclude these 2 sessions")
    expect(button).to_be_visible(timeout=WAIT_MS)
    pictures_of(screening, pictures, "screening")

    button.click()
    expect(screening.get_by_text("needs a reason")).to_be_visible(timeout=WAIT_MS)
    settled(screening)
    fill(screening.get_by_label("Reason for leaving them out"), "always the same value")
    button.click()
    expect(metric(screening, "Left out now")).to_have_text("2", timeout=WAIT_MS)
    expect(metric(screening, "Count")).to_have_text("6")
    assert rules_of_study(database, study.id) == {"straight_lining": 2}
    pictures_of(screening, pictures, "screening-excluded")

    settled(screening)
    fill(screening.get_by_label("Reason for counting it again"), "they wrote to us")
    screening.get_by_role("button", name="Let it count again").click()
    expect(metric(screening, "Left out now")).to_have_text("1", timeout=WAIT_MS)
    assert rules_of_study(database, study.id) == {"straight_lining": 1}
    assert load_results(database, study.id).sessions.counted == CAREFUL + 1

    open_page(screening, "Quality")
    expect(metric(screening, "Left out: excluded")).to_have_text("1", timeout=WAIT_MS)
    screening.get_by_role("button", name="Straight-lining").click()
    expect(screening.get_by_text("hold more: 1 session and 12 answers")).to_be_visible(
        timeout=WAIT_MS
    )
    expect(metric(screening, "Left out: excluded")).to_have_text("0")
    pictures_of(screening, pictures, "screening-quality-without-rule")


def test_a_threshold_changes_who_is_flagged(screening: Page) -> None:
    pick(screening, "Rule", "Median time per item")
    expect(screening.get_by_text("This rule flags no session.")).to_have_count(0)
    threshold = screening.get_by_label("Flag a median below (s)")
    fill(threshold, "0")
    threshold.press("Enter")
    expect(screening.get_by_text("This rule flags no session.")).to_be_visible(timeout=WAIT_MS)
    pick(screening, "Rule", "Straight-lining")
    pick(screening, "Rule", "Median time per item")
    expect(threshold).to_have_value("0.0", timeout=WAIT_MS)


def test_the_page_never_names_a_model_and_fits_a_phone(
    screening: Page, pictures: Path | None
) -> None:
    screening.get_by_text("One session, item by item").click()
    expect(screening.get_by_role("button", name="Exclude this session by hand")).to_be_visible(
        timeout=WAIT_MS
    )
    assert "stand-in" not in screening.get_by_test_id("stMain").inner_text()
    pictures_of(screening, pictures, "screening-session")


def test_the_assay_counts_only_who_counts(database: Database, campaign: Campaign) -> None:
    report = screen(database, campaign.id)
    assert report.panel.raters == len(report.behaviours) - len(report.left_out)
