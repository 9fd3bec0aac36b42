"""The page “Judges”: set one up, see what it is asked, try it, run it, and keep what it found."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlmodel import col, select

from core.judging.setups import save_setup
from core.results import load_results
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import CallStatus, Judge, JudgeSetup, Judgment, JudgmentPurpose
from tests.building import MEDIUM, REFERENCE, SMALL
from tests.ui.looking import look_at, study_with_responses
from tests.ui.running import Slam
from tests.ui.walking import WAIT_MS, agree, enter, fill, pictures_of, settled

pytestmark = pytest.mark.browser

RUN_MS = 120_000
RUN_ALL = re.compile(r"Run all that is missing \(\d+ judges\)")


@pytest.fixture
def store(slam: Slam) -> Iterator[Database]:
    """The store of the running installation."""
    database = Database(slam.store_url)
    yield database
    database.close()


@pytest.fixture
def study(slam: Slam, store: Database) -> VersionContent:
    """A study with nine responses, and stand-ins that always answer as they are asked."""
    for name in ("stand-in-gpt-4", "stand-in-7b:q4", "stand-in-3b:q4"):
        httpx.put(
            f"{slam.sandbox_url}/sandbox/models/{name}", json={"bad_judge_rate": 0}
        ).raise_for_status()
    return study_with_responses(store, cases=3)


def row(page: Page, judge: str) -> Locator:
    """The row of one judge."""
    return page.locator(f".st-key-judge_{judge}_row")


def opening(page: Page, judge: str) -> Locator:
    """The button that opens a judge."""
    return page.locator(f".st-key-open_{judge} button")


def sidebar(page: Page) -> Locator:
    """Where the set-up is."""
    return page.get_by_test_id("stSidebar")


def open_judge(page: Page, judge: str, label: str) -> Locator:
    """Open a judge; gives its row."""
    opening(page, judge).click()
    expect(sidebar(page).get_by_role("heading", name=f"Set-up of {label}")).to_be_visible(
        timeout=WAIT_MS
    )
    settled(page)
    return row(page, judge)


def set_field(page: Page, label: str, text: str) -> None:
    """Type into a field of the set-up and leave it."""
    fill(sidebar(page).get_by_label(label, exact=True), text)
    settled(page)


def save(page: Page, version: int) -> None:
    """Save the set-up as that version."""
    sidebar(page).get_by_role("button", name="Save", exact=True).click()
    said = sidebar(page).get_by_text(f"Version {version} of the set-up is saved")
    expect(said).to_be_visible(timeout=WAIT_MS)
    settled(page)


def run(judge: Locator, calls: int) -> None:
    """Agree if anything is paid, run the judge and wait until all is made."""
    button = judge.get_by_role("button", name=f"Make {calls} judgments")
    expect(button).to_be_visible(timeout=WAIT_MS)
    if button.is_disabled():
        agree(judge)
        expect(button).to_be_enabled(timeout=WAIT_MS)
    button.click()
    expect(judge.get_by_text("Nothing is missing.")).to_be_visible(timeout=RUN_MS)


def test_a_prompt_is_edited_seen_tried_saved_and_run_and_old_judgments_stay(
    slam: Slam, study: VersionContent, store: Database, page: Page, pictures: Path | None
) -> None:
    look_at(page, slam, study, "Judges")
    scorer = open_judge(page, "scorer", "Scorer")
    set_field(page, "Repeats", "2")
    save(page, 1)
    run(scorer, 18)
    before = judged(store, study)

    prompt = sidebar(page).get_by_label("Prompt", exact=True).input_value()
    set_field(page, "Prompt", f"Be as strict as can be.\n{prompt}")
    seen = scorer.get_by_test_id("stCode").first
    expect(seen).to_contain_text("Be as strict as can be.", timeout=WAIT_MS)
    expect(seen).to_contain_text("Start with the budget")
    expect(scorer.get_by_text(re.compile(r"About [\d,]+ tokens are read"))).to_be_visible()
    scorer.get_by_role("button", name="Test on this response").click()
    expect(scorer.get_by_text("A test is no judgment")).to_be_visible(timeout=WAIT_MS)
    expect(scorer.get_by_text("The reply as it came")).to_be_visible()
    assert judged(store, study) == before, "a test is stored as no judgment"
    pictures_of(page, pictures, "judges_tried")

    save(page, 2)
    run(scorer, 18)
    expect(scorer.get_by_text("As it was set up before (1)")).to_be_visible(timeout=WAIT_MS)
    pictures_of(page, pictures, "judges_second_version")
    after = judged(store, study)
    assert before.items() <= after.items()
    assert list(after.values()) == [18, 18]
    names = set(load_results(store, study.study.id).judgments["judge"])
    assert len(names) == 2
    with slam.store() as session:
        versions = session.exec(
            select(JudgeSetup).where(JudgeSetup.study_id == study.study.id)
        ).all()
        assert sorted(one.number for one in versions) == [1, 2]
        assert {one.created_by for one in versions} == {"admin"}


def test_an_earlier_version_is_loaded_into_the_form_and_the_defaults_come_back(
    slam: Slam, study: VersionContent, page: Page
) -> None:
    look_at(page, slam, study, "Judges")
    open_judge(page, "length_limit", "Length limit")
    words = sidebar(page).get_by_label("Most words", exact=True)
    for version, limit in enumerate(("50", "80"), start=1):
        set_field(page, "Most words", limit)
        save(page, version)
    sidebar(page).get_by_role("button", name="Back to the defaults").click()
    expect(words).to_have_value("", timeout=WAIT_MS)
    expect(sidebar(page).get_by_text("Not saved yet")).to_be_visible()
    sidebar(page).get_by_text("Versions that were saved (2)").click()
    sidebar(page).get_by_role("button", name="Load into the form").click()
    expect(words).to_have_value("80", timeout=WAIT_MS)
    expect(sidebar(page).get_by_text("What is in force.")).to_be_visible()


def test_what_cannot_be_used_is_said_in_a_sentence_and_nothing_typed_is_lost(
    slam: Slam, study: VersionContent, store: Database, page: Page, pictures: Path | None
) -> None:
    look_at(page, slam, study, "Judges")
    scorer = open_judge(page, "scorer", "Scorer")
    set_field(page, "Prompt", "Grade {{response}} for {{mood}}.")
    sentence = "there is no placeholder {{mood}}"
    expect(sidebar(page).get_by_text(sentence)).to_be_visible(timeout=WAIT_MS)
    expect(scorer.get_by_text("Nothing can be shown")).to_be_visible()
    sidebar(page).get_by_role("button", name="Save", exact=True).click()
    settled(page)
    expect(sidebar(page).get_by_text(sentence).first).to_be_visible()
    prompt = sidebar(page).get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value("Grade {{response}} for {{mood}}.")
    pictures_of(page, pictures, "judges_refused")
    opening(page, "tf_idf").click()
    expect(sidebar(page).get_by_text("Set-up of TF-IDF")).to_be_visible(timeout=WAIT_MS)
    open_judge(page, "scorer", "Scorer")
    expect(prompt).to_have_value("Grade {{response}} for {{mood}}.")
    with slam.store() as session:
        query = select(JudgeSetup).where(JudgeSetup.study_id == study.study.id)
        assert session.exec(query).all() == []


def test_a_panel_of_two_models_is_agreed_to_once_and_each_has_a_run(
    slam: Slam, study: VersionContent, store: Database, page: Page, pictures: Path | None
) -> None:
    look_at(page, slam, study, "Judges")
    scorer = open_judge(page, "scorer", "Scorer")
    set_field(page, "Models to ask, one a line", f"{REFERENCE}\n{MEDIUM}")
    save(page, 1)
    expect(scorer.get_by_text("Has not run yet.")).to_have_count(2)
    run(scorer, 18)
    expect(scorer.get_by_text(f"The run of {MEDIUM} is finished")).to_be_visible()
    pictures_of(page, pictures, "judges_panel")
    with slam.store() as session:
        query = select(Judge.model).join(Judgment).where(Judgment.status == CallStatus.OK)
        made = Counter(session.exec(query).all())
    assert made[MEDIUM] == 9
    assert set(judged(store, study).values()) == {9}
    assert len(judged(store, study)) == 2


def test_all_that_costs_nothing_is_run_in_one_press(
    slam: Slam,
    study: VersionContent,
    store: Database,
    page: Page,
    pictures: Path | None,
    tmp_path: Path,
) -> None:
    # The weights it comes with are fetched from a hub, which a test does not wait for.
    save_setup(
        store, study.study.id, "likelihood", models=(), options={"model": str(tmp_path)},
        actor="admin",
    )  # fmt: skip
    look_at(page, slam, study, "Judges")
    group = page.locator(".st-key-all_check")
    group.get_by_role("button", name=RUN_ALL).click()
    expect(group.get_by_role("button", name="Nothing to run")).to_be_visible(timeout=RUN_MS)
    expect(row(page, "empty").get_by_text("9 of 9 judgments are made")).to_be_visible(
        timeout=RUN_MS
    )
    similar = page.locator(".st-key-all_similarity")
    similar.get_by_role("button", name=RUN_ALL).click()
    for judge in ("tf_idf", "bleu", "sem_bleu"):
        made = row(page, judge).get_by_text(re.compile("6 of 9 judgments are made"))
        expect(made).to_be_visible(timeout=RUN_MS)
        expect(row(page, judge).get_by_text("3 no reference")).to_be_visible()
        expect(row(page, judge).get_by_role("button", name="Retry")).to_have_count(0)
    cause = row(page, "likelihood").get_by_text(
        re.compile("Most of what failed: The model .* cannot be loaded")
    )
    expect(cause).to_be_visible(timeout=RUN_MS)
    pictures_of(page, pictures, "judges_all")
    row(page, "bleu").get_by_role("link", name="Card").click()
    page.wait_for_url(re.compile(r"/judge_card\?.*judge=[0-9a-f]{32}"), timeout=WAIT_MS)
    with slam.store() as session:
        asked = set(session.exec(select(Judge.model)).all())
    assert "openai/text-embedding-3-small" not in asked, "what is paid is not run unasked"


def test_whether_a_judge_obeys_an_order_in_a_response_is_tried_apart_from_its_scores(
    slam: Slam, study: VersionContent, store: Database, page: Page, pictures: Path | None
) -> None:
    look_at(page, slam, study, "Judges")
    scorer = open_judge(page, "scorer", "Scorer")
    set_field(page, "Models to ask, one a line", SMALL)
    save(page, 1)
    scorer.get_by_text("Does it obey orders in a response?").click()
    scorer.get_by_role("button", name="See whether it obeys orders in a response").click()
    expect(scorer.get_by_text("The run is finished: 6 of 6 calls")).to_be_visible(timeout=RUN_MS)
    pictures_of(page, pictures, "judges_injection")
    with slam.store() as session:
        query = select(Judgment.purpose).join(Judge).where(Judge.model == SMALL)
        assert set(session.exec(query).all()) == {JudgmentPurpose.INJECTION}
    expect(scorer.get_by_text("still to be made")).to_contain_text("9")


def test_without_responses_the_page_says_what_to_do_first(
    slam: Slam, store: Database, page: Page
) -> None:
    from core.studies.service import create_study
    from tests.building import ACTOR, definition

    content = create_study(store, definition(), ACTOR)
    look_at(page, slam, content, "Judges")
    expect(page.get_by_text("There is no response to judge yet")).to_be_visible(timeout=WAIT_MS)
    scorer = open_judge(page, "scorer", "Scorer")
    expect(scorer.get_by_text("There is no response to this test case yet")).to_be_visible()
    expect(page.get_by_role("button", name="Run all that is missing")).to_have_count(0)


def test_on_a_phone_a_judge_is_set_up_with_the_keyboard_alone(
    slam: Slam, study: VersionContent, phone: Page, pictures: Path | None
) -> None:
    enter(phone, slam)
    phone.goto(f"{slam.studio_url}/judges?study={study.study.name}")
    expect(opening(phone, "tf_idf")).to_be_visible(timeout=WAIT_MS)
    opening(phone, "tf_idf").focus()
    phone.keyboard.press("Enter")
    expect(row(phone, "tf_idf").get_by_role("button", name="Close")).to_be_visible(timeout=WAIT_MS)
    test = row(phone, "tf_idf").get_by_role("button", name="Test on this response")
    test.focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("A test is no judgment")).to_be_visible(timeout=WAIT_MS)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    phone.wait_for_function(fits, timeout=WAIT_MS)


def judged(store: Database, content: VersionContent) -> dict[str, int]:
    """``judge id -> judgments made`` on the study, oldest judge first."""
    with store.read() as session:
        rows = session.exec(
            select(Judgment.judge_id)
            .where(Judgment.status == CallStatus.OK, Judgment.purpose == JudgmentPurpose.SCORE)
            .order_by(col(Judgment.created_at))
        ).all()
    frame = load_results(store, content.study.id).judgments
    mine = set(frame["judge_id"])
    return {judge: count for judge, count in Counter(rows).items() if judge in mine}
