"""Many raters at once, while a researcher works in the studio and the daemon generates.

Each rater thinks for 5 to 10 seconds; a step is from pressing the button to the page having run.
With ``--kills`` the rating processes are killed that often in the middle, and afterwards the store
is checked: no answer that a rater saw accepted is lost, no set was handed out twice, and the
reservations are balanced to within one for every cell.

    python -m benchmarks.rating_load --raters 300
    python -m benchmarks.rating_load --raters 600 --processes 2
    python -m benchmarks.rating_load --raters 300 --kills 3 --seconds 120
    python -m benchmarks.rating_load --raters 1000
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import click
import httpx
import psutil
from sqlmodel import col, select

from benchmarks.raters import Seen, rate_until
from benchmarks.streamlit_socket import ROOT, Tab
from core.accounts import ADMIN, ensure_admin, sign_in
from core.generation.service import request_generation
from core.rating.balance import balance_of
from core.rating.campaigns import open_campaign
from core.rating.design import PLATFORMS, CampaignDesign
from core.settings import Settings
from core.studies.definition import Case, Parameters, StudyDefinition
from core.studies.service import create_study
from core.terms import UNPAID
from db.engine import Database
from db.migrate import migrate
from db.tables import CallStatus, Campaign, Item, Rating, RatingSession, Response
from tests.postgresql import free_port, running_postgresql
from ui.studio.access import COOKIE

MODELS, CASES, SAMPLES = 10, 10, 3
BLOCKS = 2
"""Items of a session in whole test cases: every model's answer to each."""
THINK_S = (5.0, 10.0)
RAMP_S = 20.0


class Server:
    """A process of ours that can be killed and started again at the same port."""

    def __init__(self, command: list[str], environment: dict[str, str], health_url: str | None):
        self.command, self.environment, self.health_url = command, environment, health_url
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            self.command,
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while self.health_url is not None and time.monotonic() < until:
            try:
                if httpx.get(self.health_url).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        return process

    def kill(self) -> None:
        """Kill it as the operating system does when memory runs out, and start it again."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = self._start()

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)


@click.command()
@click.option("--raters", default=300, show_default=True)
@click.option("--processes", default=1, show_default=True, help="Rating processes on one store.")
@click.option("--seconds", default=60.0, show_default=True, help="Measured after the ramp.")
@click.option("--kills", default=0, show_default=True, help="kill -9 of the rating processes.")
@click.option("--staff/--no-staff", default=True, help="A researcher and a generating daemon.")
@click.option("--postgresql", is_flag=True, help="On PostgreSQL instead of SQLite.")
@click.option("--admitted", type=int, help="SLAM_RATERS_PER_PROCESS, if not its default.")
def main(
    raters: int,
    processes: int,
    seconds: float,
    kills: int,
    staff: bool,
    postgresql: bool,
    admitted: int | None,
) -> None:
    """Run the load and print one row of the table in README.md."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = None
        if postgresql:
            server = stack.enter_context(running_postgresql())
            url = stack.enter_context(server.new_database())
        load = _Load(stack, home, url, admitted)
        servers = [load.rating_server() for _ in range(processes)]
        if staff:
            load.work_as_staff()
        seen = asyncio.run(load.run(servers, raters, seconds, kills))
        load.ending.set()
        load.report(servers, seen, raters, seconds, kills, staff)
        if kills:
            load.check(seen)


