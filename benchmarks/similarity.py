"""Similarity judges over a whole study, beside the bare batched libraries.

29 models, 10 test cases, 10 samples: 2,900 responses, each against the 10 references of its case.
The comparison does the least that each definition asks for: one batched ``encode`` of the distinct
texts, one ``TfidfVectorizer`` a test case, one plain sacrebleu call for each of the 29,000 pairs,
and the products that make cosines of it. Measured is processor time, ours with what it stores.
A second run with nothing changed makes no judgment: it looks at every response for every similarity
judge and finds that none is missing. To measure all again, because one option changed, is the line
below it; the vectors are on disk then. ``--models`` takes fewer models.
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
from sqlalchemy import update

from benchmarks.texts import MODELS, REFERENCES, SAMPLES, TEST_CASES, study
from core.embeddings import EmbeddingStore
from core.judges.base import JudgedResponse, JudgeKind, MeasuringJudge, Score
from core.judges.methods import bleu, sbert, sem_bleu, tf_idf
from core.judges.registry import judges
from core.judges.similarity.cosines import distinct_texts
from core.judges.similarity.models import MINILM, folder
from core.judges.similarity.sentences import BATCH_SIZE
from core.judges.similarity.words import case_words
from core.judging.service import plan_all, request_judging
from core.judging.setups import setup_of
from db.engine import Database, sqlite_url
from db.migrate import migrate
from db.tables import CallStatus, Judgment
from tests.building import SETTINGS, agreed, make_study, store_responses

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
        _second_run(Path(home))
        again = [*(judge for judge, _ in parts), sem_bleu.JUDGE]
        began = time.perf_counter()
        for judge in again:
            _values(judge, responses, tools)
        names = ", ".join(judge.label for judge in again)
        print(f"all measured again ({names}): {time.perf_counter() - began:.2f} s")


def _second_run(home: Path) -> None:
    """A study of 29 models that every similarity judge has judged, asked for once more."""
    database = Database(sqlite_url(home / "slam.sqlite3"))
    migrate(database)
    candidates = [f"ollama/model-{number}" for number in range(MODELS - 1)]
    content = make_study(database, candidates=candidates, cases=TEST_CASES, samples=SAMPLES)
    responses = store_responses(database, content)
    setups = [
        setup_of(database, content.study.id, name)
        for name, judge in judges().items()
        if judge.kind is JudgeKind.SIMILARITY
    ]
    for setup in setups:
        (model,) = setup.identities
        terms = agreed(unpriced=[model] if model else [])
        request_judging(
            database, SETTINGS, content.study.id, setup.judge.name, model, "benchmark", terms
        )
    with database.write() as session:
        made = update(Judgment).values(status=CallStatus.OK, score=0.5)
        session.connection().execute(made)
    began = time.perf_counter()
    plans = plan_all(database, content.study.id, setups)
    took_s = time.perf_counter() - began
    assert [plan.ok for plan in plans] == [len(responses)] * len(setups)
    print(
        f"second run, nothing changed, {len(setups)} judges x {len(responses)} responses: "
        f"{took_s:.2f} s (under 3 s is wanted)"
    )
    database.close()


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
