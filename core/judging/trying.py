"""Makes the trial of a judge for the daemon: one question, answered, read and stored.

Every call is journalled as an attempt, so that what it cost is counted. A trial that was begun by a
daemon that died is not made again, since it may have been paid; somebody who still waits for it
asks anew.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from core.embeddings import EmbeddingStore
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
    Unscored,
    configured,
)
from core.judges.measuring import measured
from core.judges.registry import judge_named
from core.judging.making import not_taken
from core.judging.measuring import EmbeddingCalls, EmbeddingRecorder, vectors_of
from core.judging.preview import questions_about
from core.judging.trials import PATIENCE_S
from core.models import Models
from core.money.prices import costs_of, load_price_book, today
from core.patience import patiently
from core.providers.base import ChatReply, FailureKind, ProviderError
from core.providers.names import parse_model
from core.recording import CallContext, PlannedCall, RowRecorder
from core.settings import Settings
from core.studies.service import newest_content
from db.engine import Database
from db.repositories import journal, trials
from db.repositories.journal import CallRow
from db.tables import CallMode, CallStatus, JudgeTrial
from db.together import WritingTogether
from db.types import new_id, utc_now

_BROKEN_OFF = "The daemon stopped in the middle of this test; test again."


@dataclass(frozen=True, slots=True)
class _Taken:
    """A trial that is this daemon's to make, and what its judge sees."""

    id: str
    judge: AnyJudge
    model: str
    sees: JudgeTask | JudgedResponse


async def make_trial(
    store: WritingTogether, models: Models, settings: Settings, trial_id: str
) -> None:
    """Make a waiting trial; whatever comes of it is stored with it, and nothing is raised.

    Args:
        store: where the trial is, and what came is written.
        models: where the judge's model is reached.
        settings: say where vectors are kept.
        trial_id: which trial.
    """
    taken = await asyncio.to_thread(_take, store.database, trial_id)
    if taken is None:
        return
    try:
        async with asyncio.timeout(PATIENCE_S):
            if isinstance(taken.judge, MeasuringJudge):
                await _measure(store, models, settings, taken)
            else:
                await _ask(store, models, taken)
    except TimeoutError:
        sentence = (
            f"There was no answer within {PATIENCE_S:.0f} s; the model may be busy with a run, so "
            "test again later."
        )
        await asyncio.to_thread(
            _give_up, store.database, trial_id, FailureKind.TIMEOUT.value, sentence
        )


class TrialRecorder(RowRecorder):
    """Writes down the attempts at a trial, which belongs to no run and has no budget."""

    number = 0

    async def sent(self) -> str:
        """See `core.providers.calling.Recorder.sent`."""
        attempt_id = new_id()
        self.number += 1
        attempt = {**self._attempt(attempt_id, self.number, None), "run_id": None}
        await patiently(self._write, partial(_write_once, attempt))
        return attempt_id

    def _gave_up(self, kind: str, message: str, connection: Connection) -> None:
        trials.give_up(connection, self.planned.row_id, kind, message)


class _TrialEmbeddingRecorder(TrialRecorder, EmbeddingRecorder):
    """The same for the calls of a judge that needs a model's vectors."""


def _write_once(attempt: Mapping[str, Any], connection: Connection) -> None:
    if not journal.is_journalled(connection, attempt["id"]):
        journal.write_sent(connection, attempt)


async def _ask(store: WritingTogether, models: Models, taken: _Taken) -> None:
    book = await asyncio.to_thread(load_price_book, store.database)
    judge, task = taken.judge, taken.sees
    if not isinstance(judge, LLMJudge) or not isinstance(task, JudgeTask):
        raise TypeError(f"{judge!r} asks no model")
    planned = PlannedCall(
        JudgeTrial,
        taken.id,
        taken.model,
        request=lambda: question(judge, task, parse_model(taken.model).model),
        values=partial(_values, judge, task),
    )
    costs = costs_of(book, taken.model, CallMode.DIRECT, today())
    async with models.turn(taken.model):
        await TrialRecorder(store, planned, CallContext("", costs=costs)).make(models)


