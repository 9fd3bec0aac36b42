"""Every module in the folder of backends is a provider, by its name."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.providers.backends.azure import AzureProvider
from core.providers.backends.ollama import OllamaProvider
from core.providers.openai_api.making import OpenAIProvider
from core.providers.registry import create_provider, is_paid, provider_names, server_address
from core.providers.servers import Server
from core.settings import Settings


def test_all_backends_are_found() -> None:
    assert provider_names() == {"azure", "ollama", "openai"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("azure", AzureProvider), ("ollama", OllamaProvider), ("openai", OpenAIProvider)],
)
def test_a_provider_is_made_by_its_name(name: str, kind: type) -> None:
    assert isinstance(create_provider(name, Settings(), time.perf_counter_ns), kind)


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError, match="nobody"):
        create_provider("nobody", Settings(), time.perf_counter_ns)
    with pytest.raises(KeyError, match="nobody"):
        is_paid("nobody")


def test_the_apis_are_paid_and_a_machine_of_ones_own_is_not() -> None:
    assert {name: is_paid(name) for name in provider_names()} == {
        "azure": True,
        "ollama": False,
        "openai": True,
    }


def test_knowing_the_names_imports_no_client() -> None:
    code = (
        "import sys; from core.providers.registry import provider_names; provider_names(); "
        "print('openai' in sys.modules, 'ollama' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(("says", "paid"), [("paid = False", False), ("", True)])
def test_a_package_adds_a_provider_that_is_paid_unless_it_says_otherwise(
    tmp_path: Path, says: str, paid: bool
) -> None:
    (tmp_path / "elsewhere.py").write_text(f"{says}\ndef create(settings, clock):\n    return 5\n")
    information = tmp_path / "elsewhere-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1\n")
    (information / "entry_points.txt").write_text("[slam.providers]\nelse = elsewhere\n")
    code = (
        "from core.providers.registry import *; from core.settings import Settings; "
        "print('else' in provider_names(), is_paid('else'), "
        "create_provider('else', Settings(), lambda: 0))"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[3])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stdout.split() == ["True", str(paid), "5"]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("openai", "https://gateway.example:8443/v1"),
        ("ollama", "http://gpu:11434"),
        ("azure", None),
        ("local", "http://[::1]:8000/v1"),
        ("plug-in", None),
    ],
)
def test_the_address_of_a_provider_is_told_without_secrets(name: str, address: str | None) -> None:
    settings = Settings(
        openai_base_url="https://someone:secret@gateway.example:8443/v1/?key=secret",
        ollama_host="gpu:11434",
        servers={"local": Server(base_url="http://[::1]:8000/v1")},
    )
    assert server_address(name, settings) == address
