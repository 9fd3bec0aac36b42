"""Vectors are computed once a text, survive what a file can suffer, and never mix."""

import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import embeddings
from core.embeddings import EmbeddingError, EmbeddingStore
from core.errors import StoreError
from core.judges.base import RefusedTextsError, Vectors
from core.providers.base import FailureKind, ProviderError

TEXTS = ["a plan", "a longer plan", "", "\u05e9\u05dc\u05d5\u05dd", "a plan", "\ud83d"]


@dataclass
class Hashes:
    """Gives each text a vector of its own, and remembers what it was asked."""

    dimensions: int = 8
    name: str = "hashes"
    asked: list[str] = field(default_factory=list)

    def configuration(self) -> dict[str, Any]:
        return {"model": self.name}

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> Vectors:
        digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
        return np.frombuffer(digest[: self.dimensions], np.uint8).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "embeddings.sqlite3"


def is_right(vectors: Vectors, texts: Sequence[str], embedder: Hashes) -> bool:
    return np.array_equal(vectors, np.stack([embedder.vector(text) for text in texts]))


def test_every_distinct_text_is_computed_once_and_given_in_order(path: Path) -> None:
    embedder = Hashes()
    vectors = EmbeddingStore(path).vectors(embedder, TEXTS)
    assert vectors.dtype == np.float32
    assert is_right(vectors, TEXTS, embedder)
    assert sorted(embedder.asked) == sorted(set(TEXTS))


def test_what_is_on_disk_is_not_computed_again(path: Path) -> None:
    EmbeddingStore(path).vectors(Hashes(), TEXTS)
    later = Hashes()
    assert is_right(EmbeddingStore(path).vectors(later, [*TEXTS, "new"]), [*TEXTS, "new"], later)
    assert later.asked == ["new"]


def test_another_configuration_has_vectors_of_its_own(path: Path) -> None:
    store = EmbeddingStore(path)
    store.vectors(Hashes(), TEXTS)
    other = Hashes(dimensions=4, name="others")
    assert is_right(store.vectors(other, TEXTS), TEXTS, other)
    assert is_right(store.vectors(Hashes(), TEXTS), TEXTS, Hashes())


def test_of_no_texts_there_are_no_vectors(path: Path) -> None:
    assert len(EmbeddingStore(path).vectors(Hashes(), [])) == 0
    assert not path.exists()


def test_the_file_holds_no_text_and_is_for_its_owner_only(path: Path) -> None:
    EmbeddingStore(path).vectors(Hashes(), ["a very private plan"])
    assert b"private" not in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("change", ["substr(float32, 2)", "zeroblob(32)", "x''"])
def test_a_damaged_row_is_computed_anew_and_mended(path: Path, change: str) -> None:
    store = EmbeddingStore(path)
    store.vectors(Hashes(), ["one", "two"])
    with sqlite3.connect(path) as connection:
        connection.execute(
            f"UPDATE vector SET float32 = {change} WHERE text_hash = ?",  # noqa: S608  given above
            (sha256(b"one").digest(),),
        )
    connection.close()
    again = Hashes()
    assert is_right(store.vectors(again, ["one", "two"]), ["one", "two"], again)
    assert again.asked == ["one"]
    assert is_right(store.vectors(again, ["one"]), ["one"], again)
    assert again.asked == ["one"]


@pytest.mark.parametrize("damage", ["not a database", "cut short", "overwritten within"])
def test_a_damaged_file_is_computed_anew_and_used_again(path: Path, damage: str) -> None:
    texts = [f"text {number}" for number in range(300)]
    store = EmbeddingStore(path)
    store.vectors(Hashes(), texts)
    content = path.read_bytes()
    path.write_bytes(
        {
            "not a database": b"this was written by something else " * 1000,
            "cut short": content[: len(content) // 2],
            "overwritten within": content[:4096] + b"\x77" * (len(content) - 4096),
        }[damage]
    )
    again = Hashes()
    assert is_right(store.vectors(again, texts), texts, again)
    assert again.asked
    store.vectors(Hashes(), texts)
    later = Hashes()
    assert is_right(store.vectors(later, texts), texts, later)
    assert later.asked == []


def test_threads_may_use_one_file_at_once(path: Path) -> None:
    def work(start: int) -> bool:
        texts = [f"text {number}" for number in range(start, start + 200)]
        embedder = Hashes()
        return is_right(EmbeddingStore(path).vectors(embedder, texts), texts, embedder)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(0, 400, 50)))


