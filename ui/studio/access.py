"""Sign-in of the staff: a form, a cookie that scripts cannot read, and a guard before everything.

The cookie is ``HttpOnly`` and ``SameSite=Lax`` and holds a random token of which only the hash is
stored. The guard also covers the websocket that Streamlit's pages live on.
"""

from html import escape
from http.cookies import CookieError, SimpleCookie

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
_OPEN_PATHS = (SIGN_IN_PATH, "/_stcore/health", "/static/", "/favicon")
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
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(_OPEN_PATHS):
            await self.app(scope, receive, send)
            return
        token = token_in(HTTPConnection(scope).headers.get("cookie", ""))
        try:
            name = await run_in_threadpool(signed_in_name, self.database, token)
        except SlamError:
            name = None
        if name is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "sign in first"})
        else:
            await RedirectResponse(SIGN_IN_PATH, status_code=303)(scope, receive, send)


def routes(database: Database) -> list[Route]:
    """The form, what it sends, and the way out."""

    async def show(_request: Request) -> Response:
        return _form()

    async def submit(request: Request) -> Response:
        if int(request.headers.get("content-length", 0)) > _MAX_FORM_BYTES:
            return _form("The form is too large; type a name and a password.", status=413)
        form = await request.form()
        name, password = str(form.get("name", "")), str(form.get("password", ""))
        try:
            token = await run_in_threadpool(sign_in, database, name, password)
        except SignInError as error:
            return _form(str(error), name, status=401)
        except SlamError as error:
            return _form(str(error), name, status=503)
        response = RedirectResponse("/", status_code=303)
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
            await run_in_threadpool(sign_out, database, token)
        response = RedirectResponse(SIGN_IN_PATH, status_code=303)
        response.delete_cookie(COOKIE)
        return response

    return [
        Route(SIGN_IN_PATH, show, methods=["GET"]),
        Route(SIGN_IN_PATH, submit, methods=["POST"]),
        Route(SIGN_OUT_PATH, leave, methods=["GET"]),
    ]


def _form(problem: str = "", name: str = ADMIN, status: int = 200) -> HTMLResponse:
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    page = _PAGE.format(alert=alert, name=escape(name, quote=True))
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return HTMLResponse(page, status_code=status, headers=headers)


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SLaM: sign in</title>
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
<form method="post" action="/sign-in">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" value="{name}" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
  autofocus>
<button type="submit">Sign in</button>
</form>
<p><small>The first password was printed when SLaM first started.
A new one: <code>slam reset-password admin</code></small></p>
</main>
</body>
</html>"""
