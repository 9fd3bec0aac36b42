"""Make judgments: ask a model about one response, or measure a batch against the reference."""

import asyncio
from collections.abc import Sequence

from sqlmodel import Session

from core.errors import SlamError
from core.judges.base import (
    JudgedResponse,
    LLMJudge,
    Score,
    SimilarityJudge,
    UnparsableReplyError,
    Unscored,
)
from core.judges.registry import judge_named
from core.judging.inputs import inputs_hash, inputs_of
from core.models import Models
from core.providers.base import ChatReply, FailureKind, ProviderError
from core.providers.names import parse_model
from core.recording import Call, RowRecorder
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.responses import Responses
from db.repositories.studies import Studies
from db.repositories.work import Work
from db.tables import CallStatus, Judge, Judgment, Run
from db.types import utc_now

_STALE = Unscored(
    "inputs_changed",
    "What the judge compares with changed since this was planned; run the judge again.",
)


async def make_judgment(
    database: Database, models: Models, run_id: str, judgment_id: str
) -> CallStatus:
    """Ask the judge's model if the judgment is still the run's to make, and say how it stands.

    Failures are stored, never raised.
    """
    judgment, stored, judged = await asyncio.to_thread(_read, database, run_id, judgment_id)
    if judgment.status is not CallStatus.PLANNED or judgment.run_id != run_id:
        return judgment.status
    judge = judge_named(stored.name)
    model = stored.model or ""
    recorder = RowRecorder(
        database, Judgment, judgment_id, run_id, model, lambda row, reply: _parse(judge, row, reply)
    )
    if isinstance(judged, Unscored) or not isinstance(judge, LLMJudge):
        await recorder.gave_up(_STALE.kind, _STALE.message)
        return CallStatus.FAILED
    return await recorder.make(models, lambda: judge.request(judged, parse_model(model).model))


def measure_similarity(database: Database, run_id: str, judgment_ids: Sequence[str]) -> int:
    """Measure those judgments that are not made yet, and store them; says how many.

    What a similarity judge needs but is not installed, or cannot score, is stored as the failure.
    """
    with database.read() as session:
        open_rows = Judgments(session).open_among(judgment_ids)
        if not open_rows:
            return 0
        stored = Judgments(session).judge(open_rows[0].judge_id)
        inputs = _inputs(session, run_id, stored, open_rows)
    judge = judge_named(stored.name)
    ready = {key: one for key, one in inputs.items() if isinstance(one, JudgedResponse)}
    results: dict[str, Score | Unscored] = {
        key: one for key, one in inputs.items() if isinstance(one, Unscored)
    }
    try:
        if isinstance(judge, SimilarityJudge):
            results |= dict(zip(ready, judge.score(list(ready.values())), strict=True))
    except SlamError as error:
        results |= dict.fromkeys(ready, Unscored(FailureKind.INTERNAL.value, str(error)))
    except Exception as error:
        # A broken library fails this batch, not the daemon.
        broken = Unscored(FailureKind.INTERNAL.value, f"{type(error).__name__}: {error}")
        results |= dict.fromkeys(ready, broken)
    with database.write() as session:
        for row_id, result in results.items():
            _keep(session, Judgments(session).get(row_id), result)
    return len(results)


def _read(
    database: Database, run_id: str, judgment_id: str
) -> tuple[Judgment, Judge, JudgedResponse | Unscored]:
    with database.read() as session:
        judgment = Judgments(session).get(judgment_id)
        stored = Judgments(session).judge(judgment.judge_id)
        return judgment, stored, _inputs(session, run_id, stored, [judgment])[judgment_id]


def _inputs(
    session: Session, run_id: str, stored: Judge, judgments: Sequence[Judgment]
) -> dict[str, JudgedResponse | Unscored]:
    """``judgment id -> what the judge sees``, or why it must not be judged any more."""
    run: Run | None = Work(session).run(run_id)
    version = Studies(session).version(run.study_version_id) if run else None
    if version is None:
        return {row.id: _STALE for row in judgments}
    content = Studies(session).content(version)
    judge = judge_named(stored.name)
    responses = Responses(session)
    needed = (
        responses.usable(content)
        if isinstance(judge, SimilarityJudge)
        else responses.by_ids([row.response_id for row in judgments])
    )
    seen = inputs_of(judge, content, needed)
    return {
        row.id: seen[row.response_id]
        if row.response_id in seen and inputs_hash(seen[row.response_id]) == row.inputs_hash
        else _STALE
        for row in judgments
    }


def _parse(judge: object, row: Call, reply: ChatReply) -> None:
    """Put the judge's reading of a reply into the row; the raw reply is kept either way."""
    assert isinstance(judge, LLMJudge)  # noqa: S101  narrows the type; checked by the caller
    assert isinstance(row, Judgment)  # noqa: S101  narrows the type; the recorder was made for it
    row.raw_reply = reply.text
    try:
        score = judge.parse(reply.text)
    except UnparsableReplyError as error:
        raise ProviderError(FailureKind.UNPARSABLE, str(error)) from error
    row.score, row.reasoning, row.details = score.value, score.reasoning, score.details


def _keep(session: Session, row: Judgment, result: Score | Unscored) -> None:
    row.completed_at = utc_now()
    if isinstance(result, Unscored):
        row.status = CallStatus.FAILED
        row.error_kind, row.error_message = result.kind, result.message
    else:
        row.status = CallStatus.OK
        row.error_kind = row.error_message = None
        row.score, row.reasoning, row.details = result.value, result.reasoning, result.details
    session.add(row)
