"""SEM-BLEU of 30 responses and one reference, beside the procedure of the original tool.

The original is made here from its description, and only here. It cuts both texts into windows of
four words, asks the sentence encoder for one window a call, takes the mean cosine over all pairs of
windows, and adds half of a BLEU without brevity penalty in which a precision of nothing counts as
if it were one. On two cores it took 8,321 calls of the encoder and 176 s of CPU; ``--responses``
takes fewer responses. Ours starts with nothing on disk.
"""

import argparse
import math
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from benchmarks.texts import study
from core.embeddings import EmbeddingStore
from core.judges.base import JudgedResponse
from core.judges.methods.sem_bleu import JUDGE
from core.judges.similarity.models import MINILM, folder

RESPONSES = 30
WINDOW = 4
WORDS = 142
"""As many words a text as make about 8,321 calls of 30 responses."""


def main() -> None:
    """Print both times and how many times faster ours is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--responses", type=int, default=RESPONSES)
    responses = _responses(parser.parse_args().responses)
    with tempfile.TemporaryDirectory() as home:
        _ours([replace(responses[0], text="warm up")], Path(home) / "warm.sqlite3")
        ours_s = _ours(responses, Path(home) / "embeddings.sqlite3")
    original = _Original()
    original.windows("warm up the encoder too")
    original.calls = 0
    began = time.process_time()
    for one in responses:
        original.score(one.text, one.references[0])
    original_s = time.process_time() - began
    print(f"SEM-BLEU, {len(responses)} responses and one reference, CPU:")
    print(f"as in the original {original_s:.1f} s with {original.calls} calls of the encoder")
    print(f"ours {ours_s:.2f} s, {original_s / ours_s:.0f} times faster (at least 50 is wanted)")


def _ours(responses: list[JudgedResponse], path: Path) -> float:
    tools = EmbeddingStore(path)
    began = time.process_time()
    JUDGE.score(responses, tools)
    return time.process_time() - began


class _Original:
    """The original's procedure; ``calls`` counts those of the encoder."""

    def __init__(self) -> None:
        self.calls = 0
        self._model = SentenceTransformer(str(folder(MINILM)), device="cpu")

    def score(self, text: str, reference: str) -> float:
        cosines = self.windows(text) @ self.windows(reference).T
        return float(cosines.mean()) + 0.5 * _bleu_of_the_original(text, reference)

    def windows(self, text: str) -> NDArray[np.float32]:
        """The unit vector of every window, each by a call of its own."""
        words = text.split()
        vectors = []
        for start in range(max(1, len(words) - WINDOW + 1)):
            self.calls += 1
            window = " ".join(words[start : start + WINDOW])
            vectors.append(
                self._model.encode(window, normalize_embeddings=True, show_progress_bar=False)
            )
        return np.stack(vectors)


def _bleu_of_the_original(text: str, reference: str) -> float:
    logs = 0.0
    for order in range(1, 5):
        own, other = _ngrams(text, order), _ngrams(reference, order)
        matched = sum((own & other).values())
        logs += math.log(matched / own.total()) if matched else 0.0
    return math.exp(logs / 4)


def _ngrams(text: str, order: int) -> Counter[tuple[str, ...]]:
    words = text.split()
    return Counter(tuple(words[place : place + order]) for place in range(len(words) - order + 1))


def _responses(count: int) -> list[JudgedResponse]:
    """Responses that are long enough to need as many calls as the original's did."""
    words = " ".join(one.text for one in study(1)).split()
    texts = [" ".join(words[place * WORDS : (place + 1) * WORDS]) for place in range(count + 1)]
    return [
        JudgedResponse(str(place), "", one, (texts[-1],)) for place, one in enumerate(texts[:-1])
    ]


if __name__ == "__main__":
    main()
