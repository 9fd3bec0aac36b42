"""Vectors of texts, computed once and kept on disk by the hash of what they are vectors of.

One small SQLite file beside the store; it holds hashes and vectors, never a text. Several threads
and processes may use it at once. It is only a memory: a row or a file that is damaged is computed
anew, and removing the file loses nothing but time.
"""

import json
import os
import sqlite3
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import SlamError, StoreError
from core.judges.base import Embedder, RefusedTextsError, Vectors
from core.providers.base import FailureKind, ProviderError

AskForVectors = Callable[[str, Sequence[str]], Vectors]
"""``(provider/model, texts) -> one row a text``; raises a `SlamError` where there is no answer.

It is given no more than `TEXTS_AT_ONCE` texts of `BYTES_AT_ONCE` together, or one that is longer.
"""

BUSY_TIMEOUT_S = 30.0
TEXTS_AT_ONCE = 128
"""So many texts are embedded before their vectors are kept; a kill loses no more."""
BYTES_AT_ONCE = 200_000
"""OpenAI refuses more than 300,000 tokens a request, and a token is at least a byte:
https://platform.openai.com/docs/api-reference/embeddings/create."""
REFUSED_AT_MOST = 3
"""A model that refuses so many single texts, before it takes any, refuses whatever it is sent."""

_REFUSALS = {FailureKind.INVALID_REQUEST, FailureKind.UNPARSABLE}
"""Kinds of failures that one text may have brought upon those that it was sent with."""

_KEYS_AT_ONCE = 10_000
"""Below SQLite's limit of 32,766 parameters: https://www.sqlite.org/limits.html."""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LITTLE_ENDIAN_FLOAT32 = np.dtype("<f4")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS embedder (
    hash BLOB PRIMARY KEY, configuration TEXT NOT NULL, dimensions INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS vector (
    embedder_hash BLOB NOT NULL, text_hash BLOB NOT NULL,
    crc32 INTEGER NOT NULL, float32 BLOB NOT NULL,
    PRIMARY KEY (embedder_hash, text_hash)
);
"""


class EmbeddingError(SlamError):
    """What gives vectors did not give the ones that were asked for."""


class EmbeddingStore:
    """The `core.judges.base.Tools` of a run.

    Args:
        path: the SQLite file; made when the first vector is kept.
        model: the run's embedding model as ``provider/model``.
        server: where that model answers; another server's vectors are not taken for its own.
        ask: asks that model for vectors.
    """

    def __init__(
        self,
        path: Path,
        *,
        model: str | None = None,
        server: str | None = None,
        ask: AskForVectors | None = None,
    ) -> None:
        self._path = path
        self._model = model
        self._server = server
        self._ask = ask

    def vectors(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """See `core.judges.base.Tools.vectors`.

        Raises:
            EmbeddingError: the embedder gave something else than a finite vector a text.
            StoreError: the file is locked, or its disk is full.
        """
        return self._vectors(embedder.configuration(), texts, embedder.encode)

    def model_vectors(self, texts: Sequence[str]) -> Vectors:
        """See `core.judges.base.Tools.model_vectors`.

        Texts are asked for again in halves where the model refuses them together.

        Raises:
            RefusedTextsError: it refused some texts, each by itself; all others' vectors are kept.
            ProviderError: it gave no answer.
            EmbeddingError: there is no such model, or it gave something else than a finite vector
                a text, or vectors of other dimensions than before.
            StoreError: the file is locked, or its disk is full.
        """
        if self._model is None or self._ask is None:
            raise EmbeddingError(
                "This judge needs a model that gives embeddings; "
                "choose one, such as openai/text-embedding-3-small."
            )
        configuration = {"model": self._model, "server": self._server}
        return self._vectors(configuration, texts, partial(self._ask, self._model))

    def _vectors(
        self,
        configuration: Mapping[str, Any],
        texts: Sequence[str],
        encode: Callable[[Sequence[str]], Vectors],
    ) -> Vectors:
        if not texts:
            return np.empty((0, 0), np.float32)
        document = json.dumps(configuration, sort_keys=True, ensure_ascii=False)
        embedder = sha256(document.encode()).digest()
        keys = {text: _text_hash(text) for text in texts}
        found = self._kept(embedder, list(keys.values()))
        missing = [text for text, key in keys.items() if key not in found]
        refused: dict[str, ProviderError] = {}
        for part, made in _encoded(missing, encode, refused, is_new=not found):
            vectors = _checked(made, len(part), configuration)
            new = dict(zip((keys[text] for text in part), vectors, strict=True))
            self._keep(embedder, document, new)
            found |= new
        if refused:
            raise RefusedTextsError(refused)
        return np.stack([found[keys[text]] for text in texts])

    def _kept(self, embedder: bytes, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The undamaged vectors among these, by the hash of their text."""
        if not self._path.exists():
            return {}
        found: dict[bytes, Vectors] = {}
        with self._connection() as connection:
            dimensions = _dimensions(connection, embedder)
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                some = keys[start : start + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    "SELECT text_hash, crc32, float32 FROM vector "  # noqa: S608  only marks
                    f"WHERE embedder_hash = ? AND text_hash IN ({marks})",
                    (embedder, *some),
                )
                for key, crc32, blob in rows:
                    if zlib.crc32(blob) == crc32 and len(blob) == 4 * (dimensions or 0):
                        found[key] = np.frombuffer(blob, _LITTLE_ENDIAN_FLOAT32)
            return found
        return {}

    def _keep(self, embedder: bytes, document: str, vectors: Mapping[bytes, Vectors]) -> None:
        dimensions = len(next(iter(vectors.values())))
        blobs = {
            key: vector.astype(_LITTLE_ENDIAN_FLOAT32).tobytes() for key, vector in vectors.items()
        }
        with self._connection() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR IGNORE INTO embedder VALUES (?, ?, ?)", (embedder, document, dimensions)
            )
            before = _dimensions(connection, embedder)
            if before != dimensions:
                raise EmbeddingError(
                    f"{_named(json.loads(document))} gave vectors of {dimensions} dimensions "
                    f"where those kept of it have {before}; "
                    f"give a model that changed another name, or remove {self._path.name}."
                )
            connection.executemany(
                "INSERT OR REPLACE INTO vector VALUES (?, ?, ?, ?)",
                [(embedder, key, zlib.crc32(blob), blob) for key, blob in blobs.items()],
            )

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """A connection to the file; where it turns out to be damaged the block ends without it.

        Raises:
            StoreError: the file is locked, or its disk is full.
        """
        try:
            with closing(self._opened()) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise StoreError(
                    f"The file of embeddings {self._path} cannot be used ({error}); "
                    "free it or its disk, then try again."
                ) from error
            self._remove()

    def _opened(self) -> sqlite3.Connection:
        """A connection to the file, or to a new one in the place of one that is no database."""
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._remove()
            return self._open()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Vectors tell something of the texts, so that only the owner may read them.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    # Python's own errors of use have no code; an extended one keeps its primary in the low byte.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _text_hash(text: str) -> bytes:
    # Half a pair of surrogates can stand in JSON, and so in a text.
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _dimensions(connection: sqlite3.Connection, embedder: bytes) -> int | None:
    row = connection.execute(
        "SELECT dimensions FROM embedder WHERE hash = ?", (embedder,)
    ).fetchone()
    return row[0] if row else None


