"""One sandbox for each file of tests, as fresh and quick for every test."""

from collections.abc import Iterator

import pytest

from tests.building import Sandbox, quick_sandbox


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    with quick_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """A sandbox without faults, with quick models and an empty journal."""
    shared_sandbox.reset()
    return shared_sandbox
