"""kill -9 of what makes responses and of what serves raters: nothing committed is lost."""

import os
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func
from sqlmodel import select

from db.tables import CallStatus, Rating, Response
from tests.ui.rating import opened
from tests.ui.running import Slam, new_environment, running_slam
from tests.ui.walking import (
    WAIT_MS,
    choose,
    completion_code,
    make_study,
    rate,
    sign_in,
    start_generating,
    start_rating,
)

pytestmark = pytest.mark.browser


# Each costs a minute: what a killed daemon leaves is tested on both in tests/daemon, and answers of
# raters are committed alike.
@pytest.mark.parametrize("empty_database_url", ["sqlite"], indirect=True)
def test_after_kill_9_of_the_daemon_what_was_stored_is_there_and_the_rest_is_made(
    tmp_path: Path, empty_database_url: str, page: Page
) -> None:
    is_sqlite = empty_database_url.startswith("sqlite")
    environment = new_environment(tmp_path, None if is_sqlite else empty_database_url)
    with running_slam(environment) as slam:
        sign_in(page, slam)
        make_study(page, "Interrupted", "ollama/stand-in-3b:q4")
        start_generating(page)
        until = time.monotonic() + 30
        while len(_stored(slam)) < 5 and time.monotonic() < until:
            time.sleep(0.1)
        os.kill(slam.process_id("daemon"), signal.SIGKILL)
        slam.process.wait(timeout=20)
        before = _stored(slam)
        assert 5 <= len(before) < 18
    with running_slam(environment) as slam:
        page.goto(f"{slam.studio_url}/responses")
        expect(page.get_by_text("The run is finished")).to_be_visible(timeout=60_000)
        after = _stored(slam)
    assert len(after) == 18
    assert before.items() <= after.items(), "what was committed is as it was"


@pytest.mark.parametrize("empty_database_url", ["postgresql"], indirect=True)
def test_after_kill_9_of_the_rating_process_the_open_page_goes_on_where_it_was(
    tmp_path: Path, empty_database_url: str, phone: Page
) -> None:
    is_sqlite = empty_database_url.startswith("sqlite")
    environment = new_environment(tmp_path, None if is_sqlite else empty_database_url)
    with running_slam(environment) as slam:
        start_rating(phone, opened(slam, items=6).link())
        for number in range(4):
            rate(phone, number)
        choose(phone, 9)
        os.kill(slam.process_id("rate"), signal.SIGKILL)
        slam.process.wait(timeout=20)
        assert _ratings(slam) == 4
    with running_slam(environment) as slam:
        phone.get_by_role("button", name="Save and go on").click()
        expect(phone.get_by_text("Item 6 of 6")).to_be_visible(timeout=WAIT_MS)
        assert _ratings(slam) == 5, "the choice made before the crash is kept"
        phone.reload()
        expect(phone.get_by_text("Item 6 of 6")).to_be_visible(timeout=WAIT_MS)
        rate(phone, 5)
        completion_code(phone)
        assert _ratings(slam) == 6


def _stored(slam: Slam) -> dict[str, str | None]:
    with slam.store() as session:
        rows = session.exec(select(Response).where(Response.status == CallStatus.OK)).all()
    return {row.id: row.text for row in rows}


def _ratings(slam: Slam) -> int:
    with slam.store() as session:
        return session.exec(select(func.count()).select_from(Rating)).one()
