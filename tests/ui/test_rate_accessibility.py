"""axe finds nothing serious on any page of a rater, light or dark, on a phone or a desk."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from core.rating.design import Audience, Protocol, Question
from core.studies.rubric import Rubric, Scale
from tests.ui.rating import CRITERIA, PROLIFIC, opened
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, completion_code, rate, start_rating

pytestmark = pytest.mark.browser

QUESTION = Question(text="What is 10 of 10?", options=("useless", "could not be better"), right=1)
WIDTHS = (1280, 360)


@pytest.fixture(params=["light", "dark"])
def viewed(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A fresh profile, whose person prefers those colours."""
    context = browser.new_context(color_scheme=request.param, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def serious_findings(page: Page) -> list[str]:
    """What axe calls serious or critical, with where, at any of the widths."""
    findings = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        results = Axe().run(page)
        findings += [
            f"{width} {one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for one in results.response["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
    return findings


def check(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=WAIT_MS)
    # The language and the style sheet come with the component.
    page.wait_for_function("document.querySelector('link[href*=rate-assets]')?.sheet")
    assert serious_findings(page) == [], heading


def long_text(number: int) -> str:
    return f"{'A long answer. ' * 60}{number}"


def test_axe_itself_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<p style='color:#ccc;background:#fff'>faint</p><input>")
    assert len(serious_findings(page)) >= 2 * len(WIDTHS)


def test_the_way_of_a_crowd_worker_has_no_serious_finding(slam: Slam, viewed: Page) -> None:
    campaign = opened(slam, items=1, comprehension=(QUESTION,), platform=PROLIFIC)
    viewed.route("https://app.prolific.com/**", lambda route: route.abort())
    viewed.goto(campaign.link(PROLIFIC_PID="one"))
    check(viewed, "Rate short briefings")
    viewed.get_by_text("I have read this and agree to take part.").click()
    viewed.get_by_role("button", name="Start").click()
    check(viewed, "A few questions about the instructions")
    viewed.get_by_test_id("stForm").get_by_text("useless", exact=True).click()
    viewed.get_by_role("button", name="Check my answers").click()
    expect(viewed.get_by_text("This is your last attempt")).to_be_visible(timeout=WAIT_MS)
    check(viewed, "A few questions about the instructions")
    viewed.get_by_test_id("stForm").get_by_text("could not be better", exact=True).click()
    viewed.get_by_role("button", name="Check my answers").click()
    check(viewed, "Item 1 of 1")
    viewed.get_by_role("button", name="Save and go on").click()
    expect(viewed.get_by_role("alert")).not_to_be_empty()
    check(viewed, "Item 1 of 1")
    viewed.get_by_role("button", name="Read the instructions again").click()
    check(viewed, "Instructions")
    viewed.get_by_role("button", name="Back to the item").click()
    viewed.get_by_role("button", name="Stop taking part").click()
    check(viewed, "Stop taking part?")
    viewed.get_by_role("button", name="Withdraw, and delete my answers").click()
    check(viewed, "Withdraw and delete your answers?")
    viewed.get_by_role("button", name="No, keep my answers").click()
    rate(viewed, 7)
    completion_code(viewed)
    viewed.get_by_role("button", name="Stay here").click()
    check(viewed, "Thank you")


def test_every_kind_of_item_has_no_serious_finding(slam: Slam, viewed: Page) -> None:
    pairs = opened(
        slam, rubric=Rubric(allows_both_bad=True), protocol=Protocol.PAIR, text=long_text
    )
    start_rating(viewed, pairs.link())
    viewed.get_by_role("radio", name="A is better").check()
    check(viewed, "Item 1 of 3")
    start_rating(viewed, opened(slam, rubric=CRITERIA).link())
    viewed.get_by_role("radio", name="7 of 0 to 10").first.check()
    check(viewed, "Item 1 of 3")
    start_rating(viewed, opened(slam, rubric=Rubric(scale=Scale(maximum=100))).link())
    check(viewed, "Item 1 of 3")


def test_the_other_entrances_and_refusals_have_no_serious_finding(slam: Slam, viewed: Page) -> None:
    viewed.goto(opened(slam, audience=Audience.OPEN, name="Open").link())
    check(viewed, "Open")
    experts = opened(slam, audience=Audience.EXPERTS, name="Experts")
    viewed.goto(experts.invite_link())
    check(viewed, "Experts")
    for address in (experts.link(), f"{slam.rate_url}/", f"{slam.rate_url}/?session=x"):
        viewed.goto(address)
        expect(viewed.get_by_test_id("stAlert")).to_be_visible(timeout=WAIT_MS)
        assert serious_findings(viewed) == [], address
