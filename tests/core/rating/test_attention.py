"""Who failed attention items, which pay depends on."""

from dataclasses import replace

from core.rating.attention import attention_failures
from db.engine import Database
from db.repositories import attention
from db.repositories.attention import AttentionAnswer
from db.tables import Preference
from tests.core.rating.raters import completed, opened

CHOOSE_3 = AttentionAnswer(
    session_id="one",
    item_id="first",
    expected={"minimum": 3, "maximum": 3},
    is_second=False,
    criterion="quality",
    answer=3,
)
THE_SECOND_IS_BETTER = replace(
    CHOOSE_3,
    item_id="pair",
    expected={"better": True},
    is_second=True,
    answer=Preference.SECOND,
)


def test_what_was_asked_for_is_no_failure() -> None:
    assert not attention_failures([CHOOSE_3, THE_SECOND_IS_BETTER])


def test_an_item_fails_once_however_many_criteria_are_wrong() -> None:
    wrong = [replace(CHOOSE_3, criterion=key, answer=4) for key in ("quality", "warmth")]
    assert attention_failures(wrong) == {"one": 1}
    assert attention_failures([CHOOSE_3, wrong[1]]) == {"one": 1}


def test_whoever_could_not_judge_did_not_choose_what_was_asked_for() -> None:
    assert attention_failures([replace(CHOOSE_3, answer=None)]) == {"one": 1}


def test_of_a_pair_the_side_counts_on_which_the_text_stood() -> None:
    assert attention_failures([replace(THE_SECOND_IS_BETTER, is_second=False)]) == {"one": 1}


def test_items_are_counted_for_the_session_they_are_of() -> None:
    failed = replace(CHOOSE_3, answer=0)
    others = [replace(failed, session_id="two", item_id=item) for item in ("second", "third")]
    assert attention_failures([failed, *others]) == {"one": 1, "two": 2}


def test_a_session_and_its_campaign_tell_the_same_of_it(database: Database) -> None:
    campaign = opened(database, items=3, attention_items=2, attention_failures_allowed=2)
    ids = {completed(database, campaign, lambda item: 6) for _ in range(2)}
    with database.read_bare() as connection:
        of_campaign = attention.of_campaign(connection, campaign.id)
        newest = attention.of_campaign(connection, campaign.id, newest=1)
        sessions = [attention.of_session(connection, one) for one in sorted(ids)]
    assert sorted(map(repr, of_campaign)) == sorted(repr(one) for rows in sessions for one in rows)
    assert [len(rows) for rows in sessions] == [2, 2]
    assert newest in sessions
