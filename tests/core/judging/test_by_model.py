"""Judgments by a model: what is stored of a good reply, a bad one, and a retry."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.judges import registry
from core.judging.service import plan_judging
from core.providers.base import ProviderError
from core.studies.service import newest_version
from db.engine import Database
from db.tables import AttemptStatus, CallStatus, Judge, RunStatus, Subject
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    SMALL,
    Sandbox,
    attempts_at,
    decide,
    keys_of,
    make_study,
    request_judging,
    rows_of,
    store_responses,
)
from tests.core.judging.making import ask, judge_by_model, judgments
from tests.core.judging.plugins import asking_judge, use_judges

PAID = "openai/gpt-4"


@pytest.fixture(autouse=True)
def without_judges_of_ones_own(tmp_path: Path) -> Iterator[None]:
    """What a test puts into a folder is gone after it."""
    yield
    registry.use_folder(tmp_path / "none")


def test_a_judgment_is_stored_with_score_reasoning_raw_reply_and_tokens(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, candidates=[SMALL], cases=1)
    responses = store_responses(database, content)
    run = judge_by_model(database, sandbox, content)
    rows = judgments(database)
    assert {row.response_id for row in rows} == {one.id for one in responses}
    for row in rows:
        assert (row.status, row.run_id) == (CallStatus.OK, run.id)
        assert row.raw_reply is not None
        reply = json.loads(row.raw_reply)
        assert row.score == reply["score"]
        assert row.reasoning == reply["reasoning"]
        assert row.prompt_tokens
        assert row.completion_tokens
        assert row.duration_ns
        (attempt,) = attempts_at(database, judgment_id=row.id)
        assert (attempt.status, attempt.run_id) == (AttemptStatus.OK, run.id)


def test_the_judge_is_stored_with_all_that_can_change_its_answers(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    judge_by_model(database, sandbox, content)
    with database.read() as session:
        (judge,) = rows_of(session, Judge)
    assert (judge.label, judge.model) == ("Scorer", REFERENCE)
    assert (judge.scale_min, judge.scale_max) == (0, 10)
    assert {"prompt", "temperature"} <= set(judge.configuration["options"])


def test_a_bad_reply_is_a_failure_that_keeps_the_reply_and_has_no_score(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=1)
    content = make_study(database, cases=3)
    store_responses(database, content)
    judge_by_model(database, sandbox, content)
    for row in judgments(database):
        assert (row.status, row.error_kind) == (CallStatus.FAILED, "unparsable")
        assert row.error_message is not None
        assert row.error_message.startswith("The judge's reply")
        assert (row.score, row.reasoning) == (None, None)
        assert row.raw_reply == attempts_at(database, judgment_id=row.id)[-1].raw_reply
        attempts = attempts_at(database, judgment_id=row.id)
        assert len(attempts) == 2
        for attempt in attempts:
            assert attempt.status is AttemptStatus.FAILED
            assert attempt.error_kind == "unparsable"
            assert attempt.raw_reply
    assert len(judgments(database)) == 9
    assert sandbox.calls() == 18


def test_a_bad_reply_is_asked_again_once_and_both_are_kept(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    sandbox.arm(bad_judgment={"times": 1})
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    judge_by_model(database, sandbox, content)
    (row,) = judgments(database)
    bad, good = attempts_at(database, judgment_id=row.id)
    assert (row.status, row.error_kind) == (CallStatus.OK, None)
    assert (bad.status, bad.error_kind) == (AttemptStatus.FAILED, "unparsable")
    assert bad.raw_reply not in (None, row.raw_reply)
    assert (good.status, good.number) == (AttemptStatus.OK, 2)


def test_a_bad_reply_of_a_paid_model_costs_what_a_good_one_does(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change("openai/gpt-4", time_to_first_token_ms=5, ms_per_token=0, bad_judge_rate=1)
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    run = request_judging(database, content.study.id, "scorer", "openai/gpt-4", ACTOR)
    (row,) = judgments(database)
    asyncio.run(ask(database, sandbox, run.id, [row.id]))
    (row,) = judgments(database)
    first, second = attempts_at(database, judgment_id=row.id)
    assert row.cost_usd is not None
    assert first.cost_usd
    assert second.cost_usd
    assert row.cost_usd == pytest.approx(first.cost_usd + second.cost_usd)


def test_retrying_failed_judgments_asks_again_and_keeps_the_bad_replies(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=1)
    content = make_study(database, cases=1)
    store_responses(database, content)
    judge_by_model(database, sandbox, content)
    with pytest.raises(InvalidInputError, match=r"all 0 judgments, and 3 failed; use “Retry"):
        request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    sandbox.change(REFERENCE, bad_judge_rate=0)
    judge_by_model(database, sandbox, content, retry_failed=True)
    for row in judgments(database):
        assert (row.status, row.error_kind, row.error_message) == (CallStatus.OK, None, None)
        bad, bad_again, good = attempts_at(database, judgment_id=row.id)
        assert bad.status is bad_again.status is AttemptStatus.FAILED
        assert good.status is AttemptStatus.OK
        for one in (bad, bad_again):
            assert one.raw_reply not in (None, row.raw_reply)


def test_judging_again_judges_only_what_is_missing(database: Database, sandbox: Sandbox) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, cases=2)
    keys = keys_of(content)
    store_responses(database, content, keys[:4])
    judge_by_model(database, sandbox, content)
    first = {row.id: row.raw_reply for row in judgments(database)}
    with pytest.raises(InvalidInputError, match="made all 4 judgments; nothing is missing"):
        request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    store_responses(database, content, keys[4:])
    run = judge_by_model(database, sandbox, content)
    after = {row.id: row.raw_reply for row in judgments(database)}
    assert run.planned_calls == 2
    assert first.items() <= after.items()
    assert len(after) == sandbox.calls() == 6


def test_making_a_judgment_twice_asks_once(database: Database, sandbox: Sandbox) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    run = judge_by_model(database, sandbox, content)
    (row,) = judgments(database)
    asyncio.run(ask(database, sandbox, run.id, [row.id]))
    assert sandbox.calls() == 1


def test_another_model_is_another_judge_with_judgments_of_its_own(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    judge_by_model(database, sandbox, content)
    other = request_judging(database, content.study.id, "scorer", MEDIUM, ACTOR)
    assert other.planned_calls == 3
    assert len({row.judge_id for row in judgments(database)}) == 2


def test_an_excluded_response_is_not_judged(database: Database, sandbox: Sandbox) -> None:
    content = make_study(database, cases=1)
    left_out, *rest = store_responses(database, content)
    decide(database, Subject.RESPONSE, left_out.id)
    judge_by_model(database, sandbox, content)
    assert {row.response_id for row in judgments(database)} == {one.id for one in rest}


def test_judging_freezes_the_version_and_a_second_request_is_refused(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    run = request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    assert run.status is RunStatus.QUEUED
    assert newest_version(database, content.study.id).version.frozen_at is not None
    with pytest.raises(InvalidInputError, match="still going on"):
        request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)


def test_of_two_requests_at_the_same_moment_one_is_refused(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)

    def request(_: int) -> str:
        try:
            request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
        except InvalidInputError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(6) as threads:
        refusals = [said for said in threads.map(request, range(6)) if said]
    assert len(refusals) == 5
    assert all("still going on" in said for said in refusals)
    assert len(judgments(database)) == 6


def test_what_cannot_be_judged_is_refused_with_a_sentence(database: Database) -> None:
    content = make_study(database)
    study_id = content.study.id
    with pytest.raises(InvalidInputError, match="no response to judge yet"):
        request_judging(database, study_id, "scorer", REFERENCE, ACTOR)
    with pytest.raises(InvalidInputError, match="Scorer needs a model to ask; name one"):
        request_judging(database, study_id, "scorer", None, ACTOR)
    with pytest.raises(InvalidInputError, match="names no known provider"):
        request_judging(database, study_id, "scorer", "gpt-4", ACTOR)
    with pytest.raises(NotFoundError, match="no judge 'nobody'"):
        request_judging(database, study_id, "nobody", None, ACTOR)
    assert newest_version(database, study_id).version.frozen_at is None
    assert plan_judging(database, study_id, "scorer", REFERENCE).judge_id is None


def test_no_judge_is_asked_for_a_judgment_that_is_not_the_runs_to_make(
    database: Database, sandbox: Sandbox
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    (row,) = judgments(database)
    asyncio.run(ask(database, sandbox, "an earlier run", [row.id]))
    assert sandbox.calls() == 0
    assert judgments(database)[0].status is CallStatus.PLANNED


@pytest.mark.parametrize(
    ("shape", "parse", "told"),
    [
        ("RESPONSE", "raise KeyError('x')", "KeyError: 'x'"),
        ("RESPONSE", "sys.exit(3)", "SystemExit: 3"),
        ("RESPONSE", "return None", "it gave None instead of a score"),
        ("RESPONSE", "return Score(0.5, details={'x': np.float32(1)})", "stored as JSON"),
        ("RESPONSE", "return Score(0.5, 'a\\x00b')", "a reasoning that can be stored"),
        ("RESPONSE", "return Score(0.5, 'a\\ud800b')", "a reasoning that can be stored"),
        ("PAIR", "return Choice(7)", "it chose 7, where 0 to 1 can be chosen"),
    ],
)
def test_a_reply_that_a_judge_breaks_at_is_kept_with_its_tokens_and_cost_and_asked_for_once(
    database: Database, sandbox: Sandbox, tmp_path: Path, shape: str, parse: str, told: str
) -> None:
    use_judges(tmp_path / "judges", asking_judge(shape=shape, parse=parse))
    sandbox.change(PAID, time_to_first_token_ms=1, ms_per_token=0)
    content = make_study(database, candidates=[SMALL], cases=1, samples=2)
    response, *_ = store_responses(database, content)
    run = request_judging(database, content.study.id, "own", PAID, ACTOR)
    row = next(one for one in judgments(database) if one.response_id == response.id)
    asyncio.run(ask(database, sandbox, run.id, [row.id]))
    row = next(one for one in judgments(database) if one.id == row.id)
    assert (row.status, row.error_kind, row.score) == (CallStatus.FAILED, "internal", None)
    assert (row.error_message or "").startswith("The judge Own is broken: ")
    assert told in (row.error_message or "")
    (attempt,) = attempts_at(database, judgment_id=row.id)
    assert (attempt.status, attempt.error_kind) == (AttemptStatus.FAILED, "internal")
    assert attempt.raw_reply
    assert attempt.completion_tokens
    assert attempt.cost_usd
    assert row.cost_usd == attempt.cost_usd


def test_a_judge_that_breaks_at_its_own_question_is_refused_with_a_sentence(
    database: Database, tmp_path: Path
) -> None:
    use_judges(tmp_path / "judges", asking_judge(request="raise KeyError('y')"))
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content)
    with pytest.raises(ProviderError, match="The judge Own is broken: KeyError: 'y'"):
        request_judging(database, content.study.id, "own", REFERENCE, ACTOR)
    assert judgments(database) == []


def test_a_judge_that_breaks_at_a_question_only_later_fails_the_judgment(
    database: Database, sandbox: Sandbox, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    request = f"import os\nif os.path.exists({str(mark)!r}):\n    sys.exit(3)"
    use_judges(tmp_path / "judges", asking_judge(request=request))
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    run = request_judging(database, content.study.id, "own", REFERENCE, ACTOR)
    mark.touch()
    asyncio.run(ask(database, sandbox, run.id, [one.id for one in judgments(database)]))
    (row,) = judgments(database)
    assert (row.status, row.error_kind) == (CallStatus.FAILED, "internal")
    assert row.error_message == "The judge Own is broken: SystemExit: 3."
    assert sandbox.calls() == 0
