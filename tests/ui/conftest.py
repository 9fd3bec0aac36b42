"""What browser tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.ui.running import Slam, new_environment, running_browser, running_slam


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    with running_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser profile at desktop width."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A fresh browser profile at the width of a small phone."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def empty_slam(tmp_path: Path, empty_database_url: str) -> Iterator[Slam]:
    """SLaM just started on an empty folder, on each kind of database."""
    is_sqlite = empty_database_url.startswith("sqlite")
    with running_slam(new_environment(tmp_path, None if is_sqlite else empty_database_url)) as slam:
        yield slam


@pytest.fixture(scope="session")
def shared_slam(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slam]:
    """SLaM on SQLite with little patience for a locked database, for the whole run.

    To start it costs more than most tests.
    """
    environment = new_environment(tmp_path_factory.mktemp("home"))
    with running_slam(environment | {"SLAM_BUSY_TIMEOUT_MS": "5000"}) as running:
        yield running


@pytest.fixture(scope="module")
def slam(shared_slam: Slam) -> Slam:
    """SLaM with an empty store and quick stand-ins, shared by the tests of one module."""
    shared_slam.start_over()
    return shared_slam


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where to keep pictures of the pages: the folder that SLAM_PICTURES names, if any."""
    folder = os.environ.get("SLAM_PICTURES")
    if folder is None:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
