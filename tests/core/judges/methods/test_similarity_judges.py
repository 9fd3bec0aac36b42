"""What holds of every judge that compares with the reference and needs nothing but what we ship."""

import math
import time
from dataclasses import replace
from types import ModuleType

import pytest

from core.embeddings import EmbeddingStore
from core.judges.base import JudgeKind, MeasuringJudge, Need, Score, configured
from core.judges.methods import bert_score, bleu, sbert, sem_bleu, tf_idf
from tests.core.judges.measuring import (
    ENORMOUS,
    FROM_NEAR_TO_FAR,
    ODD_TEXTS,
    PARAPHRASE,
    REFERENCE,
    TRUNCATION,
    UNRELATED,
    judged,
    score_of,
    unscored_of,
)

pytestmark = pytest.mark.similarity

MODULES = [bert_score, bleu, sbert, sem_bleu, tf_idf]


@pytest.fixture(params=MODULES, ids=lambda module: module.JUDGE.name)
def judge(request: pytest.FixtureRequest) -> MeasuringJudge:
    module: ModuleType = request.param
    found: MeasuringJudge = module.JUDGE
    return found


def test_a_paraphrase_is_nearer_than_a_truncation_than_another_text_than_an_error(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    batch = [judged(text, REFERENCE, corpus=FROM_NEAR_TO_FAR) for text in FROM_NEAR_TO_FAR]
    values = [one.value for one in judge.score(batch, tools) if isinstance(one, Score)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(FROM_NEAR_TO_FAR)
    assert values[0] == pytest.approx(1, abs=1e-6)


def test_the_mean_over_the_references_or_the_nearest_of_them_counts(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    response = judged(PARAPHRASE, REFERENCE, UNRELATED, TRUNCATION, corpus=FROM_NEAR_TO_FAR)
    alone = [
        score_of(judge, tools, replace(response, references=(reference,)))
        for reference in response.references
    ]
    for aggregation, value in (
        ("mean", sum(one.value for one in alone) / 3),
        ("max", max(one.value for one in alone)),
    ):
        result = score_of(configured(judge, {"aggregation": aggregation}), tools, response)
        assert result.value == pytest.approx(value, abs=1e-6)
        assert result.details["references"] == 3


def test_another_aggregation_makes_another_judge(judge: MeasuringJudge) -> None:
    assert judge.configuration() == configured(judge, {"aggregation": "mean"}).configuration()
    assert judge.configuration() != configured(judge, {"aggregation": "max"}).configuration()


def test_scores_come_in_the_order_of_the_responses_whatever_else_is_in_the_batch(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    other_case = (UNRELATED, TRUNCATION)
    batch = [
        judged(PARAPHRASE, REFERENCE, corpus=FROM_NEAR_TO_FAR),
        judged(UNRELATED, corpus=other_case),
        judged(UNRELATED, TRUNCATION, corpus=other_case),
        judged(TRUNCATION, REFERENCE, UNRELATED, corpus=FROM_NEAR_TO_FAR),
    ]
    together = judge.score(batch, tools)
    assert [getattr(one, "kind", "scored") for one in together] == [
        "scored",
        "no_reference",
        "scored",
        "scored",
    ]
    for place in (0, 2, 3):
        one = together[place]
        assert isinstance(one, Score)
        assert one.value == pytest.approx(score_of(judge, tools, batch[place]).value, abs=1e-6)


def test_a_response_without_a_reference_is_unscored_and_says_why(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    result = unscored_of(judge, tools, judged(REFERENCE, corpus=(REFERENCE,)))
    assert result.kind == "no_reference"
    assert result.message.endswith("generate more samples.")


def test_a_blank_reference_is_none(judge: MeasuringJudge, tools: EmbeddingStore) -> None:
    corpus = (REFERENCE, PARAPHRASE, "", " \n")
    assert unscored_of(judge, tools, judged(PARAPHRASE, "", " \n")).kind == "no_reference"
    beside = score_of(judge, tools, judged(PARAPHRASE, REFERENCE, "", corpus=corpus))
    assert beside == score_of(judge, tools, judged(PARAPHRASE, REFERENCE, corpus=corpus))


def test_an_empty_batch_has_no_scores(judge: MeasuringJudge, tools: EmbeddingStore) -> None:
    assert judge.score([], tools) == []


def test_odd_texts_get_a_finite_score_within_the_scale_as_response_and_as_reference(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    corpus = (*ODD_TEXTS.values(), REFERENCE)
    batch = [judged(text, REFERENCE, corpus=corpus) for text in ODD_TEXTS.values()]
    said = [text for text in ODD_TEXTS.values() if text.strip()]
    batch += [judged(REFERENCE, text, corpus=corpus) for text in said]
    batch += [judged(text, text, corpus=(text,)) for text in said]
    for response, result in zip(batch, judge.score(batch, tools), strict=True):
        assert isinstance(result, Score), response
        assert 0 <= result.value <= 1
        assert result.raw is not None
        assert math.isfinite(result.raw)


def test_a_response_of_100_000_words_takes_seconds(
    judge: MeasuringJudge, tools: EmbeddingStore
) -> None:
    score_of(judge, tools, judged("warm up", REFERENCE))
    began = time.process_time()
    result = score_of(judge, tools, judged(ENORMOUS, REFERENCE, corpus=(ENORMOUS, REFERENCE)))
    assert time.process_time() - began < 10
    assert 0 <= result.value < 0.5
    assert result.details.get("cut", True)


def test_each_is_a_similarity_judge_that_asks_no_model(judge: MeasuringJudge) -> None:
    assert isinstance(judge, MeasuringJudge)
    assert judge.kind is JudgeKind.SIMILARITY
    assert Need.REFERENCES in judge.needs
    assert not judge.asks_model
    assert not judge.is_gate
