"""What the items of a campaign can show: single responses, or pairs of the same test case."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from core.errors import InvalidInputError
from core.rating.design import CampaignDesign, PairsOf, Protocol
from core.rating.units import units_of
from db.engine import Database
from db.repositories.reservation import NewUnit
from db.repositories.responses import ResponseInContext
from db.tables import (
    CampaignArm,
    CampaignCase,
    CampaignUnit,
    Candidate,
    PromptTemplate,
    Response,
    TestCase,
)
from tests.core.rating.reservations import campaign_on, content_of

SCORE = CampaignDesign()
WITH_REFERENCE = CampaignDesign(protocol=Protocol.PAIR)
OF_ALL = CampaignDesign(protocol=Protocol.PAIR, pairs_of=PairsOf.ALL)
REFERENCE = frozenset({"reference"})
SAMPLES = st.sets(st.integers(0, 5), max_size=4)


def responses(
    samples: Mapping[tuple[str, str], Sequence[int] | set[int]],
) -> list[ResponseInContext]:
    """``(case, model) -> its samples``; a response's id reads ``case/model/sample``."""
    template = PromptTemplate(study_id="s", text="{{plans}}", text_hash="t")
    return [
        ResponseInContext(
            Response(
                id=f"{case}/{model}/{sample}",
                study_id="s",
                prompt_template_id=template.id,
                test_case_id=case,
                candidate_id=model,
                sample_index=sample,
            ),
            Candidate(id=model, study_id="s", model=model, parameters_hash="p"),
            TestCase(id=case, study_id="s", name=case, values_hash="v"),
            template,
        )
        for (case, model), of_model in samples.items()
        for sample in of_model
    ]


def pairs(units: Sequence[NewUnit]) -> list[tuple[str, str | None]]:
    return [(unit.response_id, unit.second_response_id) for unit in units]


def test_for_scores_every_response_is_a_unit_of_its_model() -> None:
    units = units_of(SCORE, responses({("c0", "a"): [0, 1], ("c1", "b"): [0]}), frozenset())
    assert units == [
        NewUnit("c0", "a", "c0/a/0"),
        NewUnit("c0", "a", "c0/a/1"),
        NewUnit("c1", "b", "c1/b/0"),
    ]


def test_a_candidates_response_is_beside_the_references_of_the_same_sample() -> None:
    shown = responses({("c0", "a"): [0, 1], ("c0", "reference"): [0, 1, 2]})
    units = units_of(WITH_REFERENCE, shown, REFERENCE)
    assert pairs(units) == [("c0/a/0", "c0/reference/0"), ("c0/a/1", "c0/reference/1")]
    assert {(unit.arm, unit.test_case_id) for unit in units} == {("a:reference", "c0")}


def test_where_the_reference_lacks_a_sample_its_others_go_round() -> None:
    shown = responses({("c0", "a"): [0, 1, 2, 3], ("c0", "reference"): [0, 7]})
    assert pairs(units_of(WITH_REFERENCE, shown, REFERENCE)) == [
        ("c0/a/0", "c0/reference/0"),
        ("c0/a/1", "c0/reference/7"),
        ("c0/a/2", "c0/reference/0"),
        ("c0/a/3", "c0/reference/7"),
    ]


def test_a_test_case_without_the_references_response_has_no_pair() -> None:
    shown = responses({("c0", "a"): [0], ("c1", "a"): [0], ("c1", "reference"): [0]})
    assert pairs(units_of(WITH_REFERENCE, shown, REFERENCE)) == [("c1/a/0", "c1/reference/0")]


def test_all_models_are_compared_in_one_order_of_their_ids() -> None:
    shown = responses({("c0", "b"): [0], ("c0", "c"): [0, 1], ("c0", "a"): [0]})
    units = units_of(OF_ALL, shown, frozenset())
    assert [(unit.arm, *pairs([unit])[0]) for unit in units] == [
        ("a:b", "c0/a/0", "c0/b/0"),
        ("a:c", "c0/a/0", "c0/c/0"),
        ("a:c", "c0/a/0", "c0/c/1"),
        ("b:c", "c0/b/0", "c0/c/0"),
        ("b:c", "c0/b/0", "c0/c/1"),
    ]


@given(
    samples=st.dictionaries(
        st.tuples(st.sampled_from(["c0", "c1"]), st.sampled_from(["a", "b", "reference"])), SAMPLES
    )
)
def test_every_response_of_a_candidate_is_in_one_pair_with_its_reference(
    samples: dict[tuple[str, str], set[int]],
) -> None:
    shown = responses(samples)
    expected = {
        one.response.id
        for one in shown
        if one.candidate.id != "reference" and samples.get((one.test_case.id, "reference"))
    }
    if not expected:
        with pytest.raises(InvalidInputError, match="no pair to compare"):
            units_of(WITH_REFERENCE, shown, REFERENCE)
        return
    units = units_of(WITH_REFERENCE, shown, REFERENCE)
    assert Counter(unit.response_id for unit in units) == Counter(expected)
    of_id = {one.response.id: one.response for one in shown}
    for unit in units:
        first, second = of_id[unit.response_id], of_id[unit.second_response_id or ""]
        assert first.test_case_id == second.test_case_id == unit.test_case_id
        assert second.candidate_id == "reference"
        if first.sample_index in samples[unit.test_case_id, "reference"]:
            assert first.sample_index == second.sample_index


@given(first=SAMPLES.filter(bool), second=SAMPLES.filter(bool))
def test_between_two_models_no_response_is_used_more_often_than_needed(
    first: set[int], second: set[int]
) -> None:
    units = units_of(OF_ALL, responses({("c0", "a"): first, ("c0", "b"): second}), frozenset())
    assert len(set(pairs(units))) == len(units) == max(len(first), len(second))
    assert {unit.arm for unit in units} == {"a:b"}
    assert all(unit.response_id.startswith("c0/a/") for unit in units)


def test_pairs_with_the_reference_need_one() -> None:
    with pytest.raises(InvalidInputError, match="names none; name it on the page"):
        units_of(WITH_REFERENCE, responses({("c0", "a"): [0]}), frozenset())


def test_pairs_need_two_models_with_responses_to_one_test_case() -> None:
    with pytest.raises(InvalidInputError, match="no pair to compare"):
        units_of(OF_ALL, responses({("c0", "a"): [0], ("c1", "b"): [0]}), frozenset())


def test_stored_units_begin_with_nothing_reserved_and_everything_missing(
    database: Database,
) -> None:
    content = content_of(database, models=3, cases=2, samples=2)
    campaign = campaign_on(database, content, CampaignDesign(protocol=Protocol.PAIR, overlap=4))
    with database.read() as session:
        units = session.exec(
            select(CampaignUnit).where(CampaignUnit.campaign_id == campaign.id)
        ).all()
        cases = session.exec(select(CampaignCase)).all()
        arms = session.exec(select(CampaignArm)).all()
    assert len(units) == 2 * 2 * 2
    assert {(one.reserved, one.reserved_swapped) for one in units} == {(0, 0)}
    assert len({one.shuffle for one in units}) == len(units)
    assert [(one.units, one.missing, one.filled, one.reserved) for one in cases] == [
        (4, 16, 0.0, 0)
    ] * 2
    assert {one.arm for one in arms} == {one.arm for one in units}
