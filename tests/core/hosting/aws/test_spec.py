"""What is launched is checked before anything is asked of AWS."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from core.hosting.aws.spec import make_spec
from tests.core.hosting.aws.building import spec


def test_the_machine_of_the_paper_is_what_is_launched_by_default() -> None:
    assert spec().instance_type == "g4dn.2xlarge"
    assert spec().market == "on-demand"


def test_models_may_be_named_as_slam_names_them() -> None:
    named = spec(models=["ollama/llama2:7b", " hf.co/owner/repo:Q4_K_M "])
    assert named.models == ("llama2:7b", "hf.co/owner/repo:Q4_K_M")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "Bench"}, "name='Bench' cannot be taken: give lower-case letters"),
        ({"name": "a\n"}, "cannot be taken: give lower-case letters"),
        ({"owner": "$(id)"}, "owner='$(id)' cannot be taken: give letters, digits"),
        ({"instance_type": "g4dn"}, "give a family and a size, such as g4dn.2xlarge"),
        ({"models": ["llama2; reboot"]}, "give a name of Ollama's"),
        ({"models": ["--help"]}, "give a name of Ollama's"),
        ({"ollama_version": "latest"}, "give a release such as"),
        ({"hours": 0}, "hours=0 cannot be taken: input should be greater than or equal to 1"),
        ({"hours": 1, "idle_minutes": 61}, "longer than the machine lives; shorten it"),
        ({"daemon_source": "https://example.org/slam.whl"}, "give both or neither"),
        (
            {"daemon_source": "http://example.org/x", "database_url_parameter": "/slam/x"},
            "give an address such as git+https",
        ),
        ({"market": "auction"}, "cannot be taken: input should be 'on-demand' or 'spot'"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named_with_the_form_it_needs(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        spec(**changes)
    assert sentence in str(refusal.value)


@given(field=st.sampled_from(["name", "owner", "instance_type", "ollama_version"]), text=st.text())
def test_no_character_that_a_shell_reads_gets_in(field: str, text: str) -> None:
    values: dict[str, object] = {"name": "bench", "owner": "Ana", field: text}
    try:
        made = make_spec(**values)
    except InvalidInputError:
        return
    assert re.fullmatch(r"[A-Za-z0-9 ._@-]+", getattr(made, field))
