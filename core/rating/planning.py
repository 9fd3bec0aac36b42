"""What a campaign's design takes and what it can show, before it opens: people, money, precision.

The precision is the half-width of a 95 % interval. For scores it is that of the mean difference of
a candidate to the reference, where the same people rated the same test cases:

    variance = 2 * (s_case^2 / J + s_rater^2 / R + s_rating^2 / n)

with J test cases, R raters and n ratings of each model, and the t quantile at min(R, J) - 1 degrees
of freedom (two-way clusters). Simulated coverage of that interval is 95 to 97 %.

For pairs it is that of the share of comparisons won, where a tie counts half. The variance of one
comparison is at most 1/4 (nobody ties, both win half); it is split over test cases, raters and
single ratings as the squares of the same three standard deviations are, with the same t quantile.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd
from scipy.special import stdtrit  # type: ignore[import-untyped]  # scipy ships no types

from core.rating.design import CampaignDesign, PairsOf, Protocol
from core.studies.rubric import Rubric

WORDS_PER_MINUTE = 238
"""How fast adults read English non-fiction silently (Brysbaert 2019, J. Memory Lang. 109)."""
FEWEST_CASES = 5
"""With fewer test cases an interval is about these prompts, not about prompts like them."""
_COMPARED_CASES = (5, 10, 20, 50, 100)
_COMPARED_RATERS = (5, 10, 20, 30, 50, 75, 100, 150, 200)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a plan takes for granted; all of it can be changed.

    The standard deviations are points on a scale of 0 to 10: how much a model's quality differs
    between test cases, how much people differ in their liking of a model, and how much two ratings
    differ besides. ``drop_out_share`` of those who start do not finish.
    """

    sd_between_cases: float = 0.6
    sd_between_raters: float = 0.5
    sd_of_rating: float = 1.6
    drop_out_share: float = 0.15
    minutes_before_first_item: float = 1.0