def _values(
    judge: LLMJudge, task: JudgeTask, reply: ChatReply, _: CallContext
) -> Mapping[str, Any]:
    """The judge's reading of a reply, as columns."""
    answer = reading(judge, task, reply)
    if isinstance(answer, Choice):
        choice = "tie" if answer.position is None else answer.position
        read: dict[str, Any] = {"details": {**answer.details, "choice": choice}}
    else:
        read = _score_columns(answer)
    return {**read, "reasoning": answer.reasoning, "raw_reply": reply.text}


async def _measure(
    store: WritingTogether, models: Models, settings: Settings, taken: _Taken
) -> None:
    loop = asyncio.get_running_loop()
    calls = (
        EmbeddingCalls(
            store, models, loop, "", taken.id, taken.model, JudgeTrial, _TrialEmbeddingRecorder
        )
        if taken.model
        else None
    )
    tools = vectors_of(settings, taken.model or None, calls.vectors if calls else None)
    began_ns = time.perf_counter_ns()
    result = await asyncio.to_thread(_scored, taken, tools)
    if isinstance(result, Unscored):
        await asyncio.to_thread(_give_up, store.database, taken.id, result.kind, result.message)
        return
    values = {
        **_score_columns(result),
        "reasoning": result.reasoning,
        "duration_ns": time.perf_counter_ns() - began_ns,
        "completed_at": utc_now(),
    }
    await asyncio.to_thread(_store, store.database, taken, values)


def _scored(taken: _Taken, tools: EmbeddingStore) -> Score | Unscored:
    if not isinstance(taken.judge, MeasuringJudge) or not isinstance(taken.sees, JudgedResponse):
        raise TypeError(f"{taken.judge!r} measures nothing")
    (result,) = measured(taken.judge, [taken.sees], tools)
    return result


def _score_columns(score: Score) -> dict[str, Any]:
    return {"score": score.value, "raw_score": score.raw, "details": score.details}


def _take(database: Database, trial_id: str) -> _Taken | None:
    """The trial, from now on this daemon's; none where it cannot be made, which is stored."""
    try:
        with database.write() as session:
            trial = session.get_one(JudgeTrial, trial_id, with_for_update=True)
            if trial.status is not CallStatus.PLANNED:
                return None
            if trial.started_at is not None:
                raise ProviderError(FailureKind.INTERNAL, _BROKEN_OFF)
            trial.started_at = utc_now()
            session.add(trial)
            judge = configured(judge_named(trial.judge_name), trial.options)
            content = newest_content(session, trial.study_id)
            about = questions_about(session, content, judge, trial.response_id)
            sees = next(
                (one.sees for one in about if one.key.inputs_hash == trial.inputs_hash), None
            )
            if sees is None or isinstance(sees, Unscored):
                raise ProviderError(
                    FailureKind.INPUTS_CHANGED,
                    "What the judge would see has changed meanwhile; test again.",
                )
            return _Taken(trial.id, judge, trial.model or "", sees)
    except SlamError as error:
        kind = error.kind if isinstance(error, ProviderError) else FailureKind.INVALID_REQUEST
        _give_up(database, trial_id, kind.value, str(error))
        return None


def _give_up(database: Database, trial_id: str, kind: str, message: str) -> None:
    with database.write_bare() as connection:
        journal.doubt(connection, CallRow(JudgeTrial, trial_id))
        trials.give_up(connection, trial_id, kind, message)


def _store(database: Database, taken: _Taken, values: Mapping[str, Any]) -> None:
    """Store what was measured; what the database does not take is the judge's failure."""
    try:
        with database.write_bare() as connection:
            journal.store_value(connection, CallRow(JudgeTrial, taken.id), values)
    except StoreError:
        raise
    except Exception as error:
        refused = not_taken(taken.judge.label, error)
        _give_up(database, taken.id, refused.kind, refused.message)
