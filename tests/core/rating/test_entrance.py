"""Who comes in, and to which session: one a person, whatever they press, and however often."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.rating.campaigns import (
    change_schedule,
    close_campaign,
    pause_campaign,
    resume_campaign,
)
from core.rating.design import PLATFORMS, Audience, Outcome
from core.rating.entrance import (
    decline,
    expert_invitation,
    invitation,
    record_visit,
    start_invited,
    start_session,
)
from core.rating.invites import create_invites, renew_invite, revoke_invite
from core.rating.refusals import Cause, RefusalError
from core.rating.sessions import claim_tab, session_of_token, view_session
from core.rating.views import Stage
from db.engine import Database
from db.tables import (
    Campaign,
    Item,
    Rater,
    Rating,
    RatingSession,
    SessionStatus,
    Subject,
    Visit,
)
from db.types import utc_now
from tests.building import ACTOR, all_rows, decide, make_study, store_responses
from tests.core.rating.raters import PROLIFIC, TAB, answer, completed, opened, started


def refused(cause: Cause) -> Any:
    return pytest.raises(RefusalError, check=lambda error: error.cause is cause)


def change(database: Database, campaign: Campaign, **fields: object) -> None:
    with database.write() as session:
        row = session.get_one(Campaign, campaign.id)
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)


def expire(database: Database, campaign: Campaign) -> None:
    change(database, campaign, expires_at=utc_now() - timedelta(seconds=1))


def start(database: Database, campaign: Campaign, **arrival: str) -> str:
    return start_session(database, campaign.link_token, uuid4().hex, arrival)


ASKING: list[Callable[[Database, str], object]] = [
    lambda database, link: invitation(database, link, {}),
    lambda database, link: start_session(database, link, "n", {}),
    lambda database, link: decline(database, link, "n", {}),
]


def test_an_invitation_says_what_to_expect(database: Database) -> None:
    campaign = opened(database, items=4, attention_items=1, seconds_per_item=30)
    invited = invitation(database, campaign.link_token, {})
    assert (invited.name, invited.items, invited.minutes) == ("First", 5, 2)
    assert invited.instructions
    assert invited.consent
    assert (invited.language, invited.is_under_way) == ("en", False)


def test_a_german_campaign_invites_in_german(database: Database) -> None:
    invited = invitation(database, opened(database, language="de").link_token, {})
    assert invited.language == "de"
    assert "Sie lesen" in invited.instructions
    assert "Teilnahme" in invited.consent


@pytest.mark.parametrize("ask", ASKING)
def test_a_link_that_takes_nobody_is_refused_with_its_cause(
    database: Database, ask: Callable[[Database, str], object]
) -> None:
    content = make_study(database)
    store_responses(database, content)
    campaigns = {cause: opened(database, content) for cause in Cause}
    close_campaign(database, campaigns[Cause.CLOSED].id, ACTOR)
    pause_campaign(database, campaigns[Cause.PAUSED].id, ACTOR)
    expire(database, campaigns[Cause.EXPIRED])
    later = utc_now() + timedelta(hours=1)
    change_schedule(
        database, campaigns[Cause.NOT_YET_OPEN].id, ACTOR,
        opens_at=later, expires_at=None, capacity=None,
    )  # fmt: skip
    for cause in (Cause.CLOSED, Cause.PAUSED, Cause.EXPIRED, Cause.NOT_YET_OPEN):
        with refused(cause):
            ask(database, campaigns[cause].link_token)
    for link in (campaigns[Cause.CLOSED].link_token + "x", "", "\x00\ud800"):
        with refused(Cause.UNKNOWN_LINK):
            ask(database, link)
    assert all_rows(database, RatingSession) == []
    resume_campaign(database, campaigns[Cause.PAUSED].id, ACTOR)
    ask(database, campaigns[Cause.PAUSED].link_token)


def test_the_same_press_of_the_button_gets_the_same_session(database: Database) -> None:
    campaign = opened(database)
    nonce = uuid4().hex
    first = start_session(database, campaign.link_token, nonce, {})
    assert start_session(database, campaign.link_token, nonce, {}) == first
    assert start(database, campaign) != first
    assert len(all_rows(database, Item)) == 6


def test_the_same_person_from_a_platform_gets_the_same_session(database: Database) -> None:
    campaign, other = opened(database, platform=PROLIFIC), opened(database, platform=PROLIFIC)
    arrival = {"PROLIFIC_PID": "p1", "STUDY_ID": "s"}
    first = start(database, campaign, **arrival)
    again = start(database, campaign, **arrival)
    elsewhere = start(database, other, **arrival)
    somebody = start(database, campaign, PROLIFIC_PID="p2")
    assert again == first
    assert len({first, elsewhere, somebody}) == 3
    assert {row.external_id for row in all_rows(database, Rater)} == {"p1", "p2"}
    (row,) = [one for one in all_rows(database, RatingSession) if one.id == first]
    assert row.arrival == arrival
    assert invitation(database, campaign.link_token, arrival).is_under_way


@pytest.mark.parametrize(
    ("platform", "parameter"),
    [
        ("prolific", "PROLIFIC_PID"),
        ("cloudresearch", "participantId"),
        ("sona", "SURVEY_CODE"),
        ("mturk", "workerId"),
        ("generic", "id"),
    ],
)
def test_every_platform_says_who_comes_by_its_own_parameter(
    database: Database, platform: str, parameter: str
) -> None:
    campaign = opened(database, platform=PLATFORMS[platform])
    for nobody in ({}, {parameter: "  "}, {parameter.swapcase(): "p1"}):
        with refused(Cause.NO_PLATFORM_ID):
            start(database, campaign, **nobody)
    start(database, campaign, **{parameter: "p1"})
    assert [row.external_id for row in all_rows(database, Rater)] == ["p1"]


def test_an_id_that_is_not_needed_is_still_known_again(database: Database) -> None:
    platform = PROLIFIC.model_copy(update={"needs_id": False})
    campaign = opened(database, platform=platform)
    known = start(database, campaign, PROLIFIC_PID="p1")
    assert start(database, campaign, PROLIFIC_PID="p1") == known
    assert start(database, campaign) != known


def test_a_renamed_parameter_is_used_instead(database: Database) -> None:
    platform = PROLIFIC.model_copy(update={"rater_parameter": "who"})
    campaign = opened(database, platform=platform)
    with refused(Cause.NO_PLATFORM_ID):
        start(database, campaign, PROLIFIC_PID="p1")
    start(database, campaign, who="p1")


@pytest.mark.parametrize("value", ["{{%PROLIFIC_PID%}}", "{id}", "%ID%", "[ID]", "<id>"])
def test_a_placeholder_that_the_platform_did_not_fill_in_is_nobody(
    database: Database, value: str
) -> None:
    campaign = opened(database, platform=PROLIFIC)
    with refused(Cause.NO_PLATFORM_ID):
        start(database, campaign, PROLIFIC_PID=value)


def test_whoever_knows_an_id_takes_over_no_session_under_way_of_another_submission(
    database: Database,
) -> None:
    campaign = opened(database, platform=PROLIFIC)
    mine = start(database, campaign, PROLIFIC_PID="p1", SESSION_ID="s1")
    assert start(database, campaign, PROLIFIC_PID="p1", SESSION_ID="s1") == mine
    other = {"PROLIFIC_PID": "p1", "SESSION_ID": "s2"}
    with refused(Cause.TAKEN_PART):
        start(database, campaign, **other)
    with refused(Cause.TAKEN_PART):
        invitation(database, campaign.link_token, other)
    with database.write() as session:
        row = session.get_one(RatingSession, mine)
        row.status = SessionStatus.ABANDONED
        session.add(row)
    assert start(database, campaign, **other) == mine, "come back after a time-out"


def test_a_preview_at_mechanical_turk_starts_nothing(database: Database) -> None:
    campaign = opened(database, platform=PLATFORMS["mturk"])
    arrival = {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE", "hitId": "h"}
    with refused(Cause.PREVIEW_ONLY):
        invitation(database, campaign.link_token, arrival)
    with refused(Cause.PREVIEW_ONLY):
        start(database, campaign, **arrival)
    assert all_rows(database, RatingSession) == []


def test_whoever_knows_a_platform_id_gets_no_ended_session(database: Database) -> None:
    campaign = opened(database, platform=PROLIFIC)
    completed(database, campaign, PROLIFIC_PID="p1")
    with refused(Cause.TAKEN_PART):
        start(database, campaign, PROLIFIC_PID="p1")
    with refused(Cause.TAKEN_PART):
        decline(database, campaign.link_token, "n", {"PROLIFIC_PID": "p1"})
    assert len(all_rows(database, RatingSession)) == 1


@pytest.mark.parametrize("how", ["closed", "paused", "expired"])
def test_a_person_goes_on_after_the_campaign_ended_and_nobody_else_starts(
    database: Database, how: str
) -> None:
    campaign = opened(database, platform=PROLIFIC)
    nonce, arrival = uuid4().hex, {"PROLIFIC_PID": "p1"}
    first = start_session(database, campaign.link_token, nonce, arrival)
    if how == "expired":
        expire(database, campaign)
    else:
        {"closed": close_campaign, "paused": pause_campaign}[how](database, campaign.id, ACTOR)
    assert start_session(database, campaign.link_token, nonce, {}) == first
    assert start(database, campaign, **arrival) == first
    assert invitation(database, campaign.link_token, arrival).is_under_way
    with refused(Cause[how.upper()]):
        start(database, campaign, PROLIFIC_PID="p2")
    with refused(Cause[how.upper()]):
        invitation(database, campaign.link_token, {"PROLIFIC_PID": "p2"})
    claim_tab(database, first, TAB)
    for _ in range(3):
        answer(database, first)
    ending = view_session(database, first, TAB).ending
    assert ending is not None
    assert ending.outcome is Outcome.COMPLETE


def test_whoever_comes_when_nothing_is_left_gets_a_code_and_may_come_again(
    database: Database,
) -> None:
    content = make_study(database)
    rows = store_responses(database, content)
    campaign = opened(database, content, platform=PROLIFIC)
    for row in rows:
        decide(database, Subject.RESPONSE, row.id)
    early = started(database, campaign, PROLIFIC_PID="p1")
    ending = view_session(database, early, TAB).ending
    assert ending is not None
    assert ending.outcome is Outcome.NOTHING_LEFT
    assert len(ending.code) == 10
    for row in rows:
        decide(database, Subject.RESPONSE, row.id, excluded=False)
    late = started(database, campaign, PROLIFIC_PID="p1")
    assert late != early
    assert view_session(database, late, TAB).stage is Stage.ITEM
    assert len(all_rows(database, Rater)) == 1


def test_no_more_sessions_than_the_capacity_are_under_way_or_complete(
    database: Database,
) -> None:
    campaign = opened(database, capacity=2)
    stages = [view_session(database, started(database, campaign), TAB).stage for _ in range(3)]
    assert stages == [Stage.ITEM, Stage.ITEM, Stage.ENDED]


def test_what_no_database_holds_is_left_out(database: Database) -> None:
    campaign = opened(database, platform=PROLIFIC)
    bad = "\x00\ud800"
    with refused(Cause.BROKEN_ADDRESS):
        session_of_token(bad, "secret")
    with refused(Cause.NO_PLATFORM_ID):
        start(database, campaign, PROLIFIC_PID=bad)
    session_id = started(database, campaign, **{"PROLIFIC_PID": f"p{bad}", f"a{bad}": f"b{bad}"})
    assert [row.external_id for row in all_rows(database, Rater)] == ["p"]
    (row,) = all_rows(database, RatingSession)
    assert row.arrival == {"PROLIFIC_PID": "p", "a": "b"}
    answer(database, session_id, 5, f"good{bad}")
    assert [one.comment for one in all_rows(database, Rating)] == ["good"]


def test_an_address_with_thousands_of_parameters_is_cut(database: Database) -> None:
    campaign = opened(database, platform=PROLIFIC)
    arrival = {"PROLIFIC_PID": "p1"} | {f"x{number}": "y" * 2000 for number in range(5000)}
    start(database, campaign, **arrival)
    (row,) = all_rows(database, RatingSession)
    assert len(row.arrival) == 20
    assert max(map(len, row.arrival.values())) == 500


@pytest.mark.parametrize("by", ["nonce", "platform"])
def test_two_presses_at_the_same_moment_start_one_session(database: Database, by: str) -> None:
    campaign = opened(database, platform=PROLIFIC if by == "platform" else PLATFORMS["none"])
    nonces = ["one nonce"] * 8 if by == "nonce" else [uuid4().hex for _ in range(8)]
    arrival = {"PROLIFIC_PID": "p1"} if by == "platform" else {}

    def press(nonce: str) -> str:
        return start_session(database, campaign.link_token, nonce, arrival)

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(press, nonces))
    assert len(found) == 1
    assert len(all_rows(database, RatingSession)) == len(all_rows(database, Rater)) == 1
    assert len(all_rows(database, Item)) == 3


def test_whoever_does_not_agree_gets_a_code_of_their_own_and_may_agree_later(
    database: Database,
) -> None:
    campaign = opened(database, platform=PROLIFIC)
    nonce, arrival = uuid4().hex, {"PROLIFIC_PID": "p1"}
    declined = decline(database, campaign.link_token, nonce, arrival)
    assert decline(database, campaign.link_token, nonce, arrival) == declined
    ending = view_session(database, declined, TAB).ending
    assert ending is not None
    assert ending.outcome is Outcome.NO_CONSENT
    (row,) = all_rows(database, RatingSession)
    assert (row.status, row.consented_at, row.item_count) == (SessionStatus.NO_CONSENT, None, 0)
    assert all_rows(database, Item) == []
    assert view_session(database, started(database, campaign, **arrival), TAB).stage is Stage.ITEM


def test_an_open_campaign_starts_nobody_without_a_proof_of_humanity(database: Database) -> None:
    campaign = opened(database, audience=Audience.OPEN)
    assert invitation(database, campaign.link_token, {}).asks_for_proof_of_humanity
    with refused(Cause.NOT_HUMAN):
        start(database, campaign)
    with refused(Cause.NOT_HUMAN):
        decline(database, campaign.link_token, "n", {})
    assert all_rows(database, RatingSession) == []
    assert start_session(database, campaign.link_token, "n", {}, is_human=True)


def test_an_experts_link_starts_one_session_and_is_used_then(database: Database) -> None:
    campaign = opened(database, audience=Audience.EXPERTS)
    for ask in ASKING:
        with refused(Cause.INVITE_NEEDED):
            ask(database, campaign.link_token)
    named, unnamed = create_invites(database, campaign.id, "doctor", ["Dr. Who", None], ACTOR)
    assert expert_invitation(database, named.token).asks_for_name
    nonce = uuid4().hex
    session_id = start_invited(database, named.token, nonce, "ignored")
    assert start_invited(database, named.token, nonce) == session_id
    with refused(Cause.INVITE_USED):
        expert_invitation(database, named.token)
    with refused(Cause.INVITE_USED):
        start_invited(database, named.token, uuid4().hex)
    start_invited(database, unnamed.token, uuid4().hex, " Ada\x00 ")
    raters = {row.name: row.role for row in all_rows(database, Rater)}
    assert raters == {"Dr. Who": "doctor", "Ada": "doctor"}


def test_an_expert_who_was_sent_away_may_come_again_by_the_same_link(database: Database) -> None:
    campaign = opened(database, audience=Audience.EXPERTS, capacity=1)
    first, second = create_invites(database, campaign.id, "doctor", ["A", "B"], ACTOR)
    start_invited(database, first.token, uuid4().hex)
    early = start_invited(database, second.token, uuid4().hex)
    assert view_session(database, early, TAB).stage is Stage.ENDED
    change(database, campaign, capacity=2)
    assert not expert_invitation(database, second.token).is_under_way
    late = start_invited(database, second.token, uuid4().hex)
    assert late != early
    assert view_session(database, late, TAB).stage is Stage.ITEM
    assert len(all_rows(database, Rater)) == 2


def test_an_experts_link_shared_by_two_starts_one_session(database: Database) -> None:
    campaign = opened(database, audience=Audience.EXPERTS)
    (invite,) = create_invites(database, campaign.id, "doctor", [None], ACTOR)

    def press(nonce: str) -> str | Cause:
        try:
            return start_invited(database, invite.token, nonce)
        except RefusalError as error:
            return error.cause

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(press, [uuid4().hex for _ in range(8)]))
    assert found.count(Cause.INVITE_USED) == 7
    assert len(all_rows(database, RatingSession)) == 1


def test_a_withdrawn_invitation_leads_nowhere_and_a_renewed_one_to_the_same_session(
    database: Database,
) -> None:
    campaign = opened(database, audience=Audience.EXPERTS)
    lost, revoked = create_invites(database, campaign.id, "doctor", [None, None], ACTOR)
    session_id = start_invited(database, lost.token, uuid4().hex)
    renewed = renew_invite(database, lost.id, ACTOR)
    assert expert_invitation(database, renewed.token).is_under_way
    close_campaign(database, campaign.id, ACTOR)
    assert start_invited(database, renewed.token, uuid4().hex) == session_id
    revoke_invite(database, revoked.id, ACTOR)
    for token, cause in (
        (lost.token, Cause.INVITE_REVOKED),
        (revoked.token, Cause.INVITE_REVOKED),
        (renewed.token, Cause.INVITE_USED),
        ("guess", Cause.UNKNOWN_LINK),
        ("\x00", Cause.UNKNOWN_LINK),
    ):
        with refused(cause):
            start_invited(database, token, uuid4().hex)


def test_every_opening_of_the_link_is_kept_once_as_it_came(database: Database) -> None:
    campaign = opened(database, platform=PROLIFIC)
    for nonce in ("first", "first", "second"):
        record_visit(database, campaign.link_token, nonce, {"PROLIFIC_PID": "p1", "x": "\x00y"})
    record_visit(database, "unknown", "third", {})
    visits = all_rows(database, Visit)
    assert {row.nonce for row in visits} == {"first", "second"}
    assert all(row.arrival == {"PROLIFIC_PID": "p1", "x": "y"} for row in visits)
