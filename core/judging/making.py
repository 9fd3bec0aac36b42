"""Make judgments: ask a model about one response, or measure a batch against the reference."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlmodel import Session

from core.errors import SlamError
from core.judges.base import (
    AnyJudge,
    JudgedResponse,
    LLMJudge,
    Score,
    SimilarityJudge,
    UnparsableReplyError,
    Unscored,
)
from core.judges.registry import judge_named
from core.judging.inputs import inputs_hash, inputs_of
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError
from core.providers.names import parse_model
from core.recording import CallContext, PlannedCall
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.responses import Responses
from db.repositories.studies import Studies
from db.repositories.work import Work
from db.tables import CallStatus, Judge, Judgment, Run
from db.types import utc_now

_STALE = Unscored(
    FailureKind.INPUTS_CHANGED.value,
    "What the judge compares with changed since this was planned; run the judge again.",
)


def planned_judgments(
    database: Database, run_id: str, judgment_ids: Sequence[str], *, of_any_run: bool = False
) -> list[PlannedCall]:
    """The calls for those judgments of a judge that are still the run's (or any run's) to make."""
    with database.read() as session:
        rows = [
            row
            for row in Judgments(session).open_among(judgment_ids)
            if of_any_run or row.run_id == run_id
        ]
        if not rows:
            return []
        stored = Judgments(session).judge(rows[0].judge_id)
        inputs = _inputs(session, run_id, stored, rows)
    judge = judge_named(stored.name)
    return [
        PlannedCall(
            row_type=Judgment,
            row_id=row.id,
            model=stored.model or "",
            request=partial(_request, judge, stored.model or "", inputs[row.id]),
            values=partial(_values, judge),
        )
        for row in rows
    ]


def measure_similarity(database: Database, run_id: str, judgment_ids: Sequence[str]) -> int:
    """Measure those judgments that are not made yet, and store them; says how many.

    What a similarity judge needs but is not installed, or cannot score, is stored as the failure.
    """
    with database.read() as session:
        open_rows = [
            row for row in Judgments(session).open_among(judgment_ids) if row.run_id == run_id
        ]
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
            row = Judgments(session).get(row_id)
            if row.status is CallStatus.PLANNED and row.run_id == run_id:
                _keep(session, row, result)
    return len(results)


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


def _request(judge: AnyJudge, model: str, judged: JudgedResponse | Unscored) -> ChatRequest:
    """The question to the judge's model.

    Raises:
        ProviderError: what the judge would see is not what was planned.
    """
    if isinstance(judged, Unscored) or not isinstance(judge, LLMJudge):
        raise ProviderError(FailureKind.INPUTS_CHANGED, _STALE.message)
    return judge.request(judged, parse_model(model).model)


def _values(judge: AnyJudge, reply: ChatReply, _: CallContext) -> Mapping[str, Any]:
    """The judge's reading of a reply."""
    if not isinstance(judge, LLMJudge):
        raise TypeError(f"{judge!r} asks no model")
    try:
        score = judge.parse(reply.text)
    except UnparsableReplyError as error:
        raise ProviderError(FailureKind.UNPARSABLE, str(error)) from error
    return {
        "score": score.value,
        "reasoning": score.reasoning,
        "details": score.details,
        "raw_reply": reply.text,
    }


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
