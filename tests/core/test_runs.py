"""Runs: their progress, cancelling them, and whether a daemon is there to make them."""

from datetime import timedelta

import pytest

from core.errors import NotFoundError
from core.runs import SILENT_AFTER, cancel_run, daemon_is_alive, newest_progress
from db.engine import Database
from db.repositories import heartbeats
from db.tables import Audit, CallStatus, Heartbeat, Response, Run, RunKind, RunStatus
from db.types import utc_now
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    end,
    make_study,
    request_generation,
    request_judging,
    rows_of,
    store_responses,
    stored,
)


def test_without_a_run_there_is_no_progress(database: Database) -> None:
    content = make_study(database)
    assert newest_progress(database, content.study.id, RunKind.GENERATION) is None


def test_progress_counts_what_ended_and_tells_the_time_left(database: Database) -> None:
    content = make_study(database)
    run = request_generation(database, content.study.id, ACTOR)
    now = utc_now()
    statuses = [CallStatus.OK, CallStatus.OK, CallStatus.FAILED]
    with database.write() as session:
        row = session.get_one(Run, run.id)
        row.status, row.started_at = RunStatus.RUNNING, now - timedelta(minutes=1)
        session.add(row)
        for response, status in zip(stored(database, content), statuses, strict=False):
            response.status = status
            session.add(session.merge(response))
    progress = newest_progress(database, content.study.id, RunKind.GENERATION, now=now)
    assert progress is not None
    assert progress.is_active
    assert (progress.done, progress.counts.planned, progress.counts.failed) == (3, 3, 1)
    assert progress.calls_per_minute == pytest.approx(3)
    assert progress.time_left == timedelta(minutes=1)


def test_a_queued_run_has_no_speed_yet(database: Database) -> None:
    content = make_study(database)
    request_generation(database, content.study.id, ACTOR)
    progress = newest_progress(database, content.study.id, RunKind.GENERATION)
    assert progress is not None
    assert (progress.calls_per_minute, progress.time_left, progress.done) == (None, None, 0)


def test_the_progress_of_one_judge_is_not_that_of_another(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    first = request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    second = request_judging(database, content.study.id, "scorer", MEDIUM, ACTOR)
    for run in (first, second):
        progress = newest_progress(
            database, content.study.id, RunKind.JUDGING, judge_id=run.judge_id
        )
        assert progress is not None
        assert progress.run.id == run.id


def test_cancelling_is_asked_for_once_and_written_down(database: Database) -> None:
    content = make_study(database)
    run = request_generation(database, content.study.id, ACTOR)
    cancel_run(database, run.id, "somebody")
    with database.read() as session:
        asked = session.get_one(Run, run.id).cancel_requested_at
        audits = [(row.actor, row.action) for row in rows_of(session, Audit)]
    assert asked is not None
    assert ("somebody", "cancel") in audits
    with pytest.raises(NotFoundError, match="no run 'nowhere'"):
        cancel_run(database, "nowhere", ACTOR)


def test_cancelling_a_run_that_ended_changes_nothing(database: Database) -> None:
    content = make_study(database)
    run = request_generation(database, content.study.id, ACTOR)
    end(database, run)
    cancel_run(database, run.id, ACTOR)
    with database.read() as session:
        assert session.get_one(Run, run.id).cancel_requested_at is None
        assert {row.status for row in rows_of(session, Response)} == {CallStatus.PLANNED}


def test_a_daemon_is_alive_until_it_has_been_silent_for_a_while(database: Database) -> None:
    assert not daemon_is_alive(database)
    with database.write() as session:
        heartbeats.beat(session, "one", "1")
    assert daemon_is_alive(database)
    assert not daemon_is_alive(database, utc_now() + SILENT_AFTER)


def test_only_daemons_that_fell_silent_are_reported_and_forgotten(database: Database) -> None:
    with database.write() as session:
        old = Heartbeat(executor_id="old", version="1", beat_at=utc_now() - timedelta(minutes=1))
        session.add(old)
        heartbeats.beat(session, "young", "1")
    with database.write() as session:
        silent = heartbeats.silent_since(session, utc_now() - timedelta(seconds=8))
        assert list(silent) == ["old"]
        heartbeats.forget(session, "old")
        heartbeats.forget(session, "never heard of")
    with database.read() as session:
        assert [row.executor_id for row in rows_of(session, Heartbeat)] == ["young"]
