"""One sandbox for the whole test session, as fresh for every test."""

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.server import running_sandbox


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[str]:
    with running_sandbox() as base_url:
        yield base_url


@pytest.fixture
def unhurried_url(shared_sandbox: str) -> str:
    """A sandbox without faults, with its first models, and an empty journal."""
    with httpx.Client(base_url=shared_sandbox) as client:
        for part in ("faults", "models", "requests", "limits", "keys"):
            client.delete(f"/sandbox/{part}").raise_for_status()
    return shared_sandbox


@pytest.fixture
def base_url(unhurried_url: str) -> str:
    """The same with quick models, for tests that do not look at their speed."""
    quick = {"time_to_first_token_ms": 10, "ms_per_token": 1, "load_ms": 10, "pull_ms": 40}
    with httpx.Client(base_url=unhurried_url) as client:
        for model in client.get("/sandbox/models").json()["models"]:
            if model["ms_per_token"] > quick["ms_per_token"]:
                client.put(f"/sandbox/models/{model['name']}", json=quick).raise_for_status()
    return unhurried_url
