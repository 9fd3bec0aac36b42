"""Daemons as processes of their own, and looks at what they do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Response, Run, RunStatus
from tests.building import Sandbox, stored

ROOT = Path(__file__).resolve().parents[2]
CONCURRENCY = 4
PATIENCE_S = 40.0


def environment(home: Path, database: Database, sandbox: Sandbox, name: str) -> dict[str, str]:
    """What a daemon is started with; SQLite is found through its home, as in an installation."""
    found = os.environ | sandbox.environment()
    found.pop("DATABASE_URL", None)
    if not database.is_sqlite:
        found["DATABASE_URL"] = database.url.render_as_string(hide_password=False)
    return found | {
        "SLAM_HOME": str(home),
        "SLAM_DAEMON_NAME": name,
        "SLAM_CONCURRENT_REQUESTS": str(CONCURRENCY),
        "SLAM_REQUESTS_PER_MINUTE": "60000",
    }


@dataclass
class Daemons:
    """The daemons of one test, all on one store; what is left of them is killed at its end."""

    home: Path
    database: Database
    sandbox: Sandbox
    settings: Mapping[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str = "one") -> subprocess.Popen[bytes]:
        """Start a daemon and wait until it is ready."""
        log = self.home / f"daemon-{len(self.processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "daemon"],
                cwd=ROOT,
                env=environment(self.home, self.database, self.sandbox, name) | dict(self.settings),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        wait_until(lambda: "slam.daemon: ready" in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        return process

    def printed(self) -> str:
        """All that the daemons printed."""
        return "".join(log.read_text() for log in sorted(self.home.glob("daemon-*.log")))

    def status(self, run: Run) -> RunStatus:
        """Where a run stands."""
        with self.database.read() as session:
            return session.get_one(Run, run.id).status

    def wait_for_end(self, run: Run, status: RunStatus = RunStatus.FINISHED) -> None:
        """Wait until a run has that status."""
        wait_until(lambda: self.status(run) is status, self.printed)

    def made(self, content: VersionContent) -> dict[str, tuple[str | None, object]]:
        """``id -> (text, moment)`` of what is made so far."""
        return made_among(stored(self.database, content))

    def wait_until_made(self, content: VersionContent, count: int) -> None:
        """Wait until at least so many responses are made."""
        wait_until(lambda: len(self.made(content)) >= count, self.printed)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill -9."""
        process.kill()
        assert process.wait(timeout=5) == -signal.SIGKILL


@contextmanager
def daemons_on(
    home: Path, database: Database, sandbox: Sandbox, settings: Mapping[str, str] | None = None
) -> Iterator[Daemons]:
    """No daemon yet; those that are started are gone afterwards."""
    daemons = Daemons(home, database, sandbox, settings or {})
    try:
        yield daemons
    finally:
        for process in daemons.processes:
            process.kill()
            process.wait(timeout=5)


def made_among(rows: list[Response]) -> dict[str, tuple[str | None, object]]:
    """``id -> (text, moment)`` of those that are made."""
    return {row.id: (row.text, row.completed_at) for row in rows if row.text is not None}


def wait_until(
    condition: Callable[[], bool],
    explain: Callable[[], str] = lambda: "",
    patience_s: float = PATIENCE_S,
) -> None:
    """Look again and again until the condition holds."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited for {patience_s:g} s in vain\n{explain()}"
        time.sleep(0.05)
