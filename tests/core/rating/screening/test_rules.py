"""What every rule keeps to: no crash, no verdict on nothing, monotone, blind to who wrote what."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rating.screening.base import Behaviour, ItemBehaviour, KnownBadComparison, Rule
from core.rating.screening.registry import rule_named, rules
from db.tables import ControlKind, Preference
from tests.core.rating.screening.behaving import NOBODY_ELSE

TIMES = st.none() | st.integers(0, 2**40)
KEYS = st.sampled_from(["clarity", "tone"])
ITEMS = st.lists(
    st.builds(
        ItemBehaviour,
        position=st.integers(0, 500),
        words_shown=st.integers(0, 10_000),
        shown_texts=st.lists(st.text(max_size=30), max_size=2).map(tuple),
        active_ms=TIMES,
        server_ms=TIMES,
        scores=st.dictionaries(KEYS, st.integers(-1000, 1000)),
        preferences=st.dictionaries(KEYS, st.sampled_from(Preference)),
        cannot_judge=st.booleans(),
        comment=st.text(max_size=30),
        control=st.none() | st.sampled_from(ControlKind),
        is_right=st.none() | st.booleans(),
    ),
    max_size=12,
)
SESSIONS = st.builds(
    Behaviour,
    session_id=st.just("session"),
    rater_id=st.just("rater"),
    items=ITEMS.map(tuple),
    known_bad=st.lists(
        st.builds(KnownBadComparison, st.floats(-1000, 1000), st.just("truncated")), max_size=5
    ).map(tuple),
)
EVERY_RULE = pytest.mark.parametrize("rule", rules().values(), ids=list(rules()))


@EVERY_RULE
@given(SESSIONS)
@settings(max_examples=40)  # of each rule
def test_no_session_makes_a_rule_crash_and_every_verdict_has_its_figure(
    rule: Rule, behaviour: Behaviour
) -> None:
    evidence = rule.evidence(behaviour, NOBODY_ELSE)
    assert evidence.flagged in (True, False, None)
    assert (rule.figure in evidence.figures) == (evidence.flagged is not None)
    assert evidence.sentence.endswith(".")


@EVERY_RULE
def test_an_empty_session_is_not_enough_to_say(rule: Rule) -> None:
    evidence = rule.evidence(Behaviour("session", "rater", ()), NOBODY_ELSE)
    assert evidence.flagged is None
    assert not evidence.figures


@EVERY_RULE
@given(SESSIONS)
@settings(max_examples=40)  # of each rule
def test_what_is_shown_in_another_criterions_name_is_judged_alike(
    rule: Rule, behaviour: Behaviour
) -> None:
    """Models are not known here; nor may the names of criteria matter."""
    renamed = replace(
        behaviour,
        items=tuple(
            replace(
                item,
                scores={f"x{key}": value for key, value in item.scores.items()},
                preferences={f"x{key}": value for key, value in item.preferences.items()},
            )
            for item in behaviour.items
        ),
    )
    assert rule.evidence(renamed, NOBODY_ELSE) == rule.evidence(behaviour, NOBODY_ELSE)


@pytest.mark.parametrize("name", ["median_time", "minimum_time"])
@given(behaviour=SESSIONS, slower=st.integers(0, 100_000))
def test_who_takes_longer_is_never_flagged_for_it(
    name: str, behaviour: Behaviour, slower: int
) -> None:
    def later(time_ms: int | None) -> int | None:
        return None if time_ms is None else time_ms + slower

    longer = replace(
        behaviour,
        items=tuple(
            replace(item, active_ms=later(item.active_ms), server_ms=later(item.server_ms))
            for item in behaviour.items
        ),
    )
    rule = rule_named(name)
    if rule.evidence(behaviour, NOBODY_ELSE).flagged is False:
        assert rule.evidence(longer, NOBODY_ELSE).flagged is False


@pytest.mark.parametrize("name", ["attention_failures", "gold_failures"])
@given(SESSIONS)
def test_who_answers_a_planted_item_right_is_never_flagged_for_it(
    name: str, behaviour: Behaviour
) -> None:
    better = replace(
        behaviour,
        items=tuple(
            replace(item, is_right=True if item.is_right is False else item.is_right)
            for item in behaviour.items
        ),
    )
    assert rule_named(name).evidence(better, NOBODY_ELSE).flagged is not True


@given(SESSIONS, st.floats(0, 1000))
def test_a_wider_gap_is_never_flagged_for_it(behaviour: Behaviour, wider: float) -> None:
    rule = rule_named("known_bad_unseen")
    apart = replace(
        behaviour,
        known_bad=tuple(replace(one, gap=one.gap + wider) for one in behaviour.known_bad),
    )
    if rule.evidence(behaviour, NOBODY_ELSE).flagged is False:
        assert rule.evidence(apart, NOBODY_ELSE).flagged is False


@given(SESSIONS)
def test_one_more_comment_of_its_own_never_makes_comments_repeated(behaviour: Behaviour) -> None:
    rule = rule_named("repeated_comments")
    own = ItemBehaviour(position=999, comment="nobody has ever written this before " * 9)
    more = replace(behaviour, items=(*behaviour.items, own))
    if rule.evidence(behaviour, NOBODY_ELSE).flagged is False:
        assert rule.evidence(more, NOBODY_ELSE).flagged is False


@given(SESSIONS, st.integers(0, 19))
def test_one_more_item_that_cannot_be_judged_never_clears(behaviour: Behaviour, at: int) -> None:
    rule = rule_named("cannot_judge")
    unjudged = ItemBehaviour(position=999, cannot_judge=True)
    more = replace(behaviour, items=(*behaviour.items[:at], unjudged, *behaviour.items[at:]))
    if rule.evidence(behaviour, NOBODY_ELSE).flagged:
        assert rule.evidence(more, NOBODY_ELSE).flagged


@given(SESSIONS)
def test_sides_can_change_places(behaviour: Behaviour) -> None:
    """Which response stands where is counterbalanced; both sides are looked at alike."""
    turned_over = {
        Preference.FIRST: Preference.SECOND, Preference.SECOND: Preference.FIRST,
        Preference.TIE: Preference.TIE, Preference.BOTH_BAD: Preference.BOTH_BAD,
    }  # fmt: skip
    turned = replace(
        behaviour,
        items=tuple(
            replace(
                item,
                preferences={key: turned_over[one] for key, one in item.preferences.items()},
            )
            for item in behaviour.items
        ),
    )
    rule = rule_named("position_bias")
    before, after = (rule.evidence(one, NOBODY_ELSE) for one in (behaviour, turned))
    assert before.flagged is after.flagged
    assert before.figures.get("p_value", 0) == pytest.approx(after.figures.get("p_value", 0))
