"""What was spent: every attempt counts, and nobody's doubt is left out."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

from core.money.spend import COLUMNS, GENERATION, load_spend, spend_by
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import Attempt, AttemptStatus, CallStatus, Judge, Judgment, Response
from tests.building import REFERENCE, SMALL, make_study, store_responses

FRIDAY = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
SATURDAY = datetime(2026, 1, 3, 0, 30, tzinfo=UTC)


def first_response(database: Database, content: VersionContent, model: str) -> Response:
    candidate = next(one for one in content.candidates if one.model == model)
    key = (candidate.id, content.test_cases[0].id, 0)
    return store_responses(database, content, [key])[0]


def attempt(database: Database, row: Response | Judgment, model: str, **values: Any) -> None:
    columns: dict[str, Any] = {
        "response_id" if isinstance(row, Response) else "judgment_id": row.id,
        "model": model,
        "status": AttemptStatus.OK,
        "sent_at": FRIDAY,
        "number": 1,
    }
    with database.write() as session:
        session.add(Attempt(**(columns | values)))


def judgment_of(database: Database, response: Response) -> Judgment:
    with database.write() as session:
        judge = Judge(
            identity=response.id, name="scorer", label="Scorer", model=REFERENCE,
            configuration={}, scale_min=0, scale_max=10,
        )  # fmt: skip
        session.add(judge)
        session.flush()
        judgment = Judgment(
            judge_id=judge.id, response_id=response.id, inputs_hash="any", status=CallStatus.OK
        )
        session.add(judgment)
    return judgment


def test_before_any_call_there_is_nothing_to_show(database: Database) -> None:
    spend = load_spend(database)
    assert spend.empty
    assert tuple(spend.columns) == COLUMNS


def test_failed_and_repeated_attempts_are_spent_too(database: Database) -> None:
    content = make_study(database)
    row = first_response(database, content, REFERENCE)
    failed = {"status": AttemptStatus.FAILED, "prompt_tokens": 100, "completion_tokens": 0}
    attempt(database, row, REFERENCE, **failed, cost_usd=0.003)
    counts = {"prompt_tokens": 100, "completion_tokens": 50}
    attempt(database, row, REFERENCE, number=2, **counts, cost_usd=0.006)
    (found,) = load_spend(database).to_dict("records")
    assert (found["study"], found["model"], found["judge"]) == (
        content.study.name, REFERENCE, GENERATION,
    )  # fmt: skip
    assert (found["calls"], found["failed"]) == (2, 1)
    assert (found["prompt_tokens"], found["completion_tokens"]) == (200, 50)
    assert found["cost_usd"] == pytest.approx(0.009)
    assert found["unpriced"] == found["in_doubt"] == 0
    assert pd.isna(found["in_doubt_usd"])


def test_days_are_those_of_utc_whatever_zone_the_connection_has(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Pacific/Kiritimati")  # 14 hours ahead
    database = Database(database_url)
    row = first_response(database, make_study(database), REFERENCE)
    attempt(database, row, REFERENCE, cost_usd=1.0)
    attempt(database, row, REFERENCE, number=2, sent_at=SATURDAY, cost_usd=2.0)
    by_day = spend_by(load_spend(database), "day")
    assert [f"{day:%Y-%m-%d}" for day in by_day["day"]] == ["2026-01-02", "2026-01-03"]
    assert list(by_day["cost_usd"]) == [1.0, 2.0]
    database.close()


def test_calls_whose_price_is_unknown_are_counted_and_cost_no_known_sum(
    database: Database,
) -> None:
    content = make_study(database)
    attempt(database, first_response(database, content, REFERENCE), REFERENCE, prompt_tokens=10)
    attempt(database, first_response(database, content, SMALL), SMALL, prompt_tokens=10)
    by_model = spend_by(load_spend(database), "model").set_index("model")
    assert by_model.loc[REFERENCE, "unpriced"] == 1
    assert by_model.loc[SMALL, "unpriced"] == 0, "our own machines send no invoice"
    assert by_model["cost_usd"].isna().all()


def test_calls_that_were_refused_are_neither_unpriced_nor_in_doubt(database: Database) -> None:
    row = first_response(database, make_study(database), REFERENCE)
    attempt(database, row, REFERENCE, status=AttemptStatus.FAILED, error_kind="rate_limited")
    (found,) = load_spend(database).to_dict("records")
    assert (found["failed"], found["unpriced"], found["in_doubt"]) == (1, 0, 0)


def test_calls_in_doubt_may_have_cost_what_was_set_aside_for_them(database: Database) -> None:
    row = first_response(database, make_study(database), REFERENCE)
    attempt(database, row, REFERENCE, status=AttemptStatus.IN_DOUBT, reserved_usd=0.25)
    attempt(database, row, REFERENCE, number=2, status=AttemptStatus.IN_DOUBT)
    timed_out = {"status": AttemptStatus.FAILED, "error_kind": "timeout", "reserved_usd": 0.5}
    attempt(database, row, REFERENCE, number=3, **timed_out)
    attempt(database, row, REFERENCE, number=4, status=AttemptStatus.SENT, reserved_usd=1.0)
    (found,) = load_spend(database).to_dict("records")
    assert found["calls"] == 4
    assert found["in_doubt"] == 3, "the one under way is not in doubt"
    assert found["in_doubt_usd"] == pytest.approx(0.75)


def test_what_a_judge_spends_is_its_own_and_the_studys(database: Database) -> None:
    content = make_study(database)
    row = first_response(database, content, SMALL)
    attempt(database, row, SMALL, prompt_tokens=10, completion_tokens=5)
    attempt(database, judgment_of(database, row), REFERENCE, cost_usd=0.02, completion_tokens=7)
    spend = load_spend(database)
    by_judge = spend_by(spend, "judge").set_index("judge")
    assert by_judge.loc["Scorer", "cost_usd"] == pytest.approx(0.02)
    assert by_judge.loc["Scorer", "completion_tokens"] == 7
    assert by_judge.loc[GENERATION, "calls"] == 1
    (by_study,) = spend_by(spend, "study").to_dict("records")
    assert (by_study["study"], by_study["calls"]) == (content.study.name, 2)


def test_attempts_from_before_models_were_written_down_are_those_of_their_row(
    database: Database,
) -> None:
    row = first_response(database, make_study(database), SMALL)
    with database.write() as session:
        session.add(Attempt(response_id=row.id, number=1, status=AttemptStatus.OK))
    assert list(load_spend(database)["model"]) == [SMALL]


def test_studies_are_kept_apart_and_the_dearest_comes_first(database: Database) -> None:
    for cost in (0.5, 2.0, 1.0):
        row = first_response(database, make_study(database), REFERENCE)
        attempt(database, row, REFERENCE, cost_usd=cost)
    assert list(spend_by(load_spend(database), "study")["cost_usd"]) == [2.0, 1.0, 0.5]
