"""What a page shows of a question is what is sent, and does not tell whose response it is."""

import pytest

from core.errors import NotFoundError
from core.judges.base import JudgedResponse, JudgeTask, Unscored, configured
from core.judges.registry import judge_named
from core.judging.making import planned_judgments
from core.judging.preview import blind_responses, preview
from core.judging.setups import save_setup, setup_of
from db.engine import Database
from db.tables import Judgment, Subject
from tests.building import (
    ACTOR,
    REFERENCE,
    SMALL,
    all_rows,
    decide,
    make_study,
    request_judging,
    store_responses,
)
from tests.core.judging.making import open_ids


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("scorer", {"prompt": "{{task}} {{question}} {{response}} {{form}}", "repeats": 2}),
        ("comparer", {"every_reference": True}),
        ("comparer_nr", {}),
        ("multi_choice_selector", {}),
        ("pairwise", {"both_orders": True}),
    ],
)
def test_a_preview_is_what_is_sent(
    database: Database, name: str, options: dict[str, object]
) -> None:
    content = make_study(database, samples=2)
    store_responses(database, content)
    study_id = content.study.id
    setup = save_setup(database, study_id, name, models=[REFERENCE], options=options, actor=ACTOR)
    run = request_judging(database, study_id, name, REFERENCE)
    planned = planned_judgments(database, run.id, open_ids(database, run))
    sent = {call.row_id: call.request() for call in planned}
    rows = {row.id: row for row in all_rows(database, Judgment)}
    assert sent
    for row_id, request in sent.items():
        row = rows[row_id]
        shown = preview(database, study_id, setup.judge, REFERENCE, row.response_id)
        by_hash = {one.planned.key.inputs_hash: one.request for one in shown}
        assert by_hash[row.inputs_hash] == request


def test_a_preview_follows_options_that_are_not_saved(database: Database) -> None:
    content = make_study(database, cases=1)
    response = store_responses(database, content)[0]
    study_id = content.study.id
    judge = configured(
        judge_named("scorer"), {"prompt": "MINE {{task}}{{question}}{{response}}{{form}}"}
    )
    (shown,) = preview(database, study_id, judge, REFERENCE, response.id)
    assert shown.request is not None
    assert shown.request.prompt.startswith("MINE ")
    assert (response.text or "?") in shown.request.prompt
    assert shown.tokens == pytest.approx(len(shown.request.prompt) / 3, rel=0.5)
    assert setup_of(database, study_id, "scorer").number == 0


def test_a_repeated_question_is_shown_once_and_each_order_by_itself(database: Database) -> None:
    content = make_study(database, cases=1)
    response = store_responses(database, content)[0]
    judge = configured(judge_named("pairwise"), {"repeats": 3, "both_orders": True})
    shown = preview(database, content.study.id, judge, REFERENCE, response.id)
    orders = [
        one.planned.sees.responses for one in shown if isinstance(one.planned.sees, JudgeTask)
    ]
    assert len(orders) == 2
    assert orders[0] == orders[1][::-1]


def test_of_a_judge_that_measures_the_preview_is_what_it_measures(database: Database) -> None:
    content = make_study(database, cases=2, samples=2)
    response = store_responses(database, content)[0]
    (shown,) = preview(database, content.study.id, judge_named("bleu"), None, response.id)
    assert isinstance(shown.planned.sees, JudgedResponse)
    assert shown.planned.sees.text == response.text
    assert len(shown.planned.sees.references) == 2
    assert (shown.request, shown.tokens) == (None, None)


def test_where_there_is_nothing_to_compare_with_the_preview_says_so(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    (response,) = store_responses(database, content)
    (shown,) = preview(database, content.study.id, judge_named("comparer"), REFERENCE, response.id)
    assert isinstance(shown.planned.sees, Unscored)
    assert shown.request is None


def test_responses_are_offered_in_an_order_that_tells_no_model(database: Database) -> None:
    content = make_study(database, cases=2, samples=4)
    responses = store_responses(database, content)
    case_id = content.test_cases[0].id
    offered = blind_responses(database, content.study.id, case_id)
    of_case = [one.id for one in responses if one.test_case_id == case_id]
    assert sorted(offered) == sorted(of_case)
    assert offered == sorted(of_case), "ids are random, so their order is, too"


def test_an_excluded_response_is_neither_offered_nor_shown(database: Database) -> None:
    content = make_study(database, cases=1)
    first, *rest = store_responses(database, content)
    decide(database, Subject.RESPONSE, first.id)
    offered = blind_responses(database, content.study.id, content.test_cases[0].id)
    assert set(offered) == {one.id for one in rest}
    with pytest.raises(NotFoundError, match="no usable response"):
        preview(database, content.study.id, judge_named("bleu"), None, first.id)
