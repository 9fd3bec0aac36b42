"""The page of spend: empty, by group, by study, with calls in doubt and without a price."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.money.spend import GENERATION
from db.engine import Database
from db.tables import Attempt, AttemptStatus
from tests.building import REFERENCE, SMALL, make_study, store_responses
from tests.ui.studio_pages import opened, studio

PAGE = "results/spend.py"


@pytest.fixture(autouse=True)
def _signed_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with studio(database, monkeypatch):
        yield


def spend_something(database: Database, usd: float | None) -> str:
    """Two calls of a new study, one of them in doubt; gives the study's name."""
    content = make_study(database, cases=1)
    rows = {row.candidate_id: row for row in store_responses(database, content)}
    by_model = {one.model: rows[one.id] for one in content.candidates}
    counts: dict[str, Any] = {"prompt_tokens": 100, "completion_tokens": 50}
    paid, free = by_model[REFERENCE].id, by_model[SMALL].id
    with database.write() as session:
        session.add_all(
            [
                Attempt(
                    response_id=paid, model=REFERENCE, number=1,
                    status=AttemptStatus.IN_DOUBT, reserved_usd=0.5,
                ),
                Attempt(
                    response_id=paid, model=REFERENCE, number=2,
                    status=AttemptStatus.OK, cost_usd=usd, **counts,
                ),
                Attempt(
                    response_id=free, model=SMALL, number=1, status=AttemptStatus.OK, **counts
                ),
            ]
        )  # fmt: skip
    return content.study.name


def test_before_any_call_the_page_says_so() -> None:
    page = opened(PAGE)
    assert "No model was called yet" in page.info[0].value
    assert not page.dataframe


def test_money_calls_and_doubts_are_summed_over_all_studies(database: Database) -> None:
    spend_something(database, 1.25)
    spend_something(database, 2.0)
    page = opened(PAGE)
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures == {
        "Spent": "$3.25", "Calls": "6", "Tokens": "600", "In doubt, at most": "$1.00",
    }  # fmt: skip
    assert page.caption[0].value.startswith("Calls in doubt: 2,")
    assert not page.warning
    by_model = page.dataframe[0].value
    assert list(by_model["model"]) == [REFERENCE, SMALL], "the dearest first"


def test_one_study_can_be_looked_at_and_summed_by_judge(database: Database) -> None:
    spend_something(database, 1.25)
    name = spend_something(database, 2.0)
    page = opened(PAGE)
    page.selectbox(key="spend_study").set_value(name)
    page.radio(key="spend_group").set_value("judge")
    page.run()
    assert not page.exception
    assert {metric.label: metric.value for metric in page.metric}["Spent"] == "$2.00"
    assert list(page.dataframe[0].value["judge"]) == [GENERATION]


@pytest.mark.parametrize("group", ["study", "model", "judge", "day"])
def test_calls_without_a_price_are_said_to_be_missing_from_the_sums(
    database: Database, group: str
) -> None:
    spend_something(database, None)
    page = opened(PAGE)
    page.radio(key="spend_group").set_value(group)
    page.run()
    assert not page.exception
    assert page.warning[0].value.startswith("Calls to paid models without a price: 1;")
    assert {metric.label: metric.value for metric in page.metric}["Spent"] == "–"  # noqa: RUF001
