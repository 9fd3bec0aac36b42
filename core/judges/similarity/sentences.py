"""Sentence embeddings (SBERT): the packaged MiniLM, or another model in a folder."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from core.judges.base import Vectors
from core.judges.similarity.models import (
    MINILM,
    contents,
    encodable,
    folder,
    loading,
    quiet,
    versions,
    weights,
)
from core.judges.similarity.references import SimilarityOptions

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

BATCH_SIZE = 32
MODELS_KEPT = 2
"""So many stay loaded; one takes about a hundred megabytes or more."""
_lock = Lock()
"""A tokenizer must not be used by two threads at once, and PyTorch uses all cores for one."""


class SentenceOptions(SimilarityOptions):
    """What may be set of judges that compare sentence embeddings."""

    model: str = Field(
        default=MINILM,
        min_length=1,
        title="Embedding model",
        description=f"{MINILM} comes with SLaM; or a folder with a sentence-transformers model.",
    )


@dataclass(frozen=True)
class SentenceEmbedder:
    """A sentence-transformers model as a `core.judges.base.Embedder`.

    Args:
        model: `core.judges.similarity.models.MINILM`, or a folder.
    """

    model: str = MINILM

    def configuration(self) -> dict[str, Any]:
        """What can change a vector.

        Raises:
            InvalidInputError: the extra ``similarity`` is not installed, or there is no such model.
        """
        libraries = versions("similarity", "sentence-transformers", "transformers", "torch")
        return {
            **weights(self.model),
            **libraries,
            "max_tokens": max_tokens(self.model),
            "normalized": "L2",
        }

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The unit vectors; what is longer than the model reads is cut by it (`are_cut` tells).

        Raises:
            InvalidInputError: the model cannot be loaded.
        """
        with _lock:
            vectors = _model(self.model, contents(self.model)).encode(
                [encodable(text) for text in texts],
                batch_size=BATCH_SIZE,
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)


def are_cut(model: str, texts: Sequence[str]) -> dict[str, bool]:
    """Whether each text is longer than the model reads, without loading its weights."""
    longest = max_tokens(model)
    encoded = tokenizer(model).encode_batch_fast([encodable(text) for text in texts])
    return {text: len(one) > longest for text, one in zip(texts, encoded, strict=True)}


def max_tokens(model: str) -> int:
    """How many tokens of a text the model reads."""
    with loading(model):
        settings = json.loads((folder(model) / "sentence_bert_config.json").read_text())
        if settings.get("max_seq_length"):
            return int(settings["max_seq_length"])
        settings = json.loads((folder(model) / "config.json").read_text())
        return int(settings["max_position_embeddings"])


def tokenizer(model: str) -> "Tokenizer":
    """The model's tokenizer, which neither cuts nor fills up.

    Raises:
        InvalidInputError: the folder holds none.
    """
    with loading(model):
        return _tokenizer(folder(model) / "tokenizer.json", contents(model))


@lru_cache(maxsize=MODELS_KEPT)
def _tokenizer(file: Path, _contents: str) -> "Tokenizer":
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(file))
    found.no_truncation()
    found.no_padding()
    return found


@lru_cache(maxsize=MODELS_KEPT)
def _model(model: str, _contents: str) -> "SentenceTransformer":
    path = folder(model)
    versions("similarity", "sentence-transformers", "torch")
    with loading(model):
        from sentence_transformers import SentenceTransformer

        quiet()
        return SentenceTransformer(str(path), device="cpu", local_files_only=True)
