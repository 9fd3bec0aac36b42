"""BERTScore: tokens of a response and of the reference's, matched by what they mean in context.

Zhang et al. 2020, https://arxiv.org/abs/1904.09675: the F1 of greedy matching, without weights by
rarity and without rescaling. The tokens are the packaged MiniLM's, its last layer's, unless another
model is named. The raw value is the F1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from core.judges.base import JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.cosines import distinct_texts
from core.judges.similarity.models import MINILM, versions, weights
from core.judges.similarity.references import (
    SimilarityJudge,
    SimilarityOptions,
    aggregated,
    nearness,
)
from core.judges.similarity.tokens import MAX_TOKENS, matchings, token_vectors


class TokenOptions(SimilarityOptions):
    """What may be set of BERTScore."""

    model: str = Field(
        default=MINILM,
        min_length=1,
        title="Token model",
        description=f"{MINILM} comes with SLaM; or a folder with an encoder for transformers.",
    )
    layer: int = Field(
        default=6,
        ge=1,
        title="Layer",
        description=f"Which layer's output is compared, from 1; {MINILM} has 6.",
    )


@dataclass(frozen=True)
class BertScore(SimilarityJudge):
    """How well each word of a response finds its like in the reference's, and the reverse."""

    name = "bert_score"
    label = "BERTScore"
    options: TokenOptions = field(default_factory=TokenOptions)

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return {
            **weights(self.options.model),
            **versions("similarity", "transformers", "torch"),
            "layer": self.options.layer,
            "max_tokens": MAX_TOKENS,
            "figure": "F1, no idf, not rescaled",
        }

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        options = self.options
        tokens = token_vectors(options.model, options.layer, distinct_texts(responses))
        results: list[Score | Unscored] = []
        for response, found in zip(responses, matchings(responses, tokens), strict=True):
            f1s = [one.f1 for one in found]
            details = {
                "precision": aggregated([one.precision for one in found], options.aggregation),
                "recall": aggregated([one.recall for one in found], options.aggregation),
                "cut": any(tokens[text].is_cut for text in (response.text, *response.references)),
            }
            results.append(nearness(f1s, f1s, options.aggregation, details))
        return results


JUDGE = BertScore()