@dataclass(frozen=True, slots=True)
class Precision:
    """The half-width of the 95 % interval; null where ``status`` says why there is none.

    It is in points of the rubric's scale, or for pairs a share (0 to 1). ``ratings`` is how many
    each model, or pair of models, gets.
    """

    half_width: float | None
    status: str
    test_cases: int
    raters: int
    ratings: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a design takes.

    A unit is one response, or one pair of responses to the same test case; an arm is a model, or a
    pair of models. Money is in the design's currency and null without a pay.
    ``reading_seconds_per_item`` is null where nobody knows how long the texts are.
    """

    units: int
    arms: int
    ratings: int
    sessions: int
    people_to_recruit: int
    items_per_rater: int
    minutes_per_rater: float
    reading_seconds_per_item: float | None
    pay_per_hour: float | None
    pay_total: float | None
    fee_total: float | None
    cost_total: float | None
    precision: Precision


def plan(
    design: CampaignDesign,
    rubric: Rubric,
    *,
    models: int,
    test_cases: int,
    samples: int,
    has_reference: bool,
    words_per_item: float | None = None,
    assumptions: Assumptions = Assumptions(),
) -> Plan:
    """What a campaign of that design takes, and what it can be expected to show.

    Args:
        design: how people are asked.
        rubric: what they are asked.
        models: how many models the study has, the reference among them.
        test_cases: how many test cases have responses.
        samples: how many responses each model gave to a test case.
        has_reference: whether one of the models is the one to be replaced.
        words_per_item: how much there is to read in an item on average.
        assumptions: what is taken for granted.
    """
    arms = arms_of(design, models, has_reference=has_reference)
    units = arms * test_cases * samples
    ratings = units * design.overlap
    sessions = math.ceil(ratings / design.items_per_session)
    minutes = (
        assumptions.minutes_before_first_item + design.shown_items * design.seconds_per_item / 60
    )
    pay = design.pay_per_session
    pay_total = None if pay is None else pay * sessions
    fee_total = None if pay_total is None else pay_total * design.platform_fee_share
    return Plan(
        units=units,
        arms=arms,
        ratings=ratings,
        sessions=sessions,
        people_to_recruit=math.ceil(sessions / (1 - min(assumptions.drop_out_share, 0.99))),
        items_per_rater=design.shown_items,
        minutes_per_rater=minutes,
        reading_seconds_per_item=(
            None if words_per_item is None else words_per_item / WORDS_PER_MINUTE * 60
        ),
        pay_per_hour=None if pay is None else pay / minutes * 60,
        pay_total=pay_total,
        fee_total=fee_total,
        cost_total=None if pay_total is None or fee_total is None else pay_total + fee_total,
        precision=expected_precision(
            design.protocol,
            rubric,
            test_cases=test_cases,
            # A rater who sees fewer items than there are arms says nothing of some of them.
            raters=min(sessions, test_cases * samples * design.overlap),
            ratings=test_cases * samples * design.overlap,
            assumptions=assumptions,
        ),
    )


def arms_of(design: CampaignDesign, models: int, *, has_reference: bool) -> int:
    """How many models are scored, or pairs of models compared."""
    if design.protocol is Protocol.SCORE:
        return models
    if design.pairs_of is PairsOf.REFERENCE:
        return models - 1 if has_reference else 0
    return models * (models - 1) // 2


def expected_precision(
    protocol: Protocol,
    rubric: Rubric,
    *,
    test_cases: int,
    raters: int,
    ratings: int,
    assumptions: Assumptions = Assumptions(),
) -> Precision:
    """The half-width that ``ratings`` of each arm, by so many people, can be expected to give."""
    precision = Precision(None, "ok", test_cases=test_cases, raters=raters, ratings=ratings)
    if ratings == 0:
        return replace(precision, status="there is nothing to rate")
    if test_cases < 2:
        return replace(precision, status="one test case says nothing about other prompts")
    if raters < 2:
        return replace(precision, status="one rater says nothing about other people")
    quantile = float(stdtrit(min(raters, test_cases) - 1, 0.975))
    variance = _variance(protocol, rubric, precision, assumptions)
    return replace(
        precision,
        half_width=quantile * math.sqrt(variance),
        status="this prompt only" if test_cases < FEWEST_CASES else "ok",
    )


def precision_by_size(
    design: CampaignDesign,
    rubric: Rubric,
    *,
    models: int,
    test_cases: int,
    samples: int,
    has_reference: bool,
    assumptions: Assumptions = Assumptions(),
) -> pd.DataFrame:
    """What more raters, or more test cases, would buy with sessions of the same length.

    Returns:
        One row a number of raters and of test cases: ``raters``, ``test_cases``, ``half_width``
        (of `expected_precision`), ``is_this_study`` (whether it has that many test cases).
    """
    arms = arms_of(design, models, has_reference=has_reference)
    rows = _sizes(design, rubric, arms, test_cases, samples, assumptions) if arms else iter(())
    return pd.DataFrame(rows, columns=["raters", "test_cases", "half_width", "is_this_study"])


def _sizes(
    design: CampaignDesign,
    rubric: Rubric,
    arms: int,
    test_cases: int,
    samples: int,
    assumptions: Assumptions,
) -> Iterator[tuple[int, int, float, bool]]:
    for cases in sorted({*_COMPARED_CASES, test_cases}):
        # Nobody rates the same thing twice.
        per_rater = min(design.items_per_session / arms, cases * samples)
        for raters in _COMPARED_RATERS:
            ratings = max(1, round(raters * per_rater))
            precision = expected_precision(
                design.protocol,
                rubric,
                test_cases=cases,
                raters=min(raters, ratings),
                ratings=ratings,
                assumptions=assumptions,
            )
            if precision.half_width is not None:
                yield raters, cases, precision.half_width, cases == test_cases


def _variance(
    protocol: Protocol, rubric: Rubric, size: Precision, assumptions: Assumptions
) -> float:
    parts = (
        assumptions.sd_between_cases**2 / size.test_cases,
        assumptions.sd_between_raters**2 / size.raters,
        assumptions.sd_of_rating**2 / size.ratings,
    )
    if protocol is Protocol.SCORE:
        points = (rubric.scale.maximum - rubric.scale.minimum) / 10
        return 2 * sum(parts) * points**2
    squares = (
        assumptions.sd_between_cases**2
        + assumptions.sd_between_raters**2
        + assumptions.sd_of_rating**2
    )
    return 0.25 * sum(parts) / squares if squares else 0.0
