"""The main job, in a browser, from an empty folder to the agreement page."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.running import Slam
from tests.ui.walking import (
    WAIT_MS,
    agree,
    completion_code,
    generate,
    items_in_session,
    make_study,
    metric,
    open_campaign,
    open_page,
    picture,
    rate,
    sign_in,
    start_rating,
)

pytestmark = pytest.mark.browser


def test_a_newcomer_gets_from_an_empty_folder_to_the_agreement_of_two_judges_with_people(
    empty_slam: Slam, page: Page, browser: Browser, pictures: Path | None
) -> None:
    empty_slam.make_models_quick()
    sign_in(page, empty_slam)
    make_study(page, "Morning briefing")
    picture(page, pictures, "study")
    generate(page)
    expect(metric(page, "Stored")).to_have_text("36")
    picture(page, pictures, "responses")
    link = open_campaign(page)

    codes = [_rate_all(browser, link, pictures if number == 0 else None) for number in range(2)]
    assert len(set(codes)) == 2, "each session has a completion code of its own"
    _rate_half(browser, link)

    _judge(page, pictures)
    open_page(page, "Quality")
    page.get_by_role("button", name="Unlock (recorded)").click()
    expect(page.get_by_text("Response quality by model")).to_be_visible(timeout=WAIT_MS)
    picture(page, pictures, "quality")
    open_page(page, "Agreement")
    expect(metric(page, "Sessions that count")).to_have_text("2", timeout=WAIT_MS)
    expect(metric(page, "Left out: not complete")).to_have_text("1")
    expect(page.get_by_text("Agreement on the worst models")).to_be_visible(timeout=WAIT_MS)
    for judge in ("Scorer", "SEM-BLEU"):
        expect(page.get_by_text(re.compile(judge)).first).to_be_visible()
    picture(page, pictures, "agreement")


def _rate_all(browser: Browser, link: str, pictures: Path | None) -> str:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    rater = context.new_page()
    rater.goto(link)
    expect(rater.get_by_role("button", name="Start")).to_be_disabled(timeout=WAIT_MS)
    picture(rater, pictures, "consent")
    start_rating(rater, link)
    picture(rater, pictures, "item")
    for number in range(items_in_session(rater)):
        rate(rater, (number * 3 + 2) % 11, comment="fine" if number == 0 else "")
    code = completion_code(rater)
    picture(rater, pictures, "code")
    context.close()
    return code


def _rate_half(browser: Browser, link: str) -> None:
    context = browser.new_context()
    rater = context.new_page()
    start_rating(rater, link)
    for _ in range(items_in_session(rater) // 2):
        rate(rater, 5)
    context.close()


def _judge(page: Page, pictures: Path | None) -> None:
    open_page(page, "Judges")
    page.locator(".st-key-open_scorer button").click()
    scorer = page.locator(".st-key-judge_scorer_row")
    agree(scorer)
    scorer.get_by_role("button", name=re.compile(r"Make \d+ judgments")).click()
    expect(scorer.get_by_text("Nothing is missing.")).to_be_visible(timeout=120_000)
    page.locator(".st-key-run_sem_bleu button").click()
    sem_bleu = page.locator(".st-key-judge_sem_bleu_row")
    expect(sem_bleu.get_by_text("36 of 36 judgments are made")).to_be_visible(timeout=120_000)
    picture(page, pictures, "judges")
