"""TF-IDF: the cosine between the words of a response and of the reference's, rare words first.

Words are weighed within one test case: the documents are all responses to it, the reference's among
them. Weights and cosine are scikit-learn's ``TfidfVectorizer`` with its defaults: lower-cased words
of two or more letters or digits, smooth inverse document frequency, L2 norm. Scores within one test
case are comparable; those of two are not, since a word weighs less the more responses hold it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from core.judges.base import JudgedResponse, Need, Score, Tools, Unscored
from core.judges.similarity.references import SimilarityJudge, nearness
from core.judges.similarity.words import CaseWords, case_words


@dataclass(frozen=True)
class TfIdf(SimilarityJudge):
    """How many words a response shares with the reference's, rare words counting more."""

    name = "tf_idf"
    label = "TF-IDF"
    needs = frozenset({Need.REFERENCES, Need.CORPUS})

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return {
            "scikit-learn": version("scikit-learn"),
            "vectorizer": "defaults",
            "corpus": "all responses of the test case",
        }

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        by_corpus: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for place, one in enumerate(responses):
            # Without a corpus, as for a line of a file, a response and its references are all.
            by_corpus[one.corpus or (one.text, *one.references)].append(place)
        scores: dict[int, Score] = {}
        for corpus, places in by_corpus.items():
            in_case = self._measure_case(case_words(corpus), [responses[one] for one in places])
            scores |= dict(zip(places, in_case, strict=True))
        return [scores[place] for place in range(len(responses))]

    def _measure_case(self, words: CaseWords, responses: Sequence[JudgedResponse]) -> list[Score]:
        references = list(dict.fromkeys(text for one in responses for text in one.references))
        columns = {text: column for column, text in enumerate(references)}
        cosines = words.cosines([one.text for one in responses], references)
        return [
            nearness(
                row := cosines[place, [columns[text] for text in one.references]].tolist(),
                row,
                self.options.aggregation,
                {"corpus_hash": words.corpus_hash},
            )
            for place, one in enumerate(responses)
        ]


JUDGE = TfIdf()
