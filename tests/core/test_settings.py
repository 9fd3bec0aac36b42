"""Every setting comes from its environment variable, is checked, and shows no secret."""

import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import InvalidInputError
from core.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)


def variables() -> list[str]:
    return [str(field.alias) for field in Settings.model_fields.values()]


def test_nothing_needs_to_be_set() -> None:
    settings = Settings()
    home = Path(".slam").resolve()
    assert settings.store_url == f"sqlite:///{home / 'slam.sqlite3'}"
    assert settings.work_engine_url == f"sqlite:///{home / 'work.sqlite3'}"
    assert settings.rate_url == "http://localhost:8501"
    assert settings.ollama_host == "http://127.0.0.1:11434"
    assert settings.openai_api_key is None


def test_every_setting_has_a_variable_of_its_own_and_a_description() -> None:
    assert len(set(variables())) == len(Settings.model_fields)
    for field in Settings.model_fields.values():
        assert field.alias is not None
        assert field.alias.isupper()
        assert field.description
        assert field.description.endswith(".")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLAM_HOME", str(tmp_path))
    monkeypatch.setenv("SLAM_REQUEST_TIMEOUT_S", "2.5")
    monkeypatch.setenv("SLAM_CONCURRENT_REQUESTS_OLLAMA", "3")
    settings = Settings()
    assert settings.store_url == f"sqlite:///{tmp_path / 'slam.sqlite3'}"
    assert settings.request_timeout_s == 2.5
    assert settings.concurrent_requests_ollama == 3


def test_variables_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        if name.upper() not in variables():
            monkeypatch.setenv(name.upper(), "1")
    assert Settings() == Settings.model_construct()


def test_a_database_url_moves_both_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://slam@db/slam"
    monkeypatch.setenv("DATABASE_URL", url)
    assert Settings().store_url == Settings().work_engine_url == url


def test_an_empty_database_url_is_the_sqlite_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().store_url.startswith("sqlite:///")


def test_the_public_address_is_the_base_of_rating_links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLAM_RATE_PORT", "9000")
    assert Settings().rate_url == "http://localhost:9000"
    monkeypatch.setenv("SLAM_PUBLIC_RATE_URL", "https://rate.example/")
    assert Settings().rate_url == "https://rate.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLAM_REQUEST_TIMEOUT_S", "0"),
        ("SLAM_REQUEST_TIMEOUT_S", "soon"),
        ("SLAM_CONCURRENT_REQUESTS", "0"),
        ("SLAM_REQUESTS_PER_MINUTE", "-1"),
        ("SLAM_RATE_PORT", "http"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name):
        Settings()


def test_secrets_are_shown_in_no_text_and_no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("SLAM_SECRET_KEY", "sign-hidden")
    settings = Settings()
    assert "hidden" not in f"{settings} {settings!r} {settings.model_dump_json()}"
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-hidden"


def test_settings_do_not_change_once_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().rate_port = 1  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    for name in variables():
        monkeypatch.setenv(name, blank)
    assert Settings() == Settings.model_construct()
    assert Settings().openai_api_key is None
    assert Settings().model_fields_set == set()


def test_two_machines_do_not_share_a_daemons_name_by_default() -> None:
    assert Settings().daemon_name == socket.gethostname()


@pytest.mark.parametrize("host", ["http://[::1", "127.0.0.1:port", "http://"])
def test_an_ollama_host_that_is_no_address_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    with pytest.raises(InvalidInputError, match=r"^The setting OLLAMA_HOST=.* unset it\.$"):
        load_settings()


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0:11434", "https://ollama.example/path"])
def test_an_ollama_host_may_be_written_as_ollama_itself_takes_it(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert load_settings().ollama_host == host
