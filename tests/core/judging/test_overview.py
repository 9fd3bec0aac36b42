"""How all judges of a study stand: what was asked for, what is open, failed or cannot be judged."""

from core.judging.overview import JudgeState, coverages, judge_states, stored_judges
from core.judging.setups import save_setup
from core.runs import cancel_run
from db.engine import Database
from db.tables import CallStatus, Judgment, Run, RunStatus
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    keys_of,
    make_study,
    request_judging,
    store_responses,
)
from tests.core.judging.making import judge_by_similarity, judgments


def state_of(database: Database, study_id: str, judge_name: str) -> JudgeState:
    """The state of a judge that can be used."""
    state = judge_states(database, study_id)[judge_name]
    assert isinstance(state, JudgeState)
    return state


def test_what_cannot_be_judged_is_told_from_what_failed(database: Database) -> None:
    content = make_study(database, cases=2)
    store_responses(database, content)
    judge_by_similarity(database, content)
    failed = next(row for row in judgments(database) if row.status is CallStatus.OK)
    with database.write() as session:
        row = session.get_one(Judgment, failed.id)
        row.status, row.error_kind = CallStatus.FAILED, "internal"
        row.error_message = "The model cannot be loaded."
        session.add(row)
    setup = state_of(database, content.study.id, "sem_bleu").setup
    (found,) = coverages(database, content.study.id, [setup])["sem_bleu"]
    assert (found.total, found.ok, found.open) == (6, 3, 0)
    assert (found.failed, found.cannot) == (1, 2)
    assert found.causes == {"internal": 1, "no_reference": 2}
    assert found.cause == "The model cannot be loaded.", "not that of what cannot be judged"
    assert found.has_run


def test_the_cause_is_the_most_frequent_one_and_there_is_none_where_nothing_failed(
    database: Database,
) -> None:
    content = make_study(database, cases=2)
    store_responses(database, content)
    judge_by_similarity(database, content)
    setup = state_of(database, content.study.id, "sem_bleu").setup
    (before,) = coverages(database, content.study.id, [setup])["sem_bleu"]
    assert (before.failed, before.cause) == (0, None)
    made = [row.id for row in judgments(database) if row.status is CallStatus.OK]
    with database.write() as session:
        for row_id, sentence in zip(made, ("Rare.", "Usual.", "Usual."), strict=False):
            row = session.get_one(Judgment, row_id)
            row.status, row.error_kind, row.error_message = CallStatus.FAILED, "timeout", sentence
            session.add(row)
    (after,) = coverages(database, content.study.id, [setup])["sem_bleu"]
    assert (after.failed, after.cause) == (3, "Usual.")


def test_a_run_is_known_by_the_set_up_it_was_asked_for(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    study_id = content.study.id
    before = state_of(database, study_id, "scorer")
    assert (before.models, before.active_ids) == ({}, ())
    run = request_judging(database, study_id, "scorer", REFERENCE)
    going = state_of(database, study_id, "scorer")
    assert going.models == {run.judge_id: REFERENCE}
    assert going.active_ids == (run.judge_id,)
    save_setup(
        database, study_id, "scorer", models=[MEDIUM, REFERENCE], options={"repeats": 2},
        actor=ACTOR,
    )  # fmt: skip
    after = state_of(database, study_id, "scorer")
    assert (after.models, after.active_ids) == ({}, ()), "another set-up is another judge"
    assert len({before.stamp, going.stamp, after.stamp}) == 3


def test_the_stamp_is_another_when_a_run_ends_and_when_responses_come(database: Database) -> None:
    content = make_study(database, cases=1, samples=2)
    keys = keys_of(content)
    study_id = content.study.id
    store_responses(database, content, keys[:3])
    stamps = [state_of(database, study_id, "bleu").stamp]
    store_responses(database, content, keys[3:])
    stamps.append(state_of(database, study_id, "bleu").stamp)
    run = request_judging(database, study_id, "bleu", None)
    stamps.append(state_of(database, study_id, "bleu").stamp)
    cancel_run(database, run.id, ACTOR)
    with database.write() as session:
        row = session.get_one(Run, run.id)
        row.status = RunStatus.CANCELLED
        session.add(row)
    stamps.append(state_of(database, study_id, "bleu").stamp)
    assert len(set(stamps)) == 4
    assert state_of(database, study_id, "bleu").stamp == stamps[-1]


def test_a_judge_that_cannot_be_used_is_a_sentence_among_the_others(database: Database) -> None:
    content = make_study(database)
    save_setup(
        database, content.study.id, "sbert", models=(), options={"model": "/no/such"}, actor=ACTOR
    )
    states = judge_states(database, content.study.id)
    assert isinstance(states["sbert"], str)
    assert "/no/such" in states["sbert"]
    assert isinstance(states["tf_idf"], JudgeState)


def test_judges_of_earlier_set_ups_are_listed_with_what_they_made(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    judge_by_similarity(database, content)
    save_setup(
        database, content.study.id, "sem_bleu", models=(), options={"aggregation": "max"},
        actor=ACTOR,
    )  # fmt: skip
    judge_by_similarity(database, content)
    made = stored_judges(database, content.study.id, "sem_bleu")
    assert [count for _, count in made] == [2, 2]
    now = state_of(database, content.study.id, "sem_bleu").models
    assert [judge.id in now for judge, _ in made] == [False, True]
