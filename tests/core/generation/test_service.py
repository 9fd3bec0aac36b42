"""Which responses are missing, and the run that is asked for them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidInputError, NotFoundError
from core.generation.service import plan_generation
from core.runs import cancel_run
from core.studies.definition import Case
from core.studies.service import definition_of, newest_version, save_version
from db.engine import Database
from db.tables import CallStatus, RunStatus
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    SMALL,
    end,
    keys_of,
    make_study,
    request_generation,
    store_responses,
    stored,
)


@settings(
    max_examples=12,
    deadline=None,
    # Every example makes a study of its own, so that they may share one database.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_the_plan_is_models_times_cases_times_samples_without_what_is_stored(
    database: Database, data: st.DataObject
) -> None:
    content = make_study(
        database,
        candidates=[SMALL, MEDIUM][: data.draw(st.integers(1, 2), "candidates")],
        cases=data.draw(st.integers(1, 4), "cases"),
        samples=data.draw(st.integers(1, 3), "samples"),
    )
    kinds = st.sampled_from([None, CallStatus.OK, CallStatus.FAILED, CallStatus.PLANNED])
    fate = {key: data.draw(kinds) for key in keys_of(content)}
    by_status = {
        status: store_responses(
            database, content, [key for key in fate if fate[key] is status], status=status
        )
        for status in CallStatus
    }

    plan = plan_generation(database, content.study.id)

    models, cases, samples = (
        len(content.candidates),
        len(content.test_cases),
        content.version.samples_per_case,
    )
    assert plan.total == models * cases * samples
    assert sorted(plan.missing) == sorted(key for key in fate if fate[key] is None)
    assert len(plan.missing) == len(set(plan.missing))
    assert plan.ok == len(by_status[CallStatus.OK])
    assert set(plan.failed) == {row.id for row in by_status[CallStatus.FAILED]}
    assert set(plan.unfinished) == {row.id for row in by_status[CallStatus.PLANNED]}


def test_a_request_stores_a_row_for_each_missing_response_and_a_queued_run(
    database: Database,
) -> None:
    content = make_study(database, cases=2, samples=2)
    run = request_generation(database, content.study.id, ACTOR)
    rows = stored(database, content)
    assert run.status is RunStatus.QUEUED
    assert run.planned_calls == len(rows) == 12
    assert {row.status for row in rows} == {CallStatus.PLANNED}
    assert {row.run_id for row in rows} == {run.id}
    assert {row.text for row in rows} == {None}


def test_requesting_freezes_the_version(database: Database) -> None:
    content = make_study(database)
    assert content.version.frozen_at is None
    request_generation(database, content.study.id, ACTOR)
    assert newest_version(database, content.study.id).version.frozen_at is not None


def test_a_request_with_nothing_missing_is_refused_with_a_sentence(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    with pytest.raises(InvalidInputError, match=r"^All 6 responses are stored; add a case.*\.$"):
        request_generation(database, content.study.id, ACTOR)
    assert newest_version(database, content.study.id).version.frozen_at is None


def test_the_refusal_names_the_failures_that_could_be_retried(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content, keys_of(content)[:4])
    store_responses(database, content, keys_of(content)[4:], status=CallStatus.FAILED)
    with pytest.raises(InvalidInputError, match="2 responses failed"):
        request_generation(database, content.study.id, ACTOR)


def test_a_second_request_while_one_is_active_is_refused(database: Database) -> None:
    content = make_study(database)
    request_generation(database, content.study.id, ACTOR)
    with pytest.raises(InvalidInputError, match="still going on; wait for it or cancel it"):
        request_generation(database, content.study.id, ACTOR)


def test_a_request_while_a_run_of_an_earlier_version_is_active_is_refused(
    database: Database,
) -> None:
    content = make_study(database)
    request_generation(database, content.study.id, ACTOR)
    more = replace(definition_of(content), samples_per_case=3)
    save_version(database, content.study.id, more, ACTOR)
    with pytest.raises(InvalidInputError, match="still going on"):
        request_generation(database, content.study.id, ACTOR)
    assert len(stored(database, content)) == 6


def test_of_two_requests_at_the_same_moment_one_is_refused(database: Database) -> None:
    content = make_study(database)

    def request(_: int) -> str:
        try:
            request_generation(database, content.study.id, ACTOR)
        except InvalidInputError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(6) as threads:
        refusals = [said for said in threads.map(request, range(6)) if said]
    assert len(refusals) == 5
    assert all("still going on" in said for said in refusals)
    assert len(stored(database, content)) == 6


def test_a_refused_request_stores_nothing(database: Database) -> None:
    content = make_study(database)
    run = request_generation(database, content.study.id, ACTOR)
    with pytest.raises(InvalidInputError):
        request_generation(database, content.study.id, ACTOR)
    assert {row.run_id for row in stored(database, content)} == {run.id}


def test_an_unknown_study_is_refused(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no study 'nowhere'"):
        request_generation(database, "nowhere", ACTOR)


def test_adding_something_later_plans_only_what_is_missing(database: Database) -> None:
    for what, missing in {"candidate": 4, "case": 2, "samples": 4, "reference": 4}.items():
        content = make_study(database, candidates=[SMALL], cases=2, samples=2, reference=None)
        before = store_responses(database, content)
        old = definition_of(content)
        new = {
            "candidate": replace(old, candidates=(SMALL, MEDIUM)),
            "case": replace(old, test_cases=(*old.test_cases, Case("new", {"tasks": "- Rest"}))),
            "samples": replace(old, samples_per_case=4),
            "reference": replace(old, reference=REFERENCE),
        }[what]
        save_version(database, content.study.id, new, ACTOR)

        plan = plan_generation(database, content.study.id)
        run = request_generation(database, content.study.id, ACTOR)

        assert (plan.ok, len(plan.missing)) == (4, missing), what
        assert run.planned_calls == missing
        kept = [row for row in stored(database, content) if row.status is CallStatus.OK]
        assert {(row.id, row.text) for row in kept} == {(row.id, row.text) for row in before}


def test_another_temperature_plans_everything_anew_and_keeps_the_old_responses(
    database: Database,
) -> None:
    content = make_study(database)
    before = store_responses(database, content)
    old = definition_of(content)
    new = replace(old, parameters=replace(old.parameters, temperature=0.1))
    save_version(database, content.study.id, new, ACTOR)

    run = request_generation(database, content.study.id, ACTOR)

    rows = stored(database, content)
    assert run.planned_calls == 6
    assert len(rows) == 12
    made = {row.id: row.text for row in rows if row.status is CallStatus.OK}
    assert made == {row.id: row.text for row in before}


def test_going_back_to_an_earlier_temperature_finds_its_responses_again(
    database: Database,
) -> None:
    content = make_study(database)
    store_responses(database, content)
    old = definition_of(content)
    for temperature in (0.1, 0.7):
        parameters = replace(old.parameters, temperature=temperature)
        save_version(database, content.study.id, replace(old, parameters=parameters), ACTOR)
    plan = plan_generation(database, content.study.id)
    assert (plan.ok, plan.missing) == (6, ())


def test_what_a_cancelled_run_left_is_taken_into_the_next_one(database: Database) -> None:
    content = make_study(database)
    first = request_generation(database, content.study.id, ACTOR)
    cancel_run(database, first.id, ACTOR)
    end(database, first)
    second = request_generation(database, content.study.id, ACTOR)
    assert second.planned_calls == 6
    rows = stored(database, content)
    assert len(rows) == 6
    assert {row.run_id for row in rows} == {second.id}


def test_retrying_claims_the_failures_and_leaves_what_is_made(database: Database) -> None:
    content = make_study(database)
    made = store_responses(database, content, keys_of(content)[:4])
    failed = store_responses(database, content, keys_of(content)[4:], status=CallStatus.FAILED)
    run = request_generation(database, content.study.id, ACTOR, retry_failed=True)
    by_id = {row.id: row for row in stored(database, content)}
    assert run.planned_calls == 2
    assert {by_id[row.id].status for row in made} == {CallStatus.OK}
    assert {(by_id[row.id].status, by_id[row.id].run_id) for row in failed} == {
        (CallStatus.PLANNED, run.id)
    }
