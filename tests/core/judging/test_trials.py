"""A judge is tried on one response: asked once, read, paid, stored, and counted as no judgment."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import InvalidInputError
from core.judges import measuring, registry
from core.judges.registry import judge_named
from core.judging.preview import preview
from core.judging.setups import Setup, checked_setup
from core.judging.trials import request_trial, trial_of, waiting_trials
from core.judging.trying import make_trial
from core.money.confirmation import Confirmation
from core.money.spend import load_spend
from core.settings import Settings
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Attempt, AttemptStatus, CallStatus, JudgeTrial, Judgment
from db.together import WritingTogether
from tests.building import (
    ACTOR,
    REFERENCE,
    SETTINGS,
    SMALL,
    Sandbox,
    all_rows,
    make_study,
    store_responses,
)
from tests.core.judging.plugins import asking_judge, use_judges

AGREED = Confirmation(1e6, None, (REFERENCE, "openai/gpt-4", "openai/stand-in-embedding"), ACTOR)


@pytest.fixture(autouse=True)
def without_judges_of_ones_own(tmp_path: Path) -> Iterator[None]:
    """What a test puts into a folder is gone after it."""
    yield
    registry.use_folder(tmp_path / "none")


def tried(
    database: Database,
    content: VersionContent,
    setup: Setup,
    confirmation: Confirmation | None = AGREED,
) -> JudgeTrial:
    """Ask for a trial of the first question about the first response."""
    response = store_responses(database, content)[0]
    study_id = content.study.id
    question = preview(database, study_id, setup.judge, setup.identities[0], response.id)[0]
    return request_trial(
        database, SETTINGS, study_id, setup, response.id, question.planned.key.inputs_hash, ACTOR,
        confirmation,
    )  # fmt: skip


def make(database: Database, sandbox: Sandbox, trial: JudgeTrial, home: Path) -> JudgeTrial:
    """Make a trial as the daemon does."""

    async def run() -> None:
        models = sandbox.models()
        store = WritingTogether(database)
        try:
            await make_trial(store, models, Settings(home=home), trial.id)
        finally:
            await models.close()
            store.close()

    asyncio.run(run())
    return trial_of(database, trial.id)


def test_a_trial_asks_once_and_keeps_what_came_and_what_was_read(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, candidates=[SMALL], cases=1)
    setup = checked_setup("scorer", [REFERENCE], {"scale_maximum": 5})
    asked = tried(database, content, setup)
    assert waiting_trials(database) == [asked.id]
    made = make(database, sandbox, asked, tmp_path)
    assert (made.status, made.error_message) == (CallStatus.OK, None)
    assert made.score is not None
    assert 0 <= made.score <= 5
    assert made.reasoning
    assert made.raw_reply
    assert made.reasoning in made.raw_reply
    assert made.duration_ns
    assert made.options == {"scale_maximum": 5}
    assert sandbox.calls() == 1
    assert all_rows(database, Judgment) == []
    assert waiting_trials(database) == []


def test_a_trial_of_a_choice_says_which_was_chosen(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, cases=1)
    made = make(
        database, sandbox, tried(database, content, checked_setup("pairwise", [REFERENCE], {})),
        tmp_path,
    )  # fmt: skip
    assert (made.status, made.score) == (CallStatus.OK, None)
    assert made.details["choice"] in (0, 1, "tie")


def test_what_a_trial_costs_is_counted_and_must_be_agreed_to(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change("openai/gpt-4", time_to_first_token_ms=1, ms_per_token=0, bad_judge_rate=0)
    content = make_study(database, candidates=[SMALL], cases=1)
    setup = checked_setup("scorer", ["openai/gpt-4"], {})
    with pytest.raises(InvalidInputError, match="confirm the estimate first"):
        tried(database, content, setup, confirmation=None)
    response = all_rows(database, JudgeTrial)
    assert response == []
    content = make_study(database, candidates=[SMALL], cases=1)
    made = make(database, sandbox, tried(database, content, setup), tmp_path)
    (attempt,) = all_rows(database, Attempt)
    assert made.cost_usd is not None
    assert made.cost_usd > 0
    assert attempt.cost_usd == made.cost_usd
    assert (attempt.judge_trial_id, attempt.run_id) == (made.id, None)
    (row,) = load_spend(database).to_dict("records")
    assert (row["judge"], row["calls"]) == ("Scorer, tests", 1)


def test_a_reply_that_cannot_be_read_is_kept_with_what_the_parser_says(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=1)
    content = make_study(database, candidates=[SMALL], cases=1)
    made = make(
        database, sandbox, tried(database, content, checked_setup("scorer", [REFERENCE], {})),
        tmp_path,
    )  # fmt: skip
    assert (made.status, made.error_kind) == (CallStatus.FAILED, "unparsable")
    assert made.error_message
    assert made.raw_reply
    assert made.score is None
    assert len(all_rows(database, Attempt)) == 2


def test_a_trial_of_a_measuring_judge_needs_no_agreement_and_no_call(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    made = make(
        database, sandbox,
        tried(database, content, Setup(judge_named("tf_idf"), ()), confirmation=None), tmp_path,
    )  # fmt: skip
    assert made.status is CallStatus.OK
    assert made.score is not None
    assert sandbox.calls() == 0


def test_a_trial_by_vectors_of_a_model_books_its_calls_on_the_trial(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    setup = checked_setup("openai_embeddings", ["openai/stand-in-embedding"], {})
    made = make(database, sandbox, tried(database, content, setup), tmp_path)
    assert (made.status, made.error_message) == (CallStatus.OK, None)
    attempts = all_rows(database, Attempt)
    assert attempts
    assert {one.judge_trial_id for one in attempts} == {made.id}


def test_a_trial_that_a_daemon_left_in_the_middle_is_not_paid_twice(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    asked = tried(database, content, checked_setup("scorer", [REFERENCE], {}))
    with database.write() as session:
        row = session.get_one(JudgeTrial, asked.id)
        row.started_at = row.requested_at
        session.add(row)
        session.add(Attempt(judge_trial_id=row.id, model=REFERENCE, number=1, reserved_usd=0.5))
    made = make(database, sandbox, asked, tmp_path)
    assert (made.status, made.error_message) == (
        CallStatus.FAILED,
        "The daemon stopped in the middle of this test; test again.",
    )
    (attempt,) = all_rows(database, Attempt)
    assert attempt.status is AttemptStatus.IN_DOUBT
    assert sandbox.calls() == 0


def test_a_question_that_is_another_meanwhile_is_refused(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    response = store_responses(database, content)[0]
    setup = checked_setup("scorer", [REFERENCE], {})
    with pytest.raises(InvalidInputError, match="has changed meanwhile"):
        request_trial(
            database, SETTINGS, content.study.id, setup, response.id, "f" * 64, ACTOR, AGREED
        )


@pytest.mark.parametrize("is_seen_before", [True, False], ids=["seen before", "told by database"])
def test_a_trial_of_what_cannot_be_stored_is_a_stored_failure(
    database: Database,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_seen_before: bool,
) -> None:
    if not is_seen_before:
        monkeypatch.setattr("core.judges.plugin.sound", lambda found, *_: found)
        monkeypatch.setattr(measuring, "sound", lambda found, *_: found)
    body = "return Score(0.5, details={'x': np.float32(1)})"
    use_judges(tmp_path / "judges", f"@judge\ndef own(response):\n    {body}\n")
    content = make_study(database, candidates=[SMALL], cases=1)
    asked = tried(database, content, checked_setup("own", [], {}))
    made = make(database, sandbox, asked, tmp_path)
    assert (made.status, made.error_kind) == (CallStatus.FAILED, "broken_judge")
    assert (made.error_message or "").startswith("The judge Own is broken: ")


def test_a_trial_whose_judge_breaks_at_the_reply_keeps_it_and_its_cost(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    use_judges(tmp_path / "judges", asking_judge(parse="sys.exit(3)"))
    sandbox.change("openai/gpt-4", time_to_first_token_ms=1, ms_per_token=0)
    content = make_study(database, candidates=[SMALL], cases=1)
    asked = tried(database, content, checked_setup("own", ["openai/gpt-4"], {}))
    made = make(database, sandbox, asked, tmp_path)
    assert (made.status, made.error_message) == (
        CallStatus.FAILED,
        "The judge Own is broken: SystemExit: 3.",
    )
    (attempt,) = all_rows(database, Attempt)
    assert made.raw_reply
    assert made.raw_reply == attempt.raw_reply
    assert attempt.cost_usd
