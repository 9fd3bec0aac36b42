"""Make one response: render the prompt, call the model, store what came."""

import asyncio
from typing import Any

from core.models import Models
from core.providers.base import ChatReply, ChatRequest
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
    """Make the response if it is still the run's to make, and say how it stands.

    A failure is stored with its cause, never raised.
    """
    context = await asyncio.to_thread(_read, database, response_id)
    row = context.response
    if row.status is not CallStatus.PLANNED or row.run_id != run_id:
        return row.status
    recorder = RowRecorder(database, Response, response_id, run_id, context.candidate.model, _store)
    return await recorder.make(models, lambda: request_for(context))


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
