"""What goes wrong is said in one sentence where the person is, and the rest goes on."""

import json
import re
import sqlite3
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from db.tables import Campaign, Candidate, Rating, RatingSession, StudyVersion
from tests.ui.rating import opened
from tests.ui.running import Slam
from tests.ui.walking import (
    WAIT_MS,
    enter,
    fill,
    generate,
    metric,
    open_campaign,
    open_page,
    rate,
    start_rating,
    upload,
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def link(slam: Slam) -> str:
    """The link of an open campaign."""
    return opened(slam, study="Shared").link()


@pytest.fixture
def admin(slam: Slam, link: str, page: Page) -> Page:
    """A signed-in admin who is about to make another study."""
    enter(page, slam)
    page.goto(f"{slam.studio_url}/?study=New%20study…")
    expect(page.get_by_role("heading", name="Make a study")).to_be_visible(timeout=WAIT_MS)
    # For a moment the form of the study before is there too.
    save = page.get_by_test_id("stSidebar").get_by_role("button", name="Save study")
    expect(save).to_have_count(1, timeout=WAIT_MS)
    return page


@pytest.mark.parametrize(
    ("label", "text", "sentence"),
    [
        ("Prompt template", "Greet {{nobody}}.", "gives no value for {{nobody}}"),
        ("Prompt template", "Greet {{na me}}.", "is malformed"),
        (
            "Prompt template",
            "Greet {{name}}, {{done}}.",
            "which the template does not use",
        ),
        ("Test cases (CSV)", "name,done,planned,goals", "holds no test case"),
        ("Candidates, one a line", "llama2", "names no known provider"),
        ("Name", " ", "needs a name"),
        ("Name", "Shared", "exists; choose another name"),
    ],
)
def test_a_study_that_cannot_be_taken_is_refused_in_one_sentence(
    admin: Page, label: str, text: str, sentence: str
) -> None:
    sidebar = admin.get_by_test_id("stSidebar")
    fill(sidebar.get_by_label("Name", exact=True), "Refused")
    fill(sidebar.get_by_label(label, exact=True), text)
    sidebar.get_by_role("button", name="Save study").click()
    expect(sidebar.get_by_role("alert")).to_contain_text(sentence, timeout=WAIT_MS)


def test_a_model_that_does_not_exist_fails_with_its_cause_and_the_others_are_made(
    admin: Page, slam: Slam
) -> None:
    sidebar = admin.get_by_test_id("stSidebar")
    fill(sidebar.get_by_label("Name", exact=True), "One missing")
    candidates = "ollama/stand-in-3b:q4\nollama/no-such-model"
    fill(sidebar.get_by_role("textbox", name="Candidates, one a line"), candidates)
    fill(sidebar.get_by_label("Samples per test case"), "1")
    sidebar.get_by_role("button", name="Save study").click()
    expect(admin.get_by_role("heading", name="One missing")).to_be_visible(timeout=WAIT_MS)
    generate(admin)
    expect(admin.get_by_text("3 calls failed; the rest is stored.")).to_be_visible()
    expect(admin.get_by_text(re.compile("Of 9 responses, 6 are stored"))).to_be_visible()
    expect(admin.get_by_role("checkbox", name="Retry what failed (3)")).to_be_checked()
    expect(admin.get_by_role("button", name="Generate 3 responses")).to_be_enabled()
    with slam.store() as session:
        models = set(session.exec(select(Candidate.model)).all())
    assert "ollama/no-such-model" in models


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/", "Open the link that you were given"),
        ("/?campaign=wrong", "This link leads nowhere"),
        ("/?campaign=%00", "This link leads nowhere"),
        ("/?session=wrong", "This address is not complete"),
    ],
)
def test_a_wrong_rating_address_says_what_to_do(
    slam: Slam, phone: Page, address: str, sentence: str
) -> None:
    phone.goto(slam.rate_url + address)
    expect(phone.get_by_text(sentence)).to_be_visible(timeout=WAIT_MS)


