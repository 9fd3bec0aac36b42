"""What the items of a campaign can show: single responses, or pairs of the same test case."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from sqlmodel import Session

from core.errors import InvalidInputError
from core.rating.design import CampaignDesign, PairsOf, Protocol, design_of
from db.repositories.reservation import NewUnit, Reservations
from db.repositories.responses import ResponseInContext
from db.tables import Campaign, Response

_OfModels = Mapping[str, list[Response]]
"""``candidate id -> its responses to one test case``, by sample index."""


def units_of(
    design: CampaignDesign,
    responses: Sequence[ResponseInContext],
    reference_ids: frozenset[str],
) -> list[NewUnit]:
    """The units of a campaign that shows those responses.

    A score is about one response. A pair is of two models' responses to one test case: of the same
    sample where both have it, and the others go round, so that each response of a candidate (of the
    model with more of them, where all are compared) is in one unit of the pair of models.

    Args:
        design: what an item asks for.
        responses: what the campaign shows.
        reference_ids: the ids of the candidates that are the reference.

    Raises:
        InvalidInputError: pairs are asked for and cannot be made.
    """
    if design.protocol is Protocol.SCORE:
        return [
            NewUnit(one.response.test_case_id, one.response.candidate_id, one.response.id)
            for one in responses
        ]
    if design.pairs_of is PairsOf.REFERENCE and not reference_ids:
        raise InvalidInputError(
            "Pairs with the reference need one, and this study names none; name it on the page "
            "“Study”, or compare all models with each other."
        )
    units = [
        unit
        for of_models in _by_case(responses).values()
        for unit in _pairs(design.pairs_of, of_models, reference_ids)
    ]
    if not units:
        raise InvalidInputError(
            "There is no pair to compare, since no test case has responses of two models that "
            "belong together; generate the missing responses first."
        )
    return units


def add_units(session: Session, campaign_id: str, units: Sequence[NewUnit]) -> None:
    """Store the units of a stored campaign that opens, with their counters."""
    design = design_of(session.get_one(Campaign, campaign_id).design)
    Reservations(session.connection(), campaign_id).add_units(units, design.overlap)


def _by_case(responses: Sequence[ResponseInContext]) -> dict[str, dict[str, list[Response]]]:
    cases: dict[str, dict[str, list[Response]]] = defaultdict(lambda: defaultdict(list))
    for one in sorted(responses, key=lambda one: one.response.sample_index):
        cases[one.response.test_case_id][one.response.candidate_id].append(one.response)
    return cases


def _pairs(
    pairs_of: PairsOf, of_models: _OfModels, reference_ids: frozenset[str]
) -> Iterator[NewUnit]:
    if pairs_of is PairsOf.REFERENCE:
        references = sorted(of_models.keys() & reference_ids)
        for candidate_id in sorted(of_models.keys() - reference_ids):
            for reference_id in references:
                pairs = _matched(of_models[candidate_id], of_models[reference_id])
                yield from (_unit(*pair) for pair in pairs)
        return
    for first_id, second_id in combinations(sorted(of_models), 2):
        first, second = of_models[first_id], of_models[second_id]
        if len(first) >= len(second):
            yield from (_unit(*pair) for pair in _matched(first, second))
        else:
            yield from (_unit(one, other) for other, one in _matched(second, first))


def _matched(
    responses: Sequence[Response], partners: Sequence[Response]
) -> list[tuple[Response, Response]]:
    """Each response with a partner: of its own sample index, otherwise one used least so far."""
    of_sample = {partner.sample_index: partner for partner in partners}
    used = Counter(one.sample_index for one in responses if one.sample_index in of_sample)
    pairs: list[tuple[Response, Response]] = []
    for one in responses:
        partner = of_sample.get(one.sample_index)
        if partner is None:
            partner = min(
                partners, key=lambda other: (used[other.sample_index], other.sample_index)
            )
            used[partner.sample_index] += 1
        pairs.append((one, partner))
    return pairs


def _unit(first: Response, second: Response) -> NewUnit:
    return NewUnit(
        test_case_id=first.test_case_id,
        arm=f"{first.candidate_id}:{second.candidate_id}",
        response_id=first.id,
        second_response_id=second.id,
    )