def test_processes_may_use_one_new_file_at_once(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.core.test_embeddings import Hashes, "
        "is_right; from core.embeddings import EmbeddingStore; "
        "texts = [f'text {number}' for number in range(400)]; embedder = Hashes(); "
        "print(is_right(EmbeddingStore(Path(sys.argv[1])).vectors(embedder, texts), texts, "
        "embedder))"
    )
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert [one.communicate(timeout=120) for one in running] == [("True\n", "")] * 4
    later = Hashes()
    EmbeddingStore(path).vectors(later, [f"text {number}" for number in range(400)])
    assert later.asked == []


def test_looking_up_2900_texts_takes_well_under_a_third_of_a_second(path: Path) -> None:
    texts = [f"response {number} " * 40 for number in range(2900)]
    store = EmbeddingStore(path)
    store.vectors(Hashes(dimensions=32), texts)
    began = time.thread_time()
    store.vectors(Hashes(dimensions=32), texts)
    assert time.thread_time() - began < 0.3


def test_a_file_that_another_writer_holds_is_said_to_be_in_use(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = EmbeddingStore(path)
    store.vectors(Hashes(), ["one"])
    monkeypatch.setattr(embeddings, "BUSY_TIMEOUT_S", 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="cannot be used \\(database is locked\\)"):
        store.vectors(Hashes(), ["two"])
    holder.close()
    assert is_right(store.vectors(Hashes(), ["two"]), ["two"], Hashes())


class Model:
    """An embedding model behind a provider, which may change what it answers."""

    def __init__(self, dimensions: int = 8) -> None:
        self.hashes = Hashes(dimensions=dimensions)
        self.calls: list[list[str]] = []

    def ask(self, model: str, texts: Sequence[str]) -> Vectors:
        assert model == "openai/some-embeddings"
        self.calls.append(list(texts))
        return self.hashes.encode(texts)


def store_of(path: Path, model: Model) -> EmbeddingStore:
    return EmbeddingStore(path, model="openai/some-embeddings", ask=model.ask)


def test_a_models_vectors_are_asked_for_once(path: Path) -> None:
    model = Model()
    assert is_right(store_of(path, model).model_vectors(TEXTS), TEXTS, model.hashes)
    assert is_right(store_of(path, model).model_vectors(TEXTS), TEXTS, model.hashes)
    assert len(model.calls) == 1


def test_a_model_is_asked_for_no_more_at_once_than_a_request_may_hold(path: Path) -> None:
    model = Model()
    texts = [f"{number} " + "x" * 7990 for number in range(100)]
    texts += [str(number) for number in range(1000)]
    store_of(path, model).model_vectors(texts)
    assert sorted(text for call in model.calls for text in call) == sorted(texts)
    assert max(map(len, model.calls)) <= embeddings.TEXTS_AT_ONCE
    assert max(sum(map(len, call)) for call in model.calls) <= embeddings.BYTES_AT_ONCE


def test_what_came_before_a_failure_is_kept(path: Path) -> None:
    class Failing(Model):
        def ask(self, model: str, texts: Sequence[str]) -> Vectors:
            if self.calls:
                raise EmbeddingError("The server went away.")
            return super().ask(model, texts)

    texts = [f"text {number}" for number in range(600)]
    with pytest.raises(EmbeddingError, match="went away"):
        store_of(path, Failing()).model_vectors(texts)
    model = Model()
    store_of(path, model).model_vectors(texts)
    assert sum(map(len, model.calls)) == 600 - embeddings.TEXTS_AT_ONCE


def test_a_model_that_answers_with_other_dimensions_is_refused_and_nothing_is_mixed(
    path: Path,
) -> None:
    store_of(path, Model(dimensions=8)).model_vectors(["one"])
    with pytest.raises(EmbeddingError) as raised:
        store_of(path, Model(dimensions=4)).model_vectors(["one", "two"])
    assert str(raised.value) == (
        "The model 'openai/some-embeddings' gave vectors of 4 dimensions where those kept of it "
        "have 8; give a model that changed another name, or remove embeddings.sqlite3."
    )
    model = Model(dimensions=8)
    assert is_right(
        store_of(path, model).model_vectors(["one", "two"]), ["one", "two"], model.hashes
    )
    assert model.calls == [["two"]]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (np.zeros((1, 8), np.float32), "shape (1, 8) for 2 texts"),
        (np.zeros((2, 0), np.float32), "shape (2, 0) for 2 texts"),
        (np.full((2, 8), np.nan, np.float32), "something else than finite numbers"),
    ],
)
def test_an_answer_that_is_no_vectors_is_refused_and_not_kept(
    path: Path, answer: Vectors, said: str
) -> None:
    store = EmbeddingStore(path, model="openai/x", ask=lambda model, texts: answer)
    with pytest.raises(EmbeddingError) as raised:
        store.model_vectors(["one", "two"])
    assert said in str(raised.value)
    model = Model()
    other = EmbeddingStore(path, model="openai/x", ask=lambda _, texts: model.hashes.encode(texts))
    assert is_right(other.model_vectors(["one", "two"]), ["one", "two"], model.hashes)


