"""Screening a campaign: what is read of it, what the rules see, and what is decided on it."""

from dataclasses import replace

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.exchange.original import import_bytes
from core.rating.design import Protocol
from core.rating.exclusions import include_again, list_exclusions
from core.rating.panel import Sight
from core.rating.screening.base import Behaviour, ItemBehaviour
from core.rating.screening.registry import rules
from core.rating.screening.service import Finding, apply_rule, screen
from core.rating.views import ItemView
from core.studies.rubric import Rubric, Scale
from core.studies.service import create_study
from db.engine import Database
from db.tables import Campaign, Candidate, ControlKind, RatingSession, Subject
from tests.building import ACTOR, definition, make_study, rows_of, store_responses
from tests.core.rating.raters import (
    PROLIFIC,
    answer,
    completed,
    give,
    item_of,
    opened,
    started,
)
from tests.core.rating.screening.planted import careful, planted_campaign

RULE = "straight_lining"


def found(database: Database, campaign: Campaign, rule: str, session_id: str) -> Finding:
    report = screen(database, campaign.id)
    return next(one for one in report.of_rule(rule) if one.session_id == session_id)


def behaviour(database: Database, campaign: Campaign, session_id: str) -> Behaviour:
    return screen(database, campaign.id).behaviours[session_id]


def planted(of: Behaviour) -> dict[ControlKind, list[ItemBehaviour]]:
    return {kind: [one for one in of.items if one.control is kind] for kind in ControlKind}


def test_planted_items_are_told_apart_and_judged(database: Database) -> None:
    campaign = planted_campaign(database)
    good = behaviour(database, campaign, completed(database, campaign, careful))
    assert len(good.targets) == 12
    kinds = planted(good)
    assert [one.is_right for one in kinds[ControlKind.ATTENTION]] == [True]
    assert [one.is_right for one in kinds[ControlKind.GOLD]] == [True]
    assert [one.is_right for one in kinds[ControlKind.KNOWN_BAD]] == [None] * 3
    assert len(good.known_bad) == 3
    assert all(one.made_by in {"truncated", "other_case"} for one in good.known_bad)
    assert all(one.gap > 0 for one in good.known_bad if one.made_by == "truncated")
    bad = behaviour(database, campaign, completed(database, campaign, lambda item: 10))
    kinds = planted(bad)
    assert kinds[ControlKind.ATTENTION][0].is_right is False
    assert kinds[ControlKind.GOLD][0].is_right is False
    assert {one.gap for one in bad.known_bad} == {0.0}


def test_pairs_compare_the_spoilt_text_with_the_reference_on_whichever_side(
    database: Database,
) -> None:
    campaign = planted_campaign(database, protocol=Protocol.PAIR, items=8)

    def whole(item: ItemView) -> int:
        spoilt = [not text.endswith("over") and text != "Rude." for text in item.responses]
        rude = [text == "Rude." for text in item.responses]
        is_attention = ["choose this response" in text.lower() for text in item.responses]
        if any(is_attention):
            return 1 if is_attention[0] else 2
        return 2 if spoilt[0] or rude[0] else 1

    # With three sessions each of the eight known-bad texts was shown.
    of = [behaviour(database, campaign, completed(database, campaign, whole)) for _ in range(3)]
    gaps = [one.gap for each in of for one in each.known_bad if one.made_by == "truncated"]
    assert len(gaps) >= 4
    assert set(gaps) == {1.0}
    assert all(
        one.is_right
        for each in of
        for kind in (ControlKind.ATTENTION, ControlKind.GOLD)
        for one in planted(each)[kind]
    )
    assert screen(database, campaign.id).panel.protocol is Protocol.PAIR


def test_an_item_brings_its_words_times_comment_and_values(database: Database) -> None:
    campaign = opened(database)
    session_id = started(database, campaign)
    shown = item_of(database, session_id)
    give(
        database, session_id, shown.item_id, values={"quality": 4}, comment="Too short.",
        active_ms=40, hidden_ms=5, blur_count=1,
    )  # fmt: skip
    shown_next = item_of(database, session_id)
    give(database, session_id, shown_next.item_id, cannot_judge=True)
    answer(database, session_id)
    first, second, third = behaviour(database, campaign, session_id).items
    assert first.scores == {"quality": 4}
    assert first.comment == "Too short."
    assert first.words_shown == len(shown.responses[0].split())
    assert first.shown_texts == (shown.task, shown.responses[0])
    assert first.active_ms is not None
    assert first.server_ms is not None
    assert first.time_ms == first.active_ms
    assert (second.cannot_judge, second.scores) == (True, {})
    assert third.active_ms is None
    assert third.time_ms == third.server_ms
    assert [one.position for one in (first, second, third)] == [0, 1, 2]


def test_scores_are_seen_against_the_scale_they_were_given_on(database: Database) -> None:
    rubric = Rubric(scale=Scale(minimum=1, maximum=3))
    content = create_study(database, replace(definition(), rubric=rubric), ACTOR)
    store_responses(database, content)
    campaign = opened(database, content, items=6)
    session_id = completed(database, campaign, lambda item: 1 + 2 * (item.number % 2))
    figures = found(database, campaign, RULE, session_id).evidence.figures
    assert figures["score_sd_share"] == 0.5


def test_only_complete_sessions_are_screened(database: Database) -> None:
    campaign = opened(database)
    done = completed(database, campaign)
    answer(database, started(database, campaign))
    report = screen(database, campaign.id)
    assert set(report.behaviours) == {done}
    assert {one.rule for one in report.findings} == set(rules())