def test_an_expired_link_says_so(slam: Slam, link: str, phone: Page) -> None:
    token = "expired-link"
    with slam.store() as session:
        version = session.exec(select(StudyVersion)).first()
        assert version is not None
        campaign = Campaign(
            study_version_id=version.id, name="Old", link_token=token, instructions="", consent="",
            items_per_session=1, opened_by="test", expires_at=version.created_at,
        )  # fmt: skip
        session.add(campaign)
        session.commit()
    phone.goto(f"{slam.rate_url}/?campaign={token}")
    expect(phone.get_by_text("This link has expired")).to_be_visible(timeout=WAIT_MS)


def test_pressing_on_without_a_choice_asks_for_one_and_stores_nothing(
    slam: Slam, link: str, phone: Page
) -> None:
    start_rating(phone, link)
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text("Answer every question")).to_be_visible(timeout=WAIT_MS)
    expect(phone.get_by_text(re.compile(r"Item 1 of"))).to_be_visible()
    rate(phone, 3)


def test_the_request_for_a_choice_is_in_view_on_a_small_phone(
    slam: Slam, link: str, phone: Page
) -> None:
    phone.set_viewport_size({"width": 360, "height": 640})
    start_rating(phone, link)
    expect(phone.get_by_role("radio", checked=True)).to_have_count(0)
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_role("alert")).to_contain_text("Answer every", timeout=WAIT_MS)
    expect(phone.get_by_role("alert")).to_be_in_viewport(ratio=1)
    expect(phone.get_by_role("radio", name="0 of 0 to 10", exact=True)).to_be_in_viewport(ratio=1)


def test_the_ends_of_the_scale_stand_on_one_line_on_a_small_phone(
    slam: Slam, link: str, phone: Page
) -> None:
    start_rating(phone, link)
    ends = [phone.get_by_text(text).bounding_box() for text in ("0 useless", "10 could not be")]
    left, right = ends
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["height"] == right["height"] < 30
    assert left["x"] + left["width"] < right["x"]
    assert right["x"] + right["width"] <= 360


def test_a_second_tap_on_the_chosen_number_leaves_it_chosen(
    slam: Slam, link: str, phone: Page
) -> None:
    start_rating(phone, link)
    chosen = phone.get_by_role("radio", name="7 of 0 to 10")
    chosen.click()
    chosen.click()
    expect(chosen).to_be_checked()
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text(re.compile(r"Item 2 of"))).to_be_visible(timeout=WAIT_MS)
    with slam.store() as session:
        latest = session.exec(
            select(RatingSession).order_by(RatingSession.started_at.desc())  # type: ignore[attr-defined]  # a column
        ).first()
        assert latest is not None
        values = session.exec(select(Rating.value).where(Rating.session_id == latest.id)).all()
    assert values == [7]


def test_a_participant_goes_on_after_the_campaign_was_closed(
    slam: Slam, admin: Page, phone: Page
) -> None:
    sidebar = admin.get_by_test_id("stSidebar")
    fill(sidebar.get_by_label("Name", exact=True), "Closed soon")
    sidebar.get_by_role("button", name="Save study").click()
    expect(admin.get_by_role("heading", name="Closed soon")).to_be_visible(timeout=WAIT_MS)
    generate(admin)
    link = f"{open_campaign(admin, 'Prolific')}&PROLIFIC_PID=p1"
    start_rating(phone, link)
    rate(phone, 3)
    admin.get_by_role("button", name="Close this campaign").click()
    expect(admin.get_by_role("button", name="Close this campaign")).to_have_count(0)
    phone.goto(link)
    expect(phone.get_by_text("You have a session under way")).to_be_visible(timeout=WAIT_MS)
    phone.get_by_role("button", name="Go on with my session").click()
    expect(phone.get_by_text(re.compile(r"Item 2 of"))).to_be_visible(timeout=WAIT_MS)


