"""Links with the fields that a platform fills in."""

import pytest

from core.rating.design import PLATFORMS
from core.rating.links import adds_nothing_itself, platform_link

LINK = "https://rate.example/?campaign=abc"


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("none", ""),
        (
            "prolific",
            "&PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}",
        ),
        ("sona", "&SURVEY_CODE=%SURVEY_CODE%"),
        ("cloudresearch", ""),
        ("mturk", ""),
        ("generic", ""),
    ],
)
def test_a_link_carries_what_the_platform_replaces(name: str, added: str) -> None:
    assert platform_link(LINK, PLATFORMS[name]) == LINK + added


def test_renamed_parameters_keep_the_platforms_fields() -> None:
    renamed = PLATFORMS["prolific"].model_copy(
        update={"rater_parameter": "who", "study_parameter": None}
    )
    assert platform_link(LINK, renamed) == (
        f"{LINK}&who={{{{%PROLIFIC_PID%}}}}&SESSION_ID={{{{%SESSION_ID%}}}}"
    )


def test_only_of_other_platforms_somebody_must_see_to_the_id() -> None:
    assert [name for name, one in PLATFORMS.items() if adds_nothing_itself(one)] == ["generic"]