def test_a_rule_excludes_whom_it_flags_once_and_says_on_what(database: Database) -> None:
    campaign = planted_campaign(database)
    lining = [completed(database, campaign, lambda item: 6) for _ in range(2)]
    good = completed(database, campaign, careful)
    chosen = {"share": 0.75}
    assert apply_rule(database, campaign.id, RULE, chosen, "straight lines", ACTOR) == 2
    assert apply_rule(database, campaign.id, RULE, chosen, "again", ACTOR) == 0
    report = screen(database, campaign.id)
    assert report.left_out == set(lining)
    assert {one.session_id for one in report.of_rule(RULE) if one.is_excluded} == set(lining)
    assert not any(one.is_new for one in report.of_rule(RULE))
    decisions = [one.row for one in list_exclusions(database, campaign.id)]
    assert {one.subject_id for one in decisions} == set(lining)
    for one in decisions:
        assert (one.subject, one.rule, one.reason) == (Subject.SESSION, RULE, "straight lines")
        assert one.evidence is not None
        assert one.evidence["thresholds"] == {"share": 0.75, "least_sd_share": 0.03}
        assert one.evidence["figures"]["longest_run_share"] == 1
    assert good not in report.left_out


def test_a_session_that_counts_again_is_flagged_anew_but_left_alone(database: Database) -> None:
    campaign = planted_campaign(database)
    one = completed(database, campaign, lambda item: 6)
    apply_rule(database, campaign.id, RULE, None, "straight lines", ACTOR)
    include_again(database, Subject.SESSION, one, RULE, "they all were equal", ACTOR)
    report = screen(database, campaign.id)
    assert report.left_out == frozenset()
    finding = found(database, campaign, RULE, one)
    assert finding.is_new
    assert finding.decision is not None
    assert not finding.decision.excluded


def test_the_panel_is_assayed_over_the_sessions_that_count(database: Database) -> None:
    campaign = planted_campaign(database, overlap=9)
    for _ in range(6):
        completed(database, campaign, careful)
    blind = completed(database, campaign, lambda item: 6)
    with_it = screen(database, campaign.id)
    apply_rule(database, campaign.id, RULE, None, "straight lines", ACTOR)
    without = screen(database, campaign.id)
    assert blind in without.left_out
    assert (with_it.panel.raters, without.panel.raters) == (7, 6)
    assert set(without.panels) == {"truncated", "other_case"}
    truncated = without.panels["truncated"]
    assert truncated.gap_low is not None
    assert truncated.gap_low > 0
    assert truncated.share == 1


def test_one_person_in_two_campaigns_of_a_study_is_a_duplicate(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    first = opened(database, content, platform=PROLIFIC)
    second = opened(database, content, platform=PROLIFIC)
    one = completed(database, first, PROLIFIC_PID="p1", STUDY_ID="s", SESSION_ID="a")
    again = completed(database, second, PROLIFIC_PID="p1", STUDY_ID="s", SESSION_ID="b")
    other = completed(database, second, PROLIFIC_PID="p2", STUDY_ID="s", SESSION_ID="c")
    same_submission = completed(database, second, PROLIFIC_PID="p3", STUDY_ID="s", SESSION_ID="a")
    flagged = {
        row: found(database, campaign, "duplicate_people", row).evidence.flagged
        for campaign, row in [(first, one), (second, again), (second, other),
                              (second, same_submission)]
    }  # fmt: skip
    assert flagged == {one: False, again: True, other: False, same_submission: True}


def test_findings_do_not_depend_on_which_model_wrote_what(database: Database) -> None:
    campaign = planted_campaign(database)
    completed(database, campaign, careful)
    completed(database, campaign, lambda item: 6)
    before = screen(database, campaign.id)
    with database.write() as session:
        for number, row in enumerate(rows_of(session, Candidate)):
            row.model = f"else/model-{number}"
            session.add(row)
    assert screen(database, campaign.id).findings == before.findings


def test_an_imported_pair_study_is_screened_by_what_its_file_claims(database: Database) -> None:
    content = b"""[{"worker_1": [%s]}]""" % b", ".join(
        b"""{"response1": "a %d", "response2": "b %d", "model1": "m", "model2": "n",
        "clarity": "1 is better", "time_spent": 2.5}"""
        % (number, number)
        for number in range(9)
    )
    import_bytes(database, "crowd.json", content, study_name="Crowd", actor=ACTOR)
    with database.read() as session:
        (campaign,), (row,) = rows_of(session, Campaign), rows_of(session, RatingSession)
    report = screen(database, campaign.id)
    figures = {one.rule: one.evidence for one in report.findings if one.session_id == row.id}
    assert figures["median_time"].figures == {"median_seconds": 2.5}
    assert "Server times stand in for 9 of 9" in figures["median_time"].sentence
    assert figures["position_bias"].flagged is True
    assert figures["attention_failures"].flagged is None
    assert report.panel.protocol is Protocol.PAIR
    assert report.panel.sight is Sight.NOT_ENOUGH


def test_an_unknown_campaign_rule_or_threshold_is_refused(database: Database) -> None:
    campaign = opened(database)
    with pytest.raises(NotFoundError, match="no campaign"):
        screen(database, "nowhere")
    with pytest.raises(NotFoundError, match="no screening rule"):
        apply_rule(database, campaign.id, "agreement", None, "why", ACTOR)
    with pytest.raises(InvalidInputError, match="no threshold"):
        screen(database, campaign.id, {"median_time": {"seconds": -2}})
    with pytest.raises(InvalidInputError, match="needs a reason"):
        apply_rule(database, campaign.id, RULE, None, "", ACTOR)


def test_a_campaign_without_a_session_has_nothing_to_say(database: Database) -> None:
    report = screen(database, opened(database).id)
    assert report.findings == ()
    assert report.panel.sight is Sight.NOT_ENOUGH
