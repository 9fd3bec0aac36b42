"""One page of the studio by itself, without a browser, on a store that a test has filled."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui.store
import ui.studio
from db.engine import Database
from tests.building import ACTOR

VIEWS = Path(ui.studio.__file__).parent / "views"


@contextmanager
def studio(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages that run here look at ``database`` and are signed in as the tester."""
    url = database.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setattr("ui.studio.session.signed_in", lambda: ACTOR)
    for cached in (ui.store.settings, ui.store.database):
        cached.cache_clear()
    yield
    ui.store.database().close()
    for cached in (ui.store.settings, ui.store.database):
        cached.cache_clear()


def opened(view: str) -> AppTest:
    """The page of that file, drawn once, without a problem."""
    page = AppTest.from_file(str(VIEWS / view), default_timeout=30).run()
    assert not page.exception
    return page
