"""What tests of the services build with: small studies, finished responses, quick stand-ins."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from pydantic import SecretStr
from sqlmodel import Session, SQLModel, col, select

from core.chunks import Maker
from core.generation import service as generation_service
from core.judging import service as judging_service
from core.models import Models
from core.money.confirmation import Confirmation
from core.preparing import Checked, Preparing
from core.providers.base import ProviderError
from core.settings import Settings
from core.studies.definition import Case, Parameters, StudyDefinition
from core.studies.service import create_study, newest_version
from core.terms import Terms
from db.engine import Database
from db.repositories.responses import Key
from db.repositories.studies import VersionContent
from db.repositories.work import Work
from db.tables import Attempt, CallMode, CallStatus, Exclusion, Response, Run, RunStatus, Subject
from db.together import WritingTogether
from db.types import utc_now
from tests.sandbox.server import running_sandbox

SMALL = "ollama/stand-in-3b:q4"
MEDIUM = "ollama/stand-in-7b:q4"
REFERENCE = "openai/stand-in-gpt-4"
ABSENT = "ollama/nobody-has-this"
ACTOR = "tester"
QUICK = {"time_to_first_token_ms": 5, "ms_per_token": 0, "load_ms": 0}


@dataclass(frozen=True)
class Sandbox:
    """A running stand-in for Ollama and OpenAI."""

    url: str

    def reset(self) -> None:
        """No faults, quick models, an empty journal."""
        with httpx.Client(base_url=self.url) as client:
            for path in ("/sandbox/faults", "/sandbox/models", "/sandbox/requests"):
                client.delete(path).raise_for_status()
            for model in client.get("/sandbox/models").json()["models"]:
                client.put(f"/sandbox/models/{model['name']}", json=QUICK).raise_for_status()

    def change(self, model: str, **fields: object) -> None:
        """Override fields of a model named ``provider/model``, or make it."""
        provider, name = model.split("/", 1)
        changes = {"provider": provider, **fields}
        httpx.put(f"{self.url}/sandbox/models/{name}", json=changes).raise_for_status()

    def arm(self, **faults: object) -> None:
        """Arm faults for every model."""
        httpx.put(f"{self.url}/sandbox/faults", json=faults).raise_for_status()

    def calls(self) -> int:
        """How many chats were asked for, whatever came of them."""
        with httpx.Client(base_url=self.url) as client:
            return sum(
                int(client.get("/sandbox/requests", params={"path": path}).json()["count"])
                for path in ("/api/chat", "/v1/chat/completions")
            )

    def posted(self, path: str) -> int:
        """How many requests of that path asked for something new."""
        found = httpx.get(f"{self.url}/sandbox/requests", params={"path": path}).json()
        return sum(entry["method"] == "POST" for entry in found["requests"])

    def environment(self) -> dict[str, str]:
        """The environment variables that lead to it."""
        return {
            "OLLAMA_HOST": self.url,
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": "any",
        }

    def models(self) -> Models:
        """All models within reach are the stand-ins."""
        return Models(
            Settings(
                home=Path("unused"),
                ollama_host=self.url,
                openai_base_url=f"{self.url}/v1",
                openai_api_key=SecretStr("any"),
                requests_per_minute=60_000,
            )
        )


@contextmanager
def quick_sandbox() -> Iterator[Sandbox]:
    """A sandbox whose models answer at once."""
    with running_sandbox() as url:
        sandbox = Sandbox(url)
        sandbox.reset()
        yield sandbox


def definition(
    *,
    candidates: Sequence[str] = (SMALL, MEDIUM),
    reference: str | None = REFERENCE,
    cases: int = 2,
    samples: int = 1,
    temperature: float | None = 0.7,
) -> StudyDefinition:
    """A study of a small feature under a name of its own."""
    return StudyDefinition(
        name=f"Morning briefing {uuid4().hex[:8]}",
        template="Write a briefing in two sentences.\nTasks:\n{{tasks}}",
        test_cases=tuple(
            Case(f"case {number}", {"tasks": f"- Budget number {number}\n- Call the dentist"})
            for number in range(cases)
        ),
        reference=reference,
        candidates=tuple(candidates),
        samples_per_case=samples,
        parameters=Parameters(temperature=temperature, max_tokens=12),
    )


def make_study(database: Database, **changes: Any) -> VersionContent:
    """Store `definition` with those changes."""
    return create_study(database, definition(**changes), ACTOR)


def changed(content: VersionContent, wanted: StudyDefinition) -> StudyDefinition:
    """``wanted`` under the name of the stored study, so that it can be its next version."""
    return replace(wanted, name=content.study.name)


def keys_of(content: VersionContent) -> list[Key]:
    """Every response that the version wants."""
    return [
        (candidate.id, case.id, sample)
        for case in content.test_cases
        for candidate in content.candidates
        for sample in range(content.version.samples_per_case)
    ]


def numbered_text(number: int) -> str:
    """A text that tells nothing of who wrote it."""
    return f"Start with the budget, then call the dentist. Note {number}."


def store_responses(
    database: Database,
    content: VersionContent,
    keys: Sequence[Key] | None = None,
    *,
    status: CallStatus = CallStatus.OK,
    text: Callable[[int], str] = numbered_text,
) -> list[Response]:
    """Put responses straight into the store, by default all that the version wants."""
    rows = [
        Response(
            study_id=content.study.id,
            prompt_template_id=content.template.id,
            candidate_id=candidate_id,
            test_case_id=case_id,
            sample_index=sample,
            status=status,
            text=text(number) if status is CallStatus.OK else None,
            completed_at=utc_now(),
        )
        for number, (candidate_id, case_id, sample) in enumerate(
            keys_of(content) if keys is None else keys
        )
    ]
    with database.write() as session:
        session.add_all(rows)
    return rows


SETTINGS = Settings(home=Path("unused"))


def agreed(
    budget_usd: float | None = None,
    mode: CallMode = CallMode.DIRECT,
    unpriced: Sequence[str] = (REFERENCE,),
) -> Terms:
    """Terms of somebody who agrees to whatever it costs, up to the budget."""
    return Terms(mode, Confirmation(1e6, budget_usd, tuple(unpriced), ACTOR))


def request_generation(
    database: Database, study_id: str, actor: str = ACTOR, *, retry_failed: bool = False
) -> Run:
    """Request the responses of a study, agreeing to what they cost."""
    models = [one.model for one in newest_version(database, study_id).candidates]
    terms = agreed(unpriced=models)
    return generation_service.request_generation(
        database, SETTINGS, study_id, actor, terms, retry_failed=retry_failed
    )


def request_judging(
    database: Database,
    study_id: str,
    judge_name: str,
    model: str | None,
    actor: str = ACTOR,
    *,
    retry_failed: bool = False,
) -> Run:
    """Request a judge's judgments on a study, agreeing to what they cost."""
    return judging_service.request_judging(
        database, SETTINGS, study_id, judge_name, model, actor, agreed(), retry_failed=retry_failed
    )


