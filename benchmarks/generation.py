"""A whole generation run beside a bare asyncio client that makes the same calls.

29 models x 10 test cases x 10 samples against the stand-in server, 50 ms a call, 8 at a time: the
wall time of the run as a ratio to the ideal, the CPU time that the daemon takes for a call beyond
what the bare client takes, and how its memory grows. The server is set so that a lone call of the
bare client takes 50 ms as that client sees it. The ideal knows nothing of the half empty 13th round
of each model's 100 calls, nor of what 8 calls and a server on 2 cores take from each other.
Run with ``python -m benchmarks.generation``; ``--postgresql`` does the same on PostgreSQL.
"""

import argparse
import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ollama
import psutil
from sqlmodel import Session, func, select

from core.studies.definition import Case, Parameters, StudyDefinition
from core.studies.service import create_study
from core.studies.template import render
from db.engine import Database, sqlite_url
from db.migrate import migrate
from db.tables import CallStatus, Response, Run, RunStatus
from tests.building import Sandbox, quick_sandbox, request_generation
from tests.daemon.running import daemons_on
from tests.postgresql import running_postgresql

MODELS, CASES, SAMPLES, AT_ONCE, ANSWER_MS = 29, 10, 10, 8, 50
CALLS = MODELS * CASES * SAMPLES
IDEAL_S = CALLS * ANSWER_MS / 1000 / AT_ONCE
TEMPLATE = "Write a briefing in two sentences.\nTasks:\n{{tasks}}"
TASKS = [f"- Budget number {number}\n- Call the dentist" for number in range(CASES)]
NAMES = [f"bench-{number:02}:q4" for number in range(MODELS)]
PARAMETERS = Parameters(temperature=0.7, max_tokens=8)
SETTINGS = {
    "SLAM_CONCURRENT_REQUESTS_OLLAMA": str(AT_ONCE),
    "SLAM_WARM_UP_REQUESTS": "0",
}


@dataclass(frozen=True)
class Measured:
    """One whole pass: seconds, CPU seconds of the process that called, and its memory."""

    wall_s: float
    cpu_s: float
    first_quarter_mb: float = 0.0
    last_quarter_mb: float = 0.0


async def bare(host: str) -> Measured:
    """The same calls with the official client and a semaphore, keeping every text in memory."""
    client = ollama.AsyncClient(host=host)
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, prompt: str) -> str:
        async with slots:
            return await _call(client, name, prompt)

    began, cpu_began = time.perf_counter(), _own_cpu_s()
    for name in NAMES:
        # One model after the other, as one GPU has to do it.
        prompts = [render(TEMPLATE, {"tasks": tasks}) for tasks in TASKS] * SAMPLES
        await asyncio.gather(*(one(name, prompt) for prompt in prompts))
    return Measured(time.perf_counter() - began, _own_cpu_s() - cpu_began)


def ours(folder: Path, database: Database, sandbox: Sandbox) -> Measured:
    """The run as a user starts it: the page's request, then a daemon that does the work."""
    definition = StudyDefinition(
        name="Benchmark",
        template=TEMPLATE,
        test_cases=tuple(Case(tasks[:17], {"tasks": tasks}) for tasks in TASKS),
        reference=None,
        candidates=tuple(f"ollama/{name}" for name in NAMES),
        samples_per_case=SAMPLES,
        parameters=PARAMETERS,
    )
    study = create_study(database, definition, "benchmark").study
    with daemons_on(folder, database, sandbox, SETTINGS) as daemons:
        process = psutil.Process(daemons.start().pid)
        time.sleep(2)  # its start is no part of the run
        cpu_began = _cpu_s(process)
        began = time.perf_counter()
        run = request_generation(database, study.id, "benchmark")
        memory: list[float] = []
        while daemons.status(run) is not RunStatus.FINISHED:
            memory.append(process.memory_info().rss / 1e6)
            time.sleep(0.25)
        wall_s = time.perf_counter() - began
        cpu_s = _cpu_s(process) - cpu_began
        with database.read() as session:
            assert _made(session, run) == CALLS
    quarter = len(memory) // 4
    return Measured(wall_s, cpu_s, _mean(memory[quarter : 2 * quarter]), _mean(memory[-quarter:]))


