"""Batches: many calls in one file, answered within a day at half the price.

https://platform.openai.com/docs/guides/batch. A batch is found again by the label in its metadata.
All its calls must name one model.
"""

import json
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import openai

from core.providers.base import (
    BatchState,
    ChatReply,
    ChatRequest,
    FailureKind,
    ProviderError,
    Timeline,
)
from core.providers.keys import without_keys
from core.providers.openai_api.answers import Answer
from core.providers.openai_api.chat import ChatProvider
from core.providers.openai_api.failures import (
    CAUGHT,
    Errand,
    call_to,
    failure_of,
    not_the_api,
    refusal,
    wrong_encoding,
)
from core.providers.openai_api.requests import chat_body
from core.providers.openai_api.service import Service

_OVER = frozenset({"completed", "failed", "expired", "cancelled"})
_LABEL = "label"
_PAGE = 100
_UNKNOWN_TIMES = Timeline(None, None, None, None)


class BatchingProvider(ChatProvider):
    """Models that take batches; see `core.providers.base.BatchProvider`."""

    async def submit_batch(self, label: str, requests: Mapping[str, ChatRequest]) -> str:
        """See `core.providers.base.BatchProvider.submit_batch`."""
        errand = Errand(self.service, f"the batch {label!r}", _model_of(requests))
        upload = partial(
            self.client.files.with_raw_response.create,
            file=(f"{label}.jsonl", _lines(requests, self.service), "application/jsonl"),
            purpose="batch",
        )
        file_id = _id((await self.document(upload, errand)).content, errand)
        create = partial(
            self.client.batches.with_raw_response.create,
            input_file_id=file_id,
            # The client lists the paths it knows; Azure's is another.
            endpoint=self.service.chat_path,  # type: ignore[arg-type]
            completion_window="24h",
            metadata={_LABEL: label},
        )
        return _id((await self.document(create, errand)).content, errand)

    async def find_batch(self, label: str) -> str | None:
        """See `core.providers.base.BatchProvider.find_batch`; the newest, where there are more."""
        errand = Errand(self.service, f"the search for the batch {label!r}")
        after: str | None = None
        while True:
            page = await self._page(after, errand)
            batches = [one for one in page.get("data") or () if isinstance(one, dict)]
            for batch in batches:
                metadata = batch.get("metadata")
                if isinstance(metadata, dict) and metadata.get(_LABEL) == label:
                    return _id(batch, errand)
            if not page.get("has_more") or not batches:
                return None
            after = _id(batches[-1], errand)

    async def batch_state(self, external_id: str) -> BatchState:
        """See `core.providers.base.BatchProvider.batch_state`."""
        batch = await self._batch(external_id)
        counts = batch.get("request_counts")
        is_over = batch.get("status") in _OVER
        return BatchState(
            is_over=is_over,
            done=_count(counts, "completed") + _count(counts, "failed"),
            total=_count(counts, "total"),
            problem=self._problem(batch) if is_over else None,
        )

    async def batch_results(
        self, external_id: str
    ) -> AsyncIterator[tuple[str, ChatReply | ProviderError]]:
        """See `core.providers.base.BatchProvider.batch_results`."""
        batch = await self._batch(external_id)
        for name in ("output_file_id", "error_file_id"):
            if file_id := batch.get(name):
                async for line in self._file_lines(file_id):
                    result = _result(line, self.service)
                    if result is not None:
                        yield result

    async def cancel_batch(self, external_id: str) -> None:
        """See `core.providers.base.BatchProvider.cancel_batch`."""
        cancel = partial(self.client.batches.with_raw_response.cancel, external_id)
        try:
            await self.document(cancel, self._errand(external_id))
        except ProviderError as error:
            # A batch that is over by now cannot be cancelled, and need not be.
            if error.kind is not FailureKind.INVALID_REQUEST:
                raise
            if (await self._batch(external_id)).get("status") not in _OVER | {"cancelling"}:
                raise

    async def _batch(self, external_id: str) -> dict[str, Any]:
        errand = self._errand(external_id)
        retrieve = partial(self.client.batches.with_raw_response.retrieve, external_id)
        batch = (await self.document(retrieve, errand)).content
        if batch.get("object") != "batch":
            raise not_the_api(errand)
        return batch

    async def _page(self, after: str | None, errand: Errand) -> dict[str, Any]:
        listing = self.client.batches.with_raw_response.list
        ask = partial(listing, limit=_PAGE, after=after if after else openai.omit)
        page = (await self.document(ask, errand)).content
        if not isinstance(page.get("data"), list):
            raise not_the_api(errand)
        return page

    async def _file_lines(self, file_id: str) -> AsyncIterator[bytes]:
        """The lines of a file as they come, since it may hold hundreds of megabytes."""
        errand = Errand(self.service, f"the question for the file {file_id!r}")
        begun = False
        held = bytearray()
        try:
            contents = self.client.files.with_streaming_response.content(file_id)
            async with contents as response:
                if "html" in response.headers.get("content-type", ""):
                    raise not_the_api(errand)
                async for part in response.iter_bytes():
                    begun = True
                    *lines, rest = (bytes(held) + part).split(b"\n")
                    held = bytearray(rest)
                    for line in lines:
                        yield line
        except CAUGHT as error:
            raise failure_of(error, errand, begun=begun) from None
        yield bytes(held)

    def _errand(self, external_id: str) -> Errand:
        return Errand(self.service, f"the question for the batch {external_id!r}")

    def _problem(self, batch: dict[str, Any]) -> str | None:
        if batch.get("output_file_id") or batch.get("error_file_id"):
            return None
        status = batch.get("status")
        if status == "completed":
            return f"{self.service.address} finished the batch without any answer."
        words = [
            str(error.get("message"))
            for error in (batch.get("errors") or {}).get("data") or ()
            if isinstance(error, dict)
        ]
        why = f": {without_keys(words[0], self.service.key).rstrip('.!')}" if words else ""
        return f"The batch at {self.service.address} {_ENDED[str(status)]}{why}."


