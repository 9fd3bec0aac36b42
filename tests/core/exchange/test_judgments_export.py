"""Every judgment as a table to take away."""

import json

import pandas as pd

from core.exchange.judgments_export import JUDGMENT_EXPORT_COLUMNS, judgments_frame
from core.exchange.tables import TableFormat, table_bytes
from core.judging.evidence import CALL_COLUMNS
from db.engine import Database
from db.tables import CallStatus, Judgment
from tests.building import ACTOR, REFERENCE, SMALL, make_study, request_judging, store_responses


def test_the_export_has_the_columns_of_the_evidence_each_explained() -> None:
    assert list(JUDGMENT_EXPORT_COLUMNS) == list(CALL_COLUMNS)
    assert all(column.meaning for column in JUDGMENT_EXPORT_COLUMNS.values())


def test_every_judgment_is_a_row_with_what_was_shown_and_nothing_where_nothing_is_known(
    database: Database,
) -> None:
    content = make_study(database, candidates=[SMALL], cases=1, samples=2)
    responses = store_responses(database, content)
    request_judging(database, content.study.id, "comparer", REFERENCE, ACTOR)
    with database.write() as session:
        row = session.get_one(
            Judgment, judgments_frame(database, content.study.id).at[0, "judgment_id"]
        )
        row.status, row.score, row.reasoning = CallStatus.OK, 8.0, "=1+1"
        row.details = {"a": 1}
        session.add(row)
    frame = judgments_frame(database, content.study.id)
    assert list(frame.columns) == list(JUDGMENT_EXPORT_COLUMNS)
    assert len(frame) == len(responses) == 4
    made = frame[frame["status"] == "ok"].iloc[0]
    shown = json.loads(made["shown_response_ids"])
    assert shown[0] == made["response_id"]
    assert json.loads(made["shown_models"])[1] == REFERENCE
    assert json.loads(made["details"]) == {"a": 1}
    assert (made["method"], made["judge_model"], made["purpose"]) == (
        "comparer", REFERENCE, "score",
    )  # fmt: skip
    for name in ("criterion", "chosen_response_id", "raw_score", "error_kind", "cost_usd"):
        assert pd.isna(made[name])
    planned = frame[frame["status"] == "planned"]
    assert planned["score"].isna().all()
    for table_format in TableFormat:
        assert table_bytes(frame, table_format)
    assert b",'=1+1," in table_bytes(frame, TableFormat.CSV)


def test_a_study_without_judgments_exports_an_empty_table(database: Database) -> None:
    content = make_study(database)
    frame = judgments_frame(database, content.study.id)
    assert list(frame.columns) == list(JUDGMENT_EXPORT_COLUMNS)
    assert frame.empty
