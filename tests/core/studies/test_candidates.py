"""A candidate's line says what that model has otherwise, and is read back as it was written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.studies.candidates import (
    read_candidate,
    read_candidates,
    read_stops,
    write_candidate,
    write_candidates,
    write_stops,
    write_values,
)

MODEL = "ollama/llama2:7b-chat"
STORABLE = st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")
TEXTS = st.text(STORABLE, max_size=20)
STOPS = st.lists(st.text(STORABLE, min_size=1, max_size=8), max_size=4).map(tuple)
FLOATS = st.floats(0, 1, allow_nan=False)
OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.none() | FLOATS,
        "top_p": st.none() | FLOATS,
        "max_tokens": st.none() | st.integers(1, 1_000_000),
        "seed": st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
        "system_prompt": st.none() | TEXTS,
        "stop": STOPS,
        "json_mode": st.booleans(),
        "reasoning_effort": st.none() | st.sampled_from(["none", "low", "high"]),
        "digest": st.text("0123456789abcdef", min_size=12, max_size=64),
    },
)


@given(OVERRIDES)
def test_a_written_line_reads_back_as_it_was(overrides: dict[str, Any]) -> None:
    line = write_candidate(MODEL, overrides)
    assert len(line.splitlines()) == 1
    assert read_candidate(line, "Line 1") == (MODEL, overrides)


@given(STOPS)
def test_written_stop_sequences_read_back_as_they_were(stops: tuple[str, ...]) -> None:
    assert read_stops(write_stops(stops)) == stops


def test_a_line_may_hold_words_quoted_texts_and_lists() -> None:
    line = r'ollama:llama2 temperature=0.2  seed=1 stop="\n\n" system_prompt="Say \"hi\"."'
    model, overrides = read_candidate(line, "Line 1")
    assert model == "ollama/llama2"
    assert overrides == {
        "temperature": 0.2,
        "seed": 1,
        "stop": ("\n\n",),
        "system_prompt": 'Say "hi".',
    }
    assert read_candidate(f'{MODEL} stop=["a", "b"]', "")[1] == {"stop": ("a", "b")}
    assert read_candidate(f"{MODEL}\tstop=END json_mode=true", "")[1] == {
        "stop": ("END",),
        "json_mode": True,
    }


def test_unset_leaves_to_the_provider_what_the_study_sets() -> None:
    line = f'{MODEL} temperature=unset stop=unset json_mode=unset system_prompt="unset"'
    assert read_candidate(line, "")[1] == {
        "temperature": None,
        "stop": (),
        "json_mode": False,
        "system_prompt": "unset",
    }
    assert read_candidate(f"{MODEL} reasoning_effort=none", "")[1] == {"reasoning_effort": "none"}


def test_a_digest_may_be_copied_with_its_prefix_and_in_capitals() -> None:
    line = f"{MODEL} digest=sha256:8934D96D3F08"
    assert read_candidate(line, "")[1] == {"digest": "8934d96d3f08"}


def test_lines_without_words_are_passed_over_and_others_keep_their_order() -> None:
    models, overrides = read_candidates(f"\n{MODEL}\n  \nollama/mistral top_p=0.9\n")
    assert models == (MODEL, "ollama/mistral")
    assert overrides == {"ollama/mistral": {"top_p": 0.9}}
    assert read_candidates(write_candidates(models, overrides)) == (models, overrides)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "temprature=0.2",
            "Line 2 of the candidates: 'temprature' is no parameter; known are temperature, top_p, "
            "max_tokens, seed, system_prompt, stop, json_mode, reasoning_effort, digest.",
        ),
        (
            "temperature=hot",
            "Line 2 of the candidates: temperature='hot' cannot be taken; "
            "write for example temperature=0.2.",
        ),
        (
            "seed=1.5",
            "Line 2 of the candidates: seed='1.5' cannot be taken; write for example seed=1.",
        ),
        (
            "json_mode=maybe",
            "Line 2 of the candidates: json_mode='maybe' cannot be taken; "
            "write for example json_mode=true.",
        ),
        ("seed=1 seed=2", "Line 2 of the candidates: seed is given twice; remove one."),
        (
            "warm temperature=1",
            "Line 2 of the candidates: 'warm' has no value; write key=value, with a value that "
            "holds spaces in double quotes.",
        ),
        (
            'stop="\\n',
            "Line 2 of the candidates: the value '\"\\\\n' of stop is not quoted well; write a "
            'text as "\\n\\n" and several as ["\\n\\n", "END"].',
        ),
        (
            "stop='END'",
            "Line 2 of the candidates: the value \"'END'\" of stop cannot be read; "
            "put a text with spaces or quotes in double quotes.",
        ),
        (
            "seed= temperature=1",
            "Line 2 of the candidates: the value ' temperature=1' of seed cannot be read; "
            "put a text with spaces or quotes in double quotes.",
        ),
        (
            "temperature=3",
            "temperature 3.0 of 'ollama/mistral' is out of range; choose 0.0 to 2.0.",
        ),
        (
            "temperature=nan",
            "temperature nan of 'ollama/mistral' is out of range; choose 0.0 to 2.0.",
        ),
        ('stop=""', "A stop sequence of 'ollama/mistral' is empty; write a text or remove it."),
        (
            "digest=latest",
            "digest 'latest' is none; copy the 12 to 64 hexadecimal digits that `ollama list` "
            "or the page “Models” shows.",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line_key_and_value(line: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        read_candidates(f"{MODEL}\nollama/mistral {line}")
    assert str(raised.value) == sentence


def test_a_model_named_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is named twice; remove one"):
        read_candidates(f"{MODEL}\n{MODEL} seed=1")


@given(st.text(STORABLE, max_size=40))
def test_any_text_is_refused_or_means_what_its_line_says(text: str) -> None:
    try:
        _, overrides = read_candidate(f"{MODEL} {text}", "Line 1")
    except InvalidInputError:
        return
    assert read_candidate(write_candidate(MODEL, overrides), "")[1] == overrides


def test_a_stored_document_is_shown_as_a_line_would_say_it() -> None:
    document = {"temperature": 0.7, "stop": ["\n"], "json_mode": True}
    assert write_values(document) == r'temperature=0.7 stop="\n" json_mode=true'
