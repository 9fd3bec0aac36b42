"""The planted items of a campaign: what they say, what is right, and whether it was given.

They are made when the campaign opens and shown as if they were responses, so that nobody can tell
them apart before reading.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from core.errors import InvalidInputError
from core.exchange.storable import is_storable, shown
from core.rating.attention_texts import PAIR_TEXTS, SCORE_TEXTS
from core.rating.design import CampaignDesign, Protocol
from core.studies.rubric import Rubric, Scale
from db.repositories.responses import ResponseInContext
from db.tables import Control, ControlKind, Preference

TRUNCATED = "truncated"
"""A known-bad text made by breaking the reference's answer off after about a third."""
OTHER_CASE = "other_case"
"""A known-bad text that is the reference's answer to another test case."""
_FEWEST_ATTENTION_TEXTS = 8
"""So many are made at least, so that raters who talk to each other do not share one number."""
_MAX_TEXT = 20_000
_MAX_FEEDBACK = 2_000


@dataclass(frozen=True, slots=True)
class GoldItem:
    """A text whose right answer the researcher knows.

    For scores the right values of every criterion go from ``minimum`` to ``maximum``. For pairs
    ``better`` says whether this text is the better one, whatever stands beside it. ``feedback`` is
    what a rater reads after a wrong answer.
    """

    test_case_id: str
    text: str
    minimum: int | None = None
    maximum: int | None = None
    better: bool | None = None
    feedback: str | None = None


def make_controls(
    design: CampaignDesign,
    rubric: Rubric,
    responses: Sequence[ResponseInContext],
    reference_ids: frozenset[str],
    gold: Sequence[GoldItem],
    rng: random.Random,
) -> list[Control]:
    """All planted items that a campaign can show; the caller sets their campaign.

    Args:
        design: how many of each kind a session shows; none are made of a kind that it does not.
        rubric: the scale that attention and gold items are answered on.
        responses: what the campaign shows.
        reference_ids: the ids of the candidates that are the reference.
        gold: the researcher's own items.
        rng: the source of chance, seeded by the caller.

    Raises:
        InvalidInputError: planted items are asked for that cannot be made, or a gold item cannot be
            taken.
    """
    controls: list[Control] = []
    if design.known_bad_items:
        controls += _known_bad(design, responses, reference_ids, rng)
    if design.attention_items:
        controls += _attention(design, rubric.scale, responses, rng)
    if gold or design.gold_items:
        controls += _gold(design, rubric.scale, responses, gold, rng)
    return controls


def is_right(
    kind: ControlKind,
    expected: Mapping[str, Any] | None,
    values: Mapping[str, int | str],
    *,
    is_second: bool = False,
    cannot_judge: bool = False,
) -> bool | None:
    """Whether a planted item was answered as expected.

    Args:
        kind: of the control.
        expected: of the control.
        values: by criterion a score, or a `Preference`.
        is_second: whether the control's text was the second of a pair.
        cannot_judge: whether the rater said so instead. An attention item says what to choose, so
            there that is wrong.

    Returns:
        None where there is no right answer: for known-bad texts, and where the rater could not
        judge a gold item. Of a text that is not the better one, "about the same" is right.
    """
    if expected is None or kind is ControlKind.KNOWN_BAD:
        return None
    if cannot_judge or not values:
        return False if kind is ControlKind.ATTENTION else None
    if "better" in expected:
        side = Preference.SECOND if is_second else Preference.FIRST
        return all((value == side) is expected["better"] for value in values.values())
    low, high = expected["minimum"], expected["maximum"]
    return all(isinstance(value, int) and low <= value <= high for value in values.values())


def _known_bad(
    design: CampaignDesign,
    responses: Sequence[ResponseInContext],
    reference_ids: frozenset[str],
    rng: random.Random,
) -> list[Control]:
    """Both kinds of each of the reference's responses, where they can be made."""
    references = [one for one in responses if one.candidate.id in reference_ids]
    if not references:
        models = {one.candidate.id for one in responses}
        if len(models) != 1:
            raise InvalidInputError(
                f"{design.known_bad_items} known-bad items a session need a reference whose "
                "responses can be spoilt; name one on the page “Study”, or choose 0."
            )
        references = list(responses)
    controls = [
        _control(ControlKind.KNOWN_BAD, one, text, rng, made_by=made_by)
        for one in references
        for made_by, text in (
            (TRUNCATED, truncated(one.response.text or "")),
            (OTHER_CASE, _of_other_case(one, references, rng)),
        )
        if text is not None
    ]
    if len(controls) < design.known_bad_items:
        raise InvalidInputError(
            f"{design.known_bad_items} known-bad items a session cannot be made of the reference's "
            f"{len(references)} responses, only {len(controls)}; choose at most that many."
        )
    return controls


