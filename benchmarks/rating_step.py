"""A rating step (submit to next item sent whole) beside the same widgets without a database.

Both pages run in processes of their own under the same settings, one tab each; steps alternate, so
that whatever else the machine does hits both alike.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.streamlit_socket import Tab, running_page, summary
from core.rating.campaigns import open_campaign
from core.rating.sessions import session_token, start_session
from core.secret import signing_secret
from core.settings import Settings
from core.studies.definition import Case, StudyDefinition
from core.studies.service import create_study
from db.engine import Database, sqlite_url
from db.migrate import migrate
from db.tables import CallStatus, Response
from tests.postgresql import running_postgresql

STEPS = 200
WARM_UP = 20


def main() -> None:
    """Print both step times and their ratio, on SQLite and on PostgreSQL."""
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
    token = _prepare(home, url)
    with ExitStack() as stack:
        ours_url = stack.enter_context(running_page("ui/rate/app.py", environment))
        bare_url = stack.enter_context(running_page("benchmarks/bare_page.py", environment))
        ours = stack.enter_context(Tab(ours_url, f"session={token}"))
        bare = stack.enter_context(Tab(bare_url))
        ours_ms: list[float] = []
        bare_ms: list[float] = []
        for number in range(1, WARM_UP + STEPS + 1):
            pair = _step(ours, number), _step(bare, number)
            if number > WARM_UP:
                ours_ms.append(pair[0])
                bare_ms.append(pair[1])
    ratio = sorted(ours_ms)[STEPS // 2] / sorted(bare_ms)[STEPS // 2]
    print(f"rating step on {store}: ours {summary(ours_ms)}, bare page {summary(bare_ms)}")
    print(f"rating step on {store}: ratio of the medians {ratio:.2f} (at most 1.5 is wanted)")


def _step(tab: Tab, number: int) -> float:
    values = {
        tab.widget("score_"): ["7"],
        tab.widget("comment_"): "",
        tab.widget("submit_"): True,
    }
    begun_ms, shown_ms = tab.run(values, until=f"Response {number + 1} of")
    assert begun_ms, f"step {number} did not show the next item: {tab.texts}"
    return shown_ms


def _prepare(home: Path, url: str) -> str:
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
        database, content.study.id, name="Benchmark", items_per_session=items, actor="benchmark"
    )
    session_id = start_session(database, campaign.link_token, "benchmark", {})
    database.close()
    return session_token(session_id, signing_secret(Settings(home=home)))


if __name__ == "__main__":
    main()
