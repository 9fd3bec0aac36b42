"""Likelihood: how likely a language model holds a reference once it has read the response.

In the manner of BARTScore (Yuan et al. 2021, https://arxiv.org/abs/2106.11520). The raw value is
the mean log-likelihood of a token, 0 or less; the score is its exponential, the geometric mean of
the tokens' probabilities.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp
from statistics import fmean
from typing import Any

from pydantic import Field

from core.judges.base import JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.likelihoods import (
    Likelihood,
    Pair,
    likelihood_configuration,
    likelihoods,
)
from core.judges.similarity.references import SimilarityJudge, SimilarityOptions, nearness


class Direction(StrEnum):
    """Which text is read after which."""

    REFERENCE_GIVEN_RESPONSE = "reference_given_response"
    """Whether the response holds what the reference says; BARTScore's recall."""
    RESPONSE_GIVEN_REFERENCE = "response_given_reference"
    """Whether the response says what the reference holds; BARTScore's precision."""
    BOTH = "both"
    """The mean of both log-likelihoods; BARTScore's F."""


class LikelihoodOptions(SimilarityOptions):
    """What may be set of the judge Likelihood."""

    model: str = Field(
        default="facebook/bart-large-cnn",
        min_length=1,
        title="Language model",
        description="A name on the Hugging Face Hub, or a folder with a model for transformers.",
    )
    revision: str = Field(
        default="main",
        min_length=1,
        title="Revision",
        description="Of a name on the Hub; the hash of a commit keeps the model from changing.",
    )
    direction: Direction = Field(
        default=Direction.REFERENCE_GIVEN_RESPONSE,
        title="Direction",
        description="Which text is read first, and which one's likelihood is taken then; or both.",
    )


@dataclass(frozen=True)
class LikelihoodJudge(SimilarityJudge):
    """How likely a language model holds the reference's responses after reading a response."""

    name = "likelihood"
    label = "Likelihood"
    options: LikelihoodOptions = field(default_factory=LikelihoodOptions)

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        options = self.options
        return {
            **likelihood_configuration(options.model, options.revision),
            "direction": options.direction.value,
        }

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        pairs = [
            pair
            for one in responses
            for reference in one.references
            for pair in self._pairs(one.text, reference)
        ]
        found = likelihoods(self.options.model, self.options.revision, pairs)
        return [self._score(one, found) for one in responses]

    def _score(self, response: JudgedResponse, found: dict[Pair, Likelihood]) -> Score:
        by_reference = [
            [found[pair] for pair in self._pairs(response.text, reference)]
            for reference in response.references
        ]
        logs = [fmean(one.mean_log_likelihood for one in some) for some in by_reference]
        details = {
            "direction": self.options.direction.value,
            "cut": any(one.is_cut for some in by_reference for one in some),
        }
        return nearness([exp(log) for log in logs], logs, self.options.aggregation, details)

    def _pairs(self, response: str, reference: str) -> list[Pair]:
        """The pairs of source and target that are read for one reference."""
        both = {
            Direction.REFERENCE_GIVEN_RESPONSE: (response, reference),
            Direction.RESPONSE_GIVEN_REFERENCE: (reference, response),
        }
        chosen = self.options.direction
        return list(both.values()) if chosen is Direction.BOTH else [both[chosen]]


JUDGE = LikelihoodJudge()
