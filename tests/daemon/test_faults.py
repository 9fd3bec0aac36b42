"""Daemons that are killed at random moments lose nothing, repeat little, and hold their limits.

``make faults`` runs the same in full: 50 kills on each database, and ten seconds of pace.
"""

import os
import random
import time
from datetime import datetime

import httpx
import pytest
from sqlmodel import Session, col, func, select

from db.engine import Database
from db.tables import Attempt, AttemptStatus, CallStatus, Response, Run, RunStatus
from tests.building import Sandbox, make_study, request_generation, stored
from tests.daemon.running import CONCURRENCY, Daemons, made_among, wait_until

FULL = bool(os.environ.get("SLAM_FAULTS_IN_FULL"))
KILLS = 50 if FULL else 3
MODELS, CASES, SAMPLES = (29, 10, 10) if FULL else (3, 10, 4)
ANSWER_MS = 50 if FULL else 80
PACED_CALLS = 240 if FULL else 80
A_SECOND = 20
LONG_S = 1500.0 if FULL else 90.0


def hosted_models(sandbox: Sandbox) -> list[str]:
    """Models of the size of the study, each as quick as the others."""
    names = [f"ollama/hosted-{number:02}:q4" for number in range(MODELS)]
    for name in names:
        sandbox.change(name, time_to_first_token_ms=ANSWER_MS, ms_per_token=0, jitter=0, load_ms=0)
    return names


def attempts_of(session: Session, run: Run, status: AttemptStatus) -> int:
    query = select(func.count()).where(Attempt.run_id == run.id, Attempt.status == status)
    return session.exec(query).one()


@pytest.fixture
def daemons(daemons: Daemons) -> Daemons:
    """Daemons that keep several calls in flight at Ollama, and warm nothing up."""
    daemons.settings = {
        "SLAM_CONCURRENT_REQUESTS_OLLAMA": str(CONCURRENCY),
        "SLAM_WARM_UP_REQUESTS": "0",
        "SLAM_REQUESTS_PER_MINUTE": str(A_SECOND * 60),
    }
    return daemons


def test_kill_9_at_random_moments_loses_nothing_and_repeats_only_what_was_in_flight(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    chance = random.Random(29)
    content = make_study(
        database, candidates=hosted_models(sandbox), reference=None, cases=CASES, samples=SAMPLES
    )
    run = request_generation(database, content.study.id)
    calls = MODELS * CASES * SAMPLES
    kept: dict[str, tuple[str | None, object]] = {}
    kills = 0
    while kills < KILLS and daemons.status(run) is not RunStatus.FINISHED:
        process = daemons.start()
        # Between nothing at all and a good part of what is left, so that every phase is hit.
        aim = len(kept) + chance.randrange(0, max(1, 2 * (calls - len(kept)) // (KILLS - kills)))
        _wait_until_made(database, daemons, content.study.id, min(aim, calls - 1))
        time.sleep(chance.random() * ANSWER_MS / 1000)
        daemons.kill(process)
        kills += 1
        made = made_among(stored(database, content))
        assert kept.items() <= made.items(), "what was stored is there, word for word"
        kept = made
    daemons.start()
    wait_until(lambda: daemons.status(run) is RunStatus.FINISHED, daemons.printed, LONG_S)

    rows = stored(database, content)
    assert kills == KILLS
    assert len(rows) == len(
        {(row.candidate_id, row.test_case_id, row.sample_index) for row in rows}
    )
    assert {row.status for row in rows} == {CallStatus.OK}
    assert len(rows) == calls
    assert kept.items() <= made_among(rows).items()
    with database.read() as session:
        answered = attempts_of(session, run, AttemptStatus.OK)
        in_doubt = attempts_of(session, run, AttemptStatus.IN_DOUBT)
        assert attempts_of(session, run, AttemptStatus.SENT) == 0
    assert answered == calls
    assert in_doubt <= CONCURRENCY * kills
    assert sandbox.calls() - calls <= in_doubt, "each repeated call is known as in doubt"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_daemons_one_is_killed_and_the_other_takes_its_work_up_within_15_seconds(
    database: Database, daemons: Daemons, sandbox: Sandbox
) -> None:
    models = [f"openai/hosted-{number}" for number in range(2)]
    for model in models:
        sandbox.change(model, time_to_first_token_ms=150, ms_per_token=0, jitter=0)
    daemons.settings = {"SLAM_REQUESTS_PER_MINUTE": "60000"}
    killed, _ = daemons.start("one"), daemons.start("two")
    content = make_study(database, candidates=models, reference=None, cases=10, samples=15)
    run = request_generation(database, content.study.id)
    wait_until(lambda: _count(database, content.study.id) > 40, daemons.printed)
    daemons.kill(killed)
    killed_at = time.monotonic()
    kept = daemons.made(content)
    with database.read() as session:
        open_rows = set(
            session.exec(
                select(Attempt.response_id).where(
                    Attempt.run_id == run.id, Attempt.status == AttemptStatus.SENT
                )
            ).all()
        )
    # What the dead one was at stays "sent" until the other makes it, so these rows tell.
    wait_until(lambda: _all_made(database, open_rows), daemons.printed, 20)
    assert time.monotonic() - killed_at < 15
    daemons.wait_for_end(run)
    assert len(daemons.made(content)) == 300
    assert kept.items() <= daemons.made(content).items()
    assert "took over the work of one" in daemons.printed()
    with database.read() as session:
        in_doubt = attempts_of(session, run, AttemptStatus.IN_DOUBT)
    assert sandbox.calls() - 300 <= in_doubt <= CONCURRENCY


@pytest.mark.parametrize("number_of_daemons", [1, 2])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_twenty_requests_a_second_are_held_by_one_daemon_and_by_two(
    database: Database, daemons: Daemons, sandbox: Sandbox, number_of_daemons: int
) -> None:
    model = "openai/paced"
    sandbox.change(model, time_to_first_token_ms=20, ms_per_token=0, jitter=0)
    for number in range(number_of_daemons):
        daemons.start(f"daemon {number}")
    content = make_study(
        database, candidates=[model], reference=None, cases=10, samples=PACED_CALLS // 10
    )
    run = request_generation(database, content.study.id)
    wait_until(lambda: daemons.status(run) is RunStatus.FINISHED, daemons.printed, LONG_S)

    listed = httpx.get(
        f"{sandbox.url}/sandbox/requests", params={"path": "/v1/chat/completions"}
    ).json()["requests"]
    times = sorted(datetime.fromisoformat(entry["at"]).timestamp() for entry in listed)
    assert len(times) == PACED_CALLS
    window_s = min(10.0, PACED_CALLS / A_SECOND - 1)
    for number, first in enumerate(times):
        within = sum(first <= moment < first + window_s for moment in times[number:])
        assert within <= A_SECOND * window_s * 1.1
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert rate == pytest.approx(A_SECOND, rel=0.1)


def _wait_until_made(database: Database, daemons: Daemons, study_id: str, count: int) -> None:
    wait_until(lambda: _count(database, study_id) >= count, daemons.printed)


def _count(database: Database, study_id: str) -> int:
    with database.read() as session:
        made = select(func.count()).where(
            Response.study_id == study_id, Response.status == CallStatus.OK
        )
        return session.exec(made).one()


def _all_made(database: Database, row_ids: set[str | None]) -> bool:
    with database.read() as session:
        left = select(func.count()).where(
            col(Response.id).in_(row_ids), Response.status != CallStatus.OK
        )
        return session.exec(left).one() == 0
