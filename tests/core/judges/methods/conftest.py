"""The sandbox, fresh and quick for every test."""

from tests.sandbox.conftest import base_url, shared_sandbox, unhurried_url

__all__ = ["base_url", "shared_sandbox", "unhurried_url"]
