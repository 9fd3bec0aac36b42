"""USE-QA: the two encoders of Google's universal sentence encoder for questions and answers.

Yang et al. 2020, https://arxiv.org/abs/1907.04307; https://tfhub.dev/google/universal-sentence-encoder-qa/3.
One encoder reads questions, the other reads answers with what stands around them; the inner product
of a question and an answer tells how well they go together.
"""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core.judges.base import Vectors
from core.judges.similarity.models import contents, encodable, folder_hash, loading, versions

USE_QA = "https://tfhub.dev/google/universal-sentence-encoder-qa/3"
BATCH_SIZE = 32
MAX_CHARACTERS = 10_000
"""The model is made for sentences and paragraphs; more is cut."""
_lock = Lock()
"""Loading twice would take the memory twice."""


class Encoder(StrEnum):
    """The model's signatures."""

    QUESTION = "question_encoder"
    RESPONSE = "response_encoder"


@dataclass(frozen=True)
class AnswerEmbedder:
    """One of the two encoders as a `core.judges.base.Embedder`.

    Args:
        model: a handle of TensorFlow Hub, or the folder of a saved model with both signatures.
        encoder: which.
    """

    model: str
    encoder: Encoder

    def configuration(self) -> dict[str, Any]:
        """What can change a vector.

        Raises:
            InvalidInputError: the extra ``use`` is not installed.
        """
        return {**model_configuration(self.model), "encoder": self.encoder.value}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, cut to `MAX_CHARACTERS`; an answer is its own context.

        Raises:
            InvalidInputError: the model cannot be loaded.
        """
        parts = [
            self._encode_batch(texts[start : start + BATCH_SIZE])
            for start in range(0, len(texts), BATCH_SIZE)
        ]
        return np.concatenate(parts)

    def _encode_batch(self, texts: Sequence[str]) -> Vectors:
        model = _loaded(self.model)
        import tensorflow as tf

        read = tf.constant([encodable(text[:MAX_CHARACTERS]) for text in texts])
        inputs = {"input": read}
        if self.encoder is Encoder.RESPONSE:
            inputs["context"] = read
        with loading(self.model):  # a model without these signatures is another one
            outputs = model.signatures[self.encoder.value](**inputs)["outputs"]
        return np.asarray(outputs, np.float32)


def is_cut(text: str) -> bool:
    """Whether a text is longer than is read."""
    return len(text) > MAX_CHARACTERS


def model_configuration(model: str) -> dict[str, Any]:
    """What tells a model from others, and the versions of what runs it.

    Raises:
        InvalidInputError: the extra ``use`` is not installed.
    """
    path = Path(model).expanduser()
    known = {"model": model}
    if path.is_dir():
        known = {"model": path.name, "weights": folder_hash(path)}
    libraries = versions("use", "tensorflow-hub", "tensorflow-text")
    return {**known, **libraries, "max_characters": MAX_CHARACTERS}


def _loaded(model: str) -> Any:
    with _lock:
        return _load(model, contents(model))


@lru_cache(maxsize=1)  # it takes a gigabyte
def _load(model: str, _contents: str) -> Any:
    versions("use", "tensorflow-hub", "tensorflow-text")
    # Before the first import. TensorFlow otherwise fills the log, and says in it that sums may come
    # out a little different from processor to processor.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with loading(model), warnings.catch_warnings():
        # TensorFlow Hub imports what is deprecated; the extra holds setuptools where it still is.
        warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
        import tensorflow_hub
        import tensorflow_text  # noqa: F401  the model's operations come with it

        return tensorflow_hub.load(model if "://" in model else str(Path(model).expanduser()))