_ENDED = {
    "failed": "was refused",
    "expired": "was not answered within its day",
    "cancelled": "was cancelled before any answer",
}


def _lines(requests: Mapping[str, ChatRequest], service: Service) -> bytes:
    lines = (
        {
            "custom_id": name,
            "method": "POST",
            "url": service.chat_path,
            "body": chat_body(request, service),
        }
        for name, request in requests.items()
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _result(line: bytes, service: Service) -> tuple[str, ChatReply | ProviderError] | None:
    """What a line tells of a call; ``None`` where it does not tell of which."""
    if not line.strip():
        return None
    try:
        content = json.loads(line.decode())
        is_utf8 = True
    except UnicodeDecodeError:
        # The name of the call is ours, so that it can be read all the same.
        content, is_utf8 = _lenient(line), False
    except json.JSONDecodeError:
        return None
    name = content.get("custom_id") if isinstance(content, dict) else None
    if not isinstance(name, str):
        return None
    response = content.get("response")
    body = response.get("body") if isinstance(response, dict) else None
    model = body.get("model") if isinstance(body, dict) else None
    errand = call_to(service, model) if model else Errand(service, f"the call {name!r} of a batch")
    if not is_utf8:
        return name, wrong_encoding(errand)
    if not isinstance(response, dict):
        return name, _unanswered(content.get("error"), errand)
    status = response.get("status_code")
    if status != 200:
        status = status if isinstance(status, int) else 500
        return name, refusal(errand, status, {}, json.dumps(body).encode())
    return name, _read(body, errand)


def _lenient(line: bytes) -> Any:
    try:
        return json.loads(line.decode(errors="replace"))
    except json.JSONDecodeError:
        return None


def _read(body: object, errand: Errand) -> ChatReply | ProviderError:
    answer = Answer(errand)
    answer.take(body)
    try:
        return answer.reply(_UNKNOWN_TIMES)
    except ProviderError as error:
        return error


def _unanswered(error: object, errand: Errand) -> ProviderError:
    """A call that the provider never made, such as one left over when the batch ran out of time."""
    code = error.get("code") if isinstance(error, dict) else None
    if code == "batch_expired":
        return ProviderError(
            FailureKind.TIMEOUT,
            f"{errand.service.address} did not come to {errand.about} within the batch's day; "
            "retry it.",
        )
    told = error.get("message") if isinstance(error, dict) else None
    why = without_keys(str(told or "no reason is given"), errand.service.key).rstrip(".!")
    return ProviderError(
        FailureKind.UNAVAILABLE,
        f"{errand.service.address} did not make {errand.about}: {why}; retry it.",
    )


def _count(counts: object, name: str) -> int:
    """0 as long as the provider has not counted."""
    count = counts.get(name) if isinstance(counts, dict) else None
    return count if isinstance(count, int) else 0


def _id(content: dict[str, Any], errand: Errand) -> str:
    external_id = content.get("id")
    if not isinstance(external_id, str):
        raise not_the_api(errand)
    return external_id


def _model_of(requests: Mapping[str, ChatRequest]) -> str | None:
    return next((request.model for request in requests.values()), None)
