"""Hosted models, their pulls and their warm-ups as tidy frames, for tables and downloads."""

import pandas as pd

from core.hosting.facts import Survey, spilled_percent
from db.engine import Database
from db.repositories.hosting import Hosting

MOST_WARM_UPS = 1000
_NS_PER_MS = 1_000_000


def installed_frame(survey: Survey) -> pd.DataFrame:
    """The installed models, one row each; sizes are bytes and unknown is null."""
    columns = {
        "model": [one.facts.name for one in survey.models],
        "parameters": [one.facts.parameter_size for one in survey.models],
        "quantization": [one.facts.quantization for one in survey.models],
        "context_length": [one.facts.context_length for one in survey.models],
        "file_bytes": [one.facts.size_bytes for one in survey.models],
        "memory_bytes": [one.memory_bytes for one in survey.models],
        "loaded_now": [one.loaded is not None for one in survey.models],
        "spilled_to_cpu_percent": [one.spilled_percent for one in survey.models],
        "digest": [one.facts.digest for one in survey.models],
    }
    whole = dict.fromkeys(("context_length", "file_bytes", "memory_bytes"), "Int64")
    return pd.DataFrame(columns).astype(whole | {"spilled_to_cpu_percent": "Float64"})


def warm_ups_frame(database: Database) -> pd.DataFrame:
    """The newest `MOST_WARM_UPS` loads and warm-up requests, newest first; unknown is null.

    ``number`` 0 is the load itself; times are milliseconds and sizes bytes.
    """
    with database.read() as session:
        rows = Hosting(session).warm_ups(MOST_WARM_UPS)
    columns = {
        "sent_at": [row.sent_at for row in rows],
        "model": [row.model for row in rows],
        "number": [row.number for row in rows],
        "status": [row.status.value for row in rows],
        "duration_ms": [_ms(row.duration_ns) for row in rows],
        "load_duration_ms": [_ms(row.load_duration_ns) for row in rows],
        "memory_bytes": [row.memory_bytes for row in rows],
        "spilled_to_cpu_percent": [
            spilled_percent(row.memory_bytes, row.gpu_memory_bytes) for row in rows
        ],
        "context_length": [row.context_length for row in rows],
        "digest": [row.digest for row in rows],
        "host": [row.host for row in rows],
        "error": [row.error_message for row in rows],
    }
    whole = ("duration_ms", "load_duration_ms", "memory_bytes", "context_length")
    return pd.DataFrame(columns).astype(
        dict.fromkeys(whole, "Int64") | {"spilled_to_cpu_percent": "Float64"}
    )


def _ms(nanoseconds: int | None) -> int | None:
    return None if nanoseconds is None else round(nanoseconds / _NS_PER_MS)
