"""OpenAI embeddings: the cosine between a model's embeddings of a response and of the reference's.

https://platform.openai.com/docs/guides/embeddings; any provider's embedding model will do. A
negative cosine scores 0; the raw value is the cosine. An empty text has no embedding there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field

from core.judges.base import JudgedResponse, RefusedTextsError, Score, Tools, Unscored
from core.judges.similarity.cosines import reference_cosines
from core.judges.similarity.models import encodable
from core.judges.similarity.references import SimilarityJudge, SimilarityOptions, cosine_score

_EMPTY = Unscored(
    "empty_text",
    "An embedding model takes no empty text, and the response or every reference is one; "
    "leave it to the check for empty responses.",
)


class EmbeddingModelOptions(SimilarityOptions):
    """What may be set of the judge OpenAI embeddings."""

    max_bytes: int = Field(
        default=8_000,
        ge=1,
        title="Longest text (bytes)",
        description="What is longer is cut; OpenAI's models read 8,192 tokens of a byte or more.",
    )


@dataclass(frozen=True)
class OpenAIEmbeddings(SimilarityJudge):
    """How near in meaning a response is to the reference's, by a provider's embedding model."""

    name = "openai_embeddings"
    label = "OpenAI embeddings"
    asks_model = True
    options: EmbeddingModelOptions = field(default_factory=EmbeddingModelOptions)

    def method(self) -> dict[str, Any]:
        """See `SimilarityJudge.method`."""
        return {"max_bytes": self.options.max_bytes}

    def measure(self, responses: Sequence[JudgedResponse], tools: Tools) -> list[Score | Unscored]:
        """See `SimilarityJudge.measure`."""
        asked = [self._askable(one) for one in responses]
        found: dict[int, Score | Unscored] = {
            place: _EMPTY for place, one in enumerate(asked) if not (one.text and one.references)
        }
        try:
            cosines = self._cosines(asked, found, tools)
        except RefusedTextsError as error:
            found |= _refused(asked, error)
            # What was not refused is kept, so that nothing is asked for again.
            cosines = self._cosines(asked, found, tools)
        found |= {place: self._score(responses[place], some) for place, some in cosines.items()}
        return [found[place] for place in range(len(responses))]

    def _cosines(
        self,
        asked: Sequence[JudgedResponse],
        without: Mapping[int, Score | Unscored],
        tools: Tools,
    ) -> dict[int, list[float]]:
        """``place -> cosines`` of the responses at the other places."""
        places = [place for place in range(len(asked)) if place not in without]
        cosines = reference_cosines([asked[place] for place in places], tools.model_vectors)
        return dict(zip(places, cosines, strict=True))

    def _score(self, response: JudgedResponse, cosines: Sequence[float]) -> Score:
        texts = (response.text, *response.references)
        cut = any(len(encodable(text).encode()) > self.options.max_bytes for text in texts)
        return cosine_score(cosines, self.options.aggregation, {"cut": cut})

    def _askable(self, response: JudgedResponse) -> JudgedResponse:
        """The response as a provider takes it: texts cut, and none that is blank."""
        references = [self._cut(text) for text in response.references]
        return replace(
            response,
            text=self._cut(response.text),
            references=tuple(text for text in references if text),
        )

    def _cut(self, text: str) -> str:
        head = encodable(text).encode()[: self.options.max_bytes].decode(errors="ignore")
        return head if head.strip() else ""


def _refused(asked: Sequence[JudgedResponse], error: RefusedTextsError) -> dict[int, Unscored]:
    """``place -> reason`` of the responses that need the vector of a refused text."""
    found = {}
    for place, one in enumerate(asked):
        for text in (one.text, *one.references):
            if reason := error.reasons.get(text):
                found[place] = Unscored(reason.kind.value, str(reason))
    return found


JUDGE = OpenAIEmbeddings()
