"""Raters' results: ``results/*.json``, one file a submission."""

from itertools import pairwise
from typing import Any

from pydantic import BaseModel, TypeAdapter

from core.exchange.answers import answers_of, criteria_of, milliseconds, moment, other_keys
from core.exchange.content import (
    ImportedResults,
    ResultEvaluation,
    ResultFile,
    ShownResponse,
)
from core.exchange.documents import Documents, Key, ModelLabel, PersonName, validated
from core.exchange.report import Tally


class Evaluation(BaseModel):
    """One question with its answer; ``time`` is the moment of the answer."""

    result: dict[str, Any]
    time: float | None = None
    question: tuple[Key, dict[ModelLabel, Key]]


class Submission(BaseModel):
    """One file of the layout."""

    worker_id: PersonName
    question_set_id: Key
    evals: list[Evaluation]
    start_time: float | None = None
    end_time: float | None = None


_SHAPE = TypeAdapter(Submission)


def recognised(files: Documents) -> tuple[str, ...]:
    """The documents that are objects with evaluations."""
    return tuple(
        entry
        for entry, document in files.documents.items()
        if isinstance(document, dict) and "evals" in document
    )


def read(files: Documents) -> ImportedResults:
    """The submissions, in the order of the files.

    Raises:
        InvalidInputError: a file has a wrong type inside.
    """
    submissions = {
        entry: validated(_SHAPE, files.documents[entry], files.place(entry))
        for entry in recognised(files)
    }
    given = [one.result for submission in submissions.values() for one in submission.evals]
    criteria = criteria_of(given, files.name)
    tally = Tally()
    if criteria:
        tally.notes.append(f"Criteria: {', '.join(criteria)}.")
    unread = other_keys(given, criteria)
    if unread:
        tally.notes.append(f"Keys without a known answer, not read: {', '.join(unread)}.")
    read_files = [
        _read_file(entry, submission, criteria, tally) for entry, submission in submissions.items()
    ]
    return ImportedResults(tuple(one for one in read_files if one is not None), tally)


def _read_file(
    entry: str, submission: Submission, criteria: tuple[str, ...], tally: Tally
) -> ResultFile | None:
    rater = submission.worker_id.strip()
    if not rater:
        tally.leave(
            f"{entry}: it does not say whose answers these are (worker_id is blank).",
            sessions=1,
            items=len(submission.evals),
        )
        return None
    durations = _durations(submission)
    return ResultFile(
        entry=entry,
        rater=rater,
        question_set_id=submission.question_set_id,
        evaluations=tuple(
            _evaluation(position, evaluation, criteria, duration)
            for position, (evaluation, duration) in enumerate(
                zip(submission.evals, durations, strict=True)
            )
        ),
        started_at=moment(submission.start_time),
        ended_at=moment(submission.end_time),
    )


def _durations(submission: Submission) -> list[int | None]:
    """Milliseconds of each answer alone.

    The moments of the answers run through the whole submission, so an answer took what lies
    between it and the one before; a clock that went back leaves the time unknown. Numbers that are
    no moments are durations already.
    """
    times = [submission.start_time, *(one.time for one in submission.evals)]
    return [_between(before, after) for before, after in pairwise(times)]


def _between(before: float | None, after: float | None) -> int | None:
    if after is None or moment(after) is None:
        return milliseconds(after)
    if before is None or moment(before) is None:
        return None
    return milliseconds(after - before)


def _evaluation(
    position: int, evaluation: Evaluation, criteria: tuple[str, ...], duration: int | None
) -> ResultEvaluation:
    prompt_id, shown = evaluation.question
    answers = answers_of(evaluation.result, criteria)
    return ResultEvaluation(
        position=position,
        prompt_id=prompt_id,
        shown=tuple(ShownResponse(label, response_id) for label, response_id in shown.items()),
        answers=answers,
        reported_ms=duration,
        answered_at=moment(evaluation.time),
    )
