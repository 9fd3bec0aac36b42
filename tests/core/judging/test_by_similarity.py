"""Judgments by similarity: in a batch, against the reference's responses."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InvalidInputError
from core.judges import measuring, registry
from core.judging.service import plan_judging
from core.studies.service import definition_of, save_version
from db.engine import Database
from db.tables import CallStatus, Judge, Judgment, Subject
from tests.building import (
    ACTOR,
    SMALL,
    decide,
    keys_of,
    make_study,
    request_judging,
    rows_of,
    store_responses,
)
from tests.core.judging.making import judge_by_similarity, judgments, measure_here, open_ids
from tests.core.judging.plugins import function_judge, use_judges


@pytest.fixture(autouse=True)
def without_judges_of_ones_own(tmp_path: Path) -> Iterator[None]:
    """What a test puts into a folder is gone after it."""
    yield
    registry.use_folder(tmp_path / "none")


@pytest.mark.similarity
def test_a_batch_is_measured_against_the_references(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    responses = store_responses(database, content, text=lambda _: "Call the dentist at noon.")
    judge_by_similarity(database, content)
    by_response = {row.response_id: row for row in judgments(database)}
    for response in responses:
        row = by_response[response.id]
        if response.candidate_id in content.reference_ids:
            # Its only sample has no other one to be compared with, so it has no score.
            assert (row.status, row.error_kind) == (CallStatus.FAILED, "no_reference")
            assert row.score is None
        else:
            assert row.status is CallStatus.OK
            assert row.score == pytest.approx(1, abs=1e-5)
            assert row.details["references"] == 1
            assert row.completed_at is not None


@pytest.mark.similarity
def test_new_reference_samples_make_new_judgments_and_keep_the_old(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content)
    judge_by_similarity(database, content)
    before = {row.id: (row.score, row.inputs_hash, row.status) for row in judgments(database)}

    more = replace(definition_of(content), samples_per_case=2)
    wider = save_version(database, content.study.id, more, ACTOR)
    reference = [key for key in keys_of(wider) if key[0] in wider.reference_ids and key[2] == 1]
    store_responses(database, wider, reference, text=lambda _: "Rest first, then plan.")
    plan = plan_judging(database, content.study.id, "sem_bleu", None)
    assert (plan.total, len(plan.missing)) == (3, 3)
    judge_by_similarity(database, wider)

    after = {row.id: (row.score, row.inputs_hash, row.status) for row in judgments(database)}
    assert before.items() <= after.items()
    new = [after[row_id] for row_id in after if row_id not in before]
    assert [status for _, _, status in new] == [CallStatus.OK] * 3
    with pytest.raises(InvalidInputError, match="made all 3 judgments; nothing is missing"):
        request_judging(database, content.study.id, "sem_bleu", None, ACTOR)


def test_what_changed_since_it_was_planned_is_a_stored_failure(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1, samples=2)
    rows = store_responses(database, content)
    run = request_judging(database, content.study.id, "sem_bleu", None, ACTOR)
    for row in rows:
        if row.candidate_id in content.reference_ids:
            decide(database, Subject.RESPONSE, row.id)
    assert measure_here(database, run.id, open_ids(database, run)) == 4
    for judgment in judgments(database):
        assert (judgment.status, judgment.error_kind) == (CallStatus.FAILED, "inputs_changed")
        assert judgment.error_message is not None
        assert judgment.error_message.endswith("run the judge again.")
        assert judgment.score is None


def test_measuring_what_is_measured_does_nothing(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content)
    run = request_judging(database, content.study.id, "sem_bleu", None, ACTOR)
    ids = open_ids(database, run)
    with database.write() as session:
        for row_id in ids:
            judgment = session.get_one(Judgment, row_id)
            judgment.status, judgment.score = CallStatus.OK, 0.5
            session.add(judgment)
    assert measure_here(database, run.id, ids) == 0
    assert {row.score for row in judgments(database)} == {0.5}


def test_a_judge_that_needs_a_reference_is_refused_on_a_study_without_one(
    database: Database,
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    with pytest.raises(InvalidInputError, match="names none; add one"):
        request_judging(database, content.study.id, "sem_bleu", None, ACTOR)
    assert judgments(database) == []


def test_a_judge_that_changed_since_it_was_planned_makes_nothing_under_its_old_name(
    database: Database,
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content)
    run = request_judging(database, content.study.id, "bleu", None, ACTOR)
    with database.write() as session:
        (judge,) = rows_of(session, Judge)
        judge.identity = "of another version of a library"
        session.add(judge)
    assert measure_here(database, run.id, open_ids(database, run)) == 2
    for judgment in judgments(database):
        assert (judgment.status, judgment.error_kind) == (CallStatus.FAILED, "inputs_changed")
        assert "has changed since this was planned" in (judgment.error_message or "")


UNSTORABLE = {
    "details of numpy's": "return Score(0.5, details={'x': np.float32(1)})",
    "NaN in details": "return Score(0.5, details={'x': float('nan')})",
    "NUL in reasoning": "return Score(0.5, 'a\\x00b')",
    "half of a pair in reasoning": "return Score(0.5, 'a\\ud800b')",
    "a list as reasoning": "return Score(0.5, ['x'])",
    "a long kind": "return Unscored('k' * 65, 'No.')",
    "an exit": "sys.exit(3)",
}


def measured_by_ones_own(database: Database, folder: Path, body: str) -> list[Judgment]:
    """Every judgment of a judge that breaks at one of three responses."""
    use_judges(folder, function_judge(body))
    content = make_study(database, candidates=[SMALL], reference=None, cases=1, samples=3)
    store_responses(database, content)
    run = request_judging(database, content.study.id, "own", None, ACTOR)
    assert measure_here(database, run.id, open_ids(database, run)) == 3
    assert open_ids(database, run) == []
    return judgments(database)


@pytest.mark.parametrize("body", UNSTORABLE.values(), ids=UNSTORABLE)
def test_what_cannot_be_stored_of_one_response_loses_none_of_the_others(
    database: Database, tmp_path: Path, body: str
) -> None:
    rows = measured_by_ones_own(database, tmp_path / "judges", body)
    assert [row.score for row in rows if row.status is CallStatus.OK] == [0.4, 0.4]
    (bad,) = (row for row in rows if row.status is CallStatus.FAILED)
    assert (bad.error_kind, bad.score) == ("broken_judge", None)
    assert (bad.error_message or "").startswith("The judge Own is broken: ")


def test_what_the_database_refuses_all_the_same_is_a_stored_failure(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.judges.plugin.sound", lambda found, *_: found)
    monkeypatch.setattr(measuring, "sound", lambda found, *_: found)
    body = "return Score(0.5, details={'x': np.float32(1)})"
    rows = measured_by_ones_own(database, tmp_path / "judges", body)
    assert [row.score for row in rows if row.status is CallStatus.OK] == [0.4, 0.4]
    (bad,) = (row for row in rows if row.status is CallStatus.FAILED)
    assert (bad.error_kind, bad.error_message) == (
        "broken_judge",
        "The judge Own is broken: the database does not take what it gave (TypeError: Object of "
        "type float32 is not JSON serializable).",
    )
