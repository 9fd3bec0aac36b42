"""Token embeddings, and the greedy matching of tokens that BERTScore is.

Zhang et al. 2020, https://arxiv.org/abs/1904.09675, without weights by rarity, not rescaled. As in
the authors' package ``bert-score``, the marks of beginning and end can be matched but do not count
themselves, and a text without tokens matches nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInputError
from core.judges.base import JudgedResponse, Vectors
from core.judges.similarity.models import contents, encodable, folder, loading, quiet, versions

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_SIZE = 32
MAX_TOKENS = 512
"""More is cut even where a model reads more: work grows with the square."""
_lock = Lock()
"""A tokenizer must not be used by two threads at once, and PyTorch uses all cores for one."""


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The tokens of a text.

    ``units`` has one row of length 1 a token, ``counts`` says which of them count (those of the
    text, not the marks around it), ``is_cut`` whether the model read only a part.
    """

    units: Vectors
    counts: NDArray[np.bool_]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Matching:
    """How well the tokens of a response and a reference match, -1 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean; 0 where the two are not positive together."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total > 0 else 0.0


def token_vectors(model: str, layer: int, texts: Sequence[str]) -> dict[str, TokenVectors]:
    """The tokens of distinct texts as the output of a layer of the model; layers count from 1.

    Raises:
        InvalidInputError: the model cannot be loaded, or has no such layer.
    """
    found: dict[str, TokenVectors] = {}
    in_order = sorted(texts, key=len)
    now = contents(model)
    for start in range(0, len(in_order), BATCH_SIZE):
        with _lock:
            found |= _encoded(model, now, layer, in_order[start : start + BATCH_SIZE])
    return found


def matchings(
    responses: Sequence[JudgedResponse], tokens: dict[str, TokenVectors]
) -> list[list[Matching]]:
    """For each response, how it matches each of its references."""
    return [
        [_matching(tokens[one.text], tokens[reference]) for reference in one.references]
        for one in responses
    ]


def _matching(response: TokenVectors, reference: TokenVectors) -> Matching:
    if not response.counts.any() or not reference.counts.any():
        return Matching(0.0, 0.0)
    cosines = response.units @ reference.units.T
    return Matching(
        precision=float(cosines.max(axis=1)[response.counts].mean(dtype=np.float64)),
        recall=float(cosines.max(axis=0)[reference.counts].mean(dtype=np.float64)),
    )


def _encoded(
    model: str, model_contents: str, layer: int, texts: Sequence[str]
) -> dict[str, TokenVectors]:
    import torch

    tokenizer, network = _loaded(model, model_contents)
    layers = network.config.num_hidden_layers
    if layer > layers:
        raise InvalidInputError(
            f"The model {model!r} has no layer {layer}; name one from 1 to {layers}."
        )
    longest = min(MAX_TOKENS, tokenizer.model_max_length)
    read = [encodable(text).strip() for text in texts]
    lengths = [len(tokens) for tokens in tokenizer(read, verbose=False)["input_ids"]]
    batch = tokenizer(
        read,
        truncation=True,
        max_length=longest,
        padding=True,
        return_special_tokens_mask=True,
        return_tensors="pt",
    )
    counted = (batch.pop("special_tokens_mask") == 0).numpy()
    with torch.inference_mode():
        states = network(**batch, output_hidden_states=True).hidden_states[layer]
    units = torch.nn.functional.normalize(states, dim=-1).numpy()
    return {
        text: TokenVectors(
            units=units[row, present],
            counts=counted[row, present],
            is_cut=lengths[row] > longest,
        )
        for row, (text, present) in enumerate(
            zip(texts, batch["attention_mask"].numpy() == 1, strict=True)
        )
    }


@lru_cache(maxsize=2)
def _loaded(model: str, _contents: str) -> tuple["PreTrainedTokenizerBase", "PreTrainedModel"]:
    versions("similarity", "transformers", "torch")
    path = folder(model)
    with loading(model):
        import torch
        from transformers import AutoModel, AutoTokenizer

        quiet()
        network = AutoModel.from_pretrained(path, local_files_only=True, dtype=torch.float32)
        return AutoTokenizer.from_pretrained(path, local_files_only=True), network.eval()
