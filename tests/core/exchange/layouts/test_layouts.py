from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.exchange.content import ImportedResults, ImportedStudy
from core.exchange.layouts import LAYOUTS, layout_of
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, as_zip, complaint, documents


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (samples.data_source(), "data-source"),
        (samples.submission(), "results"),
        (samples.older_list(), "older-list"),
        (samples.crowd_study(), "crowd-study"),
    ],
)
def test_a_single_file_is_recognised_by_what_it_holds(document: Any, name: str) -> None:
    layout, notes = layout_of(documents("x.json", as_json(document)))
    assert (layout.name, notes) == (name, [])


@pytest.mark.parametrize("folder", ["", "my study/"])
def test_a_configuration_is_recognised_by_its_file_names(folder: str) -> None:
    files = {folder + name: content for name, content in samples.configuration().items()}
    assert layout_of(documents("x.zip", as_zip(files)))[0].name == "configured-evaluation"


def test_a_file_that_is_not_part_of_the_layout_is_named() -> None:
    files = samples.configuration() | {"results/r.json": samples.submission()}
    layout, notes = layout_of(documents("x.zip", as_zip(files)))
    assert layout.name == "configured-evaluation"
    assert notes == ["Not part of this import: results/r.json."]


@pytest.mark.parametrize("document", [[], {}, [1], {"a": 1}, [[]], [{"w": [1]}]])
def test_an_unknown_layout_is_refused_and_the_known_ones_are_named(document: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        layout_of(documents("x.json", as_json(document)))
    assert all(layout.description in str(caught.value) for layout in LAYOUTS)


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["1 is better", "A", "gpt-4", "a\0", "\ud800", 10**400])
)
keys = st.text(max_size=5) | st.sampled_from(
    (
        *("run", "prompt", "outputs", "evals", "responses", "model", "model_responses"),
        *("response1", "response2", "model1", "model2", "clarity", "time_spent", "worker_id"),
        *("question_set_id", "result", "time", "question", "start_time", "id", "feedback"),
    )
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
valid = st.sampled_from(
    [
        samples.data_source(),
        samples.submission(),
        samples.older_list(),
        samples.crowd_study(),
        *samples.configuration().values(),
    ]
)


def read_whatever(file_name: str, content: bytes) -> None:
    """Read a file to its plain values, or be told in one sentence; anything else fails the test."""

    def read() -> None:
        files = documents(file_name, content)
        values = layout_of(files)[0].read(files)
        assert isinstance(values, ImportedStudy | ImportedResults)

    said = complaint(read)
    assert said is None or (said.endswith(".") and said.isprintable())


@given(anything)
def test_arbitrary_json_raises_nothing_but_one_sentence(document: Any) -> None:
    read_whatever("x.json", as_json(document))


def replaced(document: Any, path: list[int], new: Any) -> Any:
    """The document with something else at one place, found by counting down a path."""
    if not path or not isinstance(document, dict | list) or not document:
        return new
    if isinstance(document, dict):
        key = list(document)[path[0] % len(document)]
        return document | {key: replaced(document[key], path[1:], new)}
    index = path[0] % len(document)
    changed = replaced(document[index], path[1:], new)
    return [*document[:index], changed, *document[index + 1 :]]


@given(valid, st.lists(st.integers(0, 9), max_size=6), anything)
def test_a_valid_file_with_one_odd_place_raises_nothing_but_one_sentence(
    document: Any, path: list[int], new: Any
) -> None:
    read_whatever("x.json", as_json(replaced(document, path, new)))


@given(
    st.sampled_from(sorted(samples.configuration())),
    st.lists(st.integers(0, 9), max_size=6),
    anything,
)
def test_a_configuration_with_one_odd_place_raises_nothing_but_one_sentence(
    name: str, path: list[int], new: Any
) -> None:
    files = samples.configuration()
    read_whatever("x.zip", as_zip(files | {name: replaced(files[name], path, new)}))
