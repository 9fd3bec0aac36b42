"""A rating step (submit to next item sent whole) beside the same component without a database.

Both pages run in processes of their own under the same settings, one tab each; steps alternate, so
that whatever else the machine does hits both alike. Processor time is the process's own.
"""

import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.streamlit_socket import Served, Tab, serving, summary
from core.rating.campaigns import open_campaign
from core.rating.design import CampaignDesign
from core.rating.entrance import start_session
from core.rating.sessions import session_token
from core.secret import signing_secret
from core.settings import Settings
from core.studies.definition import Case, StudyDefinition
from core.studies.service import create_study
from db.engine import Database, sqlite_url
from db.migrate import migrate
from db.tables import CallStatus, Response
from tests.postgresql import running_postgresql

STEPS = 400
WARM_UP = 40


@dataclass
class Measured:
    """A page under measurement, with one tab on it."""

    served: Served
    tab: Tab
    steps_ms: list[float] = field(default_factory=list)
    cpu_at_start_s: float = 0.0

    def step(self) -> None:
        """Answer the item and see the next one."""
        item_id = self.tab.item_id
        self.steps_ms.append(self.tab.give_answer({"quality": 7}))
        assert self.tab.item_id not in (None, item_id), self.tab.component_data

    def begin(self) -> None:
        """Forget the warm-up."""
        self.steps_ms.clear()
        self.cpu_at_start_s = self.served.cpu_s()

    @property
    def cpu_ms_a_step(self) -> float:
        """Milliseconds of the server's processor time for one step."""
        return (self.served.cpu_s() - self.cpu_at_start_s) * 1000 / len(self.steps_ms)

    @property
    def median_ms(self) -> float:
        """The median step."""
        return sorted(self.steps_ms)[len(self.steps_ms) // 2]


def main() -> None:
    """Print both pages' step and processor times and the ratios, on SQLite and on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        _compare("SQLite", Path(folder), sqlite_url(Path(folder) / "slam.sqlite3"))
    with (
        tempfile.TemporaryDirectory() as folder,
        running_postgresql() as server,
        server.new_database() as url,
    ):
        _compare("PostgreSQL", Path(folder), url)


def _compare(store: str, home: Path, url: str) -> None:
    environment = os.environ | {"SLAM_HOME": str(home), "DATABASE_URL": url}
    token = prepare(home, url)
    with ExitStack() as stack:
        ours_served = stack.enter_context(serving("ui/rate/app.py", environment))
        bare_served = stack.enter_context(serving("benchmarks/bare_page.py", environment))
        query = f"session={token}"
        ours = Measured(ours_served, stack.enter_context(Tab(ours_served.url, query)))
        bare = Measured(bare_served, stack.enter_context(Tab(bare_served.url)))
        for number in range(WARM_UP + STEPS):
            if number == WARM_UP:
                ours.begin()
                bare.begin()
            ours.step()
            bare.step()
        _report(store, ours, bare)


def _report(store: str, ours: Measured, bare: Measured) -> None:
    for name, page in (("ours", ours), ("bare page", bare)):
        cpu = f"{page.cpu_ms_a_step:.2f} ms of CPU a step"
        print(f"rating step on {store}: {name} {summary(page.steps_ms)}, {cpu}")
    cpu_ratio = ours.cpu_ms_a_step / bare.cpu_ms_a_step
    print(
        f"rating step on {store}: ratio of the medians {ours.median_ms / bare.median_ms:.2f}, "
        f"of the server's CPU {cpu_ratio:.2f} (at most 1.5 is wanted)"
    )


def prepare(home: Path, url: str) -> str:
    """A campaign whose one session is longer than the measurement; gives its token."""
    database = Database(url)
    migrate(database)
    items = WARM_UP + STEPS + 10
    content = create_study(
        database,
        StudyDefinition(
            name="Benchmark",
            template="Write a short briefing in at most four sentences.\n\n{{plans}}",
            test_cases=(Case("one", {"plans": "Plan for the day\n" * 12}),),
            reference=None,
            candidates=("ollama/one:7b",),
            samples_per_case=items,
        ),
        "benchmark",
    )
    with database.write() as session:
        for index in range(items):
            session.add(
                Response(
                    study_id=content.study.id,
                    prompt_template_id=content.template.id,
                    test_case_id=content.test_cases[0].id,
                    candidate_id=content.candidates[0].id,
                    sample_index=index,
                    status=CallStatus.OK,
                    text="You finished a good deal yesterday, and today's plans fit. " * 6,
                )
            )
    campaign = open_campaign(
        database,
        content.study.id,
        name="Benchmark",
        design=CampaignDesign(items_per_session=items),
        actor="benchmark",
    )
    session_id = start_session(database, campaign.link_token, "benchmark", {})
    database.close()
    return session_token(session_id, signing_secret(Settings(home=home)))


if __name__ == "__main__":
    main()
