"""The question that people can answer: every kind, each language, once, in time, not guessable."""

import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from core.rating import humanity
from core.rating.design import LANGUAGES
from core.rating.humanity import AT_LEAST, VALID_FOR, Challenge, challenge, passes

SECRET = "a secret"
ASKED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANSWERED_AT = ASKED_AT + timedelta(seconds=8)
NUMBERS = {language: humanity._LANGUAGES[language].numbers for language in LANGUAGES}
ORDINALS = {language: humanity._LANGUAGES[language].ordinals for language in LANGUAGES}


def asked(language: str = "en", seed: int = 0) -> Challenge:
    return challenge(language, SECRET, random.Random(seed), ASKED_AT)


def answer_of(language: str, question: str) -> str:
    """What a person would answer."""
    numbers: tuple[str, ...] = NUMBERS[language]
    listed = re.search(r": ([^?.]+)[?.]", question)
    if listed is None:
        found = [numbers.index(word) for word in re.findall(r"\w+", question) if word in numbers]
        return numbers[sum(found)]
    words: list[str] = listed[1].split(", ")
    if words[0] in numbers:
        return max(words, key=numbers.index)
    places = {
        "en": ("first", "second", "third", "fourth"),
        "de": ("erste", "zweite", "dritte", "vierte"),
    }
    return next(
        word for word, place in zip(words, places[language], strict=True) if place in question
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_asks_several_kinds_that_a_person_answers(language: str) -> None:
    shapes = set()
    for seed in range(40):
        one = asked(language, seed)
        shapes.add(one.question.split()[0])
        assert passes(one.token, answer_of(language, one.question), SECRET, ANSWERED_AT), (
            one.question
        )
    assert len(shapes) == 3


@pytest.mark.parametrize("written", ["  SEVEN ", "seven.", "7", "Seven"])
def test_how_an_answer_is_written_does_no_harm(written: str) -> None:
    one = next(
        found
        for seed in range(2000)
        if "plus" in (found := asked(seed=seed)).question
        and answer_of("en", found.question) == "seven"
    )
    assert passes(one.token, written, SECRET, ANSWERED_AT)


def test_umlauts_may_be_written_out() -> None:
    one = next(
        found
        for seed in range(2000)
        if answer_of("de", (found := asked("de", seed)).question) == "zwölf"
    )
    assert passes(one.token, "zwoelf", SECRET, ANSWERED_AT)


@pytest.mark.parametrize("answer", ["", "wrong", "x" * 1_000_000, "\x00", "\ud800"])
def test_a_wrong_answer_does_not_pass(answer: str) -> None:
    assert not passes(asked().token, answer, SECRET, ANSWERED_AT)


def test_a_token_is_good_for_one_answer() -> None:
    one = asked(seed=1)
    assert passes(one.token, answer_of("en", one.question), SECRET, ANSWERED_AT)
    assert not passes(one.token, answer_of("en", one.question), SECRET, ANSWERED_AT)


def test_a_wrong_answer_uses_the_token_up() -> None:
    one = asked(seed=2)
    assert not passes(one.token, "wrong", SECRET, ANSWERED_AT)
    assert not passes(one.token, answer_of("en", one.question), SECRET, ANSWERED_AT)


@pytest.mark.parametrize(
    "after", [AT_LEAST - timedelta(milliseconds=1), VALID_FOR + timedelta(milliseconds=1)]
)
def test_an_answer_too_soon_or_too_late_does_not_pass(after: timedelta) -> None:
    one = asked(seed=3)
    assert not passes(one.token, answer_of("en", one.question), SECRET, ASKED_AT + after)


def test_whoever_reads_the_consent_for_hours_passes_and_only_once() -> None:
    one = asked(seed=6)
    answer, later = answer_of("en", one.question), ASKED_AT + timedelta(hours=11)
    assert passes(one.token, answer, SECRET, later)
    assert not passes(one.token, answer, SECRET, later + timedelta(minutes=59))


def test_answers_are_remembered_as_long_as_their_questions_are_good() -> None:
    spent, hour_ms = humanity._Spent(), 3_600_000
    assert spent.spend("early", 0)
    assert spent.spend("late", 11 * hour_ms)
    assert not spent.spend("early", 12 * hour_ms)
    assert spent.spend("last", 13 * hour_ms)
    assert list(spent._answered_at_ms) == ["late", "last"]


@pytest.mark.parametrize("token", ["", "x", "a.b", "\x00", "\ud800"])
def test_a_token_that_was_not_made_here_does_not_pass(token: str) -> None:
    assert not passes(token, "seven", SECRET, ANSWERED_AT)


def test_a_token_of_another_installation_does_not_pass() -> None:
    one = challenge("en", "another secret", random.Random(4), ASKED_AT)
    assert not passes(one.token, answer_of("en", one.question), SECRET, ANSWERED_AT)


def test_the_token_does_not_tell_the_answer() -> None:
    one, same = asked(seed=5), asked(seed=5)
    assert one.question == same.question
    assert one.token != same.token
    assert answer_of("en", one.question) not in one.token
