"""A rater's way from the link to the code: each protocol, each audience, on a phone and a desk."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from psutil import Process
from sqlmodel import select

from core.rating import humanity
from core.rating.design import Audience, Protocol, Question
from core.studies.rubric import Reason, Rubric, Scale
from db.tables import AnswerStatus, Preference, Rater, SessionStatus
from tests.ui.rating import CRITERIA, PROLIFIC, opened
from tests.ui.running import Slam
from tests.ui.walking import (
    WAIT_MS,
    choose,
    completion_code,
    items_in_session,
    picture,
    rate,
    save,
    shown_item,
    start_rating,
)

pytestmark = pytest.mark.browser

PAIRS = Rubric(allows_both_bad=True)
ARRIVAL = {"PROLIFIC_PID": "p-1", "STUDY_ID": "s-1", "SESSION_ID": "x-1"}
QUESTION = Question(text="What is 10 of 10?", options=("useless", "could not be better"), right=1)


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name)


def wait_for_heading(page: Page, name: str) -> None:
    expect(heading(page, name)).to_be_visible(timeout=WAIT_MS)


def test_a_crowd_worker_scores_on_a_phone_and_is_taken_back_with_their_own_code(
    slam: Slam, phone: Page, pictures: Path | None
) -> None:
    campaign = opened(slam, audience=Audience.CROWD, platform=PROLIFIC)
    phone.route("https://app.prolific.com/**", lambda route: route.fulfill(body="the platform"))
    phone.goto(campaign.link(**ARRIVAL))
    wait_for_heading(phone, "Rate short briefings")
    expect(phone.get_by_role("button", name="Start")).to_be_disabled()
    picture(phone, pictures, "rate_entrance_360")
    start_rating(phone, campaign.link(**ARRIVAL))
    picture(phone, pictures, "rate_score_360")
    rate(phone, 0)
    rate(phone, 10, comment="better")
    rate(phone, 3)
    code = completion_code(phone)
    picture(phone, pictures, "rate_ending_360")
    (session,) = campaign.sessions()
    assert (session.status, session.completion_code) == (SessionStatus.COMPLETE, code)
    assert [(one.value, one.comment) for one in campaign.ratings()] == [
        (0, None), (10, "better"), (3, None),
    ]  # fmt: skip
    link = phone.get_by_role("link", name="Back to the platform")
    expect(link).to_have_attribute("href", re.compile(rf"complete\?cc={code}$"))
    expect(phone.get_by_text("the platform", exact=True)).to_be_visible(timeout=15_000)


def test_going_back_to_the_platform_by_itself_can_be_stopped(slam: Slam, phone: Page) -> None:
    campaign = opened(slam, items=1, platform=PROLIFIC)
    phone.route("https://app.prolific.com/**", lambda route: route.fulfill(body="the platform"))
    start_rating(phone, campaign.link(PROLIFIC_PID="stays"))
    rate(phone, 5)
    completion_code(phone)
    phone.get_by_role("button", name="Stay here").click()
    phone.wait_for_timeout(9_000)
    completion_code(phone)


def test_on_a_phone_the_whole_scale_stands_in_one_row_of_equal_targets(
    slam: Slam, phone: Page
) -> None:
    start_rating(phone, opened(slam, rubric=CRITERIA).link())
    labels = phone.locator(".rate-row-scale label")
    boxes = [labels.nth(index).bounding_box() for index in range(labels.count())]
    found = [box for box in boxes if box is not None]
    assert len(found) == 11 * 3
    for row in (found[:11], found[11:22], found[22:]):
        assert len({round(box["y"]) for box in row}) == 1, "one row"
        assert min(box["width"] for box in row) >= 29
        assert max(box["width"] for box in row) - min(box["width"] for box in row) < 1
        assert min(box["height"] for box in row) >= 44
        assert max(box["x"] + box["width"] for box in row) <= 360
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert phone.evaluate(fits)


@pytest.mark.parametrize(("width", "is_stacked"), [(360, True), (1280, False)])
def test_pairs_stand_beside_each_other_on_a_desk_and_below_each_other_on_a_phone(
    slam: Slam, browser: Browser, pictures: Path | None, width: int, is_stacked: bool
) -> None:
    campaign = opened(slam, rubric=PAIRS, protocol=Protocol.PAIR, items=2)
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    start_rating(page, campaign.link())
    picture(page, pictures, f"rate_pair_{width}")
    first, second = (heading(page, name).bounding_box() for name in ("Response A", "Response B"))
    assert first is not None
    assert second is not None
    assert (first["y"] < second["y"]) == is_stacked
    assert (first["x"] == second["x"]) == is_stacked
    page.get_by_role("radio", name="B is better").check()
    save(page)
    page.get_by_role("radio", name="Both are bad").check()
    save(page)
    completion_code(page)
    context.close()
    given = [one.preference for one in campaign.ratings()]
    assert given == [Preference.SECOND, Preference.BOTH_BAD]


def test_only_what_the_rubric_allows_can_be_chosen_in_pairs(slam: Slam, page: Page) -> None:
    strict = Rubric(allows_tie=False, allows_cannot_judge=False, reason=Reason.NONE)
    start_rating(page, opened(slam, rubric=strict, protocol=Protocol.PAIR, items=1).link())
    assert page.get_by_role("radio").count() == 2
    expect(page.get_by_role("checkbox")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)
    page.keyboard.press("=")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)


def test_anyone_with_an_open_link_answers_a_question_of_people_and_all_of_it_is_german(
    slam: Slam, phone: Page, pictures: Path | None
) -> None:
    campaign = opened(
        slam, rubric=CRITERIA, audience=Audience.OPEN, language="de", items=1, name="Texte"
    )
    phone.goto(campaign.link())
    wait_for_heading(phone, "Texte")
    expect(phone.locator("html")).to_have_attribute("lang", "de", timeout=WAIT_MS)
    answer_like_a_person(phone, "falsch")
    expect(phone.get_by_text("Das ist nicht die Antwort auf die Frage")).to_be_visible(
        timeout=WAIT_MS
    )
    picture(phone, pictures, "rate_humanity_360")
    answer_like_a_person(phone)
    wait_for_heading(phone, "Aufgabe 1 von 1")
    picture(phone, pictures, "rate_criteria_360")
    shown = phone.inner_text("body")
    for word in ("Item", "Save", "comment", "Read", "Start", "Response"):
        assert word not in shown.replace("Start with the budget", ""), word
    phone.get_by_role("button", name="Speichern und weiter").click()
    expect(phone.get_by_role("alert")).to_have_text(re.compile("^Beantworten Sie jede Frage"))
    for group in phone.get_by_role("radiogroup").all():
        group.get_by_role("radio", name="7 von 0 bis 10").check()
    phone.get_by_role("button", name="Speichern und weiter").click()
    wait_for_heading(phone, "Vielen Dank")
    assert {one.criterion: one.value for one in campaign.ratings()} == {
        "correct": 7, "kind": 7, "brief": 7,
    }  # fmt: skip


def answer_like_a_person(page: Page, answer: str | None = None) -> None:
    """Answer the German question, consent if it is still to be given, and start."""
    question = page.get_by_text(re.compile("^(Was ist|Welche dieser|Schreiben Sie)")).inner_text()
    field = page.get_by_label("Ihre Antwort")
    field.fill(german_answer(question) if answer is None else answer)
    field.press("Tab")
    if not page.get_by_role("checkbox").is_checked():
        page.get_by_text("Ich habe das gelesen").click()
    # Nobody reads and answers in less than two seconds.
    page.wait_for_timeout(2_000)
    page.get_by_role("button", name="Anfangen").click()


def german_answer(question: str) -> str:
    language = humanity._LANGUAGES["de"]
    words = re.findall(r"\w+", question)
    values = [language.numbers.index(word) for word in words if word in language.numbers]
    if values:
        return str(sum(values) if "plus" in words else max(values))
    place = next(index for index, word in enumerate(language.ordinals) if word in words)
    return question.split(": ")[1].rstrip(".").split(", ")[place]


def test_an_expert_comes_in_once_by_their_own_link_and_may_give_a_name(
    slam: Slam, page: Page, phone: Page, pictures: Path | None
) -> None:
    campaign = opened(slam, rubric=CRITERIA, audience=Audience.EXPERTS, items=1)
    link = campaign.invite_link()
    page.goto(link)
    field = page.get_by_label("Your name (optional)")
    field.fill("Dr. <b>Ann</b> [x](y) 名")
    field.press("Tab")
    picture(page, pictures, "rate_expert_1280")
    page.get_by_text("I have read this and agree to take part.").click()
    page.get_by_role("button", name="Start").click()
    wait_for_heading(page, "Item 1 of 1")
    picture(page, pictures, "rate_criteria_1280")
    with slam.store() as session:
        rater = session.exec(select(Rater).where(Rater.campaign_id == campaign.campaign.id)).one()
    assert (rater.name, rater.role) == ("Dr. <b>Ann</b> [x](y) 名", "nurse")
    phone.goto(link)
    expect(phone.get_by_text("This invitation has been used")).to_be_visible(timeout=WAIT_MS)
    phone.goto(campaign.link())
    expect(phone.get_by_text("This study is for invited people")).to_be_visible(timeout=WAIT_MS)


def test_a_whole_session_goes_by_keyboard_alone(slam: Slam, page: Page) -> None:
    campaign = opened(slam, items=3)
    start_rating(page, campaign.link())
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(re.compile("^Answer every question"))
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(heading(page, "Item 2 of 3")).to_be_focused(timeout=WAIT_MS)
    page.keyboard.press("4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("9 of 10, by keys")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(heading(page, "Item 3 of 3")).to_be_focused(timeout=WAIT_MS)
    page.keyboard.press("Tab")
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    completion_code(page)
    given = [(one.value, one.comment) for one in campaign.ratings()]
    assert given == [(10, None), (5, "9 of 10, by keys"), (0, None)]


def test_the_keys_for_pairs_choose_and_save(slam: Slam, page: Page) -> None:
    campaign = opened(slam, rubric=PAIRS, protocol=Protocol.PAIR, items=4)
    start_rating(page, campaign.link())
    for number, key in enumerate(("a", "2", "=", "0"), start=1):
        wait_for_heading(page, f"Item {number} of 4")
        page.keyboard.press(key)
        page.keyboard.press("Enter")
    completion_code(page)
    assert [one.preference for one in campaign.ratings()] == [
        Preference.FIRST, Preference.SECOND, Preference.TIE, Preference.BOTH_BAD,
    ]  # fmt: skip


def test_whoever_cannot_judge_says_so_instead_of_a_score(slam: Slam, phone: Page) -> None:
    campaign = opened(slam, items=2)
    start_rating(phone, campaign.link())
    choose(phone, 4)
    phone.get_by_label("I cannot judge this").check()
    expect(phone.get_by_role("radio", checked=True)).to_have_count(0)
    save(phone)
    phone.get_by_label("I cannot judge this").check()
    choose(phone, 6)
    expect(phone.get_by_label("I cannot judge this")).not_to_be_checked()
    save(phone)
    given = [(one.status, one.value) for one in campaign.ratings()]
    assert given == [(AnswerStatus.CANNOT_JUDGE, None), (AnswerStatus.ANSWERED, 6)]


def test_a_long_scale_takes_a_number_and_a_required_reason_is_asked_for(
    slam: Slam, phone: Page, pictures: Path | None
) -> None:
    rubric = Rubric(scale=Scale(minimum=0, maximum=100), reason=Reason.REQUIRED)
    campaign = opened(slam, rubric=rubric, items=1)
    start_rating(phone, campaign.link())
    field = phone.get_by_role("spinbutton")
    expect(field).to_have_value("")
    field.fill("101")
    phone.get_by_label("Why? Write a few words").fill("because")
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_role("alert")).to_have_text(re.compile("not on the scale"))
    field.fill("87")
    phone.get_by_label("Why? Write a few words").fill("")
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_role("alert")).to_have_text(re.compile("^Write a few words on why"))
    picture(phone, pictures, "rate_number_360")
    phone.get_by_label("Why? Write a few words").fill("because")
    save(phone)
    assert [(one.value, one.comment) for one in campaign.ratings()] == [(87, "because")]


def test_who_does_not_agree_is_let_go_and_told_so(
    slam: Slam, phone: Page, pictures: Path | None
) -> None:
    campaign = opened(slam, platform=PROLIFIC)
    phone.goto(campaign.link(PROLIFIC_PID="declines"))
    phone.get_by_role("button", name="I do not agree").click()
    wait_for_heading(phone, "You did not agree")
    picture(phone, pictures, "rate_declined_360")
    (session,) = campaign.sessions()
    assert session.status is SessionStatus.NO_CONSENT
    expect(phone.get_by_role("link", name="Back to the platform")).to_have_attribute(
        "href", re.compile(session.completion_code)
    )


def test_the_check_of_understanding_has_no_default_and_two_attempts(
    slam: Slam, page: Page, phone: Page, pictures: Path | None
) -> None:
    campaign = opened(slam, comprehension=(QUESTION,), instructions="Ten is the **best**.")
    for one in (page, phone):
        one.goto(campaign.link())
        one.get_by_text("I have read this and agree to take part.").click()
        one.get_by_role("button", name="Start").click()
        wait_for_heading(one, "A few questions about the instructions")
        expect(one.get_by_role("radio", checked=True)).to_have_count(0)
    picture(phone, pictures, "rate_comprehension_360")
    page.get_by_role("button", name="Check my answers").click()
    expect(page.get_by_text("Answer every question")).to_be_visible(timeout=WAIT_MS)
    understand(page, "useless")
    expect(page.get_by_text("Not every answer was right")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("This is your last attempt")).to_be_visible()
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)
    understand(page, "could not be better")
    wait_for_heading(page, "Item 1 of 3")
    understand(phone, "useless")
    expect(phone.get_by_text("This is your last attempt")).to_be_visible(timeout=WAIT_MS)
    understand(phone, "useless")
    wait_for_heading(phone, "The session has ended")
    expect(phone.get_by_text("so this study is not for you this time")).to_be_visible()


def understand(page: Page, option: str) -> None:
    page.get_by_test_id("stForm").get_by_text(option, exact=True).click()
    page.get_by_role("button", name="Check my answers").click()


def test_the_instructions_can_be_read_again_and_nothing_of_the_item_is_lost(
    slam: Slam, phone: Page
) -> None:
    start_rating(phone, opened(slam, instructions="Mind the **gap**.").link())
    comment = phone.get_by_label("Comment (optional)")
    choose(phone, 8)
    comment.fill("half a thought")
    phone.get_by_role("button", name="Read the instructions again").click()
    expect(phone.get_by_text("Mind the gap.")).to_be_visible(timeout=WAIT_MS)
    phone.get_by_role("button", name="Back to the item").click()
    expect(phone.get_by_label("Comment (optional)")).to_have_value(
        "half a thought", timeout=WAIT_MS
    )
    expect(phone.get_by_role("radio", name="8 of 0 to 10")).to_be_checked()
    phone.reload()
    expect(phone.get_by_label("Comment (optional)")).to_have_value(
        "half a thought", timeout=WAIT_MS
    )
    expect(phone.get_by_role("radio", name="8 of 0 to 10")).to_be_checked()
    save(phone)
    expect(comment).to_have_value("")
    expect(phone.get_by_role("radio", checked=True)).to_have_count(0)


def test_a_rater_may_stop_and_have_the_answers_deleted_after_being_asked_once_more(
    slam: Slam, phone: Page, pictures: Path | None
) -> None:
    campaign = opened(slam)
    start_rating(phone, campaign.link())
    rate(phone, 5)
    phone.get_by_role("button", name="Stop taking part").click()
    wait_for_heading(phone, "Stop taking part?")
    picture(phone, pictures, "rate_stop_360")
    phone.get_by_role("button", name="Withdraw, and delete my answers").click()
    wait_for_heading(phone, "Withdraw and delete your answers?")
    phone.get_by_role("button", name="No, keep my answers").click()
    wait_for_heading(phone, "Item 2 of 3")
    phone.get_by_role("button", name="Stop taking part").click()
    phone.get_by_role("button", name="Withdraw, and delete my answers").click()
    wait_for_heading(phone, "Withdraw and delete your answers?")
    phone.get_by_role("button", name="Withdraw, and delete my answers").click()
    wait_for_heading(phone, "You have stopped")
    (session,) = campaign.sessions()
    assert session.status is SessionStatus.WITHDRAWN
    assert session.data_deleted_at is not None
    assert not campaign.ratings()


def test_active_time_counts_the_item_alone_and_not_what_is_spent_elsewhere(
    slam: Slam, page: Page
) -> None:
    campaign = opened(slam, items=2)
    start_rating(page, campaign.link())
    page.wait_for_timeout(1_000)
    page.get_by_role("button", name="Read the instructions again").click()
    expect(page.get_by_role("button", name="Back to the item")).to_be_visible(timeout=WAIT_MS)
    page.wait_for_timeout(3_000)
    # A wrong clock on the wall changes nothing.
    page.evaluate("Date.now = () => 0")
    page.get_by_role("button", name="Back to the item").click()
    expect(heading(page, "Item 1 of 2")).to_be_focused(timeout=WAIT_MS)
    rate(page, 5)
    rate(page, 5)
    first, second = campaign.ratings()
    assert first.active_ms is not None
    assert first.shown_to_saved_ms is not None
    assert second.active_ms is not None
    assert 1_000 <= first.active_ms < first.shown_to_saved_ms - 2_500
    assert second.active_ms < 1_000
    assert first.blur_count == 0


def test_no_furniture_of_streamlit_is_in_sight(slam: Slam, page: Page) -> None:
    start_rating(page, opened(slam).link())
    for name in ("stHeader", "stToolbar", "stDecoration", "stStatusWidget", "stSidebar"):
        expect(page.get_by_test_id(name).filter(visible=True)).to_have_count(0)
    assert page.title() == "Rating"
    assert shown_item(page) == "Item 1 of 3"
    assert items_in_session(page) == 3


def test_the_raters_process_carries_no_pandas(slam: Slam, page: Page) -> None:
    start_rating(page, opened(slam, items=2).link())
    rate(page, 5)
    loaded = {Path(one.path).parts for one in Process(slam.process_id("rate")).memory_maps()}
    assert any("pydantic_core" in parts for parts in loaded), "the test must see what is loaded"
    assert not any("pandas" in parts for parts in loaded)
