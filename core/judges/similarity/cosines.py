"""Cosines between responses and their references."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.judges.base import JudgedResponse, Vectors


def distinct_texts(responses: Sequence[JudgedResponse]) -> list[str]:
    """The texts of the responses and of their references, each once."""
    return list(dict.fromkeys(text for one in responses for text in (one.text, *one.references)))


def reference_cosines(
    responses: Sequence[JudgedResponse], vectors_of: Callable[[Sequence[str]], Vectors]
) -> list[list[float]]:
    """For each response, its cosine with each of its references; 0 with a vector of length 0.

    Args:
        responses: each with references.
        vectors_of: gives the vectors of distinct texts, in order.
    """
    texts = distinct_texts(responses)
    rows = {text: row for row, text in enumerate(texts)}
    units = unit_rows(vectors_of(texts))
    return [
        # Rounding lifts the cosine of equal vectors a hair above 1.
        np.clip(
            units[[rows[text] for text in one.references]] @ units[rows[one.text]], -1, 1
        ).tolist()
        for one in responses
    ]


def unit_rows(vectors: Vectors) -> NDArray[np.float64]:
    """Each row divided by its length; a row of length 0 stays as it is."""
    rows = vectors.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1.0, lengths), np.float64)
