from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import col, select

from core.errors import InvalidInputError
from core.exchange.original import ImportReport, import_bytes
from db.engine import Database
from db.tables import Campaign, Item, Rater, Rating, RatingSession, Response, SessionStatus
from tests.core.exchange import samples
from tests.core.exchange.samples import START, as_json, as_zip, question, submission


def configure(database: Database, **options: Any) -> None:
    content = as_zip(samples.configuration(**options))
    import_bytes(database, "greeting.zip", content, study_name=None, actor="ada")


def take(database: Database, *files: dict[str, Any], name: str | None = "greeting") -> ImportReport:
    content = as_zip({f"results/{number}.json": one for number, one in enumerate(files)})
    return import_bytes(database, "results.zip", content, study_name=name, actor="ada")


def test_results_find_their_responses_raters_and_times(database: Database) -> None:
    configure(database)
    report = take(database, submission(), submission("bob", "set-1"), submission("ann", "set-2"))
    assert (report.taken["sessions"], report.taken["items"], report.taken["ratings"]) == (3, 6, 6)
    assert (report.unmatched, report.reasons) == (0, [])
    with database.read() as session:
        assert len(session.exec(select(Campaign)).all()) == 1
        assert sorted(session.exec(select(Rater.pseudonym)).all()) == ["ann", "bob"]
        one = session.exec(
            select(RatingSession).where(RatingSession.external_id == "ann_set-0")
        ).one()
        items = session.exec(
            select(Item).where(Item.session_id == one.id).order_by(col(Item.position))
        ).all()
        ids = {row.id: row.external_id for row in session.exec(select(Response)).all()}
        rating = session.exec(select(Rating).where(Rating.item_id == items[1].id)).one()
    assert one.status is SessionStatus.COMPLETE
    assert one.started_at == datetime.fromtimestamp(START, UTC)
    assert one.completed_at == datetime.fromtimestamp(START + 100, UTC)
    assert [(ids[item.response_id], ids[item.second_response_id or ""]) for item in items] == [
        ("t0", "m0"),
        ("t1", "m1"),
    ]
    assert (rating.criterion, rating.preference, rating.reported_ms) == ("overall", "second", 5_000)
    assert rating.comment == "said 1"
    assert rating.submitted_at == datetime.fromtimestamp(START + 10, UTC)


def test_a_file_with_an_unknown_id_is_left_whole_and_named_with_its_ids(database: Database) -> None:
    configure(database)
    odd = submission("bob", "set-9")
    odd["evals"][1]["question"] = question("t1", "m9")
    report = take(database, submission(), odd)
    assert (report.taken["sessions"], report.unmatched) == (1, 1)
    assert (report.left["sessions"], report.left["items"], report.left["ratings"]) == (1, 2, 2)
    assert report.reasons == [
        "results/1.json: question set set-9, response m9 are not in this study."
    ]


def test_a_file_that_says_otherwise_of_a_response_is_left(database: Database) -> None:
    configure(database)
    odd = submission()
    odd["evals"][0]["question"] = ["p0", {"tiny:1b": "m0", "middling:7b": "t0"}]
    report = take(database, odd)
    assert report.reasons == [
        "results/0.json: response m0 is of ollama/middling:7b, not of tiny:1b."
    ]
    with database.read() as session:
        assert session.exec(select(Campaign)).all() == []


def test_the_same_submission_again_is_reported_never_doubled(database: Database) -> None:
    configure(database)
    take(database, submission())
    again = take(database, submission(), submission(answers=("B", "B")), submission("bob"))
    assert (again.taken["sessions"], again.left["sessions"], again.unmatched) == (1, 2, 0)
    assert again.reasons == [
        "results/0.json: this submission was already imported.",
        "results/1.json: this submission was already imported.",
    ]
    with database.read() as session:
        assert len(session.exec(select(Campaign)).all()) == 1
        assert len(session.exec(select(Rater)).all()) == 2


def test_a_submission_without_all_its_answers_does_not_count_as_complete(
    database: Database,
) -> None:
    configure(database)
    report = take(
        database,
        submission(answers=("A",)),
        submission("bob", answers=("A", "?")),
        submission("cid", answers=("?", "?")),
    )
    assert report.taken["sessions"] == 2
    assert "results/0.json: 1 of 2 comparisons are fully answered" in "\n".join(report.notes)
    assert "results/1.json, comparison 2: 'Response ?' is no known answer to overall." in (
        report.reasons
    )
    assert "results/2.json: it holds no usable answer." in report.reasons
    with database.read() as session:
        stored = session.exec(select(RatingSession)).all()
    assert {(one.status, one.completed_at) for one in stored} == {(SessionStatus.STARTED, None)}


def test_every_criterion_of_the_configuration_must_be_answered(database: Database) -> None:
    configure(database, criteria=["overall", "warmth"])
    whole = submission("bob")
    for one in whole["evals"]:
        one["result"]["warmth"] = "Tie"
    take(database, submission("ann"), whole)
    with database.read() as session:
        statuses = {
            one.external_id: one.status for one in session.exec(select(RatingSession)).all()
        }
        (campaign,) = session.exec(select(Campaign)).all()
    assert statuses == {
        "ann_set-0": SessionStatus.STARTED,
        "bob_set-0": SessionStatus.COMPLETE,
    }
    assert "warmth: Which has warmth?" in campaign.instructions


def test_without_question_sets_the_number_per_rater_decides(database: Database) -> None:
    files = samples.configuration()
    files[".human_eval_config/distribution.json"] = {}
    import_bytes(database, "greeting.zip", as_zip(files), study_name=None, actor="ada")
    take(database, submission(question_set="any"))
    with database.read() as session:
        assert session.exec(select(RatingSession.status)).all() == [SessionStatus.COMPLETE]


def test_a_comparison_that_does_not_show_two_is_left(database: Database) -> None:
    configure(database)
    odd = submission()
    odd["evals"][0]["question"] = ["p0", {"tiny:1b": "t0"}]
    report = take(database, odd)
    assert report.reasons == ["results/0.json, comparison 1: it shows 1 response(s), not two."]


@pytest.mark.parametrize("name", [None, "  "])
def test_results_without_a_study_say_what_to_import_first(
    database: Database, name: str | None
) -> None:
    with pytest.raises(InvalidInputError, match="import their configuration first"):
        take(database, submission(), name=name)


def test_results_for_a_study_that_is_not_configured_are_refused(database: Database) -> None:
    content = as_json(samples.data_source())
    import_bytes(database, "x.json", content, study_name="Haiku", actor="ada")
    for name, said in (("Haiku", "it came from elsewhere"), ("None", "there is none of that")):
        with pytest.raises(InvalidInputError, match=said):
            take(database, submission(), name=name)
