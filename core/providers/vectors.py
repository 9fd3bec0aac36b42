"""Checks that what a server calls embeddings is one usable vector for each text."""

import math
from collections.abc import Sequence

from core.providers.base import FailureKind, ProviderError

Vectors = tuple[tuple[float, ...], ...]


def checked_vectors(told: Sequence[object], count: int, model: str) -> Vectors:
    """The vectors of so many texts.

    Args:
        told: what stands where the vectors should, in the texts' order.
        count: how many texts there are.
        model: who made them, to be named.

    Raises:
        ProviderError: they are not one for each text, not of one length, or not of finite numbers.
    """
    if len(told) != count:
        raise unusable(model, f"{len(told)} vectors for {count} texts")
    vectors = tuple(_vector(one, model) for one in told)
    lengths = sorted({len(vector) for vector in vectors})
    if len(lengths) > 1:
        raise unusable(model, f"vectors of {lengths[0]} and of {lengths[-1]} numbers")
    return vectors


def unusable(model: str, what: str) -> ProviderError:
    """The failure of an answer with something else than embeddings."""
    return ProviderError(
        FailureKind.UNPARSABLE,
        f"{model!r} gave {what}; check that it is a model for embeddings, then retry.",
    )


def _vector(told: object, model: str) -> tuple[float, ...]:
    if not isinstance(told, Sequence) or not all(type(one) in (float, int) for one in told):
        raise unusable(model, "something that is no vector")
    if not told:
        raise unusable(model, "a vector without numbers")
    if not all(map(math.isfinite, told)):
        raise unusable(model, "a vector with numbers that are not finite")
    return tuple(map(float, told))
