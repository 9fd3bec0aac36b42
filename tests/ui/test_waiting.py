"""Newcomers wait while the raters' process is full; those inside are always let in."""

import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.rate.assets import BASE, SCRIPTS, STYLE_SHEET
from ui.rate.assets import route as assets_route
from ui.rate.gate import Gate
from ui.rate.presence import WINDOW_S, Presence

CAPACITY = 2


class Clock:
    """A clock that a test sets."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(clock)


@pytest.fixture
def client(presence: Presence) -> Iterator[TestClient]:
    def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse("the page")

    routes = [assets_route, Route("/{path:path}", page)]
    app = Gate(Starlette(routes=routes), presence, lambda: CAPACITY)
    with TestClient(app) as client:
        yield client


def fill(presence: Presence) -> None:
    for number in range(CAPACITY):
        presence.saw(f"rater {number}")


@pytest.mark.parametrize("query", ["campaign=x", "campaign=x&PROLIFIC_PID=y", "invite=x"])
def test_a_newcomer_is_let_in_until_the_process_is_full(
    client: TestClient, presence: Presence, query: str
) -> None:
    assert client.get(f"/?{query}").text == "the page"
    fill(presence)
    answer = client.get(f"/?{query}")
    assert answer.status_code == 503
    assert "the page" not in answer.text


def test_whoever_has_a_session_is_always_let_in(client: TestClient, presence: Presence) -> None:
    fill(presence)
    for address in ("/?session=x", "/?session=x&campaign=y", "/", "/_stcore/health"):
        assert client.get(address).text == "the page", address


def test_room_becomes_free_when_raters_go(
    client: TestClient, presence: Presence, clock: Clock
) -> None:
    fill(presence)
    presence.left("rater 0")
    assert client.get("/?campaign=x").is_success
    presence.saw("rater 0")
    assert client.get("/?campaign=x").status_code == 503
    clock.now_s += WINDOW_S + 1
    assert client.get("/?campaign=x").is_success


def test_a_rater_who_goes_on_counts_once(presence: Presence, clock: Clock) -> None:
    for _ in range(10):
        presence.saw("one")
        clock.now_s += WINDOW_S - 1
    assert presence.count() == 1


@pytest.mark.parametrize(
    ("accepted", "language", "words"),
    [("de-AT,de", "de", "Einen Moment, bitte"), ("fr", "en", "One moment, please")],
)
def test_the_waiting_page_speaks_the_browsers_language_and_tries_again_by_itself(
    client: TestClient, presence: Presence, accepted: str, language: str, words: str
) -> None:
    fill(presence)
    answer = client.get("/?campaign=x", headers={"Accept-Language": accepted})
    assert f'<html lang="{language}">' in answer.text
    assert words in answer.text
    refresh = re.search(r'http-equiv="refresh" content="(\d+)"', answer.text)
    assert refresh is not None
    assert answer.headers["Retry-After"] == refresh[1]
    assert answer.headers["Cache-Control"] == "no-store"


def test_those_who_wait_do_not_all_come_back_together(
    client: TestClient, presence: Presence
) -> None:
    fill(presence)
    waits = {client.get("/?campaign=x").headers["Retry-After"] for _ in range(50)}
    assert len(waits) > 3


def test_nobody_reads_the_metrics(client: TestClient) -> None:
    for address in ("/_stcore/metrics", "/_stcore/metrics/", "/base/_stcore/metrics"):
        assert client.get(address).status_code == 404, address


def test_the_address_with_the_session_stays_here(client: TestClient) -> None:
    headers = client.get("/?session=x").headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_components_files_are_kept_by_the_browser_for_good(client: TestClient) -> None:
    for name in (*SCRIPTS, STYLE_SHEET):
        answer = client.get(f"/{BASE}/{name}")
        assert answer.is_success
        assert "immutable" in answer.headers["Cache-Control"]


def test_a_file_of_another_version_is_not_mistaken_for_this_one(client: TestClient) -> None:
    assert client.get(f"/{BASE}/nothing.js").status_code == 404
    assert client.get("/rate-assets/0000/rate.js").status_code == 404
