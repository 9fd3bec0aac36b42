"""Embed texts as hashed bags of words: texts that share words point the same way."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

from sandbox.words import content_words, count_tokens, plain_words

DIMENSIONS = 256


Vectors = list[list[float]]


def embed_all(texts: Sequence[str], dimensions: int) -> Vectors:
    """Give the unit vectors of texts."""
    return [embed(text, dimensions) for text in texts]


def exceeds(texts: Sequence[str], context_length: int) -> bool:
    """Tell whether one of the texts is longer than a model reads, in tokens."""
    return any(count_tokens(text) > context_length for text in texts)


def spoil(vectors: Vectors, how: str) -> Vectors:
    """Answer as a broken server: another dimension, too few vectors, unequal ones, empty ones."""
    if how == "dimension":
        return [vector[: len(vector) // 2] for vector in vectors]
    if how == "count":
        return vectors[:-1]
    if how == "unequal":
        return [*vectors[:-1], vectors[-1][:-1]]
    return [[] for _ in vectors]


def embed(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Give the unit vector of a text; the same text always has the same one."""
    vector = [0.0] * dimensions
    # Small words count too, but little: "yes" and "no" must not be the same nothing.
    counts = Counter({word: 0.1 * n for word, n in Counter(plain_words(text)).items()})
    counts.update(Counter(content_words(text)))
    for word, count in counts.items():
        digest = hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
        # The sign keeps two words that share a place from always adding up.
        sign = 1.0 if digest[0] % 2 else -1.0
        vector[int.from_bytes(digest[1:]) % dimensions] += sign * math.sqrt(count)
    length = math.hypot(*vector)
    if not length:
        return [1.0, *[0.0] * (dimensions - 1)]
    return [value / length for value in vector]