def test_without_a_model_it_is_said_that_one_is_needed(path: Path) -> None:
    with pytest.raises(EmbeddingError) as raised:
        EmbeddingStore(path).model_vectors(["one"])
    assert str(raised.value) == (
        "This judge needs a model that gives embeddings; "
        "choose one, such as openai/text-embedding-3-small."
    )


class Refusing(Model):
    """Refuses every call that holds one of some texts."""

    def __init__(self, *refused: str, kind: FailureKind = FailureKind.INVALID_REQUEST) -> None:
        super().__init__()
        self.refused, self.kind = set(refused), kind

    def ask(self, model: str, texts: Sequence[str]) -> Vectors:
        vectors = super().ask(model, texts)
        if self.refused & set(texts):
            raise ProviderError(self.kind, "It cannot read this.")
        return vectors


@pytest.mark.parametrize("kind", [FailureKind.INVALID_REQUEST, FailureKind.UNPARSABLE])
def test_a_refused_text_is_found_by_halves_and_all_others_are_kept(
    path: Path, kind: FailureKind
) -> None:
    texts = [f"text {number:03}" for number in range(300)]
    model = Refusing("text 007", "text 200", kind=kind)
    with pytest.raises(RefusedTextsError) as raised:
        store_of(path, model).model_vectors(texts)
    assert set(raised.value.reasons) == {"text 007", "text 200"}
    assert (raised.value.kind, str(raised.value)) == (kind, "It cannot read this.")
    assert len(model.calls) <= 3 + 2 * 2 * 7, "a bad one of 128 takes 14 calls more to find"
    later = Model()
    store_of(path, later).model_vectors([text for text in texts if text not in model.refused])
    assert later.calls == []


def test_a_model_that_takes_no_text_at_all_is_not_asked_for_each(path: Path) -> None:
    texts = [f"text {number:03}" for number in range(300)]
    model = Refusing(*texts)
    with pytest.raises(ProviderError) as raised:
        store_of(path, model).model_vectors(texts)
    assert not isinstance(raised.value, RefusedTextsError)
    assert len(model.calls) <= 12


def test_a_key_that_is_refused_is_no_fault_of_a_text(path: Path) -> None:
    model = Refusing("two", kind=FailureKind.UNAUTHORIZED)
    with pytest.raises(ProviderError):
        store_of(path, model).model_vectors(["one", "two"])
    assert len(model.calls) == 1


def test_the_same_name_at_another_server_is_another_model(path: Path) -> None:
    def at(server: str, model: Model) -> EmbeddingStore:
        name = "openai/some-embeddings"
        return EmbeddingStore(path, model=name, server=server, ask=model.ask)

    first, second = Model(dimensions=8), Model(dimensions=4)
    at("http://127.0.0.1:8503/v1", first).model_vectors(["one"])
    vectors = at("https://api.openai.com/v1", second).model_vectors(["one"])
    assert is_right(vectors, ["one"], second.hashes)
    at("http://127.0.0.1:8503/v1", first).model_vectors(["one"])
    assert (len(first.calls), len(second.calls)) == (1, 1)
