"""The page of a study's 10,000 responses beside the same widgets with constant values.

Measured from asking for the page until all of it was sent, while a run goes on and when nothing
does; what a page draws anew every second during a run is less than that. Ours and the bare page
alternate, so that whatever else the machine does hits both alike.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from benchmarks.streamlit_socket import Tab, running_page
from core.accounts import ADMIN, ensure_admin, sign_in
from core.settings import Settings
from core.studies.definition import Case, StudyDefinition
from core.studies.service import create_study
from db.engine import Database
from db.migrate import migrate
from db.repositories.studies import VersionContent
from db.tables import Attempt, AttemptStatus, CallStatus, Response, Run, RunKind, RunStatus
from db.types import utc_now
from ui.studio.access import COOKIE

MODELS, CASES, SAMPLES = 10, 10, 100
PLANNED, FAILED = 500, 500
CAUSES = ("The model answered with nothing.", "The server answered 400.", "The stream was cut.")
WANTED_MS = 300
DRAWS, WARM_UP = 40, 5


def main() -> None:
    """Print how long the page takes to draw, with and without a run going on."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        settings = Settings(home=Path(folder))
        database = Database(settings.store_url)
        stack.callback(database.close)
        migrate(database)
        password = ensure_admin(database)
        assert password is not None
        cookie = f"{COOKIE}={sign_in(database, ADMIN, password)}"
        run_id = _fill(database)
        environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        environment |= {"SLAM_HOME": folder}
        studio_url = stack.enter_context(running_page("ui/studio/app.py", environment))
        bare_url = stack.enter_context(
            running_page("benchmarks/bare_progress_page.py", environment)
        )
        _compare(
            "while a run goes on",
            "The run is going on",
            stack.enter_context(Tab(studio_url, page_name="responses", cookie=cookie)),
            stack.enter_context(Tab(bare_url, "state=running")),
        )
        _finish(database, run_id)
        _compare(
            "when idle",
            "The run was cancelled",
            stack.enter_context(Tab(studio_url, page_name="responses", cookie=cookie)),
            stack.enter_context(Tab(bare_url, "state=idle")),
        )


def _compare(state: str, sign: str, ours: Tab, bare: Tab) -> None:
    assert any(text.startswith(sign) for text in ours.texts), ours.texts
    pairs = [[tab.run({})[1] for tab in (ours, bare)] for _ in range(WARM_UP + DRAWS)][WARM_UP:]
    ours_ms, bare_ms = (sorted(one) for one in zip(*pairs, strict=True))
    ratio = ours_ms[DRAWS // 2] / bare_ms[DRAWS // 2]
    print(
        f"progress page of 10,000 responses {state}: ours {_figures(ours_ms)} "
        f"(under {WANTED_MS} ms is wanted), bare page {_figures(bare_ms)}, "
        f"ratio of the medians {ratio:.2f}"
    )


def _figures(ordered_ms: list[float]) -> str:
    return f"{ordered_ms[len(ordered_ms) // 2]:.0f} ms, at worst {ordered_ms[-1]:.0f} ms"


def _fill(database: Database) -> str:
    """Store the study and its run, most of which is done; gives the run's id."""
    content = create_study(database, _definition(), "benchmark")
    now = utc_now()
    run = Run(
        kind=RunKind.GENERATION,
        study_version_id=content.version.id,
        planned_calls=MODELS * CASES * SAMPLES,
        status=RunStatus.RUNNING,
        requested_by="benchmark",
        budget_usd=100.0,
        dispatched_at=now,
        started_at=now - timedelta(hours=1),
    )
    with database.write() as session:
        session.add(run)
        session.flush()
        rows = list(_responses(content, run.id))
        session.add_all(rows)
        session.flush()
        models = {one.id: one.model for one in content.candidates}
        for row in rows:
            session.add_all(_attempts(row, models[row.candidate_id]))
    return run.id


def _definition() -> StudyDefinition:
    return StudyDefinition(
        name="Benchmark",
        template="Write a short briefing in at most four sentences.\n\n{{plans}}",
        test_cases=tuple(
            Case(f"case {number}", {"plans": "Plan for the day\n" * (number + 3)})
            for number in range(CASES)
        ),
        reference="openai/gpt-4",
        candidates=tuple(f"ollama/model-{number}:7b" for number in range(MODELS - 1)),
        samples_per_case=SAMPLES,
    )


def _responses(content: VersionContent, run_id: str) -> Iterable[Response]:
    number = 0
    for sample_index in range(SAMPLES):
        for case in content.test_cases:
            for candidate in content.candidates:
                yield _response(number, content, run_id, candidate.id, case.id, sample_index)
                number += 1


def _response(
    number: int,
    content: VersionContent,
    run_id: str,
    candidate_id: str,
    case_id: str,
    sample_index: int,
) -> Response:
    row = Response(
        study_id=content.study.id,
        prompt_template_id=content.template.id,
        candidate_id=candidate_id,
        test_case_id=case_id,
        sample_index=sample_index,
        run_id=run_id,
        status=CallStatus.PLANNED,
    )
    if number < FAILED:
        row.status = CallStatus.FAILED
        row.error_kind, row.error_message = "bad_reply", CAUSES[number % len(CAUSES)]
    elif number < MODELS * CASES * SAMPLES - PLANNED:
        row.status = CallStatus.OK
        row.text = f"{number}: you finished a good deal yesterday, and today's plans fit. " * 12
        row.prompt_tokens, row.completion_tokens = 150, 200 + number % 50
        row.duration_ns = 2_000_000_000 + number
        row.time_to_first_token_ns = 200_000_000
        row.completed_at = utc_now()
    return row


def _attempts(row: Response, model: str) -> list[Attempt]:
    """One for what was answered, three for what failed, none for what is still to be made."""
    if row.status is CallStatus.PLANNED:
        return []
    is_ok = row.status is CallStatus.OK
    return [
        Attempt(
            response_id=row.id,
            run_id=row.run_id,
            model=model,
            number=number,
            status=AttemptStatus.OK if is_ok else AttemptStatus.FAILED,
            ended_at=utc_now(),
            prompt_tokens=row.prompt_tokens,
            completion_tokens=row.completion_tokens,
            cost_usd=0.015 if is_ok and model == "openai/gpt-4" else None,
            raw_reply=None if is_ok else "an answer of no use " * 20,
        )
        for number in range(1, 2 if is_ok else 4)
    ]


def _finish(database: Database, run_id: str) -> None:
    with database.write() as session:
        run = session.get_one(Run, run_id)
        run.status, run.ended_at = RunStatus.CANCELLED, utc_now()
        session.add(run)


if __name__ == "__main__":
    main()
