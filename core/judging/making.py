"""Make judgments: ask a model one question, or measure a batch of responses."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlmodel import Session

from core.errors import SlamError, StoreError
from core.judges.asking import question, reading
from core.judges.base import (
    AnyJudge,
    Choice,
    JudgedResponse,
    JudgeTask,
    LLMJudge,
    MeasuringJudge,
    Score,
    Shape,
    Tools,
    Unscored,
    configured,
    judge_identity,
)
from core.judges.measuring import broken, measured, told
from core.judges.registry import judge_named
from core.judging.planning import Material, seen_again
from core.providers.base import ChatReply, ChatRequest, FailureKind, ProviderError
from core.providers.names import parse_model
from core.recording import CallContext, PlannedCall
from db.engine import Database
from db.repositories.judgments import Judgments
from db.repositories.measured import Measured
from db.repositories.responses import Responses
from db.repositories.studies import Studies
from db.repositories.work import Work
from db.tables import CallStatus, Judge, Judgment
from db.types import utc_now

Seen = JudgeTask | JudgedResponse | Unscored
_STALE = Unscored(
    FailureKind.INPUTS_CHANGED.value,
    "What the judge compares with changed since this was planned; run the judge again.",
)


_CHANGED = Unscored(
    FailureKind.INPUTS_CHANGED.value,
    "The judge or one of its libraries has changed since this was planned; run the judge again.",
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
        judge, seen = _judge_and_seen(session, run_id, stored, rows)
    # Asked once: whether something is of a protocol takes a look at every member.
    asking = judge if isinstance(judge, LLMJudge) else None
    return [
        PlannedCall(
            row_type=Judgment,
            row_id=row.id,
            model=stored.model or "",
            request=partial(_request, asking, stored.model or "", seen[row.id]),
            values=partial(_values, asking, row, seen[row.id]),
        )
        for row in rows
    ]


def measure(database: Database, run_id: str, judgment_ids: Sequence[str], tools: Tools) -> int:
    """Measure those judgments that are not made yet, and store them; says how many.

    What a judge needs but is not installed, or cannot score, is stored as the failure.

    Raises:
        StoppedError: the run may call its model no more; what is not measured stays open.
    """
    with database.read() as session:
        open_rows = [
            row for row in Judgments(session).open_among(judgment_ids) if row.run_id == run_id
        ]
        if not open_rows:
            return 0
        stored = Judgments(session).judge(open_rows[0].judge_id)
        judge, seen = _judge_and_seen(session, run_id, stored, open_rows)
    ready = {key: one for key, one in seen.items() if isinstance(one, JudgedResponse)}
    results: dict[str, Score | Unscored] = {
        key: one for key, one in seen.items() if isinstance(one, Unscored)
    }
    if isinstance(judge, MeasuringJudge):
        scored = measured(judge, list(ready.values()), tools)
        results |= dict(zip(ready, scored, strict=True))
    _store(database, run_id, stored.label, results)
    return len(results)


def _store(
    database: Database, run_id: str, label: str, results: Mapping[str, Score | Unscored]
) -> None:
    """Store results; one that the database does not take is stored as the judge's failure.

    Raised, it would be dispatched again and again, and the others of its chunk with it.
    """
    try:
        with database.write() as session:
            columns = {row_id: _columns(result) for row_id, result in results.items()}
            Judgments(session).store(run_id, columns)
    except StoreError:
        raise
    except Exception as error:
        if len(results) > 1:
            for row_id, result in results.items():
                _store(database, run_id, label, {row_id: result})
            return
        (row_id,) = results
        with database.write() as session:
            Judgments(session).store(run_id, {row_id: _columns(not_taken(label, error))})


def not_taken(label: str, error: Exception) -> Unscored:
    """What is stored in place of a judge's result that the database does not take."""
    cause = getattr(error, "orig", None) or error
    return broken(label, f"the database does not take what it gave ({told(cause)})")


