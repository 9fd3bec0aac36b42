"""What judges found, one row a response: repeats, orders, references and sets become one score."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from core.judges.base import judge_identity
from core.judging.planning import Planned
from core.judging.service import plan_judging, request_judging
from core.judging.setups import save_setup, setup_of
from core.results import load_results
from core.studies.service import create_study
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import CallStatus, Judge, Judgment, JudgmentPurpose
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    SETTINGS,
    SMALL,
    agreed,
    all_rows,
    definition,
    make_study,
    store_responses,
)

ERROR = 'Traceback (most recent call last):\n  File "app.py", line 3\nConnectionError: refused'


def planned(
    database: Database, content: VersionContent, judge_name: str, **options: Any
) -> list[Judgment]:
    """Set a judge up, ask for everything it owes, and give its rows."""
    study_id = content.study.id
    save_setup(database, study_id, judge_name, models=[REFERENCE], options=options, actor=ACTOR)
    model = setup_of(database, study_id, judge_name).identities[0]
    run = request_judging(database, SETTINGS, study_id, judge_name, model, ACTOR, agreed())
    return [row for row in all_rows(database, Judgment) if row.run_id == run.id]


def made(database: Database, judgment: Judgment, **values: Any) -> None:
    """Store an answer."""
    with database.write() as session:
        row = session.get_one(Judgment, judgment.id)
        row.status = CallStatus.OK
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def found(database: Database, content: VersionContent, **choices: Any) -> pd.DataFrame:
    return load_results(database, content.study.id, **choices).judgments.set_index("response_id")


def test_repeats_become_their_mean_with_their_spread(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    (response,) = store_responses(database, content)
    rows = planned(database, content, "scorer", repeats=3)
    for row, score in zip(rows, (4, 5, 9), strict=True):
        made(database, row, score=score)
    one = found(database, content).loc[response.id]
    assert (one["score"], one["judgments"]) == (6, 3)
    assert one["spread"] == pytest.approx(7**0.5)
    assert pd.isna(one["raw_score"])
    assert (one["judge"], one["method"], one["judge_model"], one["criterion"]) == (
        f"Scorer by {REFERENCE}", "scorer", REFERENCE, "",
    )  # fmt: skip
    assert one["in_force"]


def test_a_judge_whose_set_up_was_replaced_is_told_from_the_one_in_force(
    database: Database,
) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    for repeats in (1, 2):
        for row in planned(database, content, "scorer", repeats=repeats):
            made(database, row, score=repeats)
        with database.write() as session:
            for run in {row.run_id for row in all_rows(database, Judgment)}:
                end_run(session, run)
    frame = found(database, content).set_index("judge")["in_force"].to_dict()
    assert frame == {f"Scorer by {REFERENCE} #1": False, f"Scorer by {REFERENCE}": True}


def end_run(session: Any, run_id: str | None) -> None:
    from db.tables import Run, RunStatus

    run = session.get_one(Run, run_id)
    run.status = RunStatus.FINISHED
    session.add(run)


def test_a_choice_from_a_set_scores_everyone_who_was_shown(database: Database) -> None:
    content = make_study(database, candidates=[SMALL, MEDIUM], cases=1)
    responses = store_responses(database, content)
    (row,) = planned(database, content, "multi_choice_selector")
    assert sorted(row.shown_response_ids) == sorted(one.id for one in responses)
    chosen = row.shown_response_ids[1]
    made(database, row, chosen_response_id=chosen, details={"choice": 1})
    frame = found(database, content)
    assert frame["score"].to_dict() == {one.id: float(one.id == chosen) for one in responses}
    assert set(zip(frame["scale_min"], frame["scale_max"], strict=True)) == {(0, 1)}
    made(database, row, chosen_response_id=None, details={"choice": "tie"})
    assert set(found(database, content)["score"]) == {1 / 3}


def test_by_criterion_a_judge_is_a_source_for_each_one(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    store_responses(database, content)
    (row,) = planned(database, content, "scorer", by_criterion=True)
    made(database, row, score=7)
    (one,) = found(database, content).to_dict("records")
    assert (one["judge"], one["criterion"]) == (f"Scorer by {REFERENCE} · quality", "quality")


def test_an_error_text_never_ranks_above_an_answer_and_what_was_measured_is_kept(
    database: Database,
) -> None:
    content = make_study(database, candidates=[SMALL, MEDIUM], reference=None, cases=1)
    bad, good = store_responses(
        database, content, text=lambda number: "Call the dentist." if number else ERROR
    )
    for row in planned(database, content, "scorer"):
        made(database, row, score=9 if row.response_id == bad.id else 3)
    gated, open_frame = found(database, content), found(database, content, with_gates=False)
    assert gated["score"].to_dict() == {bad.id: 0, good.id: 3}
    assert gated["measured_score"].to_dict() == {bad.id: 9, good.id: 3}
    assert gated["gate"].to_dict() == {bad.id: "error_text", good.id: ""}
    assert open_frame["score"].to_dict() == {bad.id: 9, good.id: 3}


def test_injected_orders_count_in_no_figure(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=2)
    store_responses(database, content)
    run = request_judging(
        database, SETTINGS, content.study.id, "scorer", REFERENCE, ACTOR, agreed(),
        purpose=JudgmentPurpose.INJECTION,
    )  # fmt: skip
    assert run.planned_calls == 2
    for row in all_rows(database, Judgment):
        assert row.purpose is JudgmentPurpose.INJECTION
        made(database, row, score=10)
    assert found(database, content).empty
    plan = plan_judging(database, content.study.id, "scorer", REFERENCE)
    assert (plan.ok, len(plan.missing)) == (0, 2)


def test_what_nothing_can_be_asked_about_is_stored_with_its_sentence_and_not_retried(
    database: Database,
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content)
    planned(database, content, "comparer")
    (failed,) = [row for row in all_rows(database, Judgment) if row.status is CallStatus.FAILED]
    assert failed.error_kind == "no_reference"
    assert "generate more samples" in (failed.error_message or "")
    plan = plan_judging(database, content.study.id, "comparer", REFERENCE)
    assert (plan.total, plan.unscorable, len(plan.failed)) == (2, 1, 0)
    assert all(isinstance(one, Planned) for one in plan.unfinished.values())


def test_a_judge_of_before_there_were_options_still_counts(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    (response,) = store_responses(database, content)
    judge = setup_of(database, content.study.id, "scorer").judge
    with database.write() as session:
        old = Judge(
            identity=judge_identity(judge, "old"), name="gpt_scorer", label="GPT-Scorer",
            model=REFERENCE, configuration={"prompt": "Grade."}, scale_min=0, scale_max=10,
        )  # fmt: skip
        session.add(old)
        session.flush()
        session.add(
            Judgment(
                judge_id=old.id, response_id=response.id, inputs_hash="of then",
                status=CallStatus.OK, score=8,
            )
        )  # fmt: skip
    (one,) = found(database, content).to_dict("records")
    assert (one["judge"], one["score"], one["in_force"]) == (f"GPT-Scorer by {REFERENCE}", 8, False)


def test_an_error_message_that_the_prompt_asked_for_is_an_answer(database: Database) -> None:
    asked = replace(
        definition(candidates=[SMALL], reference=None, cases=1),
        template="Write the error message of an API that has too many requests: {{tasks}}",
    )
    content = create_study(database, asked, ACTOR)
    store_responses(database, content, text=lambda _: "Error 429: Too many requests; wait.")
    (row,) = planned(database, content, "scorer")
    made(database, row, score=9)
    (one,) = found(database, content).to_dict("records")
    assert (one["score"], one["gate"]) == (9, "")


def test_an_error_text_of_the_reference_is_no_reference(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=1)
    store_responses(database, content, text=lambda _: ERROR)
    for row in planned(database, content, "comparer"):
        assert (row.status, row.error_kind) == (CallStatus.FAILED, "no_reference")
