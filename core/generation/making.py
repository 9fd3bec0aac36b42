"""Make responses: render the prompt for the call, and say what of the reply is stored."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from core.providers.base import ChatReply, ChatRequest
from core.providers.names import parse_model
from core.recording import CallContext, PlannedCall
from core.studies.template import render
from db.engine import Database
from db.repositories.responses import ResponseInContext, Responses
from db.tables import CallStatus, Response

_NOT_FOR_THE_CALL = frozenset({"digest"})
"""Parameters that say which weights are meant, not how they are called."""


def request_for(context: ResponseInContext) -> ChatRequest:
    """The call that makes this response."""
    parameters: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in context.candidate.parameters.items()
        if name not in _NOT_FOR_THE_CALL
    }
    return ChatRequest(
        model=parse_model(context.candidate.model).model,
        prompt=render(context.template.text, context.test_case.values),
        **parameters,
    )


def planned_responses(
    database: Database, run_id: str, response_ids: Sequence[str], *, of_any_run: bool = False
) -> list[PlannedCall]:
    """The calls for those of the responses that are still the run's (or any run's) to make."""
    with database.read() as session:
        rows = Responses(session).by_ids(response_ids)
    return [
        PlannedCall(
            row_type=Response,
            row_id=row.response.id,
            model=row.candidate.model,
            request=partial(request_for, row),
            values=_values,
        )
        for row in rows
        if row.response.status is CallStatus.PLANNED
        and (of_any_run or row.response.run_id == run_id)
    ]


def _values(reply: ChatReply, call: CallContext) -> Mapping[str, Any]:
    return {
        "text": reply.text,
        "reasoning_text": reply.reasoning_text,
        "finish_reason": reply.finish_reason,
        "cached_prompt_tokens": reply.usage.cached_prompt_tokens,
        "reasoning_tokens": reply.usage.reasoning_tokens,
        "first_chunk_ns": reply.timeline.first_chunk_ns,
        "time_to_first_token_ns": reply.timeline.time_to_first_token_ns,
        "last_token_ns": reply.timeline.last_token_ns,
        "load_duration_ns": reply.load_duration_ns,
        "model_reported": reply.model_reported,
        "model_digest": call.model_digest,
        "provider_figures": reply.provider_figures,
    }
