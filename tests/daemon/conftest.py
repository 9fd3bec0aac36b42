"""A sandbox for the folder, and daemons on the store of each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import Database
from tests.building import Sandbox, quick_sandbox
from tests.daemon.running import Daemons, daemons_on


@pytest.fixture(scope="package")
def shared_sandbox() -> Iterator[Sandbox]:
    with quick_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """A sandbox without faults, with quick models and an empty journal."""
    shared_sandbox.reset()
    return shared_sandbox


@pytest.fixture
def daemons(tmp_path: Path, database: Database, sandbox: Sandbox) -> Iterator[Daemons]:
    """None yet; those that the test starts are gone afterwards."""
    with daemons_on(tmp_path, database, sandbox) as found:
        yield found
