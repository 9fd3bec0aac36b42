"""The page “Hosting”, against an AWS of our own: launch, look, take down, sweep."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.core.hosting.aws.cloud import OurAWS, running_aws
from tests.ui.running import Slam, new_environment, running_slam
from tests.ui.walking import WAIT_MS, fill, metric, open_page, picture, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def aws() -> Iterator[OurAWS]:
    with running_aws() as aws:
        yield aws


@pytest.fixture(scope="module")
def slam(aws: OurAWS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slam]:
    with running_slam(
        new_environment(tmp_path_factory.mktemp("home")) | aws.environment
    ) as running:
        yield running


@pytest.fixture
def hosting(slam: Slam, aws: OurAWS, page: Page) -> Page:
    """The page, signed in, in an account where nothing runs."""
    open_hosting(page, slam, aws)
    return page


@pytest.fixture(scope="module")
def idle_hosting(slam: Slam, aws: OurAWS, browser: Browser) -> Iterator[Page]:
    """The same for all tests that launch nothing."""
    context = browser.new_context()
    page = context.new_page()
    open_hosting(page, slam, aws)
    yield page
    context.close()


def open_hosting(page: Page, slam: Slam, aws: OurAWS) -> None:
    aws.start_over()
    sign_in(page, slam)
    open_page(page, "Hosting")
    expect(page.get_by_text("No machine runs, and nothing is being paid for")).to_be_visible(
        timeout=WAIT_MS
    )


def launch(page: Page) -> None:
    """Ask for the price, agree and launch."""
    page.get_by_role("button", name="Show the price").click()
    button = page.get_by_role("button", name="Launch", exact=True)
    expect(button).to_be_disabled(timeout=WAIT_MS)
    expect(metric(page, "At most, until it expires")).to_have_text("$3.07")
    page.get_by_text("Launch it, and spend $3.07 at most").click()
    expect(button).to_be_enabled(timeout=WAIT_MS)
    button.click()
    expect(page.get_by_text(re.compile(r"bench is launched \(i-"))).to_be_visible(timeout=WAIT_MS)


def test_a_machine_is_launched_after_its_price_was_agreed_to_and_taken_down_and_swept(
    hosting: Page, pictures: Path | None
) -> None:
    picture(hosting, pictures, "hosting-empty")
    fill(hosting.get_by_label("Models to pull, one a line"), "llama2:7b")
    hosting.get_by_role("button", name="Show the price").click()
    expect(metric(hosting, "At most, until it expires")).to_be_visible(timeout=WAIT_MS)
    hosting.get_by_role("button", name="Launch", exact=True).scroll_into_view_if_needed()
    picture(hosting, pictures, "hosting-price")
    launch(hosting)
    expect(metric(hosting, "Cost so far")).to_have_text("$0.00")
    expect(metric(hosting, "Expires (UTC)")).to_have_text(re.compile(r"\d\d-\d\d \d\d:\d\d"))
    hosting.get_by_text("Reach its Ollama").click()
    expect(hosting.get_by_test_id("stCode")).to_contain_text("AWS-StartPortForwardingSession")
    expect(hosting.get_by_text("Do not measure latency through this tunnel")).to_be_visible()
    hosting.get_by_role("heading", name="Hosting", exact=True).scroll_into_view_if_needed()
    picture(hosting, pictures, "hosting-running")

    down = hosting.get_by_role("button", name="Take it down")
    expect(down).to_be_disabled()
    hosting.get_by_text("Everything on bench may be lost").click()
    expect(down).to_be_enabled(timeout=WAIT_MS)
    down.click()
    expect(hosting.get_by_text("bench is gone.")).to_be_visible(timeout=WAIT_MS)
    expect(hosting.get_by_text("No machine runs, and nothing is being paid for")).to_be_visible()

    hosting.get_by_role("button", name="Look for leftovers").click()
    expect(hosting.get_by_text("slam-host-443: no machine has it")).to_be_visible(timeout=WAIT_MS)
    hosting.get_by_role("button", name="Remove these 2").click()
    expect(hosting.get_by_text("Removed 2.")).to_be_visible(timeout=WAIT_MS)


def test_the_page_fits_a_narrow_window(hosting: Page, pictures: Path | None) -> None:
    launch(hosting)
    hosting.set_viewport_size({"width": 390, "height": 800})
    hosting.reload()
    expect(metric(hosting, "Cost so far")).to_be_visible(timeout=WAIT_MS)
    hosting.get_by_text("Reach its Ollama").click()
    expect(hosting.get_by_test_id("stCode")).to_be_visible()
    hosting.get_by_text("Do not measure latency through this tunnel").scroll_into_view_if_needed()
    picture(hosting, pictures, "hosting-narrow")
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not hosting.evaluate(wide)


@pytest.mark.parametrize(
    ("label", "text", "sentence"),
    [
        ("Name", "Bench 1; rm -rf /", "give lower-case letters, digits and dashes"),
        ("Instance type", "t3.large", "no x86 machine with an NVIDIA GPU"),
        ("Instance type", "g99.large", "There is no instance type g99.large in us-east-1"),
        ("Models to pull, one a line", "$(reboot)", "give a name of Ollama's"),
    ],
)
def test_what_cannot_be_launched_is_refused_in_one_sentence(
    idle_hosting: Page, label: str, text: str, sentence: str
) -> None:
    idle_hosting.reload()
    fill(idle_hosting.get_by_label(label, exact=True), text)
    idle_hosting.get_by_role("button", name="Show the price").click()
    refusal = idle_hosting.get_by_role("alert").filter(has_text=sentence)
    expect(refusal).to_be_visible(timeout=WAIT_MS)
    expect(idle_hosting.get_by_role("button", name="Launch", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("without", "sentence"),
    [("credentials", "No AWS credentials were found"), ("boto3", "install it with: pip install")],
)
def test_what_is_missing_to_host_is_said_with_its_mend(
    browser: Browser, tmp_path: Path, without: str, sentence: str, pictures: Path | None
) -> None:
    environment = new_environment(tmp_path) | {
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }
    if without == "boto3":
        # As if it were not installed: the first boto3 on the path cannot be imported.
        (tmp_path / "boto3.py").write_text("raise ImportError(__name__)\n")
        environment["PYTHONPATH"] = str(tmp_path)
    with running_slam(environment) as slam:
        context = browser.new_context()
        page = context.new_page()
        sign_in(page, slam)
        open_page(page, "Hosting")
        expect(page.get_by_role("alert")).to_contain_text(sentence, timeout=WAIT_MS)
        picture(page, pictures, f"hosting-without-{without}")
        context.close()
