"""What goes wrong on a rater's page is absorbed: nothing lost, nothing leaked, nothing executed."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from benchmarks.streamlit_socket import Tab, Trigger
from core.rating.entrance import start_session
from core.rating.sessions import session_token
from core.secret import signing_secret
from core.settings import Settings
from db.tables import RatingConflict
from tests.building import rows_of
from tests.ui.rating import CRITERIA, PROLIFIC, Opened, opened, store_of
from tests.ui.running import Slam, new_environment, running_slam
from tests.ui.walking import WAIT_MS, choose, completion_code, rate, save, start_rating

pytestmark = pytest.mark.browser

NASTY = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "<b>bold</b> \u202egnp.exe\u202c a\x07b\x1b[31m\r\n\u05e0\u05db, 10 < 20 ![x](https://evil.test/a.png)"
)
SHOWN = "<b>bold</b> [U+202E]gnp.exe[U+202C] a[U+0007]b[U+001B][31m"


def token_of_new_session(campaign: Opened, nonce: str) -> str:
    """A session that was started without a browser; its signed token."""
    home = Path(campaign.slam.environment["SLAM_HOME"])
    with store_of(campaign.slam) as database:
        session_id = start_session(database, campaign.campaign.link_token, nonce, {})
    return session_token(session_id, signing_secret(Settings(home=home)))


@pytest.fixture
def elsewhere(page: Page) -> Iterator[list[str]]:
    """The addresses on other machines that the page asked for."""
    asked: list[str] = []
    page.on(
        "request",
        lambda request: (
            asked.append(request.url) if "//127.0.0.1" not in request.url[:20] else None
        ),
    )
    yield asked
    assert not [url for url in asked if url.startswith("http")], "the page told another server"


def test_html_and_characters_that_turn_text_around_are_shown_and_never_executed(
    slam: Slam, page: Page, elsewhere: list[str]
) -> None:
    campaign = opened(
        slam,
        text=lambda number: f"{NASTY} {number}",
        name=f"Study {NASTY}"[:150],
        instructions=f"Read **this**. {NASTY} <iframe src=https://evil.test></iframe>",
        items=1,
    )
    page.goto(campaign.link())
    expect(page.get_by_role("heading", name=re.compile("^Study <script>"))).to_be_visible(
        timeout=WAIT_MS
    )
    start_rating(page, campaign.link())
    expect(page.get_by_text(SHOWN)).to_be_visible()
    assert page.locator(".rate script, .rate img, .rate b").count() == 0
    page.get_by_role("button", name="Read the instructions again").click()
    expect(page.get_by_text("Read this.")).to_be_visible(timeout=WAIT_MS)
    assert page.locator("iframe, img[src*=evil]").count() == 0
    assert page.title() == "Rating"
    page.get_by_role("button", name="Back to the item").click()
    rate(page, 4, comment=NASTY)
    completion_code(page)
    (rating,) = campaign.ratings()
    assert rating.comment is not None
    assert rating.comment.startswith("<script>")


FORGED: list[tuple[Any, str | None]] = [
    ({"values": {"quality": -1}}, "not on the scale"),
    ({"values": {"quality": 11}}, "not on the scale"),
    ({"values": {"quality": 7.5}}, "not on the scale"),
    ({"values": {"quality": True}}, "not on the scale"),
    ({"values": {"quality": "7"}}, "not on the scale"),
    ({"values": {"quality": [7]}}, "not on the scale"),
    ({"values": {"quality": 10**30}}, "not on the scale"),
    ({"values": {"quality": None}}, "not on the scale"),
    ({"values": {}}, "Answer every question"),
    ({"values": 7}, "Answer every question"),
    ({"values": {"quality": 7}, "comment": "x" * 1_000_000}, "too long"),
    ({"values": {"quality": 7}, "item_id": "0" * 32}, "another session"),
    ({"values": {"quality": 7}, "item_id": "\x00\ud800"}, "another session"),
    ({"values": {"quality": 7}, "item_id": None}, "another session"),
    ([], "another session"),
    (None, None),
    ("x" * 1000, "another session"),
]


def test_values_sent_by_hand_over_the_websocket_are_refused_in_one_sentence(slam: Slam) -> None:
    campaign = opened(slam, items=1)
    token = token_of_new_session(campaign, "forged")
    with Tab(slam.rate_url, f"session={token}") as tab:
        item_id = tab.item_id
        for number, (forged, sentence) in enumerate(FORGED):
            whole = {"item_id": item_id, "nonce": str(number)}
            sent = {**whole, **forged} if isinstance(forged, dict) else forged
            tab.trigger(Trigger("answer", sent))
            assert tab.item_id == item_id, forged
            problem = tab.component_data["problem"]
            if sentence is not None:
                assert sentence in problem["text"], forged
        tab.trigger(Trigger("open", {"x": ["y"]}))
        tab.trigger(Trigger("unknown", 1))
        assert tab.item_id == item_id
        assert not campaign.ratings()
        tab.give_answer({"quality": 3})
        assert tab.component_data["view"] == "ending"
    assert [one.value for one in campaign.ratings()] == [3]


def test_an_answer_to_somebody_elses_item_is_refused_and_a_replayed_one_absorbed(
    slam: Slam,
) -> None:
    campaign = opened(slam, items=2)
    mine, theirs = (token_of_new_session(campaign, nonce) for nonce in ("mine", "theirs"))
    with (
        Tab(slam.rate_url, f"session={mine}") as tab,
        Tab(slam.rate_url, f"session={theirs}") as other,
    ):
        first, foreign = tab.item_id, other.item_id
        tab.trigger(answer(foreign, 9))
        assert "another session" in tab.component_data["problem"]["text"]
        tab.trigger(answer(first, 9))
        second = tab.item_id
        assert second != first
        tab.trigger(answer(first, 9))
        tab.trigger(answer(first, 2))
        assert tab.item_id == second
    assert [(one.item_id, one.value) for one in campaign.ratings()] == [(first, 9)]
    with slam.store() as session:
        conflicts = [one for one in rows_of(session, RatingConflict) if one.item_id == first]
    assert [one.value for one in conflicts] == [2]


def answer(item_id: str | None, score: int) -> Trigger:
    return Trigger(
        "answer",
        {"item_id": item_id, "nonce": "n", "values": {"quality": score}, "comment": "",
         "active_ms": -5, "hidden_ms": "no", "blur_count": 10**30},
    )  # fmt: skip


def test_a_token_that_was_changed_or_made_up_leads_nowhere(slam: Slam, page: Page) -> None:
    token = token_of_new_session(opened(slam), "changed")
    for forged in (token[:-1], token + "x", token.replace(".", "", 1), "x", "%00", "a" * 5000):
        page.goto(f"{slam.rate_url}/?session={forged}")
        expect(page.get_by_text("This address is not complete")).to_be_visible(timeout=WAIT_MS)


def test_a_double_click_gives_one_answer_to_one_item(slam: Slam, page: Page) -> None:
    campaign = opened(slam, items=3)
    start_rating(page, campaign.link())
    for number in (1, 2, 3):
        expect(page.get_by_role("heading", name=f"Item {number} of 3")).to_be_visible(
            timeout=WAIT_MS
        )
        choose(page, number)
        page.get_by_role("button", name="Save and go on").dblclick()
    completion_code(page)
    assert [one.value for one in campaign.ratings()] == [1, 2, 3]


def test_back_forward_and_reload_lead_to_the_first_open_item(slam: Slam, page: Page) -> None:
    campaign = opened(slam, platform=PROLIFIC)
    start_rating(page, campaign.link(PROLIFIC_PID="goes back"))
    rate(page, 1)
    page.go_back()
    expect(page.get_by_role("button", name="Go on with my session")).to_be_visible(timeout=WAIT_MS)
    page.go_forward()
    expect(page.get_by_role("heading", name="Item 2 of 3")).to_be_visible(timeout=WAIT_MS)
    rate(page, 2)
    page.reload()
    rate(page, 3)
    completion_code(page)
    assert [one.value for one in campaign.ratings()] == [1, 2, 3]


def test_the_older_of_two_tabs_is_told_to_stop_and_can_take_over(slam: Slam, page: Page) -> None:
    campaign = opened(slam, rubric=CRITERIA)
    start_rating(page, campaign.link())
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.get_by_role("heading", name="Item 1 of 3")).to_be_visible(timeout=WAIT_MS)
    for group in page.get_by_role("radiogroup").all():
        group.get_by_role("radio", name="5 of 0 to 10").check()
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("This session goes on in another tab")).to_be_visible(timeout=WAIT_MS)
    assert not campaign.ratings()
    page.get_by_role("button", name="Go on in this tab").click()
    # It shows the first item and sends at once what was kept of it.
    expect(page.get_by_role("heading", name="Item 2 of 3")).to_be_visible(timeout=WAIT_MS)
    assert [one.value for one in campaign.ratings()] == [5, 5, 5]


def test_a_lost_connection_keeps_the_answer_and_sends_it_when_it_is_back(
    slam: Slam, phone: Page
) -> None:
    campaign = opened(slam, items=2)
    start_rating(phone, campaign.link())
    choose(phone, 6)
    phone.get_by_label("Comment (optional)").fill("written under ground")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Save and go on").click()
    expect(phone.get_by_role("button", name="Saving…")).to_be_visible()
    expect(phone.get_by_text("Your answer is kept here and will be sent again")).to_be_visible(
        timeout=15_000
    )
    expect(phone.get_by_role("dialog")).to_have_count(0)
    phone.context.set_offline(False)
    expect(phone.get_by_role("heading", name="Item 2 of 2")).to_be_visible(timeout=WAIT_MS)
    save_as_usual(phone, 7)
    given = [(one.value, one.comment) for one in campaign.ratings()]
    assert given == [(6, "written under ground"), (7, None)]


def save_as_usual(page: Page, score: int) -> None:
    choose(page, score)
    save(page)
    completion_code(page)


def test_an_answer_sent_while_the_server_is_down_is_stored_once_it_is_up_again(
    tmp_path: Path, phone: Page, page: Page
) -> None:
    environment = new_environment(tmp_path) | {"SLAM_RATERS_PER_PROCESS": "1"}
    with running_slam(environment) as slam:
        campaign = opened(slam, items=2)
        start_rating(phone, campaign.link())
        page.goto(campaign.link())
        expect(page.get_by_role("heading", name="One moment, please")).to_be_visible()
        page.goto("about:blank")
        choose(phone, 8)
        os.kill(slam.process_id("rate"), signal.SIGKILL)
        slam.process.wait(timeout=20)
        # Streamlit has noticed by then, and must not lock the page.
        phone.wait_for_timeout(5_000)
        phone.get_by_label("Comment (optional)").fill("while it was down")
        phone.get_by_role("button", name="Save and go on").click()
        expect(phone.get_by_text("Your answer is kept here")).to_be_visible(timeout=15_000)
        expect(phone.get_by_role("dialog")).to_have_count(0)
    with running_slam(environment) as slam:
        expect(phone.get_by_role("heading", name="Item 2 of 2")).to_be_visible(timeout=40_000)
        save_as_usual(phone, 9)
        given = [(one.value, one.comment) for one in campaign.ratings()]
        assert given == [(8, "while it was down"), (9, None)]
        page.goto(campaign.link())
        expect(page.get_by_role("button", name="Start")).to_be_visible(timeout=WAIT_MS)
