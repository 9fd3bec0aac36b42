"""The weighted words of the responses to one test case, and cosines between them."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # scipy ships no types

_CASES_KEPT = 32
"""So many test cases' words are kept, for responses of one case that come in several batches."""


class CaseWords:
    """A scikit-learn ``TfidfVectorizer`` with its defaults, fitted on one test case.

    Args:
        corpus: all responses to the test case.
    """

    def __init__(self, corpus: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.corpus_hash = _hash_of(corpus)
        self._vectorizer = TfidfVectorizer()
        analyze = self._vectorizer.build_analyzer()
        self._has_words = any(analyze(text) for text in corpus)
        if self._has_words:
            self._weights: csr_matrix = self._vectorizer.fit_transform(corpus)
            self._rows = {text: row for row, text in enumerate(corpus)}

    def cosines(self, texts: Sequence[str], references: Sequence[str]) -> NDArray[np.float64]:
        """``(texts, references)``, each 0 to 1; 0 where one of the two has no word."""
        if not self._has_words:
            return np.zeros((len(texts), len(references)))
        product = self._weights_of(texts) @ self._weights_of(references).T
        return np.asarray(product.toarray(), np.float64)

    def _weights_of(self, texts: Sequence[str]) -> "csr_matrix":
        if all(text in self._rows for text in texts):
            return self._weights[[self._rows[text] for text in texts]]
        return self._vectorizer.transform(texts)


@lru_cache(maxsize=_CASES_KEPT)
def case_words(corpus: tuple[str, ...]) -> CaseWords:
    """The words of that corpus, fitted once."""
    return CaseWords(corpus)


def _hash_of(corpus: Sequence[str]) -> str:
    """SHA-256 of the texts whatever their order, hexadecimal."""
    hashes = sorted(sha256(text.encode("utf-8", "surrogatepass")).digest() for text in corpus)
    return sha256(b"".join(hashes)).hexdigest()
