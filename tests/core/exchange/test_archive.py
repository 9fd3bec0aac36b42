import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.exchange import archive
from core.exchange.archive import read_bytes, read_path
from tests.core.exchange.samples import as_zip, complaint


def test_a_single_file_is_read_under_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(b"[]")
    source = read_path(tmp_path / "one.json")
    assert (source.name, source.contents) == ("one.json", {"one.json": b"[]"})


def test_an_archive_gives_its_json_files_and_skips_what_macos_adds() -> None:
    content = as_zip(
        {
            "data/a.json": [],
            "data\\b.json": [],
            "data/": b"",
            "readme.txt": b"hello",
            ".DS_Store": b"junk",
            "__MACOSX/data/._a.json": b"junk",
            "data/._a.json": b"junk",
        }
    )
    assert set(read_bytes("x.zip", content).contents) == {"data/a.json", "data/b.json"}


def test_a_folder_is_read_like_its_archive(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.json").write_bytes(b"[]")
    (tmp_path / ".DS_Store").write_bytes(b"junk")
    first = read_path(tmp_path)
    assert first.contents == {"data/a.json": b"[]"}
    assert read_path(tmp_path).file_hash == first.file_hash
    (tmp_path / "data" / "a.json").write_bytes(b"{}")
    assert read_path(tmp_path).file_hash != first.file_hash


def test_a_link_in_a_folder_is_refused_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_bytes(b"[]")
    (tmp_path / "study").mkdir()
    os.symlink(tmp_path / "real.json", tmp_path / "study" / "link.json")
    with pytest.raises(InvalidInputError, match=r"link\.json is a link"):
        read_path(tmp_path / "study")


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="nowhere"):
        read_path(tmp_path / "nowhere")


def test_a_folder_without_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds no JSON file"):
        read_path(tmp_path)


def test_an_unreadable_path_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_path(tmp_path / ("x" * 300))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is empty"):
        read_bytes("x.json", b"")


@pytest.mark.parametrize(
    "name", ["../x.json", "a/../../x.json", "/etc/x.json", "..\\x.json", "C:\\x.json", "C:x.json"]
)
def test_an_entry_that_leaves_its_folder_refuses_the_whole_file(name: str) -> None:
    with pytest.raises(InvalidInputError, match="points outside"):
        read_bytes("x.zip", as_zip({"data/a.json": [], name: []}))


def test_an_entry_that_is_a_link_refuses_the_whole_file() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        link = zipfile.ZipInfo("data/a.json")
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidInputError, match="points outside"):
        read_bytes("x.zip", buffer.getvalue())


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(as_zip({"a.json": []}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(signature) + offset, 1)
    with pytest.raises(InvalidInputError, match="is encrypted; pack it again without a password"):
        read_bytes("x.zip", bytes(content))


def test_an_entry_that_unpacks_to_absurdly_more_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="times its size"):
        read_bytes("x.zip", as_zip({"a.json": b" " * 3_000_000}))


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1_500)
    with pytest.raises(InvalidInputError, match="unpacks to more than"):
        read_bytes("x.zip", as_zip({"a.json": b" " * 1_000, "b.json": b" " * 1_000}))


def test_a_folder_that_holds_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 10)
    (tmp_path / "a.json").write_bytes(b" " * 11)
    with pytest.raises(InvalidInputError, match="of JSON"):
        read_path(tmp_path)


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 1)
    (tmp_path / "a.json").write_bytes(b"[]")
    (tmp_path / "b.json").write_bytes(b"[]")
    with pytest.raises(InvalidInputError, match="more than 1 files"):
        read_path(tmp_path)
    with pytest.raises(InvalidInputError, match="more than 1 files"):
        read_bytes("x.zip", as_zip({"a.json": [], "b.json": []}))


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 10)
    (tmp_path / "a.json").write_bytes(b" " * 11)
    with pytest.raises(InvalidInputError, match=r"a\.json is larger than"):
        read_path(tmp_path / "a.json")
    with pytest.raises(InvalidInputError, match=r"a\.json is larger than"):
        read_bytes("a.json", b" " * 11)


def test_a_damaged_archive_is_refused() -> None:
    content = as_zip({"a.json": list(range(500))})
    for broken in (content[: len(content) // 2], content.replace(content[60:70], b"0123456789")):
        with pytest.raises(InvalidInputError, match="damaged zip archive"):
            read_bytes("x.zip", broken)


def test_an_archive_that_holds_a_file_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="twice"):
        read_bytes("x.zip", as_zip({"data/a.json": [], "data\\a.json": []}))


def test_an_archive_without_json_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="holds no JSON file"):
        read_bytes("x.zip", as_zip({"a.txt": b"hello"}))


@given(st.data())
def test_no_damage_raises_anything_but_one_sentence(data: st.DataObject) -> None:
    content = bytearray(as_zip({"data/a.json": [1, 2, 3], "b.json": {"x": "y" * 50}}))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    said = complaint(lambda: read_bytes("x.zip", bytes(content)))
    assert said is None or "x.zip" in said
