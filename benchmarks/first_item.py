"""From opening a session's address, with nothing cached, to an item that can be answered.

A phone-sized Chromium on the same machine, without throttling; the time is the page's own, from the
start of its navigation until the button stands there.
"""

import os
import tempfile
from pathlib import Path

from benchmarks.rating_step import prepare
from benchmarks.streamlit_socket import serving, summary
from db.engine import sqlite_url
from tests.ui.running import running_browser

LOADS = 10
_READY = """() => document.querySelector('.rate button[type=submit]') && performance.now()"""


def main() -> None:
    """Print the median and the 95th percentile of cold loads."""
    with tempfile.TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder) / "slam.sqlite3")
        token = prepare(Path(folder), url)
        environment = os.environ | {"SLAM_HOME": folder, "DATABASE_URL": url}
        with serving("ui/rate/app.py", environment) as served, running_browser() as browser:
            taken_ms: list[float] = []
            for _ in range(LOADS):
                context = browser.new_context(
                    viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
                )
                page = context.new_page()
                page.goto(f"{served.url}/?session={token}", wait_until="commit")
                taken_ms.append(page.wait_for_function(_READY, polling="raf").json_value())
                context.close()
    print(f"cold load to the first item: {summary(taken_ms)} (2 s are wanted)")


if __name__ == "__main__":
    main()