class _Load:
    def __init__(self, stack: ExitStack, home: Path, url: str | None, admitted: int | None) -> None:
        self.stack = stack
        self.ending = threading.Event()
        stack.callback(self.ending.set)
        self.settings = Settings(home=home, database_url=url)
        self.store = "PostgreSQL" if url else "SQLite"
        self.database = Database(self.settings.store_url)
        stack.callback(self.database.close)
        migrate(self.database)
        self.environment = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        self.environment["SLAM_HOME"] = str(home)
        if admitted is not None:
            self.environment["SLAM_RATERS_PER_PROCESS"] = str(admitted)
        if url:
            self.environment["DATABASE_URL"] = url
        self.campaign = self._open()
        self.pages = 0
        self.began = self.ended = 0.0
        self.cpu_s = 0.0

    def _open(self) -> Campaign:
        content = create_study(
            self.database,
            StudyDefinition(
                name="Load",
                template="Write a short briefing in at most four sentences.\n\n{{plans}}",
                test_cases=tuple(
                    Case(f"case {number}", {"plans": "Plan for the day\n" * (number + 3)})
                    for number in range(CASES)
                ),
                reference="openai/gpt-4",
                candidates=tuple(f"ollama/model-{number}:7b" for number in range(MODELS - 1)),
                samples_per_case=SAMPLES,
            ),
            "benchmark",
        )
        with self.database.write() as session:
            session.add_all(
                Response(
                    study_id=content.study.id,
                    prompt_template_id=content.template.id,
                    test_case_id=case.id,
                    candidate_id=candidate.id,
                    sample_index=sample,
                    status=CallStatus.OK,
                    text=f"You finished a good deal yesterday, and today's plans fit. {sample} "
                    * 6,
                )
                for case in content.test_cases
                for candidate in content.candidates
                for sample in range(SAMPLES)
            )
        return open_campaign(
            self.database,
            content.study.id,
            name="Load",
            design=CampaignDesign(
                items_per_session=MODELS * BLOCKS, overlap=500, platform=PLATFORMS["prolific"]
            ),
            actor="benchmark",
        )

    def _server(self, script: str) -> tuple[str, Server]:
        port = free_port()
        command = [
            sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port),
        ]  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        server = Server(command, self.environment, f"{url}/_stcore/health")
        self.stack.callback(server.stop)
        return url, server

    def rating_server(self) -> tuple[str, Server]:
        """A rating process, started."""
        return self._server("ui/rate/app.py")

    def work_as_staff(self) -> None:
        """A researcher who goes from page to page, and a daemon that generates all along."""
        port = free_port()
        sandbox = Server(
            [sys.executable, "-m", "sandbox", "--port", str(port)],
            self.environment,
            f"http://127.0.0.1:{port}/api/version",
        )
        self.stack.callback(sandbox.stop)
        base = f"http://127.0.0.1:{port}"
        self.environment |= {
            "OLLAMA_HOST": base, "OPENAI_BASE_URL": f"{base}/v1", "OPENAI_API_KEY": "any",
        }  # fmt: skip
        self._request_generation()
        daemon = Server([sys.executable, "-m", "daemon"], self.environment, None)
        self.stack.callback(daemon.stop)
        password = ensure_admin(self.database)
        assert password is not None
        cookie = f"{COOKIE}={sign_in(self.database, ADMIN, password)}"
        studio_url, _ = self._server("ui/studio/app.py")
        threading.Thread(target=self._research, args=(studio_url, cookie), daemon=True).start()

    def _request_generation(self) -> None:
        content = create_study(
            self.database,
            StudyDefinition(
                name="Generated meanwhile",
                template="Write a short briefing.\n\n{{plans}}",
                test_cases=tuple(
                    Case(f"case {number}", {"plans": f"Plan {number}"}) for number in range(20)
                ),
                reference=None,
                candidates=("ollama/stand-in-3b:q4",),
                samples_per_case=500,
                parameters=Parameters(max_tokens=64),
            ),
            "benchmark",
        )
        request_generation(
            self.database, self.settings, content.study.id, "benchmark", UNPAID, retry_failed=False
        )

    def _research(self, studio_url: str, cookie: str) -> None:
        names = ("monitor", "quality", "campaigns", "responses", "screening")
        while not self.ending.is_set():
            name = random.choice(names)  # noqa: S311  which page comes next needs no secrecy
            try:
                with Tab(studio_url, page_name=name, cookie=cookie):
                    self.pages += 1
            except Exception as error:  # a page that fails must not end the load
                print(f"studio page {name}: {type(error).__name__}: {error}")
            self.ending.wait(5)

    async def run(
        self, servers: list[tuple[str, Server]], raters: int, seconds: float, kills: int
    ) -> Seen:
        """Let the raters in over the ramp, and let them rate until the end."""
        seen = Seen()
        self.began = time.monotonic() + RAMP_S
        self.ended = self.began + seconds
        tasks = []
        limits = httpx.Limits(max_connections=None)
        loader = httpx.AsyncClient(timeout=60, limits=limits)
        for number in range(raters):
            url = servers[number % len(servers)][0]
            tasks.append(
                asyncio.create_task(
                    self._enter(RAMP_S * number / raters, url, seen, number, loader)
                )
            )
        killer = asyncio.create_task(self._kill(servers, seconds, kills))
        await asyncio.sleep(max(0.0, self.began - time.monotonic()))
        processes = [psutil.Process(server.process.pid) for _, server in servers]
        before = [sum(one.cpu_times()[:2]) for one in processes]
        await asyncio.sleep(max(0.0, self.ended - time.monotonic()))
        if not kills:
            after = [sum(one.cpu_times()[:2]) for one in processes]
            self.cpu_s = sum(after) - sum(before)
        await killer
        await asyncio.wait(tasks, timeout=90)
        await loader.aclose()
        return seen

    async def _enter(
        self, delay_s: float, url: str, seen: Seen, number: int, loader: httpx.AsyncClient
    ) -> None:
        await asyncio.sleep(delay_s)
        link = self.campaign.link_token
        await rate_until(url, link, seen, THINK_S, self.ended, number, loader)

    async def _kill(self, servers: list[tuple[str, Server]], seconds: float, kills: int) -> None:
        for number in range(kills):
            moment = self.began + seconds * (number + 1) / (kills + 1)
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            for _, server in servers:
                await asyncio.to_thread(server.kill)

    def report(
        self,
        servers: list[tuple[str, Server]],
        seen: Seen,
        raters: int,
        seconds: float,
        kills: int,
        staff: bool,
    ) -> None:
        """Print a row of the table."""
        steps = sorted(seen.steps_between(self.began, self.ended))
        joins = sorted(took for _, took in seen.joins)
        memory = sum(psutil.Process(server.process.pid).memory_info().rss for _, server in servers)
        cpu = f"{1000 * self.cpu_s / len(steps):.1f}" if self.cpu_s else "-"
        print(
            f"| {raters} on {len(servers)}, {self.store}"
            f"{'' if staff else ', nobody else'}{f', {kills} kills' if kills else ''} "
            f"| {len(steps) / seconds:.1f} | {_at(steps, 0.5):.0f} / {_at(steps, 0.95):.0f} "
            f"/ {_at(steps, 0.99):.0f} | {_at(joins, 0.5):.0f} / {_at(joins, 0.95):.0f} | {cpu} "
            f"| {memory / 2**20:.0f} | {sum(seen.interruptions.values())} |"
        )
        if seen.interruptions:
            print(f"  interruptions: {dict(seen.interruptions)}")
        if seen.waits:
            print(f"  asked to wait: {seen.waits} times")
        if staff:
            print(f"  studio pages opened meanwhile: {self.pages}")

    def check(self, seen: Seen) -> None:
        """What was promised to raters is in the store, once, and evenly reserved."""
        with self.database.read() as session:
            given = dict(session.exec(select(Rating.item_id, Rating.value)).all())
            sessions = session.exec(select(RatingSession)).all()
            items = session.exec(
                select(Item.session_id, Item.response_id).order_by(col(Item.session_id))
            ).all()
        lost = [one for one, value in seen.answers.items() if given.get(one) != value]
        people = Counter(one.rater_id for one in sessions)
        sets = Counter(len({r for s, r in items if s == one.id}) for one in sessions[:50])
        balance = balance_of(self.database, self.campaign.id, statuses=None)
        print(
            f"  answers accepted: {len(seen.answers)}, stored: {len(given)}, lost: {len(lost)}; "
            f"people with two sessions: {sum(times > 1 for times in people.values())}; "
            f"different responses in a session: {dict(sets)}"
        )
        print(
            f"  counters agree with the items: {balance.counters_agree}; sets: {balance.sessions}"
        )
        for one in balance.dimensions:
            print(
                f"  {one.axis.value}: {one.parts} parts, ideal {one.ideal:.2f}, "
                f"{one.least} to {one.most}, off by {one.greatest_deviation:.2f} at most"
            )


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


if __name__ == "__main__":
    main()
