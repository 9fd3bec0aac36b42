"""What screening found, as tables."""

from core.rating.exclusions import include_again, list_exclusions
from core.rating.screening.base import ItemBehaviour
from core.rating.screening.frames import (
    decisions_frame,
    findings_frame,
    items_frame,
    overview_frame,
)
from core.rating.screening.registry import rules
from core.rating.screening.service import apply_rule, screen
from db.engine import Database
from db.tables import ControlKind, Preference, Subject
from tests.building import ACTOR
from tests.core.rating.raters import completed, opened
from tests.core.rating.screening.behaving import session
from tests.core.rating.screening.planted import careful, planted_campaign

RULE = "straight_lining"


def test_findings_have_a_row_for_each_session_and_rule(database: Database) -> None:
    campaign = planted_campaign(database)
    lining, good = (completed(database, campaign, one) for one in (lambda item: 6, careful))
    apply_rule(database, campaign.id, RULE, None, "always 6", ACTOR)
    frame = findings_frame(screen(database, campaign.id), rules())
    assert len(frame) == 2 * len(rules())
    mine = frame[frame["rule"] == RULE].set_index("session_id")
    columns = ["flagged", "value", "excluded", "reason"]
    assert list(mine.loc[lining, columns]) == [True, 1.0, True, "always 6"]
    assert not mine.loc[good, "flagged"]
    assert frame[frame["rule"] == "junk_comments"]["flagged"].isna().all()
    overview = overview_frame(frame, rules()).set_index("rule")
    assert list(overview.loc["Straight-lining"]) == [1, 1, 0, 1]
    assert list(overview.loc["Junk comments"]) == [0, 0, 2, 0]


def test_findings_of_nobody_are_an_empty_table(database: Database) -> None:
    frame = findings_frame(screen(database, opened(database).id), rules())
    assert frame.empty
    assert overview_frame(frame, rules())["flagged"].sum() == 0


def test_decisions_say_which_stand(database: Database) -> None:
    campaign = planted_campaign(database)
    lining = completed(database, campaign, lambda item: 6)
    apply_rule(database, campaign.id, RULE, None, "always 6", ACTOR)
    include_again(database, Subject.SESSION, lining, RULE, "wrote to us", ACTOR)
    names = screen(database, campaign.id).pseudonyms
    frame = decisions_frame(list_exclusions(database, campaign.id), names)
    assert frame["excluded"].tolist() == [False, True]
    assert frame["stands"].tolist() == [True, False]
    assert frame["reason"].tolist() == ["wrote to us", "always 6"]
    assert frame["rater"].tolist() == [names[lining]] * 2
    assert frame["evidence"][1].startswith("12 of 12 (100%) answers in a row")


def test_items_are_told_in_words_and_seconds() -> None:
    frame = items_frame(
        session(
            {"scores": {"quality": 7}, "active_ms": 2500, "comment": "Short."},
            {"scores": {"clarity": 1, "tone": 2}, "server_ms": 4000},
            {"preferences": {"quality": Preference.BOTH_BAD}},
            {"cannot_judge": True, "control": ControlKind.KNOWN_BAD},
            {"scores": {"quality": 3}, "control": ControlKind.ATTENTION, "is_right": False},
        )
    )
    assert frame["answer"].tolist() == [
        "7", "clarity: 1, tone: 2", "both bad", "cannot judge", "3",
    ]  # fmt: skip
    assert frame["item"].tolist() == [1, 2, 3, 4, 5]
    assert frame["active_s"][0] == 2.5
    assert frame["active_s"].isna().tolist() == [False, True, True, True, True]
    assert frame["server_s"][1] == 4.0
    assert frame["planted"].tolist()[3:] == ["known-bad", "attention"]
    assert frame["right"].isna().tolist() == [True, True, True, True, False]
    assert items_frame(session()).empty


def test_an_item_without_any_answer_has_an_empty_one() -> None:
    assert items_frame(session({}))["answer"].tolist() == [""]
    assert ItemBehaviour(position=0).time_ms is None
