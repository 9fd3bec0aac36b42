"""Which screening rules there are."""

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.rating.screening.base import Rule
from core.rating.screening.registry import rule_named, rules


def test_every_file_of_the_folder_is_a_rule() -> None:
    assert set(rules()) == {
        "attention_failures",
        "cannot_judge",
        "duplicate_people",
        "gold_failures",
        "junk_comments",
        "known_bad_unseen",
        "median_time",
        "minimum_time",
        "position_bias",
        "repeated_comments",
        "straight_lining",
    }


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(NotFoundError, match="no screening rule 'agreement'"):
        rule_named("agreement")


@pytest.mark.parametrize("rule", rules().values(), ids=list(rules()))
def test_a_rules_threshold_is_one_of_its_parameters_and_its_defaults_are_within_bounds(
    rule: Rule,
) -> None:
    assert rule.thresholds(rule.thresholds()) == rule.thresholds()
    assert rule.threshold in rule.thresholds()


def test_a_threshold_out_of_bounds_or_of_another_rule_is_refused() -> None:
    rule = rule_named("median_time")
    with pytest.raises(InvalidInputError, match=r"-1 is no threshold .* choose 0 to 600"):
        rule.thresholds({"seconds": -1})
    with pytest.raises(InvalidInputError, match="nan is no threshold"):
        rule.thresholds({"seconds": float("nan")})
    with pytest.raises(InvalidInputError, match="no threshold 'share'; it has seconds"):
        rule.thresholds({"share": 0.5})
