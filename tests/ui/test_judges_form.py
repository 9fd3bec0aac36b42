"""The page “Judges” by itself: the form of a set-up, examples from people, and warnings."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core.bench.estimate import Estimate, PlannedPrompt, estimate
from core.bench.prices import Price
from core.errors import InvalidInputError
from core.judges.base import JudgeKind, Options
from core.judges.registry import judges, use_folder
from core.judging.setups import save_setup, setup_of
from core.money.confirmation import Confirmation, confirmation_of, require_confirmation
from core.studies.service import list_studies
from core.terms import Terms
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import CampaignStatus, Judge, JudgeTrial, Run
from db.types import utc_now
from tests.building import ACTOR, REFERENCE, SMALL, all_rows, make_study, store_responses
from tests.core.rating.stored import stored_campaign, stored_session, units_of
from tests.ui.studio_pages import VIEWS, studio
from ui.studio.judges.fields import as_typed, form_fields, from_typed
from ui.studio.judges.place import Place
from ui.studio.judges.running import run_all, share_of

A_PLUGIN = '''
from core.judges.plugin import judge

@judge
def brevity(response):
    """Whether the response is short."""
    return 1.0 if len(response.text) < 50 else 0.0
'''


def opened(content: VersionContent, judge_name: str | None = None) -> AppTest:
    """The page for a study, with a judge open."""
    page = AppTest.from_file(str(VIEWS / "judges.py"), default_timeout=60)
    page.session_state["study_choice"] = content.study.name
    page.session_state["open_judge"] = judge_name
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    """All sentences of the page."""
    shown = [*page.info, *page.warning, *page.error, *page.caption, *page.markdown, *page.text]
    return "\n".join(one.value.replace("\\", "") for one in shown)


@pytest.fixture
def page_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages look at the test's store, and their buttons are pressed by the tester."""
    monkeypatch.setattr("ui.studio.acting.signed_in", lambda: ACTOR)
    with studio(database, monkeypatch):
        yield


@pytest.fixture
def no_plugins() -> Iterator[None]:
    """Afterwards there are no judges of one's own."""
    yield
    use_folder(Path("there-is-none"))


def rated(database: Database) -> VersionContent:
    """A study with responses that people rated, in a campaign that is closed."""
    content = make_study(database, cases=3)
    responses = store_responses(database, content)
    campaign = stored_campaign(
        database, content, responses, status=CampaignStatus.CLOSED, closed_at=utc_now()
    )
    units = units_of(database, campaign)
    stored_session(database, campaign, {one.id: at % 11 for at, one in enumerate(units)})
    return content


@pytest.mark.usefixtures("page_of")
def test_examples_are_drawn_shown_to_the_judge_and_saved(database: Database) -> None:
    content = rated(database)
    page = opened(content, "scorer")
    form = f"setup_{content.study.id}_scorer"
    page.number_input(key=f"{form}_count").set_value(2)
    page.button(key=f"{form}_draw").click().run()
    assert not page.exception
    assert "Examples from people's ratings (2)" in [one.label for one in page.expander]
    assert "People rated these responses to other tasks" in page.code[0].value
    page.button(key=f"{form}_save").click().run()
    saved = setup_of(database, content.study.id, "scorer")
    assert saved.number == 1
    examples = saved.judge.options.model_dump()["examples"]
    assert len(examples) == 2
    page.button(key=f"{form}_no_examples").click().run()
    assert "People rated these" not in page.code[0].value


@pytest.mark.usefixtures("page_of")
def test_while_people_rate_their_ratings_are_not_drawn_from(database: Database) -> None:
    content = make_study(database)
    responses = store_responses(database, content)
    stored_campaign(database, content, responses)
    page = opened(content, "scorer")
    assert "People are still rating" in said(page)
    assert "Draw examples" not in [one.label for one in page.button]
    assert "can be taken away once the names are unlocked" in said(page)
    assert not page.get("download_button")


@pytest.mark.usefixtures("page_of")
def test_while_people_rate_saved_examples_are_neither_shown_nor_tested_with(
    database: Database,
) -> None:
    content = rated(database)
    page = opened(content, "scorer")
    form = f"setup_{content.study.id}_scorer"
    page.button(key=f"{form}_draw").click().run()
    page.button(key=f"{form}_save").click().run()
    assert "People rated these" in page.code[0].value
    assert page.get("download_button"), "nothing is locked"
    assert f"{form}_test" in {one.key for one in page.button}
    campaign = stored_campaign(database, content, store_responses(database, content, []))
    # On the page as it was drawn before the campaign was opened.
    page.button(key=f"{form}_test").click().run()
    assert all_rows(database, JudgeTrial) == []
    for locked in (page, opened(content, "scorer")):
        assert "People rated these" not in locked.code[0].value
        assert "People's score" not in locked.code[0].value
        assert "it cannot be tested with them, while people's results are locked" in said(locked)
        assert f"{form}_test" not in {one.key for one in locked.button}
    page.button(key=f"unlock_{campaign.id}").click().run()
    assert "People rated these" in page.code[0].value
    assert f"{form}_test" in {one.key for one in page.button}


