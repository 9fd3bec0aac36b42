"""Real daemons at work: runs are made, cancelled, and survive kills, stops and outages."""

import json
import signal
import time

import pytest

from core.generation import service
from core.runs import cancel_run, daemon_is_alive, newest_progress
from core.settings import load_settings
from db.engine import Database
from db.tables import Attempt, AttemptStatus, CallStatus, Judgment, Run, RunKind, RunStatus
from tests.building import (
    ABSENT,
    ACTOR,
    REFERENCE,
    SETTINGS,
    SMALL,
    Sandbox,
    agreed,
    attempts_at,
    keys_of,
    make_study,
    request_generation,
    request_judging,
    rows_of,
    stored,
)
from tests.daemon.running import CONCURRENCY, Daemons, made_among, wait_until


def test_a_requested_run_is_made_and_judged_and_finishes(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, candidates=[SMALL, ABSENT], cases=3)
    generation = request_generation(database, content.study.id, ACTOR)
    assert not daemon_is_alive(database)
    daemons.start()
    daemons.wait_for_end(generation)

    assert daemon_is_alive(database)
    progress = newest_progress(database, content.study.id, RunKind.GENERATION)
    assert progress is not None
    assert (progress.counts.ok, progress.counts.failed, progress.is_active) == (6, 3, False)
    assert progress.run.started_at is not None
    assert progress.run.ended_at is not None

    judging = request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    daemons.wait_for_end(judging)
    with database.read() as session:
        judgments = rows_of(session, Judgment)
    assert [row.status for row in judgments] == [CallStatus.OK] * 6
    assert daemons.printed() == "slam.daemon: ready\n", "requests are no news for a terminal"


def test_cancelling_stops_a_run_at_once_and_a_later_request_makes_the_rest(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, time_to_first_token_ms=400)
    content = make_study(database, candidates=[REFERENCE], reference=None, cases=60)
    daemons.start()
    first = request_generation(database, content.study.id, ACTOR)
    daemons.wait_until_made(content, 3)

    cancel_run(database, first.id, ACTOR)
    wait_until(lambda: daemons.status(first) is RunStatus.CANCELLED, daemons.printed, patience_s=5)
    wait_until(lambda: _is_quiet(sandbox), daemons.printed, patience_s=5)
    kept = daemons.made(content)
    assert 3 <= len(kept) < 60
    with database.read() as session:
        left = {one.status for one in rows_of(session, Attempt)}
    assert AttemptStatus.SENT not in left, "calls that were broken off are shown as in doubt"

    sandbox.change(REFERENCE, time_to_first_token_ms=5)
    second = request_generation(database, content.study.id, ACTOR)
    assert second.planned_calls == 60 - len(kept)
    daemons.wait_for_end(second)
    made = daemons.made(content)
    assert len(made) == 60
    assert kept.items() <= made.items()
    assert daemons.status(first) is RunStatus.CANCELLED


def test_a_daemon_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, time_to_first_token_ms=150)
    content = make_study(database, candidates=[REFERENCE], reference=None, cases=20, samples=2)
    process = daemons.start()
    run = request_generation(database, content.study.id, ACTOR)
    daemons.wait_until_made(content, 12)
    daemons.kill(process)
    committed = daemons.made(content)
    assert 12 <= len(committed) < 40

    daemons.start()
    daemons.wait_for_end(run)

    rows = stored(database, content)
    made = made_among(rows)
    assert len(made) == 40
    assert committed.items() <= made.items()
    assert sorted((row.candidate_id, row.test_case_id, row.sample_index) for row in rows) == sorted(
        keys_of(content)
    )
    attempts = [one for row in rows for one in attempts_at(database, response_id=row.id)]
    in_doubt = [one for one in attempts if one.status is AttemptStatus.IN_DOUBT]
    assert sandbox.calls() - 40 <= CONCURRENCY
    assert len(in_doubt) <= CONCURRENCY
    assert sum(one.status is AttemptStatus.OK for one in attempts) == 40
    assert len(attempts) == 40 + len(in_doubt)


def test_a_daemon_that_is_told_to_stop_exits_cleanly_and_the_next_one_goes_on(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, time_to_first_token_ms=300)
    content = make_study(database, candidates=[REFERENCE], reference=None, cases=40)
    process = daemons.start()
    run = request_generation(database, content.study.id, ACTOR)
    daemons.wait_until_made(content, 3)

    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    committed = daemons.made(content)
    assert len(committed) < 40

    sandbox.change(REFERENCE, time_to_first_token_ms=5)
    daemons.start()
    daemons.wait_for_end(run)
    made = daemons.made(content)
    assert len(made) == 40
    assert committed.items() <= made.items()
    assert "Traceback" not in daemons.printed()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ticks_that_are_left_out_are_no_news(database: Database, daemons: Daemons) -> None:
    process = daemons.start()
    with database.write() as session:
        session.connection()  # begins the transaction
        time.sleep(5)  # the heartbeat waits for its turn, and its next ticks come meanwhile
    time.sleep(1)
    assert process.poll() is None
    assert daemons.printed() == "slam.daemon: ready\n"


# An outage is between the daemon and the model; which database there is makes no difference.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_outage_in_the_middle_is_waited_for(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, time_to_first_token_ms=100)
    content = make_study(database, candidates=[REFERENCE], reference=None, cases=24)
    daemons.start()
    run = request_generation(database, content.study.id, ACTOR)
    daemons.wait_until_made(content, 4)
    sandbox.arm(outage={"seconds": 2})
    daemons.wait_for_end(run)

    rows = stored(database, content)
    assert {row.status for row in rows} == {CallStatus.OK}
    attempts = [one for row in rows for one in attempts_at(database, response_id=row.id)]
    struck = [one for one in attempts if one.status is AttemptStatus.FAILED]
    assert struck
    assert {(one.http_status, one.error_kind) for one in struck} == {(503, "unavailable")}


def _is_quiet(sandbox: Sandbox) -> bool:
    before = sandbox.calls()
    time.sleep(1)
    return sandbox.calls() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_budget_stops_new_calls_and_keeps_the_answers_that_were_under_way(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    model = "openai/gpt-4"
    sandbox.change(model, time_to_first_token_ms=1500, ms_per_token=0)
    content = make_study(database, candidates=[model], reference=None, cases=20)
    run = service.request_generation(
        database, SETTINGS, content.study.id, ACTOR, agreed(budget_usd=0.0115)
    )
    daemons.start()
    daemons.wait_for_end(run, RunStatus.CANCELLED)
    with database.read() as session:
        attempts = rows_of(session, Attempt)
        after = session.get_one(Run, run.id)
    assert {one.status for one in attempts} == {AttemptStatus.OK}
    assert len(daemons.made(content)) == len(attempts) > 0
    assert after.stop_reason is not None
    assert after.spent_usd <= 0.0115
    assert after.reserved_usd == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_for_a_provider_that_is_gone_ends_and_says_why(
    database: Database, daemons: Daemons, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = {"base_url": "http://127.0.0.1:9/v1", "paid": False}
    monkeypatch.setenv("SLAM_SERVERS", json.dumps({"gone": server}))
    content = make_study(database, candidates=["gone/model"], reference=None, cases=2)
    run = service.request_generation(database, load_settings(), content.study.id, ACTOR)
    daemons.settings = {"SLAM_SERVERS": ""}
    daemons.start()
    daemons.wait_for_end(run)
    for row in stored(database, content):
        assert row.status is CallStatus.FAILED
        assert "names no known provider" in (row.error_message or "")
