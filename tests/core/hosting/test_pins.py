"""A study notices when the weights behind a model's name are no longer those it used."""

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.hosting.pins import (
    PinState,
    check_digest,
    same_digest,
    settle_pin,
    study_pins,
    take_changed_model,
)
from core.providers.base import ModelFacts
from core.studies.service import newest_version
from db.engine import Database
from db.repositories.hosting import Hosting
from db.tables import ModelPin
from tests.core.hosting.helping import ACTOR, make_study

MODEL = "ollama/mistral:7b"
OLD, NEW = "a" * 64, "b" * 64
REFUSAL = (
    f"The weights behind '{MODEL}' changed: the study uses aaaaaaaaaaaa and Ollama has "
    "bbbbbbbbbbbb; pull the pinned ones again, or take the changed model as a new candidate on "
    "the page “Models”."
)


def pinned(database: Database, study_id: str) -> ModelPin | None:
    with database.read() as session:
        return Hosting(session).pin(study_id, MODEL)


@pytest.mark.parametrize(
    ("pin", "found", "state"),
    [
        (None, NEW, PinState.MUST_PIN),
        (OLD, OLD, PinState.OK),
        (OLD, NEW, PinState.CHANGED),
        (OLD[:12], OLD, PinState.OK),
        (OLD, f"sha256:{OLD}", PinState.OK),
        (OLD, None, PinState.OK),
        (None, None, PinState.OK),
    ],
)
def test_a_digest_is_compared_with_the_pinned_one(
    pin: str | None, found: str | None, state: PinState
) -> None:
    check = check_digest(MODEL, pin, found)
    assert check.state is state
    assert check.problem == (REFUSAL if state is PinState.CHANGED else None)


def test_digests_that_differ_late_are_not_the_same() -> None:
    assert not same_digest("a" * 64, "a" * 63 + "b")
    assert same_digest("a" * 64, "a" * 12)


def test_the_first_use_pins_and_later_ones_are_held_to_it(database: Database) -> None:
    study_id = make_study(database, MODEL).study.id
    assert settle_pin(database, study_id, MODEL, {}, OLD) is None
    assert settle_pin(database, study_id, MODEL, {}, OLD) is None
    assert settle_pin(database, study_id, MODEL, {}, NEW) == REFUSAL
    pin = pinned(database, study_id)
    assert pin is not None
    assert pin.digest == OLD


def test_the_first_of_two_pins_holds(database: Database) -> None:
    study_id = make_study(database, MODEL).study.id
    for digest in (OLD, NEW):
        with database.write() as session:
            assert Hosting(session).add_pin(study_id, MODEL, digest).digest == OLD
    with database.read() as session:
        assert len(Hosting(session).pins(study_id)) == 1


def test_an_unknown_digest_pins_nothing(database: Database) -> None:
    study_id = make_study(database, MODEL).study.id
    assert settle_pin(database, study_id, MODEL, {}, None) is None
    assert pinned(database, study_id) is None


def test_a_digest_that_a_person_named_counts_before_the_pin(database: Database) -> None:
    study_id = make_study(database, MODEL).study.id
    settle_pin(database, study_id, MODEL, {}, OLD)
    assert settle_pin(database, study_id, MODEL, {"digest": NEW[:12]}, NEW) is None
    refusal = settle_pin(database, study_id, MODEL, {"digest": NEW[:12]}, OLD)
    assert refusal is not None
    assert "uses bbbbbbbbbbbb and Ollama has aaaaaaaaaaaa" in refusal


def test_studies_pin_each_for_itself(database: Database) -> None:
    one, other = (make_study(database, MODEL, name=name).study.id for name in ("One", "Other"))
    assert settle_pin(database, one, MODEL, {}, OLD) is None
    assert settle_pin(database, other, MODEL, {}, NEW) is None


def test_taking_the_changed_model_makes_another_candidate_and_keeps_the_first(
    database: Database,
) -> None:
    first = make_study(database, MODEL, "ollama/orca2:7b")
    study_id = first.study.id
    settle_pin(database, study_id, MODEL, {}, OLD)
    second = take_changed_model(database, study_id, MODEL, NEW, ACTOR)
    assert second.version.number == 2
    assert second.candidates[0].parameters == {"temperature": 0.7, "digest": NEW}
    assert second.candidates[0].id != first.candidates[0].id
    assert second.candidates[1].id == first.candidates[1].id
    parameters = second.candidates[0].parameters
    assert settle_pin(database, study_id, MODEL, parameters, NEW) is None
    again = take_changed_model(database, study_id, MODEL, NEW, ACTOR)
    assert again.version.id == second.version.id


def test_only_a_model_of_the_study_can_be_taken(database: Database) -> None:
    study_id = make_study(database, MODEL).study.id
    with pytest.raises(InvalidInputError, match="The study has no model 'ollama/other'"):
        take_changed_model(database, study_id, "ollama/other", NEW, ACTOR)
    with pytest.raises(InvalidInputError, match="digest 'new' is none"):
        take_changed_model(database, study_id, MODEL, "new", ACTOR)
    with pytest.raises(NotFoundError):
        take_changed_model(database, "nobody", MODEL, NEW, ACTOR)
    assert newest_version(database, study_id).version.number == 1


def test_a_page_sees_each_hosted_model_of_the_study_with_its_state(database: Database) -> None:
    models = (MODEL, "ollama/orca2", "ollama/gone:1", "openai/gpt-4")
    study_id = make_study(database, *models).study.id
    settle_pin(database, study_id, MODEL, {}, OLD)
    installed = [ModelFacts(MODEL.partition("/")[2], NEW), ModelFacts("orca2:latest", NEW)]
    rows = study_pins(database, study_id, installed)
    assert [(row.model, row.check.state) for row in rows] == [
        (MODEL, PinState.CHANGED),
        ("ollama/orca2", PinState.MUST_PIN),
        ("ollama/gone:1", PinState.OK),
    ]
    assert (rows[0].pinned, rows[0].found) == (OLD, NEW)
    assert rows[0].pinned_at is not None
    assert rows[2].found is None
