"""One sandbox for the tests of hosting, fresh for every test."""

from collections.abc import Iterator

import pytest

from tests.building import Sandbox, quick_sandbox


@pytest.fixture(scope="session")
def shared_hosting_sandbox() -> Iterator[Sandbox]:
    with quick_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_hosting_sandbox: Sandbox) -> Sandbox:
    shared_hosting_sandbox.reset()
    return shared_hosting_sandbox
