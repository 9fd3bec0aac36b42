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
        # Without a corpus, as for a line of a file, a response and its references are all.
        corpora = [one.corpus or (one.text, *one.references) for one in responses]
        places: dict[int, list[int]] = defaultdict(list)
        for place, corpus in enumerate(corpora):
            places[id(corpus)].append(place)  # its texts are too many to compare every time
        scores: dict[int, Score] = {}
        for some in places.values():
            in_case = self._measure_case(
                case_words(corpora[some[0]]), [responses[place] for place in some]
            )
            scores |= dict(zip(some, in_case, strict=True))
        return [scores[place] for place in range(len(responses))]

    def _measure_case(self, words: CaseWords, responses: Sequence[JudgedResponse]) -> list[Score]:
        references = list({text: None for one in responses for text in one.references})
        columns = {text: column for column, text in enumerate(references)}
        cosines = words.cosines([one.text for one in responses], references).tolist()
        results = []
        for one, of_one in zip(responses, cosines, strict=True):
            own = [of_one[columns[text]] for text in one.references]
            details = {"corpus_hash": words.corpus_hash}
            results.append(nearness(own, own, self.options.aggregation, details))
        return results


JUDGE = TfIdf()