def test_of_two_tabs_the_older_one_is_told_to_stop_and_can_take_over(
    slam: Slam, link: str, phone: Page
) -> None:
    start_rating(phone, link)
    second = phone.context.new_page()
    second.goto(phone.url)
    expect(second.get_by_text(re.compile(r"Item 1 of"))).to_be_visible(timeout=WAIT_MS)
    rate(second, 4)
    phone.get_by_role("radio", name="9 of 0 to 10").click()
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text("goes on in another tab").first).to_be_visible(timeout=WAIT_MS)
    phone.get_by_role("button", name="Go on in this tab").click()
    expect(phone.get_by_text(re.compile(r"Item 2 of"))).to_be_visible(timeout=WAIT_MS)
    rate(phone, 8)
    with slam.store() as session:
        latest = session.exec(
            select(RatingSession).order_by(RatingSession.started_at.desc())  # type: ignore[attr-defined]  # a column
        ).first()
        assert latest is not None
        values = session.exec(select(Rating.value).where(Rating.session_id == latest.id)).all()
    assert sorted(value for value in values if value is not None) == [4, 8]


def test_a_locked_database_keeps_the_choice_and_asks_to_press_again(
    slam: Slam, link: str, phone: Page
) -> None:
    start_rating(phone, link)
    phone.get_by_role("radio", name="6 of 0 to 10").click()
    other = sqlite3.connect(
        Path(slam.environment["SLAM_HOME"]) / "slam.sqlite3", isolation_level=None
    )
    other.execute("BEGIN IMMEDIATE")
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text("could not be stored just now")).to_be_visible(timeout=WAIT_MS)
    other.execute("ROLLBACK")
    other.close()
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_text(re.compile(r"Item 2 of"))).to_be_visible(timeout=WAIT_MS)


def test_an_upload_that_is_no_archive_is_refused_in_one_sentence(admin: Page) -> None:
    open_page(admin, "Import")
    upload(admin, "broken.zip", b"no archive")
    admin.get_by_role("button", name="Import", exact=True).click()
    expect(admin.get_by_role("alert")).to_contain_text("broken.zip", timeout=WAIT_MS)


def test_a_file_of_the_original_tool_is_imported_and_its_study_is_looked_at(admin: Page) -> None:
    open_page(admin, "Import")
    document = {"run": "Cities", "prompt": "Tell me.", "outputs": {"tiny:1b": ["One.", "Two."]}}
    upload(admin, "cities.json", json.dumps(document).encode())
    admin.get_by_role("button", name="Import", exact=True).click()
    expect(metric(admin, "responses")).to_have_text("2", timeout=WAIT_MS)
    open_page(admin, "Study")
    expect(admin.get_by_role("heading", name="Cities")).to_be_visible(timeout=WAIT_MS)


def test_pages_and_sockets_of_the_studio_are_closed_to_whoever_is_not_signed_in(
    slam: Slam,
) -> None:
    for path in ("/", "/responses", "/agreement", "/_stcore/host-config"):
        reply = httpx.get(slam.studio_url + path)
        assert reply.status_code == 303
        assert reply.headers["location"].partition("?")[0] == "/sign-in"
    socket = httpx.get(
        f"{slam.studio_url}/_stcore/stream",
        headers={
            "connection": "upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "c2xhbS1zbGFtLXNsYW0tMQ==",
        },
    )
    assert socket.status_code == 403


def test_ten_wrong_passwords_lock_the_account_and_say_for_how_long(slam: Slam) -> None:
    form = {"name": "somebody", "password": "wrong"}
    for _ in range(10):
        reply = httpx.post(f"{slam.studio_url}/sign-in", data=form)
        assert reply.status_code == 401
        assert "The name or the password is wrong" in reply.text
    reply = httpx.post(f"{slam.studio_url}/sign-in", data=form)
    assert "wait a quarter of an hour" in reply.text
