"""The agreement table and a judge's card in a browser, on a desk and on a phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from db.engine import Database
from tests.ui.judged_study import GPT_4, JudgedStudy, judge_id_of, judged_study
from tests.ui.looking import look_at
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, pick, pictures_of, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def made(slam: Slam) -> JudgedStudy:
    return judged_study(Database(slam.store_url))


@pytest.fixture
def agreement(slam: Slam, made: JudgedStudy, page: Page) -> Page:
    """The agreement page, all of it in view."""
    page.set_viewport_size({"width": 1280, "height": 3200})
    look_at(page, slam, made.content, "Agreement")
    expect(page.get_by_text("These do not find the bad models")).to_be_visible(timeout=WAIT_MS)
    settled(page)
    return page


def test_the_agreement_table_says_who_finds_the_bad_models_and_who_does_not(
    agreement: Page, pictures: Path | None
) -> None:
    expect(agreement.get_by_text("These find the bad models")).to_contain_text("SEM-BLEU")
    lost = agreement.get_by_text("These do not find the bad models")
    expect(lost).to_contain_text(f"Multi-choice selector by {GPT_4}")
    expect(agreement.get_by_role("heading", name="The paper's nine methods")).to_be_visible()
    expect(agreement.get_by_text("Further judges and panels")).to_be_visible()
    expect(agreement.get_by_text("Responses that fail a check: 1.")).to_be_visible()
    pictures_of(agreement, pictures, "agreement")


def test_a_link_opens_the_card_of_its_judge_and_another_can_be_chosen(
    slam: Slam, made: JudgedStudy, agreement: Page, pictures: Path | None
) -> None:
    page = agreement
    judge_id = judge_id_of(made, "scorer", GPT_4)
    page.goto(f"{slam.studio_url}/judge_card?study={made.content.study.name}&judge={judge_id}")
    expect(page.get_by_role("heading", name=f"Scorer by {GPT_4}")).to_be_visible(timeout=WAIT_MS)
    settled(page)
    expect(page.get_by_text("Finds the bad models: it ranks")).to_be_visible()
    expect(page.get_by_text("were obeyed 3 times out of 10")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 5200})
    settled(page)
    pictures_of_all(page, pictures, "judge-card")
    pick(page, "Judge", "TF-IDF")
    expect(page.get_by_text("Does not find the bad models")).to_be_visible(timeout=WAIT_MS)
    expect(page).not_to_have_url(re.compile(judge_id))


def test_a_disagreement_is_read_with_one_click(
    slam: Slam, made: JudgedStudy, agreement: Page, pictures: Path | None
) -> None:
    page = agreement
    judge_id = judge_id_of(made, "scorer", GPT_4)
    page.goto(f"{slam.studio_url}/judge_card?study={made.content.study.name}&judge={judge_id}")
    page.set_viewport_size({"width": 1280, "height": 5200})
    expect(page.get_by_role("heading", name="Disagreements")).to_be_visible(timeout=WAIT_MS)
    settled(page)
    table = page.get_by_test_id("stDataFrame").last
    box = table.bounding_box()
    assert box is not None
    # The first row's box for choosing it: the table is drawn on a canvas.
    page.mouse.click(box["x"] + 16, box["y"] + 52)
    expect(page.get_by_text("Write a briefing in two sentences.")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("It covers the tasks, but not briefly.").first).to_be_visible()
    settled(page)
    pictures_of_all(page, pictures, "judge-card-disagreement")


def pictures_of_all(page: Page, pictures: Path | None, name: str) -> None:
    """Pictures at both widths, as high as the page; and that it fits a phone."""
    if pictures is not None:
        page.screenshot(path=pictures / f"{name}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 7000})
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    page.wait_for_function(fits, timeout=WAIT_MS)
    settled(page)
    if pictures is not None:
        page.screenshot(path=pictures / f"{name}_390.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 5200})
    settled(page)