def truncated(text: str) -> str | None:
    """The first third of a text, broken off between two words in the middle of a sentence.

    None for a text that is too short to break off.
    """
    words = list(re.finditer(r"\S+", text))
    for last in words[max(len(words) // 3, 1) - 1 : -1]:
        if not last.group().endswith((".", "!", "?", ":", "…", "。")):
            # With its beginning as it is: an indent would tell it from the whole text.
            return text[: last.end()]
    return None


def _of_other_case(
    one: ResponseInContext, references: Sequence[ResponseInContext], rng: random.Random
) -> str | None:
    others = [
        text
        for other in references
        if other.test_case.id != one.test_case.id
        and (text := other.response.text or "").strip()
        and text.strip() != (one.response.text or "").strip()
    ]
    return rng.choice(others) if others else None


def _attention(
    design: CampaignDesign,
    scale: Scale,
    responses: Sequence[ResponseInContext],
    rng: random.Random,
) -> list[Control]:
    texts = PAIR_TEXTS if design.protocol is Protocol.PAIR else SCORE_TEXTS
    # An end of the scale might be chosen by somebody who reads nothing.
    values = scale.values[1:-1] or scale.values
    count = max(design.attention_items, _FEWEST_ATTENTION_TEXTS)
    by_case = _by_case(responses)
    controls: list[Control] = []
    for text in islice(cycle(texts[design.language]), count):
        place = rng.choice(by_case[rng.choice(sorted(by_case))])
        value = rng.choice(values)
        expected: dict[str, Any] = {"minimum": value, "maximum": value}
        if design.protocol is Protocol.PAIR:
            expected = {"better": True}
        controls.append(
            _control(ControlKind.ATTENTION, place, text.format(value=value), rng, expected=expected)
        )
    return controls


def _gold(
    design: CampaignDesign,
    scale: Scale,
    responses: Sequence[ResponseInContext],
    gold: Sequence[GoldItem],
    rng: random.Random,
) -> list[Control]:
    if not design.gold_items:
        raise InvalidInputError(
            f"{len(gold)} gold items are given but no session shows one; choose how many a session "
            "shows, or take them out."
        )
    if len(gold) < design.gold_items:
        raise InvalidInputError(
            f"{design.gold_items} gold items a session need as many texts, and {len(gold)} are "
            "given; add some, or choose fewer."
        )
    by_case = _by_case(responses)
    return [
        _control(
            ControlKind.GOLD,
            rng.choice(by_case[one.test_case_id]),
            one.text.strip(),
            rng,
            expected=expected,
            feedback=(one.feedback or "").strip() or None,
        )
        for one, expected in _checked(gold, design.protocol, scale, by_case)
    ]


def _checked(
    gold: Sequence[GoldItem],
    protocol: Protocol,
    scale: Scale,
    by_case: Mapping[str, Sequence[ResponseInContext]],
) -> Iterator[tuple[GoldItem, dict[str, Any]]]:
    for one in gold:
        name = shown(one.text.strip())
        if one.test_case_id not in by_case:
            raise InvalidInputError(
                f"The gold item {name!r} is for a test case without a response; choose another."
            )
        if not 1 <= len(one.text.strip()) <= _MAX_TEXT or not is_storable(one.text):
            raise InvalidInputError(
                f"The gold item {name!r} needs a text of 1 to {_MAX_TEXT} characters; mend it."
            )
        feedback = one.feedback or ""
        if len(feedback) > _MAX_FEEDBACK or not is_storable(feedback):
            raise InvalidInputError(
                f"The feedback of the gold item {name!r} needs 1 to {_MAX_FEEDBACK} characters; "
                "shorten it."
            )
        yield one, _expected(one, name, protocol, scale)


def _expected(one: GoldItem, name: str, protocol: Protocol, scale: Scale) -> dict[str, Any]:
    if protocol is Protocol.PAIR:
        if one.better is None:
            raise InvalidInputError(
                f"The gold item {name!r} does not say whether it is the better one; choose."
            )
        return {"better": one.better}
    low, high = one.minimum, one.maximum
    if low is None or high is None or not scale.minimum <= low <= high <= scale.maximum:
        raise InvalidInputError(
            f"The gold item {name!r} has right values from {low} to {high}; "
            f"choose them within {scale.minimum} to {scale.maximum}, the lower one first."
        )
    return {"minimum": low, "maximum": high}


def _by_case(responses: Sequence[ResponseInContext]) -> dict[str, list[ResponseInContext]]:
    by_case: dict[str, list[ResponseInContext]] = {}
    for one in responses:
        by_case.setdefault(one.test_case.id, []).append(one)
    return by_case


def _control(
    kind: ControlKind,
    place: ResponseInContext,
    text: str,
    rng: random.Random,
    *,
    made_by: str | None = None,
    expected: dict[str, Any] | None = None,
    feedback: str | None = None,
) -> Control:
    return Control(
        campaign_id="",  # the caller's to set
        kind=kind,
        test_case_id=place.test_case.id,
        response_id=place.response.id,
        text=text,
        made_by=made_by,
        expected=expected,
        feedback=feedback,
        shuffle=rng.random(),
    )
