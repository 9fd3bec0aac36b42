"""All of SLaM running on free ports, and a Chromium to look at it with."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlmodel import Session, SQLModel

from db.engine import Database, sqlite_url
from tests.postgresql import free_port

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

_OF_THE_INSTALLATION = {"account", "heartbeat"}
"""Tables that are not empty after a first start."""


@dataclass
class Slam:
    """A running installation: where it answers, its admin's password, what it printed."""

    environment: dict[str, str]
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    password: str = ""

    @property
    def rate_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['SLAM_RATE_PORT']}"

    @property
    def studio_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['SLAM_STUDIO_PORT']}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.environment['SLAM_SANDBOX_PORT']}"

    @property
    def store_url(self) -> str:
        home = Path(self.environment["SLAM_HOME"])
        return self.environment.get("DATABASE_URL") or sqlite_url(home / "slam.sqlite3")

    @contextmanager
    def store(self) -> Iterator[Session]:
        """A look at the store from outside."""
        database = Database(self.store_url)
        try:
            with database.read() as session:
                yield session
        finally:
            database.close()

    def wait_for(self, pattern: str, timeout_s: float = 60) -> re.Match[str]:
        """The first printed line that matches."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            for line in list(self.lines):
                if match := re.search(pattern, line):
                    return match
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"never printed {pattern!r}:\n" + "".join(self.lines))

    def make_models_quick(self) -> None:
        """Let the stand-ins answer at once, where a test is not about waiting for them."""
        for model in ("stand-in-gpt-4", "stand-in-7b:q4", "stand-in-7b:q2", "stand-in-3b:q4"):
            httpx.put(
                f"{self.sandbox_url}/sandbox/models/{model}",
                json={"time_to_first_token_ms": 1, "ms_per_token": 0, "load_ms": 0},
            ).raise_for_status()

    def start_over(self) -> None:
        """Empty the store and give the stand-ins their first state, as after a first start."""
        database = Database(self.store_url)
        with database.write_bare() as connection:
            # So that rows go in any order, before those that point to them.
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table in SQLModel.metadata.sorted_tables:
                if table.name not in _OF_THE_INSTALLATION:
                    connection.execute(table.delete())
        database.close()
        for path in ("models", "faults", "requests"):
            httpx.delete(f"{self.sandbox_url}/sandbox/{path}").raise_for_status()
        self.make_models_quick()

    def process_id(self, name: str) -> int:
        """The process that honcho started under that name."""
        return int(self.wait_for(rf"{name} started \(pid=(\d+)\)")[1])


def new_environment(home: Path, database_url: str | None = None) -> dict[str, str]:
    """An installation on free ports, with neither Ollama nor a key: the stand-in models serve."""
    environment = os.environ | {
        "SLAM_HOME": str(home),
        "SLAM_RATE_PORT": str(free_port()),
        "SLAM_STUDIO_PORT": str(free_port()),
        "SLAM_SANDBOX_PORT": str(free_port()),
        "OLLAMA_HOST": "http://127.0.0.1:9",
        "PYTHONUNBUFFERED": "1",
    }
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "DATABASE_URL"):
        environment.pop(name, None)
    if database_url is not None:
        environment["DATABASE_URL"] = database_url
    return environment


@contextmanager
def running_slam(environment: dict[str, str]) -> Iterator[Slam]:
    """Start everything as `make run` does, and stop it as Ctrl-C does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "slam", "up"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    slam = Slam(environment, process)
    reader = threading.Thread(target=_read, args=(process, slam.lines))
    reader.start()
    try:
        slam.wait_for("slam.daemon: ready")
        slam.wait_for("Stop with Ctrl-C")
        found = re.search(r"shown only now: (\S+)", "".join(slam.lines))
        slam.password = found[1] if found else ""
        yield slam
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        reader.join(timeout=5)
        if process.stdout:
            process.stdout.close()


def _read(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)  # noqa: PERF402  line by line, while others look at the list


def chromium_path() -> str:
    """Where Chromium is; without it a browser test is left out."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("Chromium is not installed; install it to run the browser tests")


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = chromium_path()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
