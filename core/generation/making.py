"""Make one response: render the prompt, call the model, store what came."""

import asyncio
from typing import Any

from core.models import Models
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError
from core.providers.names import parse_model
from core.recording import Call, RowRecorder
from core.studies.template import render
from db.engine import Database
from db.repositories.responses import ResponseInContext, Responses
from db.tables import CallStatus, Response


def request_for(context: ResponseInContext) -> ChatRequest:
    """The call that makes this response."""
    parameters: dict[str, Any] = context.candidate.parameters
    return ChatRequest(
        model=parse_model(context.candidate.model).model,
        prompt=render(context.template.text, context.test_case.values),
        **parameters,
    )


async def make_response(
    database: Database, models: Models, run_id: str, response_id: str
) -> CallStatus:
    """Make the response unless it is stored; a failure is stored with its cause, never raised."""
    context = await asyncio.to_thread(_read, database, response_id)
    if context.response.status is CallStatus.OK:
        return CallStatus.OK
    model = context.candidate.model
    recorder = RowRecorder(database, Response, response_id, run_id, model, _store)
    try:
        await models.call(model, request_for(context), recorder)
    except ProviderError as error:
        await recorder.gave_up(error.kind.value, str(error))
        return CallStatus.FAILED
    except Exception as error:
        # One broken call must not fail its chunk; what it was is stored with the row.
        message = f"{type(error).__name__}: {error}"
        await recorder.gave_up(FailureKind.INTERNAL.value, message)
        return CallStatus.FAILED
    return CallStatus.OK


def _read(database: Database, response_id: str) -> ResponseInContext:
    with database.read() as session:
        return Responses(session).in_context(response_id)


def _store(row: Call, reply: ChatReply) -> None:
    assert isinstance(row, Response)  # noqa: S101  narrows the type; the recorder was made for it
    row.text = reply.text
    row.finish_reason = reply.finish_reason
    row.first_chunk_ns = reply.timeline.first_chunk_ns
    row.time_to_first_token_ns = reply.timeline.time_to_first_token_ns
    row.last_token_ns = reply.timeline.last_token_ns
    row.model_reported = reply.model_reported
    row.provider_figures = reply.provider_figures
