"""What counts: complete sessions, nothing that is excluded, each judge's newest judgment."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from sqlmodel import select

from core.errors import InvalidInputError, NotFoundError
from core.judging.setups import save_setup
from core.results import StudyResults, load_results, stamp_of_results
from core.studies.definition import Case, Parameters
from core.studies.rubric import Criterion, Rubric, Scale, single_question
from core.studies.service import create_study, definition_of, save_version
from core.studies.template import UNKNOWN_PROMPT
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import (
    CallStatus,
    Campaign,
    CampaignStatus,
    Control,
    ControlKind,
    Item,
    Judge,
    Judgment,
    Origin,
    Preference,
    Rater,
    Rating,
    RatingSession,
    Response,
    SessionStatus,
    Subject,
)
from db.types import new_id, utc_now
from tests.building import (
    ACTOR,
    REFERENCE,
    SMALL,
    all_rows,
    decide,
    definition,
    end,
    make_study,
    request_generation,
    request_judging,
    rows_of,
    store_responses,
)
from tests.core.rating.raters import answer, completed, opened, started
from tests.core.rating.stored import stored_campaign, stored_session, units_of


def results(database: Database, content: VersionContent) -> StudyResults:
    return load_results(database, content.study.id)


def rated_study(database: Database) -> tuple[VersionContent, Campaign]:
    content = make_study(database)
    store_responses(database, content)
    return content, opened(database, content)


def test_only_complete_sessions_count(database: Database) -> None:
    content, campaign = rated_study(database)
    done = completed(database, campaign, lambda item: 7)
    answer(database, started(database, campaign), 1)
    found = results(database, content)
    assert set(found.ratings["session_id"]) == {done}
    assert list(found.ratings["value"]) == [7.0] * 3
    assert (found.sessions.counted, found.sessions.incomplete) == (1, 1)
    assert found.sessions.excluded == 0


def test_a_rating_tells_its_model_case_and_rater(database: Database) -> None:
    content, campaign = rated_study(database)
    completed(database, campaign)
    found = results(database, content)
    with database.read() as session:
        items = {row.response_id for row in rows_of(session, Item)}
        (rater,) = rows_of(session, Rater)
    assert set(found.ratings["response_id"]) == items
    assert set(found.ratings["model"]) == {one.model for one in content.candidates}
    assert set(found.ratings["test_case"]) <= {case.name for case in content.test_cases}
    assert set(found.ratings["rater_id"]) == {rater.id}
    assert found.reference_model == REFERENCE


@pytest.mark.parametrize("subject", list(Subject))
def test_what_is_excluded_is_left_out_and_counts_again_after_a_later_decision(
    database: Database, subject: Subject
) -> None:
    content, campaign = rated_study(database)
    completed(database, campaign, lambda item: 2)
    completed(database, campaign, lambda item: 8)
    with database.read() as session:
        rating = rows_of(session, Rating)[0]
        item = session.get_one(Item, rating.item_id)
        owner = session.get_one(RatingSession, rating.session_id)
    subject_id, column, left, counted = {
        Subject.SESSION: (owner.id, "session_id", 3, 1),
        Subject.RATER: (owner.rater_id, "rater_id", 3, 1),
        Subject.RATING: (rating.id, "", 5, 2),
        Subject.RESPONSE: (item.response_id, "response_id", 5, 2),
    }[subject]
    before = results(database, content)

    decide(database, subject, subject_id)
    without = results(database, content)
    decide(database, subject, subject_id, excluded=False)
    again = results(database, content)

    assert len(without.ratings) == left
    assert (without.sessions.counted, without.sessions.excluded) == (counted, 2 - counted)
    if column:
        assert subject_id not in set(without.ratings[column])
    pd.testing.assert_frame_equal(again.ratings, before.ratings)
    assert again.sessions == before.sessions


def test_a_study_without_anything_has_empty_frames(database: Database) -> None:
    found = results(database, make_study(database))
    assert found.ratings.empty
    assert found.preferences.empty
    assert found.judgments.empty
    assert found.scales == {}
    assert (found.sessions.counted, found.sessions.excluded, found.sessions.incomplete) == (0, 0, 0)


def test_an_unknown_study_is_refused(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no study"):
        load_results(database, "nowhere")


def judge(database: Database, label: str, model: str | None, scale_max: float = 10) -> str:
    row = Judge(
        identity=new_id(), name="made", label=label, model=model, scale_min=0, scale_max=scale_max
    )
    with database.write() as session:
        session.add(row)
    return row.id


def judged(
    database: Database,
    judge_id: str,
    response: Response,
    score: float | None,
    *,
    hours_ago: float = 0,
    status: CallStatus = CallStatus.OK,
) -> None:
    with database.write() as session:
        session.add(
            Judgment(
                judge_id=judge_id,
                response_id=response.id,
                inputs_hash=new_id(),
                status=status,
                score=score,
                created_at=utc_now() - timedelta(hours=hours_ago),
            )
        )


def test_the_newest_judgment_counts_and_failures_never_do(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=3)
    newer, failed_later, failed = store_responses(database, content)
    judge_id = judge(database, "Made", None)
    judged(database, judge_id, newer, 9, hours_ago=1)
    judged(database, judge_id, newer, 2, hours_ago=2)
    judged(database, judge_id, failed_later, 4, hours_ago=2)
    judged(database, judge_id, failed_later, None, status=CallStatus.FAILED)
    judged(database, judge_id, failed, None, status=CallStatus.FAILED)
    found = results(database, content).judgments.set_index("response_id")["score"].to_dict()
    assert found == {newer.id: 9, failed_later.id: 4}


def test_judges_with_the_same_label_and_model_get_distinct_names(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1)
    (response,) = store_responses(database, content)
    for label, model, scale_max in [
        ("Scorer", REFERENCE, 10),
        ("Scorer", REFERENCE, 10),
        ("Scorer", SMALL, 10),
        ("SEM-BLEU", None, 1),
        ("SEM-BLEU", None, 1),
        ("SEM-BLEU", None, 1),
    ]:
        judged(database, judge(database, label, model, scale_max), response, 0.5)
    found = results(database, content)
    wanted = {
        f"Scorer by {REFERENCE}": (0, 10),
        f"Scorer by {REFERENCE} #1": (0, 10),
        f"Scorer by {SMALL}": (0, 10),
        "SEM-BLEU": (0, 1),
        "SEM-BLEU #1": (0, 1),
        "SEM-BLEU #2": (0, 1),
    }
    assert found.scales == wanted
    assert len(found.judgments) == 6


def test_judgments_of_an_excluded_response_are_left_out(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=2)
    out, kept = store_responses(database, content)
    judge_id = judge(database, "Made", None)
    judged(database, judge_id, out, 1)
    judged(database, judge_id, kept, 2)
    decide(database, Subject.RESPONSE, out.id)
    assert list(results(database, content).judgments["response_id"]) == [kept.id]


def test_imported_pairs_come_out_as_preferences(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], cases=4)
    responses = store_responses(database, content)
    model_of = {one.id: one.model for one in content.candidates}
    campaign = Campaign(
        study_version_id=content.version.id,
        name="Imported",
        link_token=new_id(),
        status=CampaignStatus.CLOSED,
        origin=Origin.IMPORTED,
        instructions="",
        consent="",
        items_per_session=4,
        opened_by=ACTOR,
    )
    rater = Rater(campaign_id=campaign.id, pseudonym="imported")
    done = RatingSession(
        campaign_id=campaign.id,
        rater_id=rater.id,
        start_nonce=new_id(),
        completion_code=new_id(),
        status=SessionStatus.COMPLETE,
        origin=Origin.IMPORTED,
    )
    pairs = list(zip(responses[::2], responses[1::2], strict=True))
    items = [
        Item(session_id=done.id, position=place, response_id=one.id, second_response_id=two.id)
        for place, (one, two) in enumerate(pairs)
    ]
    ratings = [
        Rating(item_id=item.id, session_id=done.id, criterion="quality", preference=preference)
        for item, preference in zip(items, Preference, strict=True)
    ]
    with database.write() as session:
        for rows in ([campaign], [rater], [done], items, ratings):
            session.add_all(rows)
            session.flush()

    found = results(database, content)

    assert found.ratings.empty
    assert list(found.preferences["preference"]) == ["first", "second", "tie", "both_bad"]
    assert list(found.preferences["first_response_id"]) == [one.id for one, _ in pairs]
    assert list(found.preferences["second_response_id"]) == [two.id for _, two in pairs]
    assert list(found.preferences["first_model"]) == [model_of[p.candidate_id] for p, _ in pairs]
    assert list(found.preferences["second_model"]) == [model_of[p.candidate_id] for _, p in pairs]
    assert found.sessions.counted == 1

    decide(database, Subject.RESPONSE, pairs[0][1].id)
    assert list(results(database, content).preferences["preference"]) == [
        "second",
        "tie",
        "both_bad",
    ]


def test_cannot_judge_is_counted_and_in_no_frame(database: Database) -> None:
    content = make_study(database)
    campaign = stored_campaign(database, content, store_responses(database, content))
    one, two, three = (unit.id for unit in units_of(database, campaign)[:3])
    stored_session(database, campaign, {one: 7, two: None})
    stored_session(database, campaign, {one: None, three: None}, SessionStatus.ABANDONED)
    found = results(database, content)
    assert list(found.ratings["value"]) == [7.0]
    assert found.cannot_judge == 1
    assert (found.sessions.counted, found.sessions.incomplete) == (1, 1)


@pytest.mark.parametrize("place", ["control_id", "second_control_id"])
def test_planted_items_are_no_results(database: Database, place: str) -> None:
    content = make_study(database)
    campaign = stored_campaign(database, content, store_responses(database, content))
    one, two = (unit.id for unit in units_of(database, campaign)[:2])
    stored_session(database, campaign, {one: 7, two: 3})
    with database.write() as session:
        item = session.exec(select(Item).where(Item.unit_id == two)).one()
        control = Control(
            campaign_id=campaign.id,
            kind=ControlKind.KNOWN_BAD,
            test_case_id=content.test_cases[0].id,
            response_id=item.response_id,
            text="Cut off in the",
            shuffle=0.5,
        )
        session.add(control)
        session.flush()
        setattr(item, place, control.id)
        session.add(item)
    assert list(results(database, content).ratings["value"]) == [7.0]


def test_scores_on_another_scale_or_to_more_criteria_are_not_mixed_in(database: Database) -> None:
    content = make_study(database)
    campaign = stored_campaign(database, content, store_responses(database, content))
    stored_session(database, campaign, {units_of(database, campaign)[0].id: 7})
    asked = definition_of(content)
    assert results(database, content).rating_scale == (0, 10)
    for rubric, counted in (
        (Rubric(scale=Scale(minimum=1, maximum=5)), 0),
        (Rubric(criteria=(Criterion(), Criterion(key="warmth", question="How warm?"))), 0),
        (Rubric(allows_both_bad=True, scale=Scale(minimum_label="poor")), 1),
    ):
        save_version(database, content.study.id, replace(asked, rubric=rubric), ACTOR)
        found = results(database, content)
        assert (found.sessions.counted, found.sessions.other_question) == (counted, 1 - counted)
        assert found.rating_scale == (rubric.scale.minimum, rubric.scale.maximum)


def test_scores_given_to_another_question_are_not_this_versions(database: Database) -> None:
    content, campaign = rated_study(database)
    completed(database, campaign)
    run = request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)
    with database.write() as session:
        for row in rows_of(session, Judgment):
            row.status, row.score = CallStatus.OK, 9.0
            session.add(row)
    end(database, run)
    assert len(results(database, content).judgments) == run.planned_calls
    asked = definition_of(content)
    other = replace(asked, rubric=single_question("How short is it?"))
    save_version(database, content.study.id, other, ACTOR)
    found = results(database, content)
    assert found.judgments.empty
    assert found.ratings.empty
    assert (found.sessions.counted, found.sessions.other_question) == (0, 1)
    save_version(database, content.study.id, asked, ACTOR)
    assert len(results(database, content).judgments) == run.planned_calls
    assert results(database, content).sessions.counted == 1


def test_an_earlier_version_can_still_be_looked_at(database: Database) -> None:
    content, campaign = rated_study(database)
    completed(database, campaign)
    warmer = replace(definition_of(content), parameters=Parameters(temperature=1.5))
    save_version(database, content.study.id, warmer, ACTOR)
    assert results(database, content).sessions.counted == 0
    earlier = load_results(database, content.study.id, 1)
    assert (earlier.sessions.counted, len(earlier.ratings)) == (1, 3)
    with pytest.raises(NotFoundError, match="no version 7"):
        load_results(database, content.study.id, 7)


def test_a_study_without_its_prompt_is_neither_generated_nor_read_by_a_model(
    database: Database,
) -> None:
    unknown = replace(definition(), template=UNKNOWN_PROMPT, test_cases=(Case("file", {}),))
    content = create_study(database, unknown, ACTOR)
    store_responses(database, content)
    with pytest.raises(InvalidInputError, match="does not hold the prompt"):
        request_generation(database, content.study.id, ACTOR)
    with pytest.raises(InvalidInputError, match="cannot read what was asked"):
        request_judging(database, content.study.id, "scorer", REFERENCE, ACTOR)


def test_the_stamp_moves_with_everything_that_results_are_read_from(database: Database) -> None:
    content, campaign = rated_study(database)
    study_id = content.study.id
    stamps = [stamp_of_results(database, study_id)]

    def moved() -> bool:
        stamps.append(stamp_of_results(database, study_id))
        return stamps[-1] not in stamps[:-1]

    assert not moved(), "nothing has changed"
    started(database, campaign)
    assert moved()
    completed(database, campaign)
    assert moved()
    run = request_judging(database, study_id, "scorer", REFERENCE, ACTOR)
    assert moved()
    with database.write() as session:
        for row in rows_of(session, Judgment):
            row.status, row.score = CallStatus.OK, 9.0
            session.add(row)
    assert moved()
    end(database, run)
    save_setup(database, study_id, "scorer", models=[SMALL], options={}, actor=ACTOR)
    assert moved()
    decide(database, Subject.RESPONSE, all_rows(database, Response)[0].id)
    assert moved()
    warmer = replace(definition_of(content), parameters=Parameters(temperature=1.5))
    save_version(database, study_id, warmer, ACTOR)
    assert moved()
