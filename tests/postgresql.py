"""A throw-away PostgreSQL server from the binaries on this machine."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlmodel import SQLModel

import db.tables  # noqa: F401  fills the metadata

_END_THE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class PostgreSQL:
    """A running server that trusts everybody on loopback."""

    port: int

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """The SQLAlchemy URL of a database of its own, dropped afterwards."""
        name = f"test_{uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql+psycopg://slam@127.0.0.1:{self.port}/{name}"
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=slam dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """Start a server in a temporary folder and stop it afterwards."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed; install it to run these tests on it too")
    folder = Path(tempfile.mkdtemp(prefix="slam-postgresql-"))
    data, port = folder / "data", free_port()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    control = binaries / "pg_ctl"
    try:
        _run(
            [
                *(str(binaries / "initdb"), "-D", str(data), "-U", "slam", "-A", "trust"),
                *("--no-sync", "-E", "UTF8", "--locale=C.UTF-8"),
            ]
        )
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
        log = ["-l", str(folder / "log")]
        _run([str(control), "-D", str(data), "-w", *log, "-o", options, "start"])
        try:
            yield PostgreSQL(port)
        finally:
            _run([str(control), "-D", str(data), "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def empty(url: str) -> None:
    """Delete all rows of a migrated database, and end what a test before left connected to it."""
    deletions = "; ".join(str(table.delete()) for table in SQLModel.metadata.sorted_tables)
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(_END_THE_OTHERS)
        # So that rows go in any order, without a look at those that point to them.
        connection.execute("SET session_replication_role = replica")
        connection.execute(deletions.encode())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    # Debian keeps the server's programs off the PATH; a wrapper on it may lack pg_ctl beside it.
    for initdb in [*installed, *([Path(found)] if found else [])]:
        if (initdb.resolve().parent / "pg_ctl").exists():
            return initdb.resolve().parent
    return None


def _run(command: list[str]) -> None:
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")
