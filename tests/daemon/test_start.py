"""A daemon that cannot start says why in one sentence and ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon.running import ROOT
from tests.postgresql import free_port


def started(home: Path, database_url: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SLAM_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    if database_url:
        environment["DATABASE_URL"] = database_url
    return subprocess.run(
        [sys.executable, "-m", "daemon"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_database_that_was_not_set_up_is_refused(tmp_path: Path, empty_database_url: str) -> None:
    url = None if empty_database_url.startswith("sqlite") else empty_database_url
    ended = started(tmp_path, url)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        "slam.daemon: The database has not been set up, or is of an earlier release; "
        "run: slam migrate.\n"
    )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "nonsense"])
def test_a_database_that_cannot_be_reached_is_named_in_one_sentence(
    tmp_path: Path, kind: str
) -> None:
    url = {
        "sqlite": None,
        "postgresql": f"postgresql+psycopg://slam@127.0.0.1:{free_port()}/slam",
        "nonsense": "nonsense",
    }[kind]
    ended = started(tmp_path / "missing", url)
    assert ended.returncode == 1
    # The store's log may name the cause before; what is said to a person is the last line.
    *causes, sentence = ended.stderr.splitlines()
    assert sentence.startswith("slam.daemon: ")
    assert sentence.endswith(".")
    assert all(cause.startswith("slam.store: ") for cause in causes)


def test_a_database_url_without_its_driver_is_refused(tmp_path: Path) -> None:
    ended = started(tmp_path, "mysql://slam@127.0.0.1/slam")
    assert ended.returncode == 1
    assert ended.stderr.startswith("slam.daemon: No driver for 'mysql'")
