"""Embeddings of all backends: one usable vector for each text, or a failure in a sentence."""

import base64
import json
import math
import struct
from collections.abc import Callable, Sequence
from operator import mul

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.base import (
    EmbeddingProvider,
    EmbeddingReply,
    FailureKind,
    Provider,
    ProviderError,
)
from core.providers.vectors import checked_vectors
from tests.core.providers.helping import (
    SMALL,
    arm,
    ollama_at,
    openai_at,
    server_that_says,
    with_provider,
)
from tests.sandbox.server import free_port

At = Callable[[str], Provider]
both = pytest.mark.parametrize(
    ("at", "model"),
    [
        pytest.param(ollama_at, SMALL, id="ollama"),
        pytest.param(openai_at, "stand-in-embedding", id="openai"),
    ],
)


@both
def test_texts_become_vectors_in_their_order(base_url: str, at: At, model: str) -> None:
    texts = ["a cat sat there", "income tax", "there sat a cat"]
    reply = embedded(at(base_url), model, texts)
    cat, tax, cats = reply.vectors
    assert {len(vector) for vector in reply.vectors} == {256}
    assert sum(map(mul, cat, cats)) > 0.8 > 0.2 > abs(sum(map(mul, cat, tax)))
    assert reply.usage.prompt_tokens
    assert reply.model_reported == model


@both
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("count", "gave 1 vectors for 2 texts"),
        ("unequal", "gave vectors of 255 and of 256 numbers"),
        ("empty", "gave a vector without numbers"),
    ],
)
def test_what_is_not_one_vector_for_each_text_is_a_failure(
    base_url: str, at: At, model: str, how: str, words: str
) -> None:
    arm(base_url, odd_embedding={"how": how})
    failure = embedding_failure(at(base_url), model, ["one", "two"])
    assert failure.kind is FailureKind.UNPARSABLE
    assert words in str(failure)


@both
def test_a_text_that_is_too_long_to_embed_is_refused_and_not_cut(
    base_url: str, at: At, model: str
) -> None:
    failure = embedding_failure(at(base_url), model, ["word " * 10_000])
    assert failure.kind is FailureKind.INVALID_REQUEST
    assert "context length" in str(failure)


@both
def test_a_failed_embedding_tells_its_kind_as_a_call_does(
    base_url: str, at: At, model: str
) -> None:
    arm(base_url, rate_limit={"times": 1, "retry_after_s": 3})
    failure = embedding_failure(at(base_url), model, ["one"])
    assert (failure.kind, failure.retry_after_ms) == (FailureKind.RATE_LIMITED, 3000)
    unknown = embedding_failure(at(base_url), "nobody-has-this", ["one"])
    assert unknown.kind is FailureKind.UNKNOWN_MODEL
    nobody = f"http://127.0.0.1:{free_port()}"
    assert embedding_failure(at(nobody), "m", ["one"]).kind is FailureKind.UNREACHABLE


def embedded(provider: Provider, model: str, texts: Sequence[str]) -> EmbeddingReply:
    assert isinstance(provider, EmbeddingProvider)
    return with_provider(provider, lambda _: provider.embed(model, texts))


def embedding_failure(provider: Provider, model: str, texts: Sequence[str]) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        embedded(provider, model, texts)
    assert str(raised.value).endswith(".")
    return raised.value


def said(*embeddings: object, **fields: object) -> str:
    data = [{"object": "embedding", "embedding": one, **fields} for one in embeddings]
    return json.dumps({"object": "list", "model": "m", "data": data})


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def test_vectors_are_read_as_numbers_and_in_base64_and_put_into_order() -> None:
    for first, second in ([packed(1, 0.5), packed(0, 2)], [[1, 0.5], [0, 2.0]]):
        data = [{"index": 1, "embedding": second}, {"index": 0, "embedding": first}]
        with server_that_says(json.dumps({"data": data})) as base_url:
            reply = embedded(openai_at(base_url), "m", ["a", "b"])
        assert reply.vectors == ((1.0, 0.5), (0.0, 2.0))
        assert not reply.usage.is_known


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (said(packed(1, math.nan)), "numbers that are not finite"),
        (said(packed(1, math.inf)), "numbers that are not finite"),
        (said(base64.b64encode(b"12345").decode()), "something that is no vector"),
        (said("not base64!"), "something that is no vector"),
        (said(["1", "2"]), "something that is no vector"),
        (said(None), "something that is no vector"),
        (said([1.0], index=1), "wrong numbers of their texts"),
        (said(), "0 vectors for 1 texts"),
    ],
)
def test_what_is_no_vector_is_never_taken_for_one(body: str, words: str) -> None:
    with server_that_says(body) as base_url:
        failure = embedding_failure(openai_at(base_url), "m", ["a"])
    assert failure.kind is FailureKind.UNPARSABLE
    assert words in str(failure)


def test_what_is_not_the_embeddings_api_is_told_as_such() -> None:
    with server_that_says('{"hello": 1}') as base_url:
        assert embedding_failure(openai_at(base_url), "m", ["a"]).kind is FailureKind.NOT_THE_API


NUMBERS = st.floats(width=32) | st.integers(-9, 9)


@given(st.lists(st.lists(NUMBERS, max_size=3) | st.none() | st.text(max_size=2), max_size=4))
def test_whatever_is_told_is_one_finite_vector_of_one_length_for_each_text_or_a_failure(
    told: list[object],
) -> None:
    try:
        vectors = checked_vectors(told, 2, "m")
    except ProviderError:
        return
    assert len(vectors) == len(told) == 2
    assert len({len(vector) for vector in vectors}) == 1
    assert [list(vector) for vector in vectors] == told
    assert all(math.isfinite(number) for vector in vectors for number in vector)
    assert vectors[0]
