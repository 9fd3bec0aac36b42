"""What a person does in the browser, as steps that tests put together."""

import re
import time
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, TimeoutError, expect

from tests.ui.running import Slam

WAIT_MS = 30_000
ATTEMPT_MS = 3_000


def sign_in(page: Page, slam: Slam) -> None:
    """Open the studio and sign in with the password that the first start printed."""
    page.goto(slam.studio_url)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(slam.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Make a study")).to_be_visible(timeout=WAIT_MS)


def enter(page: Page, slam: Slam) -> None:
    """Sign in without the form, which its own tests fill in; what is opened next is let in."""
    form: dict[str, str | float | bool] = {"name": "admin", "password": slam.password}
    reply = page.context.request.post(f"{slam.studio_url}/sign-in", form=form, max_redirects=0)
    assert reply.status == 303


def make_study(page: Page, name: str, candidates: str | None = None) -> None:
    """Save the example of the sidebar's form under a name, with other candidates if given."""
    sidebar = page.get_by_test_id("stSidebar")
    # For a moment the form of the study before is there too.
    expect(sidebar.get_by_role("button", name="Save study")).to_have_count(1, timeout=WAIT_MS)
    fill(sidebar.get_by_label("Name", exact=True), name)
    if candidates is not None:
        fill(sidebar.get_by_role("textbox", name="Candidates, one a line"), candidates)
    sidebar.get_by_role("button", name="Save study").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible(timeout=WAIT_MS)


def open_page(page: Page, title: str) -> None:
    """Follow a link of the navigation."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()


def agree(within: Page | Locator) -> None:
    """Agree to what the calls to paid models may cost."""
    within.get_by_text(re.compile("^I agree to")).click()


def start_generating(page: Page) -> None:
    """Agree to the estimate and ask for all responses."""
    open_page(page, "Responses")
    agree(page)
    page.get_by_role("button", name=re.compile(r"Generate \d+ responses")).click()


def generate(page: Page) -> None:
    """Make all responses and wait until they are stored."""
    start_generating(page)
    expect(page.get_by_text("The run is finished")).to_be_visible(timeout=120_000)


def settled(page: Page) -> None:
    """Wait until the page is drawn to its end; what is chosen or typed before may be lost."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=WAIT_MS
    )


def pick(within: Page | Locator, label: str, option: str) -> None:
    """Pick from a select box, as often as it takes until the settled page shows the option.

    A part of the page that is drawn late closes an open list, and a click may only leave the field
    before.
    """
    page = within if isinstance(within, Page) else within.page
    box = within.get_by_role("combobox", name=label)
    choice = page.get_by_role("option", name=option, exact=True)
    give_up_at = time.monotonic() + WAIT_MS / 1_000
    while True:
        settled(page)
        try:
            box.click(timeout=ATTEMPT_MS)
            choice.click(timeout=ATTEMPT_MS)
            settled(page)
            expect(box).to_have_value(option, timeout=ATTEMPT_MS)
        except (TimeoutError, AssertionError):
            if time.monotonic() > give_up_at:
                raise
        else:
            return


def open_campaign(page: Page, platform: str | None = None) -> str:
    """Open a campaign, for people of that recruiting platform if given; gives its plain link."""
    open_page(page, "Rating")
    if platform is not None:
        expect(page.get_by_role("button", name="Open campaign")).to_be_visible(timeout=WAIT_MS)
        pick(page, "Platform", platform)
        expect(page.get_by_label("Parameter with the person's id")).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Open campaign").click()
    link = page.get_by_test_id("stCode").first
    expect(link).to_contain_text("?campaign=", timeout=WAIT_MS)
    # What the platform fills in comes after it.
    return link.inner_text().strip().split("&")[0]


def start_rating(page: Page, link: str) -> None:
    """Agree and start."""
    page.goto(link)
    page.get_by_text("I have read this and agree to take part.").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name=re.compile(r"Item 1 of \d+"))).to_be_visible(
        timeout=WAIT_MS
    )


def shown_item(page: Page) -> str:
    """The heading of the item that is shown, as “Item 2 of 12”."""
    return page.get_by_role("heading", name=re.compile(r"Item \d+ of \d+")).inner_text()


def choose(page: Page, score: int) -> None:
    """Choose a score from 0 to 10."""
    page.get_by_role("radio", name=f"{score} of 0 to 10", exact=True).check()


def save(page: Page) -> None:
    """Press the button and wait for what comes next."""
    shown = shown_item(page)
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_role("heading", name=shown, exact=True)).to_have_count(0, timeout=WAIT_MS)


def rate(page: Page, score: int, comment: str = "") -> None:
    """Rate the item that is shown and wait for what comes next."""
    choose(page, score)
    if comment:
        page.get_by_label("Comment (optional)").fill(comment)
    save(page)


def items_in_session(page: Page) -> int:
    """How many items the session has."""
    return int(shown_item(page).split()[-1])


def completion_code(page: Page) -> str:
    """The code that the last page shows."""
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible(timeout=WAIT_MS)
    return page.locator("code").inner_text().strip()


def fill(field: Locator, text: str) -> None:
    """Type into a field and leave it, so that Streamlit takes the value."""
    field.fill(text)
    field.press("Tab")


def picture(page: Page, folder: Path | None, name: str) -> None:
    """Keep a full-page picture, where somebody wants to look."""
    if folder is not None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)


def pictures_of(page: Page, folder: Path | None, name: str) -> None:
    """Check that the page fits a phone, and keep a picture of it at both widths."""
    wide = page.viewport_size
    assert wide is not None
    # Streamlit scrolls inside the page, so that only a high window shows all of it.
    page.set_viewport_size({"width": wide["width"], "height": 1600})
    picture(page, folder, name)
    page.set_viewport_size({"width": 390, "height": 1600})
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).not_to_be_in_viewport(timeout=WAIT_MS)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    page.wait_for_function(fits, timeout=WAIT_MS)
    picture(page, folder, f"{name}_390")
    page.set_viewport_size(wide)
    expect(sidebar).to_be_in_viewport(ratio=1, timeout=WAIT_MS)


def metric(page: Page, label: str) -> Locator:
    """The number under a label."""
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def upload(page: Page, name: str, content: bytes) -> None:
    """Choose a file on the page “Import” and wait until the page shows it."""
    kind = "application/zip" if name.endswith(".zip") else "application/json"
    # The page before has an uploader too.
    expect(page.get_by_role("heading", name="Import")).to_be_visible(timeout=WAIT_MS)
    field = page.get_by_test_id("stMain").get_by_test_id("stFileUploaderDropzoneInput")
    field.set_input_files(FilePayload(name=name, mimeType=kind, buffer=content))
    expect(page.get_by_test_id("stMain").get_by_text(name)).to_be_visible(timeout=WAIT_MS)
