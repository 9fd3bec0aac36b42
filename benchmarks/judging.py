"""A judge's calls beside a bare client, and beside Inspect AI doing the same.

2,000 responses are judged, 64 calls at a time, by a stand-in that answers in 200 ms: by SLaM's
daemon on a SQLite store, each call journalled before it is sent and each reply committed; by a bare
asyncio loop with the official `openai` client that stores nothing; and by Inspect AI, whose
`model_graded_qa` makes the same single call with the same prompt for each response, on fewer of
them, since it takes long. A loop that posts with `aiohttp` and reads nothing says what the server
itself can serve. The drivers take turns, and the medians are compared.

Run with ``python -m benchmarks.judging``. The first run installs Inspect AI into an environment of
its own in a cache folder.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import openai
import psutil
from sqlmodel import select

from core.judging.making import planned_judgments
from core.providers.openai_api.requests import chat_body
from core.providers.openai_api.service import Service
from core.studies.definition import Case, Parameters, StudyDefinition
from core.studies.service import create_study
from db.engine import Database, sqlite_url
from db.migrate import migrate
from db.repositories.work import Work
from db.tables import Attempt, AttemptStatus, Run, RunStatus
from tests.building import Sandbox, quick_sandbox, request_judging, store_responses
from tests.daemon.running import daemons_on

CALLS, INSPECT_CALLS, AT_ONCE, ANSWER_MS = 2_000, 400, 64, 200
CASES, SAMPLES = 20, 10
JUDGE = "openai/gpt-4"
"""It has a price, so that money is set aside and booked with each call."""
CANDIDATES = tuple(f"ollama/bench-{number}:q4" for number in range(CALLS // CASES // SAMPLES))
PACE_A_MINUTE = 100_000
"""More than anybody here reaches, but a pace that is kept and shared all the same."""
SETTINGS = {
    "SLAM_CONCURRENT_REQUESTS": str(AT_ONCE),
    "SLAM_REQUESTS_PER_MINUTE": str(PACE_A_MINUTE),
}
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "slam" / "inspect"

Post = Callable[[dict[str, Any]], Awaitable[object]]


@dataclass(frozen=True)
class Measured:
    """One pass of one driver."""

    calls: int
    wall_s: float
    cpu_s: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.wall_s

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of the driver's CPU a call."""
        return self.cpu_s / self.calls * 1000


def make_run(database: Database, cases: int = CASES) -> Run:
    """Store a study with all its responses, and ask for their judgments."""
    definition = StudyDefinition(
        name=f"Benchmark {time.time_ns()}",
        template="Write a briefing in two sentences.\nTasks:\n{{tasks}}",
        test_cases=tuple(
            Case(f"case {n}", {"tasks": f"- Budget number {n}\n- Call the dentist"})
            for n in range(cases)
        ),
        reference=None,
        candidates=CANDIDATES,
        samples_per_case=SAMPLES,
        parameters=Parameters(temperature=0.7, max_tokens=60),
    )
    content = create_study(database, definition, "benchmark")
    store_responses(database, content)
    return _request(database, content.study.id)


def bodies_of(database: Database, run: Run) -> list[dict[str, Any]]:
    """What the run's calls will post."""
    with database.read() as session:
        row_ids = [row_id for _, row_id in Work(session).open_calls(run)]
    service = Service(address="", address_name="", clock=time.perf_counter_ns, timeout_s=1)
    planned = planned_judgments(database, run.id, row_ids)
    return [chat_body(one.request(), service) for one in planned]


def _request(database: Database, study_id: str) -> Run:
    return request_judging(database, study_id, "scorer", JUDGE, "benchmark")


def ours(database: Database, folder: Path, sandbox: Sandbox) -> Measured:
    """The run as a user starts it, from the first call's journal entry to the last one's end."""
    with daemons_on(folder, database, sandbox, SETTINGS) as daemons:
        process = psutil.Process(daemons.start().pid)
        # Its start, its imports and its connections are no part of the run.
        daemons.wait_for_end(make_run(database, cases=1))
        run = make_run(database)
        cpu_began = _cpu_s(process)
        while daemons.status(run) is not RunStatus.FINISHED:
            time.sleep(0.25)
        cpu_s = _cpu_s(process) - cpu_began
    with database.read() as session:
        made = session.exec(
            select(Attempt.sent_at, Attempt.ended_at).where(
                Attempt.run_id == run.id, Attempt.status == AttemptStatus.OK
            )
        ).all()
    assert len(made) == CALLS, daemons.printed()
    wall = max(ended for _, ended in made if ended) - min(sent for sent, _ in made)
    return Measured(CALLS, wall.total_seconds(), cpu_s)


async def bare(url: str, bodies: Sequence[dict[str, Any]]) -> Measured:
    """The official client in a loop, its answers read and forgotten."""
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:

        async def post(body: dict[str, Any]) -> object:
            answer = await client.chat.completions.create(**body)
            return json.loads(answer.choices[0].message.content or "")["score"]

        return await _timed(post, bodies)


