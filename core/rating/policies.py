"""What a recruiting platform forbids or dislikes in a design, said before the campaign opens.

Sources: Prolific's help pages on attention and comprehension checks, and on pay
(https://researcher-help.prolific.com/hc/en-gb/articles/4407695146002, the payment principles),
CloudResearch's on project completion
(https://connect-researcher-help.cloudresearch.com/hc/en-us/articles/5046202939796). Platforms
change their rules; a warning says what to check, and nothing is refused for it.
"""

from collections.abc import Iterator, Mapping

from core.rating.design import Audience, CampaignDesign, Outcome
from core.rating.planning import Plan

LEAST_PAY_PER_HOUR: Mapping[str, float] = {"USD": 8.0, "GBP": 6.0}
"""The least that Prolific allows; it recommends half as much again."""
_SHORT_STUDY_MINUTES = 5
_NOT_COMPLETE = {
    Outcome.FAILED_CHECKS: "failed checks",
    Outcome.SCREENED_OUT: "screened out",
    Outcome.NO_CONSENT: "no consent",
    Outcome.NOTHING_LEFT: "nothing left to rate",
}


def warnings(design: CampaignDesign, plan: Plan) -> list[str]:
    """Sentences on what could go wrong with the platform or the raters; none when all is well."""
    return [*_of_checks(design), *_of_time(design, plan), *_of_the_platform(design, plan)]


def _of_checks(design: CampaignDesign) -> Iterator[str]:
    if design.attention_items and design.attention_failures_allowed >= design.attention_items:
        yield (
            f"Nobody can fail the attention items: {design.attention_items} are shown and "
            f"{design.attention_failures_allowed} failures are allowed."
        )
    if design.planted_items > design.items_per_session:
        yield (
            f"More items are planted ({design.planted_items}) than real ones shown "
            f"({design.items_per_session}); people notice, and their time is paid for little."
        )


def _of_time(design: CampaignDesign, plan: Plan) -> Iterator[str]:
    minutes = plan.minutes_per_rater
    if minutes > design.lease_minutes:
        yield (
            f"A session takes about {minutes:.0f} minutes and reserved items return to the pool "
            f"after {design.lease_minutes} minutes without an answer; a pause can cost people "
            "their items, so give them more time."
        )
    reading = plan.reading_seconds_per_item
    if reading is not None and reading > design.seconds_per_item:
        yield (
            f"Reading an item takes about {reading:.0f} s, and {design.seconds_per_item} s are "
            "planned; time and pay are too low."
        )
    if 0 < design.items_per_session < plan.arms:
        yield (
            f"A session shows {design.items_per_session} items and there are {plan.arms} models "
            "or pairs, so that nobody compares all of them; the real intervals are wider than "
            "planned."
        )


def _of_the_platform(design: CampaignDesign, plan: Plan) -> Iterator[str]:
    if design.audience is not Audience.CROWD:
        return
    platform = design.platform
    if not platform.requires_id:
        yield (
            "Without a parameter that carries the platform's id, the same person can take part "
            "again and again."
        )
    if platform.name == "prolific":
        yield from _of_prolific(design, plan)
    if platform.name == "cloudresearch" and platform.return_url is not None:
        yield (
            "CloudResearch Connect does not allow its completion redirect for people who did not "
            "complete; use its Partial Completes for them, or leave the return address empty."
        )
    if platform.name == "mturk":
        yield (
            "Mechanical Turk has been closed to new requesters since 30 July 2026; only an account "
            "that already has studies there can use it."
        )
    if platform.name in ("prolific", "generic", "sona") and platform.return_url is None:
        yield (
            "There is no return address, so people have to copy their code by hand; fill it in if "
            "the platform has one."
        )
    yield from _of_codes(design)


def _of_codes(design: CampaignDesign) -> Iterator[str]:
    platform = design.platform
    if platform.return_url is None or "{code}" not in platform.return_url:
        return
    if Outcome.COMPLETE not in platform.codes:
        yield (
            "Without the platform's own code for complete sessions the return address carries a "
            "code of SLaM's, a new one for each person, which the platform cannot check by itself."
        )
    missing = [
        words for outcome, words in _possible(design).items() if outcome not in platform.codes
    ]
    if missing:
        yield (
            f"These outcomes have no code of the platform: {', '.join(missing)}; people with them "
            "arrive there with a code that it does not know."
        )


def _possible(design: CampaignDesign) -> dict[Outcome, str]:
    """The endings other than complete that this design can have."""
    impossible = set()
    if not design.attention_items:
        impossible.add(Outcome.FAILED_CHECKS)
    if not design.comprehension:
        impossible.add(Outcome.SCREENED_OUT)
    return {outcome: words for outcome, words in _NOT_COMPLETE.items() if outcome not in impossible}


def _of_prolific(design: CampaignDesign, plan: Plan) -> Iterator[str]:
    minutes = plan.minutes_per_rater
    if design.attention_items:
        needed = 1 if minutes < _SHORT_STUDY_MINUTES else 2
        if design.attention_failures_allowed + 1 < needed:
            yield (
                f"A session of {minutes:.0f} minutes fails here after one attention item; "
                "on Prolific it may be rejected only after two from 5 minutes on, so allow one "
                "failure or pay those people."
            )
    if design.comprehension:
        yield (
            "Who fails the check of understanding (two attempts) may not be rejected on Prolific; "
            "ask them to return, or set up a fixed screen-out payment with a code of its own."
        )
    least = LEAST_PAY_PER_HOUR.get(design.currency)
    if plan.pay_per_hour is None:
        yield "No pay is planned; Prolific does not take unpaid studies."
    elif least is None:
        yield (
            f"Check that {plan.pay_per_hour:.2f} {design.currency} an hour is not below Prolific's "
            "least, 8 US dollars or 6 pounds an hour."
        )
    elif plan.pay_per_hour < least:
        yield (
            f"The pay is {plan.pay_per_hour:.2f} {design.currency} an hour and Prolific's least is "
            f"{least:g}; pay more or show less."
        )