def judge_as_stored(stored: Judge) -> AnyJudge:
    """The installed judge with the options that the stored one had.

    Raises:
        InvalidInputError: its options are not the judge's any more.
        NotFoundError: it is not installed any more.
    """
    return configured(judge_named(stored.name), stored.options or {})


def _judge_and_seen(
    session: Session, run_id: str, stored: Judge, judgments: Sequence[Judgment]
) -> tuple[AnyJudge | None, dict[str, Seen]]:
    """The judge, and what it sees for each judgment; no judge where it is another one by now.

    A library that was updated meanwhile, or an option that is gone, would put answers of another
    judge under the stored one's name.
    """
    try:
        judge = judge_as_stored(stored)
        if judge_identity(judge, stored.model) == stored.identity:
            return judge, _seen(session, run_id, judge, judgments)
        gone = _CHANGED
    except SlamError as error:
        gone = Unscored(FailureKind.INPUTS_CHANGED.value, str(error))
    return None, {row.id: gone for row in judgments}


def _seen(
    session: Session, run_id: str, judge: AnyJudge, judgments: Sequence[Judgment]
) -> dict[str, Seen]:
    """``judgment id -> what the judge sees``, or why it must not be judged any more."""
    run = Work(session).run(run_id)
    version = Studies(session).version(run.study_version_id) if run else None
    if version is None:
        return {row.id: _STALE for row in judgments}
    content = Studies(session).content(version)
    shown = {one for row in judgments for one in (row.response_id, *row.shown_response_ids)}
    responses = Responses(session)
    if isinstance(judge, LLMJudge):
        needed = responses.by_ids(sorted(shown))
    else:
        cases = set(Measured(session).test_cases_of(shown).values())
        needed = responses.usable(content, test_case_ids=sorted(cases))
    seen = seen_again(judge, Material(content, needed), judgments)
    return {row.id: seen.get(row.id, _STALE) for row in judgments}


def _request(judge: LLMJudge | None, model: str, seen: Seen) -> ChatRequest:
    """The question to the judge's model.

    Raises:
        ProviderError: what the judge would see is not what was planned, or the judge is broken.
    """
    if judge is None or not isinstance(seen, JudgeTask):
        message = seen.message if isinstance(seen, Unscored) else _STALE.message
        raise ProviderError(FailureKind.INPUTS_CHANGED, message)
    return question(judge, seen, parse_model(model).model)


def _values(
    judge: LLMJudge | None, row: Judgment, seen: Seen, reply: ChatReply, _: CallContext
) -> Mapping[str, Any]:
    """The judge's reading of a reply, as columns."""
    if judge is None or not isinstance(seen, JudgeTask):
        raise TypeError(f"{judge!r} asks no model")
    answer = reading(judge, seen, reply)
    common = {"reasoning": answer.reasoning, "raw_reply": reply.text}
    if isinstance(answer, Choice):
        return {**common, **_choice(judge.asking.shape, row, answer)}
    return {
        **common,
        "score": answer.value,
        "raw_score": answer.raw,
        "details": answer.details,
    }


def _choice(shape: Shape, row: Judgment, choice: Choice) -> dict[str, Any]:
    """A choice as columns; of a pair it is the judged response's score: 1, 0, or a half for a tie.

    A choice from a set scores every response that was shown, which results read from the row.
    """
    shown, position = row.shown_response_ids, choice.position
    chosen = None if position is None else shown[position]
    score = 0.5 if chosen is None else float(chosen == row.response_id)
    return {
        "chosen_response_id": chosen,
        "score": score if shape is Shape.PAIR else None,
        "details": {**choice.details, "choice": "tie" if position is None else position},
    }


def _columns(result: Score | Unscored) -> dict[str, Any]:
    if isinstance(result, Unscored):
        made: dict[str, Any] = {
            "status": CallStatus.FAILED,
            "error_kind": result.kind,
            "error_message": result.message,
        }
    else:
        made = {
            "status": CallStatus.OK,
            "error_kind": None,
            "error_message": None,
            "score": result.value,
            "raw_score": result.raw,
            "reasoning": result.reasoning,
            "details": result.details,
        }
    return {**made, "completed_at": utc_now()}
