"""What `slam up` checks and says before and while its processes start."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

import slam.up as starting
from core.errors import InvalidInputError
from core.settings import Settings
from tests.daemon.running import ROOT
from tests.postgresql import free_port

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)


def installation(home: Path, **changes: object) -> Settings:
    """Settings of an installation on free ports, with no model within reach."""
    ports = {name: free_port() for name in ("rate_port", "studio_port", "sandbox_port")}
    return Settings.model_validate({"home": home, "ollama_host": NOWHERE, **ports, **changes})


class NoProcesses:
    """Stands for honcho's manager where the processes themselves do not matter."""

    returncode = 0

    def __init__(self, printer: object) -> None:
        self.names: list[str] = []

    def add_process(self, name: str, command: str, *, env: object, cwd: str) -> None:
        self.names.append(name)

    def loop(self) -> None:
        pass


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield int(holder.getsockname()[1])


def test_a_taken_port_is_found_before_the_admins_password_is_used_up(tmp_path: Path) -> None:
    with taken_port() as port:
        settings = installation(tmp_path / "home", studio_port=port)
        with pytest.raises(InvalidInputError, match=f"Port {port} is taken .* SLAM_STUDIO_PORT"):
            starting.up(settings)
    assert not (tmp_path / "home").exists()


def test_the_password_is_printed_at_once_and_only_at_the_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(starting, "Manager", NoProcesses)
    monkeypatch.setattr(starting, "_announce", lambda *_: None)
    settings = installation(tmp_path / "home")
    assert starting.up(settings) == 0
    assert re.search(r"Sign in as admin .* shown only now: (\S+)", capsys.readouterr().out)
    starting.up(settings)
    assert capsys.readouterr().out == ""


def test_it_is_not_called_ready_when_a_page_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(starting, "_READY_WITHIN_S", 0.0)
    settings = installation(tmp_path)
    answering = f"http://127.0.0.1:{settings.rate_port}/"
    monkeypatch.setattr(starting, "_answers", lambda url: url.startswith(answering))
    starting._announce(settings, "the-password", True)
    printed = capsys.readouterr().out
    assert f"Port {settings.studio_port} does not answer" in printed
    assert f"Port {settings.rate_port} does not" not in printed
    assert "SLaM is ready." not in printed
    assert "shown only now: the-password" in printed
    assert "Stop with Ctrl-C." in printed


def test_it_is_called_ready_when_both_pages_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(starting, "_answers", lambda _: True)
    starting._announce(installation(tmp_path), None, False)
    printed = capsys.readouterr().out
    assert "SLaM is ready." in printed
    assert "does not answer" not in printed


def test_without_any_model_the_stand_ins_are_needed(tmp_path: Path) -> None:
    assert starting.needs_sandbox(installation(tmp_path))
    assert starting.needs_sandbox(installation(tmp_path, openai_api_key=""))
    assert not starting.needs_sandbox(installation(tmp_path, openai_api_key=SecretStr("key")))


def test_an_address_of_ones_own_needs_neither_key_nor_stand_ins(tmp_path: Path) -> None:
    keyless = installation(tmp_path, openai_base_url="http://127.0.0.1:8000/v1")
    assert not starting.needs_sandbox(keyless)


def test_a_malformed_address_of_ollama_gets_one_sentence(tmp_path: Path) -> None:
    environment = os.environ | {"SLAM_HOME": str(tmp_path), "OLLAMA_HOST": "http://[::1"}
    ended = subprocess.run(
        [sys.executable, "-m", "slam", "up"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("slam: The setting OLLAMA_HOST='http://[::1' cannot be taken")
    assert ended.stderr.count("\n") == 1
