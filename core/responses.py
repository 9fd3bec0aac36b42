"""A study's responses as one tidy frame, for tables and exports."""

import pandas as pd

from core.studies.service import content_of
from db.engine import Database
from db.repositories.responses import Responses
from db.tables import Response

COLUMNS = (
    "model",
    "test_case",
    "sample_index",
    "text",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_prompt_tokens",
    "time_to_first_token_ms",
    "duration_ms",
    "load_ms",
    "model_digest",
    "cost_usd",
    "origin",
    "completed_at",
)

_WHOLE = [name for name in COLUMNS if name.endswith(("_tokens", "_ms"))]


def list_responses(
    database: Database,
    study_id: str,
    version_number: int | None = None,
    *,
    first: int = 0,
    limit: int | None = None,
) -> pd.DataFrame:
    """The finished responses of a version, the newest by default, one row each, with `COLUMNS`.

    Times are milliseconds, unknown is null. What went into loading the model is in ``load_ms`` and
    in no other time.

    Args:
        database: the store.
        study_id: the study.
        version_number: which version.
        first: how many responses to leave out at the beginning.
        limit: how many to give at most; ``None`` is all.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = content_of(session, study_id, version_number)
        usable = Responses(session).usable(content, first=first, limit=limit)
    rows = [
        {
            "model": one.candidate.model,
            "test_case": one.test_case.name,
            "sample_index": one.response.sample_index,
            "text": one.response.text,
            "finish_reason": one.response.finish_reason,
            "prompt_tokens": one.response.prompt_tokens,
            "completion_tokens": one.response.completion_tokens,
            "reasoning_tokens": one.response.reasoning_tokens,
            "cached_prompt_tokens": one.response.cached_prompt_tokens,
            "time_to_first_token_ms": _net_ms(one.response, one.response.time_to_first_token_ns),
            "duration_ms": _net_ms(one.response, one.response.duration_ns),
            "load_ms": _ms(one.response.load_duration_ns),
            "model_digest": one.response.model_digest,
            "cost_usd": one.response.cost_usd,
            "origin": one.response.origin.value,
            "completed_at": one.response.completed_at,
        }
        for one in usable
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(_WHOLE, "Int64") | {"cost_usd": "Float64"})


def count_responses(database: Database, study_id: str, version_number: int | None = None) -> int:
    """How many rows `list_responses` has in all.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        return Responses(session).count_usable(content_of(session, study_id, version_number))


def _net_ms(response: Response, duration_ns: int | None) -> int | None:
    """A time without the loading of the model, which is no latency."""
    return None if duration_ns is None else _ms(duration_ns - (response.load_duration_ns or 0))


def _ms(nanoseconds: int | None) -> int | None:
    return None if nanoseconds is None else round(nanoseconds / 1_000_000)
