"""The page “Models”: fetch, cancel, go on, remove, and take a model that changed, in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from core.hosting.pins import settle_pin
from db.engine import Database
from db.tables import Audit, ModelPull, PullStatus, Study
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, enter, fill, make_study, open_page, picture

pytestmark = pytest.mark.browser

ABSENT = "stand-in-1b:q4"
INSTALLED = "stand-in-3b:q4"


@pytest.fixture(autouse=True)
def fresh_models(slam: Slam) -> Iterator[None]:
    """Every test finds the sandbox's models and faults as they were."""
    yield
    for path in ("/sandbox/models", "/sandbox/faults"):
        httpx.delete(f"{slam.sandbox_url}{path}").raise_for_status()
    slam.make_models_quick()


def change(slam: Slam, model: str, **fields: object) -> None:
    httpx.put(f"{slam.sandbox_url}/sandbox/models/{model}", json=fields).raise_for_status()


def open_models(page: Page, slam: Slam) -> None:
    enter(page, slam)
    page.goto(f"{slam.studio_url}/models")
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=WAIT_MS)


def part(page: Page, title: str) -> Locator:
    """Open a part of the page and give the page beside the sidebar."""
    main = page.get_by_test_id("stMain")
    main.get_by_test_id("stButtonGroup").get_by_text(title, exact=True).click()
    return main


def ask_for(page: Page, model: str) -> None:
    panel = part(page, "Get more")
    fill(panel.get_by_label("Any model of Ollama's library or of Hugging Face"), model)
    panel.get_by_role("button", name="Pull this model").click()


def newest_pull(slam: Slam) -> ModelPull:
    with slam.store() as session:
        query = select(ModelPull).order_by(col(ModelPull.requested_at).desc())
        pull = session.exec(query).first()
        assert pull is not None
        return pull


def test_a_model_is_fetched_with_progress_cancelled_fetched_to_the_end_and_removed(
    slam: Slam, page: Page, pictures: Path | None
) -> None:
    change(slam, ABSENT, pull_ms=20_000)
    open_models(page, slam)
    expect(page.get_by_text("for models (")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    picture(page, pictures, "models_installed")
    ask_for(page, ABSENT)
    going = page.get_by_text(
        re.compile(rf"{ABSENT}: is being fetched, [\d.]+ MB of 700.0 MB, .* a second, \d+ s left")
    )
    expect(going).to_be_visible(timeout=WAIT_MS)
    picture(page, pictures, "models_fetching")
    page.get_by_role("button", name="Cancel").click()
    cancelled = page.get_by_text(re.compile(rf"{ABSENT}: was cancelled; what is fetched stays"))
    expect(cancelled).to_be_visible(timeout=WAIT_MS)
    first = newest_pull(slam)
    assert first.status is PullStatus.CANCELLED
    assert first.cancel_requested_at is not None
    assert first.ended_at is not None
    assert (first.ended_at - first.cancel_requested_at).total_seconds() < 1

    change(slam, ABSENT, pull_ms=2_000)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(f"{ABSENT} was fetched, digest")).to_be_visible(timeout=WAIT_MS)
    second = newest_pull(slam)
    assert second.status is PullStatus.FINISHED
    assert second.digest is not None

    panel = part(page, "Remove")
    row = panel.get_by_text(ABSENT, exact=True)
    expect(row).to_be_visible(timeout=WAIT_MS)
    picture(page, pictures, "models_remove")
    panel.get_by_test_id("stPopover").first.get_by_role("button").click()
    page.get_by_role("button", name=f"Remove {ABSENT}").click()
    expect(row).to_have_count(0, timeout=WAIT_MS)
    with slam.store() as session:
        removed = session.exec(select(Audit).where(col(Audit.action) == "remove")).all()
    assert [audit.actor for audit in removed] == ["admin"]


def test_a_model_that_will_not_fit_is_warned_of_while_it_is_fetched(slam: Slam, page: Page) -> None:
    change(slam, ABSENT, installed=False, pull_ms=60_000, size=10**15)
    open_models(page, slam)
    ask_for(page, ABSENT)
    warning = page.get_by_text(f"'{ABSENT}' needs 1200000.0 GB of memory (by its file's size")
    expect(warning).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(f"{ABSENT}: was cancelled")).to_be_visible(timeout=WAIT_MS)


