"""Every language of the raters' pages says everything, and says it with the same fields."""

from string import Formatter

import pytest

from core.rating.design import LANGUAGES, Outcome
from core.rating.refusals import Cause
from ui.rate.texts import FALLBACK, FOLDER, Texts, preferred_language

SECTIONS = (
    "page", "entrance", "comprehension", "item", "panel", "ending", "waiting", "cause",
)  # fmt: skip


def fields_of(language: str) -> dict[tuple[str, str], set[str | None]]:
    """By section and key, the fields of a sentence."""
    say = Texts(language)
    return {
        (section, key): {field for _, field, _, _ in Formatter().parse(text) if field is not None}
        for section in SECTIONS
        for key, text in say.section(section).items()
    }


def test_there_is_a_file_for_every_language_and_no_other() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_and_fields(language: str) -> None:
    assert fields_of(language) == fields_of(FALLBACK)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_and_every_outcome_is_said(language: str) -> None:
    say = Texts(language)
    assert set(say.section("cause")) == {cause.value for cause in Cause}
    for outcome in Outcome:
        assert say(f"ending.{outcome.value}")
        assert say(f"ending.{outcome.value}_explained")


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != FALLBACK])
def test_no_sentence_was_left_in_english(language: str) -> None:
    english, other = Texts(FALLBACK), Texts(language)
    for section in SECTIONS:
        for key, text in other.section(section).items():
            assert text != english.section(section)[key], f"{section}.{key}"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr,de;q=0.5", "de"),
        ("EN-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        (";,-;q=x" * 1000, "en"),
    ],
)
def test_a_browser_is_answered_in_the_first_of_its_languages_that_there_is(
    accepted: str | None, language: str
) -> None:
    assert preferred_language(accepted) == language
