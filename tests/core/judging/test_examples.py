"""Examples from people's ratings: spread over the scale and the cases, and never leaked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.judges.base import JudgeTask
from core.judging.examples import Rated, draw_examples, shows_examples, spread
from core.judging.preview import preview
from core.judging.setups import checked_setup
from core.studies.rubric import QUALITY
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import RatingSession, Response, Subject
from tests.building import REFERENCE, all_rows, decide, make_study, store_responses
from tests.core.rating.stored import stored_campaign, stored_session, units_of


def rated_study(database: Database, cases: int = 4) -> tuple[VersionContent, list[Response]]:
    """A study whose responses people gave 0, 1, 2 and so on, up to 10."""
    content = make_study(database, cases=cases)
    responses = store_responses(database, content)
    campaign = stored_campaign(database, content, responses)
    units = {one.response_id: one.id for one in units_of(database, campaign)}
    values = {units[one.id]: number % 11 for number, one in enumerate(responses)}
    stored_session(database, campaign, values)
    return content, responses


def test_examples_are_spread_over_the_scale_and_the_test_cases(database: Database) -> None:
    content, responses = rated_study(database)
    drawn = draw_examples(database, content.study.id, 3, QUALITY, seed=1)
    scores = [one.score for one in drawn]
    assert scores == sorted(scores)
    assert scores[0] <= 0.3
    assert scores[-1] >= 0.7
    assert len({one.test_case_id for one in drawn}) == 3
    texts = {one.id: one.text for one in responses}
    for one in drawn:
        assert one.response == texts[one.response_id]
        assert "Tasks:" in one.prompt


def test_a_preview_without_examples_asks_the_same_question_and_tells_nothing_of_people(
    database: Database,
) -> None:
    content, responses = rated_study(database)
    drawn = draw_examples(database, content.study.id, 4, QUALITY, seed=1)
    with_them = checked_setup("scorer", [REFERENCE], {"examples": drawn}).judge
    without_any = checked_setup("scorer", [REFERENCE], {}).judge
    assert (shows_examples(with_them), shows_examples(without_any)) == (True, False)
    args = (REFERENCE, responses[0].id)
    (shown,) = preview(database, content.study.id, with_them, *args)
    (hidden,) = preview(database, content.study.id, with_them, *args, with_examples=False)
    (plain,) = preview(database, content.study.id, without_any, *args)
    assert hidden == plain
    assert hidden != shown
    assert hidden.planned.key == shown.planned.key


def test_an_example_never_helps_to_judge_its_own_test_case(database: Database) -> None:
    content, responses = rated_study(database)
    drawn = draw_examples(database, content.study.id, 4, QUALITY, seed=1)
    setup = checked_setup("scorer", [REFERENCE], {"examples": drawn})
    assert len(drawn) == 4
    for one in responses:
        (question,) = preview(database, content.study.id, setup.judge, REFERENCE, one.id)
        sees, request = question.planned.sees, question.request
        assert isinstance(sees, JudgeTask)
        assert request is not None
        assert {example.test_case_id for example in sees.examples} == {
            example.test_case_id for example in drawn if example.test_case_id != one.test_case_id
        }
        for example in (example for example in drawn if example.response_id != one.id):
            is_shown = example.response in request.prompt
            assert is_shown is (example.test_case_id != one.test_case_id)


def test_the_same_seed_draws_the_same_and_fewer_are_drawn_where_fewer_were_rated(
    database: Database,
) -> None:
    content, responses = rated_study(database, cases=2)
    study_id = content.study.id
    once, again = (draw_examples(database, study_id, 20, QUALITY, seed=7) for _ in range(2))
    assert once == again
    assert {one.response_id for one in once} == {one.id for one in responses}


def test_what_does_not_count_is_not_drawn(database: Database) -> None:
    content, _ = rated_study(database)
    with pytest.raises(InvalidInputError, match="No rating of 'humour' counts yet"):
        draw_examples(database, content.study.id, 3, "humour", seed=0)
    for rating_session in all_rows(database, RatingSession):
        decide(database, Subject.SESSION, rating_session.id)
    with pytest.raises(InvalidInputError, match="No rating of 'quality' counts yet"):
        draw_examples(database, content.study.id, 3, QUALITY, seed=0)


@given(
    scores=st.lists(st.tuples(st.integers(0, 4), st.floats(0, 1)), min_size=1, max_size=30),
    count=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_no_case_comes_twice_while_another_is_left(
    scores: list[tuple[int, float]], count: int, seed: int
) -> None:
    rated = [Rated(f"r{at}", f"case {case}", score) for at, (case, score) in enumerate(scores)]
    drawn = spread(rated, count, seed)
    assert len(drawn) == min(count, len(rated))
    assert len({one.response_id for one in drawn}) == len(drawn)
    assert [one.score for one in drawn] == sorted(one.score for one in drawn)
    cases = {one.test_case for one in rated}
    assert len({one.test_case for one in drawn}) == min(len(drawn), len(cases))
