"""A study's responses as one tidy frame, for tables and exports."""

import pandas as pd

from core.studies.service import content_of
from db.engine import Database
from db.repositories.responses import Responses

COLUMNS = (
    "model",
    "test_case",
    "sample_index",
    "text",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "time_to_first_token_ms",
    "duration_ms",
    "cost_usd",
    "origin",
    "completed_at",
)


def list_responses(
    database: Database, study_id: str, version_number: int | None = None
) -> pd.DataFrame:
    """The finished responses of a version, the newest by default, one row each, with `COLUMNS`.

    Times are milliseconds from the moment the request was sent; unknown is null.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        usable = Responses(session).usable(content_of(session, study_id, version_number))
    rows = [
        {
            "model": one.candidate.model,
            "test_case": one.test_case.name,
            "sample_index": one.response.sample_index,
            "text": one.response.text,
            "finish_reason": one.response.finish_reason,
            "prompt_tokens": one.response.prompt_tokens,
            "completion_tokens": one.response.completion_tokens,
            "time_to_first_token_ms": _ms(one.response.time_to_first_token_ns),
            "duration_ms": _ms(one.response.duration_ns),
            "cost_usd": one.response.cost_usd,
            "origin": one.response.origin.value,
            "completed_at": one.response.completed_at,
        }
        for one in usable
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    whole = ["prompt_tokens", "completion_tokens", "time_to_first_token_ms", "duration_ms"]
    return frame.astype(dict.fromkeys(whole, "Int64") | {"cost_usd": "Float64"})


def _ms(nanoseconds: int | None) -> int | None:
    return None if nanoseconds is None else round(nanoseconds / 1_000_000)
