"""USE-QA: the cosine between a response and the reference's, each read as an answer.

Google's universal sentence encoder for questions and answers (Yang et al. 2020,
https://arxiv.org/abs/1907.04307). The paper compares responses with responses (section IV-B3), and
both are answers: both are read by the response encoder, with themselves as context. How well the
response answers the prompt, the inner product of the question encoder's vector of the prompt and
the response's, stands in the details. A negative cosine scores 0; the raw value is the cosine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.judges.base import JudgedResponse, Score, Tools, Unscored
from core.judges.similarity.answers import (
    USE_QA,
    AnswerEmbedder,
    Encoder,
    is_cut,
    model_configuration,
)
from core.judges.similarity.cosines import reference_cosines
from core.judges.similarity.references import SimilarityJudge, SimilarityOptions, cosine_score


class AnswerOptions(SimilarityOptions):
    """What may be set of USE-QA."""

    model: str = Field(
        default=USE_QA,
        min_length=1,
        title="Model",
        description="A handle of TensorFlow Hub, or the folder of a saved model with its encoders.",
    )


@dataclass(frozen=True)
class UseQA(SimilarityJudge):
    """How near a response is to the reference's, each read as an answer to the prompt."""

    name = "use_qa"
    label = "USE-QA"
    options: AnswerOptions = field(default_factory=AnswerOptions)

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return {
            **model_configuration(self.options.model),
            "encoder": Encoder.RESPONSE.value,
            "context": "the text itself",
        }

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        answers = partial(tools.vectors, AnswerEmbedder(self.options.model, Encoder.RESPONSE))
        cosines = reference_cosines(responses, answers)
        fits = self._fits(tools, responses)
        return [
            cosine_score(
                of_one,
                self.options.aggregation,
                {
                    "question_answer": float(fit),
                    "cut": any(map(is_cut, (response.text, *response.references))),
                },
            )
            for response, of_one, fit in zip(responses, cosines, fits, strict=True)
        ]

    def _fits(self, tools: Tools, responses: Sequence[JudgedResponse]) -> NDArray[np.float32]:
        """How well each response answers its prompt."""
        model = self.options.model
        prompts = [one.prompt for one in responses]
        texts = [one.text for one in responses]
        questions = tools.vectors(AnswerEmbedder(model, Encoder.QUESTION), prompts)
        answers = tools.vectors(AnswerEmbedder(model, Encoder.RESPONSE), texts)
        return np.asarray((questions * answers).sum(axis=1))


JUDGE = UseQA()