def generate(
    database: Database, sandbox: Sandbox, content: VersionContent, *, retry_failed: bool = False
) -> Run:
    """Request the responses and make them here, without a daemon."""
    run = request_generation(database, content.study.id, ACTOR, retry_failed=retry_failed)
    with database.read() as session:
        response_ids = [row_id for _, row_id in Work(session).open_calls(run)]
    asyncio.run(make(database, sandbox, run.id, response_ids))
    end(database, run)
    return run


class Unprepared(Preparing):
    """Checks and loads nothing first, so that armed faults strike the calls themselves."""

    async def check(self, run: Run, model: str) -> Checked:
        return Checked()

    async def warm_up(
        self, run: Run, model: str, checked: Checked, turn: int | None
    ) -> ProviderError | None:
        return None


async def make(
    database: Database,
    sandbox: Sandbox,
    run_id: str,
    row_ids: Sequence[str],
    mode: CallMode = CallMode.DIRECT,
) -> None:
    """Make those rows as the daemon does, in one chunk a model."""
    models = sandbox.models()
    store = WritingTogether(database)
    maker = Maker(store, models, Unprepared(database, models, warm_up_requests=0))
    with database.read() as session:
        run = session.get(Run, run_id)
        calls = Work(session).open_calls(run) if run else []
    groups = {row_id: group for group, row_id in calls}
    try:
        for group in sorted({groups.get(row_id, "") for row_id in row_ids}):
            wanted = [row_id for row_id in row_ids if groups.get(row_id, "") == group]
            await maker.make_chunk(run_id, wanted, mode)
    finally:
        await models.close()
        store.close()


def end(database: Database, run: Run) -> None:
    """Mark a run as ended, as the daemon would."""
    with database.write() as session:
        row = session.get_one(Run, run.id)
        row.status, row.ended_at = RunStatus.FINISHED, utc_now()
        session.add(row)


def stored(database: Database, content: VersionContent) -> list[Response]:
    """Every response of the study, of whatever version and status."""
    with database.read() as session:
        query = select(Response).where(Response.study_id == content.study.id)
        return list(session.exec(query.order_by(col(Response.id))).all())


def attempts_at(
    database: Database, *, response_id: str | None = None, judgment_id: str | None = None
) -> list[Attempt]:
    """The attempts at one row, in order."""
    with database.read() as session:
        query = select(Attempt).where(
            Attempt.response_id == response_id, Attempt.judgment_id == judgment_id
        )
        return list(session.exec(query.order_by(col(Attempt.number))).all())


def rows_of(session: Session, table: type[SQLModel]) -> list[Any]:
    """Every row of a table."""
    return list(session.exec(select(table)).all())


def all_rows(database: Database, table: type[SQLModel]) -> list[Any]:
    """Every row of a table, in a transaction of its own."""
    with database.read() as session:
        return rows_of(session, table)


def decide(database: Database, subject: Subject, subject_id: str, *, excluded: bool = True) -> None:
    """Append a decision that something does not count, or counts again."""
    with database.write() as session:
        session.add(
            Exclusion(
                subject=subject,
                subject_id=subject_id,
                excluded=excluded,
                rule="by hand",
                reason="a test says so",
                created_by=ACTOR,
            )
        )