async def ceiling(url: str, bodies: Sequence[dict[str, Any]]) -> Measured:
    """The calls and nothing else: what the server can serve at most."""
    headers = {"authorization": "Bearer any", "content-type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def post(body: dict[str, Any]) -> object:
            async with session.post(f"{url}/v1/chat/completions", json=body) as answer:
                answer.raise_for_status()
                return await answer.read()

        return await _timed(post, bodies)


async def _timed(post: Post, bodies: Sequence[dict[str, Any]]) -> Measured:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(body: dict[str, Any]) -> None:
        async with slots:
            await post(body)

    await asyncio.gather(*map(one, bodies[:AT_ONCE]))  # imports and connections, as above
    began, cpu_began = time.perf_counter(), _own_cpu_s()
    await asyncio.gather(*map(one, bodies))
    return Measured(len(bodies), time.perf_counter() - began, _own_cpu_s() - cpu_began)


PLAIN = {"ceiling": ceiling, "bare": bare}


def in_a_process_of_its_own(driver: str, url: str, bodies: Path) -> Measured:
    """One of the plain drivers, whose CPU is then all its own."""
    command = [sys.executable, "-m", "benchmarks.judging", "--driver", driver, url, str(bodies)]
    return _printed(command, CALLS)


def inspect(python: Path, url: str, bodies: Path) -> Measured:
    """Inspect AI, by its own Python."""
    script = Path(__file__).with_name("judging_inspect.py")
    command = [str(python), str(script), url, str(bodies), str(INSPECT_CALLS), str(AT_ONCE)]
    return _printed(command, INSPECT_CALLS)


def _printed(command: list[str], calls: int) -> Measured:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    wall_s, cpu_s = map(float, done.stdout.split()[-2:])
    return Measured(calls, wall_s, cpu_s)


def inspect_python() -> Path | None:
    """The Python that has Inspect AI, installed on the first run; nothing where that fails."""
    python = CACHE / "bin" / "python"
    marker = CACHE / "installed"
    if not marker.exists():
        print("Installing Inspect AI, once.")
        try:
            subprocess.run([sys.executable, "-m", "venv", CACHE], check=True, capture_output=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "inspect_ai", "openai"]
            subprocess.run(install, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"Inspect AI is left out, since it could not be installed: {error}.")
            return None
        marker.touch()
    return python


def main() -> None:
    """Measure all drivers in turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--driver", nargs=3, metavar=("NAME", "URL", "BODIES"))
    arguments = parser.parse_args()
    if arguments.driver:
        name, url, bodies = arguments.driver
        measured = asyncio.run(PLAIN[name](url, json.loads(Path(bodies).read_text())))
        print(measured.wall_s, measured.cpu_s)
        return
    python = inspect_python()
    with quick_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        _prepare(sandbox)
        found = _measure(sandbox, Path(folder), arguments.repetitions, python)
    _print(found)


def _measure(
    sandbox: Sandbox, folder: Path, repetitions: int, python: Path | None
) -> dict[str, list[Measured]]:
    database = Database(sqlite_url(folder / "slam.sqlite3"))
    migrate(database)
    bodies = folder / "bodies.json"
    with tempfile.TemporaryDirectory() as aside:
        other = Database(sqlite_url(Path(aside) / "slam.sqlite3"))
        migrate(other)
        bodies.write_text(json.dumps(bodies_of(other, make_run(other))))
        other.close()
    drivers: dict[str, Callable[[], Measured]] = {
        "what the server serves": lambda: in_a_process_of_its_own("ceiling", sandbox.url, bodies),
        "bare openai": lambda: in_a_process_of_its_own("bare", sandbox.url, bodies),
        "SLaM": lambda: ours(database, folder, sandbox),
    }
    if python is not None:
        drivers["Inspect AI"] = lambda: inspect(python, sandbox.url, bodies)
    found: dict[str, list[Measured]] = {name: [] for name in drivers}
    for _ in range(repetitions):
        for name, drive in drivers.items():
            found[name].append(drive())
            httpx.delete(f"{sandbox.url}/sandbox/requests").raise_for_status()
    database.close()
    return found


def _prepare(sandbox: Sandbox) -> None:
    sandbox.change(
        JUDGE, time_to_first_token_ms=ANSWER_MS, ms_per_token=0, jitter=0, bad_judge_rate=0
    )
    limits = {"requests_per_minute": PACE_A_MINUTE, "tokens_per_minute": PACE_A_MINUTE * 1_000}
    httpx.put(f"{sandbox.url}/sandbox/limits", json=limits).raise_for_status()


def _print(found: dict[str, list[Measured]]) -> None:
    rates = {name: statistics.median(one.rate for one in passes) for name, passes in found.items()}
    print(f"{CALLS} calls of {ANSWER_MS} ms, {AT_ONCE} at a time (Inspect AI: {INSPECT_CALLS});")
    print(f"ideal {AT_ONCE / ANSWER_MS * 1000:.0f} calls/s; medians, and the range in brackets")
    print(f"{'driver':24}{'calls/s':>22}{'CPU ms/call':>13}{'to bare':>9}{'to Inspect':>12}")
    for name, passes in found.items():
        lowest, highest = min(one.rate for one in passes), max(one.rate for one in passes)
        cpu_ms = statistics.median(one.cpu_ms for one in passes)
        rate = f"{rates[name]:.0f} ({lowest:.0f} to {highest:.0f})"
        to_bare = f"{rates[name] / rates['bare openai']:.2f}"
        inspected = rates.get("Inspect AI")
        to_inspect = f"{rates[name] / inspected:.1f}" if inspected else "-"
        print(f"{name:24}{rate:>22}{cpu_ms:>13.2f}{to_bare:>9}{to_inspect:>12}")
    print("wanted of SLaM: at least 1.00 to bare, at least 4.0 to Inspect AI; toward 270 calls/s")
    print("and 1 ms of CPU a call")


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    main()
