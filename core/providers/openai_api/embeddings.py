"""Reads answers of the Embeddings API.

https://platform.openai.com/docs/api-reference/embeddings. Vectors are asked for in base64, a
quarter of the size; a server that knows only numbers sends those, and they are read as well.
"""

import base64
import binascii
import struct
from typing import Any

from core.providers.base import EmbeddingReply
from core.providers.openai_api.answers import chat_usage
from core.providers.openai_api.failures import Errand, not_the_api
from core.providers.vectors import checked_vectors, unusable

_FLOAT_BYTES = 4


def read_embeddings(
    content: dict[str, Any], errand: Errand, model: str, count: int
) -> EmbeddingReply:
    """The embeddings of so many texts.

    Raises:
        ProviderError: there is not one usable vector for each text.
    """
    data = content.get("data")
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        raise not_the_api(errand)
    vectors = [_unpacked(one.get("embedding"), model) for one in _in_order(data, model)]
    reported = content.get("model")
    return EmbeddingReply(
        vectors=checked_vectors(vectors, count, model),
        usage=chat_usage(content.get("usage")),
        model_reported=reported if isinstance(reported, str) else None,
    )


def _in_order(data: list[dict[str, Any]], model: str) -> list[dict[str, Any]]:
    """By the index that says whose text each is; servers that leave it out keep the order."""
    if all(one.get("index") is None for one in data):
        return data
    by_index = {one.get("index"): one for one in data}
    if set(by_index) != set(range(len(data))):
        raise unusable(model, "vectors with wrong numbers of their texts")
    return [by_index[place] for place in range(len(data))]


def _unpacked(told: object, model: str) -> object:
    if not isinstance(told, str):
        return told
    try:
        packed = base64.b64decode(told, validate=True)
        return struct.unpack(f"<{len(packed) // _FLOAT_BYTES}f", packed)
    except (binascii.Error, ValueError, struct.error):
        raise unusable(model, "something that is no vector") from None
