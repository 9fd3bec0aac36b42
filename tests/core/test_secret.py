"""The signing secret is made once, kept from others, and the same for every process."""

import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from core.secret import signing_secret
from core.settings import Settings

_ROOT = Path(__file__).resolve().parents[2]
_PRINT = "from core.secret import *; from core.settings import *; print(signing_secret(Settings()))"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SLAM_SECRET_KEY", raising=False)
    monkeypatch.setenv("SLAM_HOME", str(tmp_path / "new" / "home"))
    return tmp_path / "new" / "home"


def test_a_secret_is_made_once_and_stays(home: Path) -> None:
    made = signing_secret(Settings())
    assert len(made) >= 32
    assert signing_secret(Settings()) == made
    assert [path.name for path in home.iterdir()] == ["secret"]


def test_two_installations_have_two_secrets(tmp_path: Path) -> None:
    homes = [Settings(home=tmp_path / name) for name in ("one", "other")]
    assert signing_secret(homes[0]) != signing_secret(homes[1])


def test_only_its_owner_can_read_it(home: Path) -> None:
    signing_secret(Settings())
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600


def test_threads_that_start_at_once_agree(home: Path) -> None:
    for number in range(20):
        settings = Settings(home=home / str(number))
        found: list[str] = []
        together = threading.Barrier(4)

        def run(
            settings: Settings = settings,
            found: list[str] = found,
            together: threading.Barrier = together,
        ) -> None:
            together.wait()
            found.append(signing_secret(settings))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert len(set(found)) == 1
        assert len(found[0]) >= 32


def test_processes_that_start_at_once_agree(home: Path) -> None:
    command = [sys.executable, "-c", _PRINT]
    processes = [
        subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    found = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert found == {(home / "secret").read_text()}


def test_a_half_written_secret_is_never_seen(home: Path) -> None:
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.extend(path.read_text() for path in home.glob("*/secret"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(50):
        signing_secret(Settings(home=home / str(number)))
    done.set()
    watcher.join()
    assert all(len(one) >= 32 for one in seen)


def test_the_environment_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signing_secret(Settings())
    monkeypatch.setenv("SLAM_SECRET_KEY", "from the environment")
    assert signing_secret(Settings()) == "from the environment"


def test_an_empty_environment_variable_is_no_secret(home: Path) -> None:
    made = signing_secret(Settings(secret_key=SecretStr("")))
    assert len(made) >= 32
    assert made == signing_secret(Settings())
