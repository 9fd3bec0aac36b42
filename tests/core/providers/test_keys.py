"""Keys come from the environment or a file, and are taken out of what servers say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.keys import read_key, without_keys

SECRETS = st.from_regex(r"(sk|gsk|pk|xai)-(proj-)?[A-Za-z0-9_-]{12,60}", fullmatch=True)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A_KEY", "A_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_key_is_read_without_its_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "abc\n")
    assert read_key("A_KEY") == "abc"


def test_the_variable_goes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("A_KEY_FILE", str(tmp_path / "key"))
    assert read_key("A_KEY") == "from the file"
    monkeypatch.setenv("A_KEY", "abc")
    assert read_key("A_KEY") == "abc"


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff"])
def test_a_file_without_a_readable_key_gives_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    assert read_key("A_KEY") is None
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    monkeypatch.setenv("A_KEY_FILE", str(tmp_path / "key"))
    assert read_key("A_KEY") is None


@given(st.text(max_size=20), SECRETS, st.text(max_size=20))
def test_what_looks_like_a_key_is_never_repeated(before: str, secret: str, after: str) -> None:
    told = without_keys(f"{before} {secret} {after}")
    assert secret not in told


@given(st.text(max_size=20), st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_the_key_itself_is_never_repeated_whatever_it_looks_like(
    before: str, key: str, after: str
) -> None:
    assert key not in without_keys(before + key + after, key).replace("\u2026", "")


@pytest.mark.parametrize(
    "words",
    [
        "The model `meta-llama/Llama-3.1-8B-Instruct` does not exist",
        "Rate limit reached for gpt-4-0613 on tokens per min (TPM): Limit 10000",
        "temperature must be between 0 and 2",
    ],
)
def test_ordinary_words_stay_as_they_are(words: str) -> None:
    assert without_keys(words, "sk-any") == words