@pytest.mark.usefixtures("page_of")
def test_a_test_that_waits_says_for_how_long_and_when_that_ends(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    page = opened(content, "tf_idf")
    page.button(key=f"setup_{content.study.id}_tf_idf_test").click().run()
    assert re.search(r"The test has waited (under )?\d+ s for the daemon", said(page))
    assert "after 300 s at the latest" in said(page)
    for seconds, sentence in (
        (20, "The test has gone on for 2"),
        (400, "the daemon has stopped in the middle of it"),
    ):
        with database.write() as session:
            (trial,) = session.exec(select(JudgeTrial)).all()
            trial.started_at = utc_now() - timedelta(seconds=seconds)
            session.add(trial)
        page.run()
        assert sentence in said(page)
        assert "300 s" in said(page)


def configuration_of_a_judge_with_an_example() -> None:
    """What its card shows of a judge that is shown an example."""
    from core.judges.base import configured
    from core.judges.registry import judge_named
    from db.tables import Judge
    from ui.studio.calibration.sections import show_configuration

    example = dict.fromkeys(("response_id", "test_case_id", "prompt"), "a")
    shown = {"examples": [{**example, "response": "Liked.", "score": 0.625}], "repeats": 3}
    judge = configured(judge_named("scorer"), shown)
    show_configuration(
        Judge(
            identity="0" * 64,
            name=judge.name,
            label=judge.label,
            configuration=judge.configuration(),
            options=judge.options.model_dump(mode="json", exclude_defaults=True),
            scale_min=0,
            scale_max=10,
        )
    )


def test_the_configuration_on_a_judges_card_tells_nothing_of_what_people_gave() -> None:
    card = AppTest.from_function(configuration_of_a_judge_with_an_example).run()
    assert not card.exception
    shown = card.json[0].value
    assert "0.625" not in shown
    assert "Liked." not in shown
    assert json.loads(shown)["options"] == {"repeats": 3}
    assert json.loads(shown)["configuration"]["options"]["repeats"] == 3
    assert "It was shown 1 response with what people gave" in said(card)


@pytest.mark.usefixtures("page_of")
def test_a_models_name_is_shown_as_it_is_typed(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    save_setup(
        database, content.study.id, "scorer", models=["openai/*`x`*"], options={}, actor=ACTOR
    )
    shown = [one.value for one in opened(content, "scorer").markdown]
    assert r"openai/\*\`x\`\*: Has not run yet." in shown


@pytest.mark.usefixtures("page_of")
def test_a_judge_that_lacks_something_says_so_and_the_others_stay(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    save_setup(
        database, content.study.id, "sbert", models=(), options={"model": "/no/such/folder"},
        actor=ACTOR,
    )  # fmt: skip
    page = opened(content, "sbert")
    assert "There is no folder '/no/such/folder' with a model" in said(page)
    keys = {one.key for one in page.button}
    assert "run_sbert" not in keys
    assert {"run_tf_idf", "run_bleu", "open_scorer"} <= keys
    similar = [one.name for one in judges().values() if one.kind is JudgeKind.SIMILARITY]
    others = len(similar) - len(["sbert", "openai_embeddings"])
    label = page.button(key="all_similarity").label
    assert label == f"Run all that is missing ({others} judges)"
    page.button(key=f"setup_{content.study.id}_sbert_defaults").click().run()
    page.button(key=f"setup_{content.study.id}_sbert_save").click().run()
    assert "run_sbert" not in {one.key for one in page.button}, "it is open, so its run is there"
    assert "judge_sbert" in {one.key for one in page.button}


@pytest.mark.usefixtures("page_of")
def test_of_many_judges_one_that_cannot_be_run_does_not_keep_the_others(
    database: Database,
) -> None:
    content = make_study(database)
    store_responses(database, content)
    save_setup(
        database, content.study.id, "sbert", models=(), options={"model": "/no/such/folder"},
        actor=ACTOR,
    )  # fmt: skip
    (study,) = list_studies(database)
    place = Place(study, content, ACTOR, 9, states={}, coverages={}, is_locked=False)
    with pytest.raises(InvalidInputError, match="There is no folder '/no/such/folder'"):
        run_all(place, ["bleu", "sbert", "tf_idf"])
    asked = {one.id: one.name for one in all_rows(database, Judge)}
    assert {asked[one.judge_id or ""] for one in all_rows(database, Run)} == {"bleu", "tf_idf"}


@pytest.mark.usefixtures("page_of", "no_plugins")
def test_judges_of_ones_own_are_among_their_kind_and_broken_ones_are_named(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "brevity.py").write_text(A_PLUGIN)
    (tmp_path / "broken.py").write_text("this is no Python")
    use_folder(tmp_path)
    content = make_study(database)
    store_responses(database, content)
    shown = said(opened(content))
    assert "Whether the response is short." in shown
    assert "broken.py" in shown


@pytest.mark.usefixtures("page_of")
def test_a_response_that_names_its_model_is_warned_of(database: Database) -> None:
    content = make_study(database)
    quiet = make_study(database)
    store_responses(database, content, text=lambda number: "As ChatGPT, I say yes." * (number == 0))
    store_responses(database, quiet)
    title = "1 response names a model, so that a judge is not blind to it"
    assert title in [one.label for one in opened(content).expander]
    assert title not in [one.label for one in opened(quiet).expander]


@pytest.mark.usefixtures("page_of")
def test_without_a_reference_what_compares_with_it_cannot_be_run(database: Database) -> None:
    content = make_study(database, reference=None)
    store_responses(database, content)
    page = opened(content, "comparer")
    assert "compares with the reference, and this study names none" in said(page)
    keys = {one.key for one in page.button}
    assert not {"judge_comparer", "run_bleu", "run_tf_idf"} & keys
    assert "run_empty" in keys


@pytest.mark.usefixtures("page_of")
def test_every_judge_can_be_opened_and_its_form_says_what_is_in_force(database: Database) -> None:
    content = make_study(database, cases=1, samples=2)
    store_responses(database, content)
    page = opened(content)
    for name in judges():
        page.button(key=f"open_{name}").click().run()
        assert not page.exception, name
        assert not page.error, name
        assert "What is in force." in said(page), name
        assert page.code, f"{name} shows what it sees"


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark_blue"


class Everything(Options):
    """Every type of field that a form knows."""

    prompt: str = Field(default="{{form}}", title="Prompt", description="Words.")
    name: str | None = Field(default=None, title="Name", description="A name.")
    yes: bool = Field(default=True, title="Yes", description="Or no.")
    count: int = Field(default=1, ge=0, le=9, title="Count", description="How many.")
    most: int | None = Field(default=None, ge=1, title="Most", description="At most.")
    share: float = Field(default=0.5, ge=0, le=1, title="Share", description="How much.")
    colour: Colour = Field(default=Colour.RED, title="Colour", description="Which.")
    side: Literal["left", "right"] = Field(default="left", title="Side", description="Where.")
    words: tuple[str, ...] = Field(default=(), title="Words", description="Which.")
    weights: dict[str, float] = Field(default={}, title="Weights", description="As JSON.")
    hidden: int = Field(default=3, json_schema_extra={"form": False})


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@given(
    st.builds(
        Everything,
        prompt=st.text(max_size=30),
        name=st.none() | WORDS,
        most=st.none() | st.integers(1, 99),
        share=st.floats(0, 1),
        words=st.lists(WORDS, max_size=4).map(tuple),
        weights=st.dictionaries(WORDS, st.floats(-5, 5), max_size=3),
    )
)
def test_what_a_form_shows_is_read_back_as_it_was(options: Everything) -> None:
    typed = as_typed(options)
    again = Everything.model_validate({**from_typed(options, typed), "hidden": options.hidden})
    assert again == options
    assert "hidden" not in form_fields(options)


def test_json_that_is_none_is_refused_in_a_sentence() -> None:
    typed = {**as_typed(Everything()), "weights": "{"}
    with pytest.raises(InvalidInputError, match="Weights must be JSON"):
        from_typed(Everything(), typed)


def priced(model: str, calls: int) -> Estimate:
    """An estimate of calls that cost something."""
    price = Price(model, 30.0, 60.0, date(2024, 1, 1), "a test", batch_factor=0.5)
    planned = [PlannedPrompt(model, calls, 900, max_tokens=100)]
    return estimate(planned, prices={model: price}, paid_models=frozenset({model}), speeds={})


def test_a_panels_agreement_and_budget_are_shared_out_and_never_exceeded() -> None:
    parts: dict[str | None, Estimate] = {
        "openai/a": priced("openai/a", 30),
        "openai/b": priced("openai/b", 10),
    }
    together = Estimate(tuple(one for part in parts.values() for one in part.models))
    terms = Terms(confirmation=confirmation_of(together, 1.0, ACTOR))
    shares = {model: share_of(terms, part).confirmation for model, part in parts.items()}
    budgets = [share.budget_usd for share in shares.values() if share and share.budget_usd]
    assert budgets == pytest.approx([0.75, 0.25])
    for model, part in parts.items():
        require_confirmation(part, shares[model])


def test_an_unpaid_model_of_a_panel_needs_no_share() -> None:
    unpaid = estimate([PlannedPrompt(SMALL, 5, 900)], prices={}, paid_models=frozenset(), speeds={})
    terms = Terms(confirmation=Confirmation(1.0, None, (REFERENCE,), ACTOR))
    assert share_of(terms, unpaid).confirmation is None
