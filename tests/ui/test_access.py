"""The guard before the studio: what is open, where signing in leads, how a dead store looks."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.accounts import ADMIN, ensure_admin
from db.engine import Database, sqlite_url
from ui.studio.access import RequireSignIn, routes, safe_next


async def behind(request: Request) -> Response:
    """What only the signed-in may see."""
    return PlainTextResponse(f"behind {request.url.path}")


async def socket_behind(socket: WebSocket) -> None:
    """The socket that only the signed-in may open."""
    await socket.accept()
    await socket.close()


def guarded(database: Database) -> TestClient:
    """A studio of one page behind the guard."""
    app = Starlette(
        routes=[
            *routes(database),
            WebSocketRoute("/_stcore/stream", socket_behind),
            Route("/{path:path}", behind),
        ],
        middleware=[Middleware(RequireSignIn, database=database)],
    )
    return TestClient(app, base_url="http://studio", follow_redirects=False)


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """SQLite alone: what is asked of the store is tested elsewhere."""
    path = tmp_path / "slam.sqlite3"
    path.write_bytes(migrated_file.read_bytes())
    database = Database(sqlite_url(path))
    yield database
    database.close()


@pytest.fixture
def studio(database: Database) -> TestClient:
    """The guarded studio."""
    return guarded(database)


@pytest.fixture
def dead_studio(tmp_path: Path) -> TestClient:
    """A studio whose database does not answer."""
    return guarded(Database(sqlite_url(tmp_path / "no-such-folder" / "slam.sqlite3")))


@pytest.mark.parametrize(
    "path", ["/sign-in", "/_stcore/health", "/favicon.png", "/static/js/index.js"]
)
def test_what_the_form_needs_is_open(studio: TestClient, path: str) -> None:
    assert studio.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/sign-insider", "/_stcore/health-secrets", "/favicon-of-somebody", "/staticky", "/static"],
)
def test_what_only_begins_like_an_open_path_is_closed(studio: TestClient, path: str) -> None:
    assert studio.get(path).status_code == 303


def test_the_socket_is_closed_to_whoever_is_not_signed_in(studio: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), studio.websocket_connect("/_stcore/stream"):
        pass


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/", "/sign-in"),
        ("/responses", "/sign-in?next=/responses"),
        ("/agreement?study=A%20%26%20B", "/sign-in?next=/agreement%3Fstudy%3DA%2520%2526%2520B"),
        ("/sign-out", "/sign-in"),
        ("/_stcore/host-config", "/sign-in"),
    ],
)
def test_signing_in_leads_to_the_page_that_was_asked_for(
    studio: TestClient, database: Database, asked: str, address: str
) -> None:
    password = ensure_admin(database)
    reply = studio.get(asked)
    assert (reply.status_code, reply.headers["location"]) == (303, address)
    form = studio.get(address).text
    match = re.search(r'name="next" value="([^"]*)"', form)
    assert match is not None
    wanted = unescape(match[1])
    wrong = studio.post("/sign-in", data={"name": ADMIN, "password": "no", "next": wanted})
    assert match[0] in wrong.text, "a wrong password must not lose the page"
    right = {"name": ADMIN, "password": password, "next": wanted}
    reply = studio.post("/sign-in", data=right)
    expected = asked if "next=" in address else "/"
    assert (reply.status_code, reply.headers["location"]) == (303, expected)
    assert studio.get("/responses").text == "behind /responses"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "/a//b",
        "elsewhere",
        "",
        "/sign-out",
        "/sign-in?next=/",
    ],
)
def test_signing_in_never_leads_elsewhere_or_out_again(wanted: str) -> None:
    assert safe_next(wanted) == "/"


def test_the_form_cannot_be_framed_and_says_how_to_get_a_new_password(studio: TestClient) -> None:
    reply = studio.get("/sign-in?next=/%22%3E%3Cb%3E")
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert ".venv/bin/slam reset-password admin" in reply.text
    assert "<b>" not in reply.text


def test_a_database_that_does_not_answer_is_told_instead_of_asking_for_a_password(
    dead_studio: TestClient,
) -> None:
    dead_studio.headers["cookie"] = "slam_staff=a-token"
    for path in ("/", "/responses", "/sign-out"):
        reply = dead_studio.get(path)
        assert reply.status_code == 503
        assert "The database did not answer; try again." in reply.text
        assert "password" not in reply.text
    with pytest.raises(WebSocketDisconnect), dead_studio.websocket_connect("/_stcore/stream"):
        pass


def test_a_nul_in_the_name_is_a_wrong_name(studio: TestClient, database: Database) -> None:
    ensure_admin(database)
    reply = studio.post("/sign-in", data={"name": "a\x00b", "password": "c\x00"})
    assert reply.status_code == 401
    assert "The name or the password is wrong" in reply.text
