"""Pull, price, estimate, run, fail, retry, pause, cancel, resume and run dry, page by page."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import select

from db.tables import CallMode, CallStatus, Response, Run
from tests.ui.running import Slam, new_environment, running_slam
from tests.ui.walking import (
    WAIT_MS,
    agree,
    fill,
    make_study,
    metric,
    open_page,
    pictures_of,
    sign_in,
    start_generating,
)

pytestmark = pytest.mark.browser

PULLED = "stand-in-1b:q4"
PAID = "stand-in-gpt-4"
QUICK = {"time_to_first_token_ms": 1, "ms_per_token": 0, "load_ms": 0}
CALLS_A_SAMPLE = 6
"""Two models, each asked for three test cases."""


# The other walk goes over both databases; what this one adds is between the daemon and the models.
@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_models_are_fetched_priced_and_called_whatever_comes_between(
    empty_slam: Slam, page: Page, pictures: Path | None
) -> None:
    empty_slam.make_models_quick()
    sign_in(page, empty_slam)
    _pull(empty_slam, page, pictures)
    _price(page, pictures)
    open_page(page, "Study")
    make_study(page, "Walked briefing", f"ollama/{PULLED}")
    _run_with_failures(empty_slam, page, pictures)
    _retry(empty_slam, page)
    _outage(empty_slam, page, pictures)
    _cancel_and_resume(empty_slam, page, pictures)
    _budget(empty_slam, page, pictures)
    _look_at_money(page, pictures)


def _pull(slam: Slam, page: Page, pictures: Path | None) -> None:
    _sandbox(slam, "PUT", f"models/{PULLED}", QUICK | {"pull_ms": 20_000})
    open_page(page, "Models")
    main = page.get_by_test_id("stMain")
    main.get_by_test_id("stButtonGroup").get_by_text("Get more", exact=True).click()
    fill(main.get_by_label("Any model of Ollama's library or of Hugging Face"), PULLED)
    main.get_by_role("button", name="Pull this model").click()
    going = main.get_by_text(re.compile(rf"{PULLED}: is being fetched, .* of 700.0 MB, .* s left"))
    expect(going).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "walk_models_fetching")
    main.get_by_role("button", name="Cancel").click()
    expect(main.get_by_text(f"{PULLED}: was cancelled; what is fetched stays")).to_be_visible(
        timeout=WAIT_MS
    )
    pictures_of(page, pictures, "walk_models_cancelled")
    _sandbox(slam, "PUT", f"models/{PULLED}", {"pull_ms": 1_000})
    main.get_by_role("button", name="Go on").click()
    expect(main.get_by_text(f"{PULLED} was fetched, digest")).to_be_visible(timeout=WAIT_MS)
    main.get_by_test_id("stButtonGroup").get_by_text("Installed", exact=True).click()
    expect(main.get_by_text("for models (")).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "walk_models_installed")


def _price(page: Page, pictures: Path | None) -> None:
    open_page(page, "Prices")
    expect(page.get_by_role("heading", name="Prices")).to_be_visible(timeout=WAIT_MS)
    main = page.get_by_test_id("stMain")
    main.get_by_text("Add a price").click()
    fill(main.get_by_role("textbox", name="Model"), f"openai/{PAID}")
    fill(main.get_by_label("Prompt, US dollars per million tokens", exact=True), "30")
    fill(main.get_by_label("Completion, US dollars per million tokens"), "60")
    fill(main.get_by_label("Batch factor (optional)"), "0.5")
    fill(main.get_by_role("textbox", name="Source"), "the walk")
    pictures_of(page, pictures, "walk_prices_form")
    main.get_by_role("button", name="Add this price").click()
    expect(main.get_by_text(f"The price of openai/{PAID} is in the book.")).to_be_visible(
        timeout=WAIT_MS
    )
    pictures_of(page, pictures, "walk_prices")


def _run_with_failures(slam: Slam, page: Page, pictures: Path | None) -> None:
    """Two calls fail for good at once, the rest is stored."""
    open_page(page, "Responses")
    button = page.get_by_role("button", name="Generate 18 responses")
    expect(button).to_be_disabled(timeout=WAIT_MS)
    expect(metric(page, "Calls")).to_have_text("18")
    expect(metric(page, "Tokens, expected")).to_have_text(re.compile(r"^[1-9][\d,]+$"))
    for money in ("Cost, expected", "Cost, at most"):
        expect(metric(page, money)).to_have_text(re.compile(r"^\$[\d.]*[1-9]"))
    pictures_of(page, pictures, "walk_responses_estimate")
    fill(page.get_by_role("spinbutton", name="Budget in US dollars"), "5")
    expect(page.get_by_text("and no more than $5.00")).to_be_visible(timeout=WAIT_MS)
    agree(page)
    expect(button).to_be_enabled(timeout=WAIT_MS)
    _sandbox(slam, "PUT", f"faults/{PAID}", {"server_error": {"times": 2, "status": 400}})
    button.click()
    expect(page.get_by_text("The run is finished: 18 of 18 calls")).to_be_visible(timeout=60_000)
    expect(metric(page, "Stored")).to_have_text("16")
    expect(metric(page, "Failed")).to_have_text("2")
    expect(page.get_by_text("2 calls failed; the rest is stored. The causes:")).to_be_visible()
    cause = page.get_by_test_id("stTable").get_by_text(f"refused the call to '{PAID}'")
    expect(cause).to_be_visible()
    expect(page.get_by_text("the budget is $5.00")).to_be_visible()
    pictures_of(page, pictures, "walk_responses_failed")


def _retry(slam: Slam, page: Page) -> None:
    _sandbox(slam, "DELETE", "requests")
    agree(page)
    page.get_by_role("button", name="Generate 2 responses").click()
    expect(page.get_by_text("The run is finished: 2 of 2 calls")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Nothing is missing")).to_be_visible(timeout=WAIT_MS)
    assert _calls(slam) == [PAID, PAID], "only what failed is called again"


def _outage(slam: Slam, page: Page, pictures: Path | None) -> None:
    """A provider that is down pauses its calls, and they go on without a hand."""
    _more_samples(page, 6)
    _sandbox(slam, "PUT", f"faults/{PAID}", {"outage": {"seconds": 5}})
    start_generating(page)
    paused = page.get_by_text(
        re.compile("Calls to openai have been paused since .* goes on by itself")
    )
    expect(paused).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "walk_responses_paused")
    expect(page.get_by_text("The run is finished: 18 of 18 calls")).to_be_visible(timeout=60_000)
    expect(paused).to_have_count(0)
    expect(metric(page, "Stored")).to_have_text("18")
    expect(metric(page, "Failed")).to_have_text("0")


def _cancel_and_resume(slam: Slam, page: Page, pictures: Path | None) -> None:
    """What is stored stays; the next run calls the rest and nothing else."""
    _more_samples(page, 9)
    slow = {"time_to_first_token_ms": 1_500}
    _sandbox(slam, "PUT", f"models/{PAID}", slow | {"parallel": 1})
    _sandbox(slam, "PUT", f"models/{PULLED}", slow)
    start_generating(page)
    expect(metric(page, "Stored")).to_have_text(re.compile(r"^[3-9]$"), timeout=WAIT_MS)
    pictures_of(page, pictures, "walk_responses_running")
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.get_by_text("The run was cancelled; what is stored stays")).to_be_visible(
        timeout=WAIT_MS
    )
    pictures_of(page, pictures, "walk_responses_cancelled")
    left = _open_calls(slam)
    assert 0 < len(left) < 18, "the run was cancelled in its middle"
    for model in (PAID, PULLED):
        _sandbox(slam, "PUT", f"models/{model}", QUICK | {"parallel": 0})
    _sandbox(slam, "DELETE", "requests")
    agree(page)
    page.get_by_role("button", name=f"Generate {len(left)} responses").click()
    expect(
        page.get_by_text(f"The run is finished: {len(left)} of {len(left)} calls")
    ).to_be_visible(timeout=60_000)
    assert len(_calls(slam)) == len(left), "what was stored before is not called again"


def _budget(slam: Slam, page: Page, pictures: Path | None) -> None:
    _more_samples(page, 12)
    open_page(page, "Responses")
    fill(page.get_by_role("spinbutton", name="Budget in US dollars"), "0.02")
    expect(page.get_by_text("and no more than $0.02")).to_be_visible(timeout=WAIT_MS)
    agree(page)
    page.get_by_role("button", name="Generate 18 responses").click()
    stopped = page.get_by_text("The next paid call could have passed the run's budget")
    expect(stopped).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("The run was stopped; what is stored stays")).to_be_visible(
        timeout=WAIT_MS
    )
    expect(page.get_by_text("the budget is $0.02.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"Generate \d+ responses"))).to_be_visible(
        timeout=WAIT_MS
    )
    pictures_of(page, pictures, "walk_responses_stopped")
    with slam.store() as session:
        run = session.exec(select(Run).where(Run.budget_usd == 0.02)).one()
        assert run.spent_usd <= 0.02


def _look_at_money(page: Page, pictures: Path | None) -> None:
    open_page(page, "Judges")
    page.locator(".st-key-open_scorer button").click()
    expect(metric(page, "Cost, at most")).to_be_visible(timeout=WAIT_MS)
    # Nothing paid is called before somebody agrees to it.
    scorer = page.locator(".st-key-judge_scorer_row")
    making = scorer.get_by_role("button", name=re.compile(r"^Make \d+ judgments"))
    expect(making).to_be_disabled(timeout=WAIT_MS)
    pictures_of(page, pictures, "walk_judges")
    open_page(page, "Spend")
    expect(metric(page, "Spent")).to_have_text(re.compile(r"^\$[\d.]*[1-9]"), timeout=WAIT_MS)
    expect(metric(page, "Calls")).to_have_text(re.compile(r"^[1-9]\d+$"))
    expect(page.get_by_role("heading", name="Everything")).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "walk_spend")


@pytest.fixture
def batching_slam(tmp_path: Path) -> Iterator[Slam]:
    """SLaM that does not wait long before it asks how far a batch is."""
    environment = new_environment(tmp_path) | {"SLAM_BATCH_POLL_INTERVAL_S": "0.5"}
    with running_slam(environment) as running:
        running.make_models_quick()
        yield running


def test_batches_make_the_paid_responses_and_say_that_they_are_not_timed(
    batching_slam: Slam, page: Page, pictures: Path | None
) -> None:
    sign_in(page, batching_slam)
    make_study(page, "Batched briefing", "ollama/stand-in-3b:q4")
    open_page(page, "Responses")
    page.get_by_text("As batches", exact=True).click()
    expect(page.get_by_text("The paid models' answers are not timed")).to_be_visible(
        timeout=WAIT_MS
    )
    expect(metric(page, "Time")).to_have_text("within a day")
    pictures_of(page, pictures, "walk_responses_batches")
    agree(page)
    page.get_by_role("button", name="Generate 18 responses").click()
    expect(page.get_by_text("The run is finished: 18 of 18 calls")).to_be_visible(timeout=60_000)
    with batching_slam.store() as session:
        assert session.exec(select(Run.call_mode)).one() is CallMode.BATCH
        rows = session.exec(select(Response)).all()
    assert {row.status for row in rows} == {CallStatus.OK}
    timed = [row.duration_ns is not None for row in rows]
    assert timed.count(True) == 9, "those of the model that is not paid, and no others"
    batches = _sandbox(batching_slam, "GET", "requests?method=BATCH").json()
    assert {entry["model"] for entry in batches["requests"]} == {PAID}


def _more_samples(page: Page, samples: int) -> None:
    """Save a version that wants so many samples of each test case."""
    open_page(page, "Study")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("button", name="Save study")).to_have_count(1, timeout=WAIT_MS)
    fill(sidebar.get_by_label("Samples per test case"), str(samples))
    sidebar.get_by_role("button", name="Save study").click()
    saved = f"of its {samples * CALLS_A_SAMPLE} responses are there already"
    expect(page.get_by_text(saved)).to_be_visible(timeout=WAIT_MS)


def _open_calls(slam: Slam) -> list[str]:
    """The ids of the responses that are not made yet."""
    with slam.store() as session:
        query = select(Response.id).where(Response.status == CallStatus.PLANNED)
        return list(session.exec(query).all())


def _calls(slam: Slam) -> list[str]:
    """The models that were asked for a text of the study, in order; warm-ups are short."""
    asked = _sandbox(slam, "GET", "requests?purpose=text").json()["requests"]
    return [entry["model"] for entry in asked if entry["max_tokens"] is None]


def _sandbox(
    slam: Slam, method: str, path: str, content: Mapping[str, object] | None = None
) -> httpx.Response:
    return httpx.request(
        method, f"{slam.sandbox_url}/sandbox/{path}", json=content
    ).raise_for_status()
