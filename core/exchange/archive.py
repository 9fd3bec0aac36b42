"""Reading what a person brings: one file, a zip archive or a folder, without trusting it."""

import hashlib
import io
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInputError
from core.exchange.storable import storable_part

MAX_FILE_BYTES = 100 * 1024 * 1024
"""The largest file that is read, packed or not."""

MAX_UNPACKED_BYTES = 500 * 1024 * 1024
"""The most that all entries of an archive may hold together once unpacked."""

MAX_ENTRIES = 10_000
MAX_RATIO = 200
"""How much smaller than its content an entry may be; real study files reach about 20."""

RATIO_FREE_BYTES = 1024 * 1024
"""Entries up to this size may have any ratio: they cannot do harm."""

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
    IndexError,
)
"""Everything that `zipfile` raises on archives that are damaged or of a kind it cannot read."""


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """What was brought: its name, the hash that recognises it, and the JSON files inside."""

    name: str
    file_hash: str
    contents: Mapping[str, bytes]


def read_path(path: Path) -> SourceFiles:
    """Read a file, an archive or a folder.

    Raises:
        InvalidInputError: there is nothing at the path, or it cannot be read safely.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        if not path.is_file():
            raise InvalidInputError(
                f"There is no file or folder {str(path)!r}; check the path and try again."
            )
        _check_size(path.name, path.stat().st_size)
        return read_bytes(path.name, path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidInputError(
            f"{path} cannot be read ({reason}); check the path and its permissions."
        ) from error


def read_bytes(file_name: str, content: bytes) -> SourceFiles:
    """Read an uploaded file: a zip archive, or anything else as one JSON file.

    Raises:
        InvalidInputError: it is empty, too large, or an archive that cannot be read safely.
    """
    name = storable_part(file_name)
    if not content:
        raise InvalidInputError(f"{name} is empty; choose another file.")
    _check_size(name, len(content))
    contents = _unpack(name, content) if content.startswith(b"PK") else {name: content}
    return SourceFiles(name, hashlib.sha256(content).hexdigest(), contents)


def _tidy(name: str) -> str:
    """A path inside an archive; some programs on Windows pack it with backslashes."""
    return storable_part(name).replace("\\", "/")


def _check_size(name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise InvalidInputError(
            f"{name} is larger than {MAX_FILE_BYTES // 1024**2} MB; split it into smaller files."
        )


def _is_wanted(name: str) -> bool:
    """Whether it is a JSON file; what macOS adds to archives and folders never is."""
    parts = name.split("/")
    return (
        name.lower().endswith(".json")
        and "__MACOSX" not in parts
        # "._name.json" is how macOS packs a file's attributes beside the file.
        and not parts[-1].startswith("._")
    )


def _unpack(archive_name: str, content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_entries(archive_name, entries)
            contents: dict[str, bytes] = {}
            for entry in entries:
                name = _tidy(entry.filename)
                if not entry.is_dir() and _is_wanted(name):
                    contents[name] = archive.read(entry)
    except _DAMAGE as error:
        raise InvalidInputError(
            f"{archive_name} is a damaged zip archive ({error}); download or pack it again."
        ) from error
    if not contents:
        raise InvalidInputError(f"{archive_name} holds no JSON file; choose another archive.")
    return contents


def _check_entries(archive_name: str, entries: list[zipfile.ZipInfo]) -> None:
    """Refuse the whole archive before a byte of it is unpacked."""
    if len(entries) > MAX_ENTRIES:
        raise InvalidInputError(
            f"{archive_name} holds more than {MAX_ENTRIES:,} files; pack only the study's files."
        )
    names: set[str] = set()
    for entry in entries:
        _check_entry(archive_name, entry)
        name = _tidy(entry.filename)
        if name in names:
            raise InvalidInputError(
                f"{archive_name} holds {entry.filename!r} twice; pack it again with each file once."
            )
        names.add(name)
    # `zipfile` never unpacks more of an entry than the size it declares.
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise InvalidInputError(
            f"{archive_name} unpacks to more than {MAX_UNPACKED_BYTES // 1024**2} MB; "
            "split it into smaller archives."
        )


def _check_entry(archive_name: str, entry: zipfile.ZipInfo) -> None:
    # `orig_filename` still holds what `zipfile` tidies away in `filename`.
    path = entry.orig_filename.replace("\\", "/")
    outside = path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path)
    if outside or stat.S_ISLNK(entry.external_attr >> 16):
        raise InvalidInputError(
            f"{archive_name} holds {entry.orig_filename!r}, which points outside the "
            "archive; nothing was read, pack it again without that entry."
        )
    if entry.flag_bits & 0x1:
        raise InvalidInputError(f"{archive_name} is encrypted; pack it again without a password.")
    packed = max(entry.compress_size, 1)
    if entry.file_size > RATIO_FREE_BYTES and entry.file_size / packed > MAX_RATIO:
        raise InvalidInputError(
            f"{archive_name} holds {entry.filename!r}, which unpacks to more than {MAX_RATIO} "
            "times its size; nothing was read, pack it again from the original files."
        )


def _read_folder(folder: Path) -> SourceFiles:
    contents: dict[str, bytes] = {}
    total = 0
    for path in _files_of(folder):
        _check_size(str(path), path.stat().st_size)
        content = path.read_bytes()
        total += len(content)
        if total > MAX_UNPACKED_BYTES:
            raise InvalidInputError(
                f"{folder} holds more than {MAX_UNPACKED_BYTES // 1024**2} MB of JSON; "
                "name a smaller folder."
            )
        contents[storable_part(path.relative_to(folder).as_posix())] = content
    if not contents:
        raise InvalidInputError(f"{folder} holds no JSON file; name another folder.")
    listing = hashlib.sha256()
    for name, content in contents.items():
        listing.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    name = storable_part(folder.resolve().name)
    return SourceFiles(name, listing.hexdigest(), contents)


def _files_of(folder: Path) -> Iterator[Path]:
    """The JSON files below the folder in a fixed order; a link is refused, never followed."""
    seen = 0
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted([*folders, *names]):
            path = Path(root, name)
            seen += 1
            if seen > MAX_ENTRIES:
                raise InvalidInputError(
                    f"{folder} holds more than {MAX_ENTRIES:,} files; name the study's own folder."
                )
            if path.is_symlink():
                raise InvalidInputError(
                    f"{path} is a link, which may point outside the folder; "
                    "replace it with the file itself."
                )
            if path.is_file() and _is_wanted(path.relative_to(folder).as_posix()):
                yield path
