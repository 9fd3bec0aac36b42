"""Gate checks: what a response must pass to be ranked among real answers."""

from collections.abc import Sequence

from core.judges.base import Embedder, JudgedResponse, Score, Vectors
from core.judges.measuring import measured
from core.judges.registry import gate_checks


def failed_gate(text: str, prompt: str) -> str | None:
    """The name of the first gate check that the response fails; ``None`` if it passes all.

    A check fails a response by the lowest score of its scale. One that cannot tell, or is broken,
    fails nothing. Of ``prompt`` it depends whether an error message is the answer that was wanted.
    """
    response = JudgedResponse(response_id="", prompt=prompt, text=text)
    for check in gate_checks():
        (found,) = measured(check, [response], NoTools())
        if isinstance(found, Score) and found.value == check.scale.minimum:
            return check.name
    return None


class NoTools:
    """Gates look at the text alone."""

    def vectors(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        """Never."""
        raise TypeError("a gate check embeds no text")

    def model_vectors(self, texts: Sequence[str]) -> Vectors:
        """Never."""
        raise TypeError("a gate check asks no model")