def _encoded(
    texts: Sequence[str],
    encode: Callable[[Sequence[str]], Vectors],
    refused: dict[str, ProviderError],
    *,
    is_new: bool,
) -> Iterator[tuple[list[str], Vectors]]:
    """The texts in parts with their vectors, halved where a model refuses a part.

    Args:
        texts: distinct.
        encode: gives a part's vectors.
        refused: filled with the texts that were refused by themselves.
        is_new: whether no text is known that the model takes.

    Raises:
        ProviderError: the model gave no answer, or refuses whatever it is sent.
    """
    waiting = deque(_parts(texts))
    while waiting:
        part = waiting.popleft()
        try:
            made = encode(part)
        except ProviderError as error:
            if error.kind not in _REFUSALS:
                raise
            if middle := len(part) // 2:
                waiting.extendleft((part[middle:], part[:middle]))
                continue
            refused[part[0]] = error
            if is_new and len(refused) == REFUSED_AT_MOST:
                raise
        else:
            is_new = False
            yield part, made


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in parts, short ones first: what is encoded together is of about one length."""
    part: list[str] = []
    size = 0
    for text in sorted(texts, key=len):
        length = len(text.encode("utf-8", "surrogatepass"))
        if part and (len(part) == TEXTS_AT_ONCE or size + length > BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(text)
        size += length
    if part:
        yield part


def _checked(made: Vectors, texts: int, configuration: Mapping[str, Any]) -> Vectors:
    if made.ndim != 2 or len(made) != texts or made.shape[1] == 0:
        raise EmbeddingError(
            f"{_named(configuration)} gave vectors of shape {made.shape} for {texts} texts; "
            "choose a model that gives one vector a text."
        )
    if not np.isfinite(made).all():
        raise EmbeddingError(
            f"{_named(configuration)} gave a vector with something else than finite numbers; "
            "choose another model."
        )
    return made


def _named(configuration: Mapping[str, Any]) -> str:
    return f"The model {configuration.get('model', 'without a name')!r}"
