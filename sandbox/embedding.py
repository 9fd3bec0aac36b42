"""Embed texts as hashed bags of words: texts that share words point the same way."""

import hashlib
import math
from collections import Counter

from sandbox.words import content_words, plain_words

DIMENSIONS = 256


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
