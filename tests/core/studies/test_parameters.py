"""What is stored of a candidate is its whole call, and the study's parameters are read from it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.studies.definition import document_hash
from core.studies.parameters import Parameters, shared_parameters


def test_a_candidate_that_has_nothing_otherwise_is_stored_as_ever() -> None:
    # The hash that the first release stored for the default: {"temperature": 0.7}.
    assert Parameters().merged({}) == {"temperature": 0.7}
    assert document_hash(Parameters().merged({})) == document_hash({"temperature": 0.7})
    assert Parameters().merged({"temperature": 0.7, "json_mode": False}) == {"temperature": 0.7}


def test_values_of_a_candidate_come_before_those_of_the_study() -> None:
    parameters = Parameters(temperature=0.7, max_tokens=100, stop=("END",))
    overrides = {"temperature": 0, "max_tokens": None, "stop": (), "digest": "0123456789ab"}
    assert parameters.merged(overrides) == {"temperature": 0.0, "digest": "0123456789ab"}


def test_zero_is_a_value() -> None:
    assert Parameters(temperature=0, seed=0).as_document() == {"temperature": 0.0, "seed": 0}


def test_what_most_candidates_have_is_the_studys() -> None:
    warm, cool = {"temperature": 0.7}, {"temperature": 0.2, "stop": ["END"]}
    shared, overrides = shared_parameters([warm, cool, warm])
    assert shared == Parameters()
    assert overrides == [{}, {"temperature": 0.2, "stop": ("END",)}, {}]


def test_between_equally_frequent_values_the_references_is_the_studys() -> None:
    documents = [{"temperature": 0.2}, {"temperature": 0.7}]
    assert shared_parameters(documents, favoured=1)[0] == Parameters()
    assert shared_parameters(documents)[0] == Parameters(temperature=0.2)


def test_a_digest_is_never_the_studys() -> None:
    document = {"temperature": 0.7, "digest": "0123456789ab"}
    shared, overrides = shared_parameters([document, document])
    assert shared == Parameters()
    assert overrides == [{"digest": "0123456789ab"}] * 2


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.0, 0.2, 0.7]),
        "seed": st.sampled_from([0, 1]),
        "stop": st.sampled_from([["a"], ["a", "b"]]),
        "json_mode": st.just(True),
        "digest": st.sampled_from(["0123456789ab", "ba9876543210"]),
    },
)


@given(st.lists(VALUES, min_size=1, max_size=5), st.booleans())
def test_what_is_read_from_documents_makes_the_same_documents(
    documents: list[dict[str, Any]], has_reference: bool
) -> None:
    favoured = len(documents) - 1 if has_reference else None
    shared, overrides = shared_parameters(documents, favoured)
    assert [shared.merged(one) for one in overrides] == documents
