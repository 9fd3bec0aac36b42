"""Similarity judges over a whole study, beside the bare batched libraries.

29 models, 10 test cases, 10 samples: 2,900 responses, each against the 10 references of its case.
The comparison does the least that each definition asks for: one batched ``encode`` of the distinct
texts, one ``TfidfVectorizer`` a test case, one plain sacrebleu call for each of the 29,000 pairs,
and the products that make cosines of it. Measured is processor time, ours with what it stores.
The second run has the same responses again and all vectors on disk; in the product it does not even
come to that, since only missing judgments are made. ``--models`` takes fewer models.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
from sacrebleu.metrics.bleu import BLEU
from sentence_transformers import SentenceTransformer
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.texts import MODELS, REFERENCES, study
from core.embeddings import EmbeddingStore
from core.judges.base import JudgedResponse, MeasuringJudge, Score
from core.judges.methods import bleu, sbert, sem_bleu, tf_idf
from core.judges.similarity.cosines import distinct_texts
from core.judges.similarity.models import MINILM, folder
from core.judges.similarity.sentences import BATCH_SIZE
from core.judges.similarity.words import case_words

Bare = Callable[[Sequence[JudgedResponse]], list[float]]


def main() -> None:
    """Print a line a judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=MODELS)
    responses = study(parser.parse_args().models)
    _warm_up(responses)
    print(f"{len(responses)} responses, 10 references each; CPU seconds (at most 1.2 is wanted)")
    print("| judge | bare | ours | ratio |\n|---|---|---|---|")
    parts: list[tuple[MeasuringJudge, Bare]] = [
        (sbert.JUDGE, _bare_sbert),
        (tf_idf.JUDGE, _bare_tf_idf),
        (bleu.JUDGE, _bare_bleu),
    ]
    with tempfile.TemporaryDirectory() as home:
        tools = EmbeddingStore(Path(home) / "embeddings.sqlite3")
        for judge, bare in parts:
            expected, bare_s = _timed(partial(bare, responses))
            found, ours_s = _timed(partial(_values, judge, responses, tools))
            assert np.allclose(found, expected, atol=1e-5)
            print(f"| {judge.label} | {bare_s:.2f} | {ours_s:.2f} | {ours_s / bare_s:.2f} |")
        again = [*(judge for judge, _ in parts), sem_bleu.JUDGE]
        began = time.perf_counter()
        for judge in again:
            _values(judge, responses, tools)
        names = ", ".join(judge.label for judge in again)
        print(f"second run ({names}): {time.perf_counter() - began:.2f} s (under 3 s is wanted)")


def _values(
    judge: MeasuringJudge, responses: Sequence[JudgedResponse], tools: EmbeddingStore
) -> list[float]:
    return [one.value for one in judge.score(responses, tools) if isinstance(one, Score)]


def _timed(work: Callable[[], list[float]]) -> tuple[list[float], float]:
    began = time.process_time()
    return work(), time.process_time() - began


def _warm_up(responses: Sequence[JudgedResponse]) -> None:
    """Libraries imported and weights loaded, for both sides."""
    few = responses[:2]
    with tempfile.TemporaryDirectory() as home:
        tools = EmbeddingStore(Path(home) / "embeddings.sqlite3")
        for judge in (sbert.JUDGE, tf_idf.JUDGE, bleu.JUDGE):
            judge.score(few, tools)
    case_words.cache_clear()
    _plain_model().encode("warm up", show_progress_bar=False)


@cache
def _plain_model() -> SentenceTransformer:
    return SentenceTransformer(str(folder(MINILM)), device="cpu")


def _bare_sbert(responses: Sequence[JudgedResponse]) -> list[float]:
    texts = distinct_texts(responses)
    vectors = _plain_model().encode(
        texts, batch_size=BATCH_SIZE, normalize_embeddings=True, show_progress_bar=False
    )
    rows = {text: row for row, text in enumerate(texts)}
    return [
        float(
            (vectors[[rows[text] for text in one.references]] @ vectors[rows[one.text]])
            .clip(0, 1)
            .mean()
        )
        for one in responses
    ]


def _bare_tf_idf(responses: Sequence[JudgedResponse]) -> list[float]:
    means: list[float] = []
    for corpus in dict.fromkeys(one.corpus for one in responses):
        weights = TfidfVectorizer().fit_transform(corpus)
        own, references = weights[:-REFERENCES], weights[-REFERENCES:]
        means += (own @ references.T).toarray().mean(axis=1).tolist()
    return means


def _bare_bleu(responses: Sequence[JudgedResponse]) -> list[float]:
    bleu = BLEU(effective_order=True)
    return [
        sum(bleu.sentence_score(one.text, [reference]).score for reference in one.references)
        / len(one.references)
        / 100
        for one in responses
    ]


if __name__ == "__main__":
    main()
