"""The files of the raters' component, served beside Streamlit.

They are read once, and their address changes with their content, so that a browser fetches each
once and a step carries none of them.
"""

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "assets"
_KINDS = {".js": "text/javascript", ".css": "text/css"}
_FOR_A_YEAR = "public, max-age=31536000, immutable"

_CONTENTS = {
    path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir()) if path.suffix in _KINDS
}
_VERSION = hashlib.sha256(b"\0".join(_CONTENTS.values())).hexdigest()[:16]

BASE = f"rate-assets/{_VERSION}"
"""Where the files are, relative to the page."""
SCRIPTS = tuple(name for name in _CONTENTS if name.endswith(".js"))
"""The names of the modules."""
STYLE_SHEET = "rate.css"

LOADER = f"""
const component = import(new URL("{BASE}/rate.js", document.baseURI).href);
export default async (given) => (await component).default(given);
"""
"""What Streamlit carries to the page in the component's place: it loads the component."""


async def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    content = _CONTENTS.get(name)
    if content is None or request.path_params["version"] != _VERSION:
        return Response(status_code=404)
    return Response(
        content,
        media_type=_KINDS[Path(name).suffix],
        headers={"Cache-Control": _FOR_A_YEAR},
    )


route = Route("/rate-assets/{version}/{name}", _serve)