def test_a_name_that_cannot_be_fetched_is_told_in_one_sentence(slam: Slam, page: Page) -> None:
    open_models(page, slam)
    ask_for(page, "two words")
    expect(page.get_by_text("'two words' is no name of a model")).to_be_visible(timeout=WAIT_MS)
    ask_for(page, "unheard-of:7b")
    expect(page.get_by_text("there is none of that name and tag")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=WAIT_MS)


def test_the_papers_models_are_filtered_and_say_what_was_corrected(
    slam: Slam, page: Page, pictures: Path | None
) -> None:
    open_models(page, slam)
    panel = part(page, "Get more")
    expect(panel.get_by_role("button", name="Pull", exact=True)).to_have_count(28, timeout=WAIT_MS)
    fill(panel.get_by_label("Filter"), "vicuna")
    expect(panel.get_by_role("button", name="Pull", exact=True)).to_have_count(3, timeout=WAIT_MS)
    expect(panel.get_by_text("Printed as name vicuna:7b-q2_K_L")).to_be_visible()
    picture(page, pictures, "models_catalogue")


def test_a_changed_model_is_shown_and_taken_as_a_new_candidate(
    slam: Slam, page: Page, pictures: Path | None
) -> None:
    enter(page, slam)
    page.goto(slam.studio_url)
    make_study(page, "Pinned briefing")
    _pin(slam, "Pinned briefing")
    change(slam, INSTALLED, revision=1)
    open_page(page, "Models")
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Look again").click()
    panel = part(page, "Digests")
    expect(panel.get_by_text(f"The weights behind 'ollama/{INSTALLED}' changed")).to_be_visible(
        timeout=WAIT_MS
    )
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    picture(page, pictures, "models_digests")
    panel.get_by_role("button", name="Take the changed").click()
    expect(panel.get_by_text("The weights behind")).to_have_count(0, timeout=WAIT_MS)
    open_page(page, "Study")
    expect(page.get_by_text("Version 2, a draft")).to_be_visible(timeout=WAIT_MS)


def test_an_installed_model_is_added_to_the_studys_candidates(slam: Slam, page: Page) -> None:
    change(slam, ABSENT, pull_ms=0, installed=True)
    open_models(page, slam)
    page.goto(f"{slam.studio_url}/?study=New%20study…")
    expect(page.get_by_role("heading", name="Make a study")).to_be_visible(timeout=WAIT_MS)
    make_study(page, "Growing briefing")
    open_page(page, "Models")
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_text("Add to the candidates of")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Add candidate").click()
    expect(page.get_by_text("All of them are in the study")).to_be_visible(timeout=WAIT_MS)
    open_page(page, "Study")
    lines = page.get_by_test_id("stSidebar").get_by_role("textbox", name="Candidates, one a line")
    expect(lines).to_have_value(re.compile(rf"\nollama/{ABSENT}$"), timeout=WAIT_MS)


def _pin(slam: Slam, study: str) -> None:
    """Pin what is installed now, as the first call to a model does."""
    listed = httpx.get(f"{slam.sandbox_url}/api/tags").json()["models"]
    digest = next(one["digest"] for one in listed if one["name"] == INSTALLED)
    with slam.store() as session:
        study_id = session.exec(select(Study.id).where(Study.name == study)).one()
    database = Database(slam.store_url)
    assert settle_pin(database, study_id, f"ollama/{INSTALLED}", {}, digest) is None
    database.close()


def test_without_ollama_the_page_says_so_and_still_offers_the_catalogue(
    slam: Slam, phone: Page, pictures: Path | None
) -> None:
    open_models(phone, slam)
    picture(phone, pictures, "models_phone")
    httpx.put(f"{slam.sandbox_url}/sandbox/faults", json={"outage": {"seconds": 600}})
    phone.get_by_role("button", name="Look again").click()
    expect(phone.get_by_text("server busy, please try again")).to_be_visible(timeout=WAIT_MS)
    picture(phone, pictures, "models_phone_empty")
    panel = part(phone, "Get more")
    expect(panel.get_by_role("button", name="Pull", exact=True)).to_have_count(28, timeout=WAIT_MS)
    width = phone.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, "nothing is wider than the phone"
    picture(phone, pictures, "models_phone_catalogue")
