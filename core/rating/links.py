"""The address that is given to a recruiting platform, with the fields that it fills in."""

from collections.abc import Mapping

from core.rating.design import Platform

_FIELDS: Mapping[str, tuple[str | None, str | None, str | None]] = {
    "prolific": ("{{%PROLIFIC_PID%}}", "{{%STUDY_ID%}}", "{{%SESSION_ID%}}"),
    "sona": ("%SURVEY_CODE%", None, None),
}
"""What the platform replaces by its ids: of the person, the study, the submission."""


def platform_link(link: str, platform: Platform) -> str:
    """``link`` with the platform's parameters, to be pasted there.

    CloudResearch Connect and Mechanical Turk add theirs by themselves, and of other platforms
    nobody here knows what they replace: the link then stays as it is.
    """
    parameters = (
        platform.rater_parameter,
        platform.study_parameter,
        platform.session_parameter,
    )
    fields = _FIELDS.get(platform.name, (None, None, None))
    pairs = zip(parameters, fields, strict=True)
    return link + "".join(f"&{name}={field}" for name, field in pairs if name and field)


def adds_nothing_itself(platform: Platform) -> bool:
    """Whether somebody has to see to it that the address carries the platform's id."""
    return platform.requires_id and platform.name not in {*_FIELDS, "cloudresearch", "mturk"}
