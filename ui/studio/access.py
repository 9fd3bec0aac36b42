"""Sign-in of the staff: a form, a cookie that scripts cannot read, and a guard before everything.

The cookie is ``HttpOnly`` and ``SameSite=Lax`` and holds a random token of which only the hash is
stored. The guard also covers the websocket that Streamlit's pages live on.
"""

from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.accounts import ADMIN, SIGNED_IN_FOR, SignInError, sign_in, sign_out, signed_in_name
from core.errors import SlamError
from db.engine import Database

COOKIE = "slam_staff"
SIGN_IN_PATH = "/sign-in"
SIGN_OUT_PATH = "/sign-out"
_OPEN_PATHS = frozenset({SIGN_IN_PATH, "/_stcore/health", "/favicon.png"})
_OPEN_FOLDER = "/static/"
"""Streamlit's own scripts and styles, the same in every installation."""
_START = "/"
_MAX_FORM_BYTES = 10_000


def token_in(cookie_header: str) -> str | None:
    """The staff token in a ``Cookie`` header, if there is one."""
    try:
        morsel = SimpleCookie(cookie_header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


class RequireSignIn:
    """ASGI middleware: who is not signed in sees the form, and gets no socket."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self.app = app
        self.database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, send it to the form, or refuse its socket."""
        if scope["type"] not in ("http", "websocket") or _is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        token = token_in(HTTPConnection(scope).headers.get("cookie", ""))
        refusal: Response | None = None
        try:
            name = await run_in_threadpool(signed_in_name, self.database, token)
            if name is None:
                refusal = RedirectResponse(_sign_in_address(scope), status_code=303)
        except SlamError as error:
            # Whoever is signed in must not be asked for a password that would not help.
            refusal = _unavailable(str(error))
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "sign in first"})
        else:
            await refusal(scope, receive, send)


def safe_next(wanted: str) -> str:
    """The page to go to after signing in, if it is one of ours; else the first one.

    Browsers read ``//host`` and ``/\\host`` as another site, and skip tabs and line ends.
    """
    is_ours = (
        wanted.startswith("/")
        and "//" not in wanted
        and "\\" not in wanted
        and wanted.isprintable()
        and wanted.partition("?")[0] not in (SIGN_IN_PATH, SIGN_OUT_PATH)
        and not wanted.startswith("/_stcore/")
    )
    return wanted if is_ours else _START


def _is_open(path: str) -> bool:
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDER)


def _sign_in_address(scope: Scope) -> str:
    if scope["type"] != "http":
        return SIGN_IN_PATH
    url = HTTPConnection(scope).url
    wanted = safe_next(f"{url.path}?{url.query}" if url.query else url.path)
    return SIGN_IN_PATH if wanted == _START else f"{SIGN_IN_PATH}?next={quote(wanted, safe='/')}"


def routes(database: Database) -> list[Route]:
    """The form, what it sends, and the way out."""

    async def show(request: Request) -> Response:
        return _form(wanted=safe_next(request.query_params.get("next", _START)))

    async def submit(request: Request) -> Response:
        if int(request.headers.get("content-length", 0)) > _MAX_FORM_BYTES:
            return _form("The form is too large; type a name and a password.", status=413)
        form = await request.form()
        name, password = str(form.get("name", "")), str(form.get("password", ""))
        wanted = safe_next(str(form.get("next", _START)))
        try:
            token = await run_in_threadpool(sign_in, database, name, password)
        except SignInError as error:
            return _form(str(error), name, wanted, status=401)
        except SlamError as error:
            return _form(str(error), name, wanted, status=503)
        response = RedirectResponse(wanted, status_code=303)
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(SIGNED_IN_FOR.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def leave(request: Request) -> Response:
        token = request.cookies.get(COOKIE)
        if token:
            try:
                await run_in_threadpool(sign_out, database, token)
            except SlamError as error:
                return _unavailable(str(error))
        response = RedirectResponse(SIGN_IN_PATH, status_code=303)
        response.delete_cookie(COOKIE)
        return response

    return [
        Route(SIGN_IN_PATH, show, methods=["GET"]),
        Route(SIGN_IN_PATH, submit, methods=["POST"]),
        Route(SIGN_OUT_PATH, leave, methods=["GET"]),
    ]


def _form(
    problem: str = "", name: str = ADMIN, wanted: str = _START, status: int = 200
) -> HTMLResponse:
    fields = _FORM.format(name=escape(name, quote=True), wanted=escape(wanted, quote=True))
    return _page("SLaM: sign in", problem, fields, status)


def _unavailable(problem: str) -> HTMLResponse:
    return _page("SLaM: no answer", problem, "", 503)


def _page(title: str, problem: str, rest: str, status: int) -> HTMLResponse:
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    return HTMLResponse(
        _PAGE.format(title=title, alert=alert, rest=rest),
        status_code=status,
        headers={"content-security-policy": _POLICY},
    )


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 0; display: grid; min-height: 100vh;
  place-items: center; background: #f5f7fa; color: #1b2430; }}
main {{ background: #fff; padding: 2rem; border-radius: 0.75rem; width: min(22rem, 80vw);
  box-shadow: 0 1px 8px #0002; }}
h1 {{ font-size: 1.4rem; margin: 0 0 1rem; }}
label {{ display: block; margin: 0.75rem 0 0.25rem; }}
input {{ font: inherit; width: 100%; box-sizing: border-box; padding: 0.6rem;
  border: 1px solid #8a97a8; border-radius: 0.4rem; }}
button {{ font: inherit; margin-top: 1.25rem; width: 100%; padding: 0.7rem; border: 0;
  border-radius: 0.4rem; background: #1f5fbf; color: #fff; cursor: pointer; }}
.problem {{ background: #fdecea; color: #8c1d18; padding: 0.6rem; border-radius: 0.4rem; }}
small {{ color: #52606f; }}
</style>
</head>
<body>
<main>
<h1>SLaM studio</h1>
{alert}
{rest}
</main>
</body>
</html>"""
_FORM = """<form method="post" action="/sign-in">
<input type="hidden" name="next" value="{wanted}">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" value="{name}" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
  autofocus>
<button type="submit">Sign in</button>
</form>
<p><small>The first password was printed when SLaM first started.
A new one: <code>.venv/bin/slam reset-password admin</code></small></p>"""
