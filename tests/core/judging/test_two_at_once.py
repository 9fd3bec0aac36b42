"""Two studies may ask for the same new judge at the same moment; it is stored once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlmodel import select

from db.engine import Database
from db.repositories.judgments import Judgments
from db.tables import Judge
from tests.building import ACTOR, REFERENCE, make_study, request_judging, store_responses


def test_a_new_judge_that_two_studies_ask_for_at_once_is_stored_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = [make_study(database) for _ in range(2)]
    for content in studies:
        store_responses(database, content)
    both_looked = threading.Barrier(2)
    look = Judgments.judge_by_identity

    def look_and_wait(self: Judgments, identity: str) -> Judge | None:
        found = look(self, identity)
        # On SQLite the second one looks only after the first has committed.
        with suppress(threading.BrokenBarrierError):
            both_looked.wait(timeout=0.5)
        return found

    monkeypatch.setattr(Judgments, "judge_by_identity", look_and_wait)
    with ThreadPoolExecutor(2) as threads:
        runs = list(
            threads.map(
                lambda one: request_judging(database, one.study.id, "scorer", REFERENCE, ACTOR),
                studies,
            )
        )
    with database.read() as session:
        (judge,) = session.exec(select(Judge)).all()
    assert {run.judge_id for run in runs} == {judge.id}
