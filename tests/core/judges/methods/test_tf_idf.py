"""TF-IDF agrees with its definition by hand; words are weighed within one test case."""

import math
from collections import Counter
from dataclasses import replace

import pytest

from core.embeddings import EmbeddingStore
from core.judges.methods.tf_idf import JUDGE
from tests.core.judges.measuring import judged, score_of

CORPUS = ("Ship the plan today", "ship the big plan", "the day off", "Rest the day")


def by_hand(text: str, reference: str, corpus: tuple[str, ...]) -> float:
    """Term counts times ``ln((1 + n) / (1 + df)) + 1``, and the cosine of two texts."""
    frequencies = Counter(word for one in corpus for word in set(one.lower().split()))

    def weights(document: str) -> dict[str, float]:
        counts = Counter(document.lower().split())
        return {
            word: count * (math.log((1 + len(corpus)) / (1 + frequencies[word])) + 1)
            for word, count in counts.items()
            if word in frequencies
        }

    one, other = weights(text), weights(reference)
    product = sum(weight * other.get(word, 0) for word, weight in one.items())
    return product / (math.hypot(*one.values()) * math.hypot(*other.values()))


@pytest.mark.parametrize(
    ("text", "reference"),
    [(CORPUS[0], CORPUS[1]), (CORPUS[1], CORPUS[2]), ("the plan of others", CORPUS[1])],
)
def test_a_hand_made_example_is_exact(tools: EmbeddingStore, text: str, reference: str) -> None:
    result = score_of(JUDGE, tools, judged(text, reference, corpus=CORPUS))
    assert result.value == pytest.approx(by_hand(text, reference, CORPUS), abs=1e-12)
    assert result.raw == pytest.approx(result.value, abs=1e-12)


def test_a_word_that_all_responses_hold_counts_less_than_a_rare_one(tools: EmbeddingStore) -> None:
    common = score_of(JUDGE, tools, judged("the", CORPUS[0], corpus=CORPUS))
    rare = score_of(JUDGE, tools, judged("today", CORPUS[0], corpus=CORPUS))
    assert rare.value > common.value > 0


def test_the_details_name_the_corpus_whatever_its_order(tools: EmbeddingStore) -> None:
    response = judged(CORPUS[0], CORPUS[1], corpus=CORPUS)
    first = score_of(JUDGE, tools, response)
    turned = score_of(JUDGE, tools, replace(response, corpus=CORPUS[::-1]))
    more = score_of(JUDGE, tools, replace(response, corpus=(*CORPUS, CORPUS[0])))
    assert first.details["corpus_hash"] == turned.details["corpus_hash"]
    assert first.value == pytest.approx(turned.value, abs=1e-12)
    assert first.details["corpus_hash"] != more.details["corpus_hash"]
    assert first.value != pytest.approx(more.value, abs=1e-6)


def test_without_a_corpus_the_response_and_its_references_are_it(tools: EmbeddingStore) -> None:
    texts = ("ship the plan", "ship the big plan", "rest")
    alone = score_of(JUDGE, tools, judged(*texts))
    assert alone.value == score_of(JUDGE, tools, judged(*texts, corpus=texts)).value


def test_where_no_response_has_a_word_nothing_is_shared(tools: EmbeddingStore) -> None:
    assert score_of(JUDGE, tools, judged("...", "...", corpus=("...", "!"))).value == 0