def main() -> None:
    """Measure both, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--bare", metavar="HOST", help="only the bare client; prints two numbers")
    arguments = parser.parse_args()
    if arguments.bare:
        measured = asyncio.run(bare(arguments.bare))
        print(measured.wall_s, measured.cpu_s)
        return
    with quick_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        _make_models(sandbox, 0)
        _make_models(sandbox, ANSWER_MS - asyncio.run(_lone_call_ms(sandbox.url)))
        plain = _bare_in_a_process_of_its_own(sandbox)
        with _store(Path(folder), arguments.postgresql) as database:
            run = ours(Path(folder), database, sandbox)
    _print(plain, run)


def _print(plain: Measured, run: Measured) -> None:
    overhead_ms = (run.cpu_s - plain.cpu_s) / CALLS * 1000
    print(f"{CALLS} calls of {ANSWER_MS} ms, {AT_ONCE} at a time; ideal {IDEAL_S:.1f} s")
    print(f"bare client: {plain.wall_s:.1f} s, {plain.cpu_s / CALLS * 1000:.2f} ms of CPU a call")
    print(f"SLaM's run:  {run.wall_s:.1f} s, {run.cpu_s / CALLS * 1000:.2f} ms of CPU a call")
    print(f"ratio to the ideal: {run.wall_s / IDEAL_S:.3f} (at most 1.15)")
    print(f"ratio to the bare client: {run.wall_s / plain.wall_s:.3f}")
    print(f"overhead: {overhead_ms:.2f} ms of CPU a call (under 4)")
    growth = run.last_quarter_mb - run.first_quarter_mb
    print(f"memory: {run.last_quarter_mb:.0f} MB, {growth:+.1f} MB from second to last quarter")


def _make_models(sandbox: Sandbox, time_to_first_token_ms: float) -> None:
    for name in NAMES:
        sandbox.change(
            f"ollama/{name}",
            time_to_first_token_ms=time_to_first_token_ms, ms_per_token=0, jitter=0, load_ms=0,
        )  # fmt: skip


async def _lone_call_ms(host: str) -> float:
    """What a call takes of a model that answers at once."""
    client = ollama.AsyncClient(host=host)
    times = []
    for _ in range(50):
        began = time.perf_counter()
        await _call(client, NAMES[0], TEMPLATE)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def _call(client: ollama.AsyncClient, name: str, prompt: str) -> str:
    options = {"temperature": PARAMETERS.temperature, "num_predict": PARAMETERS.max_tokens}
    message = {"role": "user", "content": prompt}
    stream = await client.chat(name, [message], stream=True, options=options)
    return "".join([chunk.message.content or "" async for chunk in stream])


def _bare_in_a_process_of_its_own(sandbox: Sandbox) -> Measured:
    command = [sys.executable, "-m", "benchmarks.generation", "--bare", sandbox.url]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wall_s, cpu_s = map(float, printed.split())
    return Measured(wall_s, cpu_s)


@contextmanager
def _store(folder: Path, postgresql: bool) -> Iterator[Database]:
    if not postgresql:
        database = Database(sqlite_url(folder / "slam.sqlite3"))
        migrate(database)
        yield database
        database.close()
        return
    with running_postgresql() as server, server.new_database() as url:
        database = Database(url)
        migrate(database)
        yield database
        database.close()


def _made(session: Session, run: Run) -> int:
    made = select(func.count()).where(Response.run_id == run.id, Response.status == CallStatus.OK)
    return session.exec(made).one()


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


if __name__ == "__main__":
    main()
