"""How a study wants its judges: in versions that stay, with identities of their own."""

import pytest

from core.errors import InvalidInputError, NotFoundError
from core.judges.base import judge_identity
from core.judges.registry import judges
from core.judging.service import plan_judging
from core.judging.setups import (
    DEFAULT_EMBEDDING_MODEL,
    DEFAULT_MODEL,
    checked_setup,
    save_setup,
    setup_history,
    setup_of,
)
from db.engine import Database
from db.tables import Audit, Judge, Judgment
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    SMALL,
    Sandbox,
    all_rows,
    make_study,
    store_responses,
)
from tests.core.judging.making import judge_by_model


def test_without_a_set_up_a_judge_is_as_it_comes_and_asks_the_reference_or_gpt_4(
    database: Database,
) -> None:
    without = make_study(database, reference=None).study.id
    assert setup_of(database, without, "scorer").models == (DEFAULT_MODEL,)
    study_id = make_study(database).study.id
    setup = setup_of(database, study_id, "scorer")
    assert (setup.judge, setup.models) == (judges()["scorer"], (REFERENCE,))
    assert (setup.number, setup.created_at, setup.created_by) == (0, None, None)
    assert setup_of(database, study_id, "openai_embeddings").models == (DEFAULT_EMBEDDING_MODEL,)
    assert setup_of(database, study_id, "bleu").models == ()
    assert setup_of(database, study_id, "bleu").identities == (None,)


def test_each_change_is_a_version_of_its_own_and_the_newest_is_in_force(
    database: Database,
) -> None:
    study_id = make_study(database).study.id
    for repeats in (2, 3):
        saved = save_setup(
            database, study_id, "scorer",
            models=[MEDIUM, f" {SMALL} ", MEDIUM, ""], options={"repeats": repeats}, actor=ACTOR,
        )  # fmt: skip
    assert saved == setup_of(database, study_id, "scorer")
    assert saved.judge.options.model_dump()["repeats"] == 3
    assert (saved.number, saved.models, saved.created_by) == (2, (MEDIUM, SMALL), ACTOR)
    history = setup_history(database, study_id, "scorer")
    assert [(one.number, one.options["repeats"]) for one in history] == [(2, 3), (1, 2)]
    assert history[0].options == saved.judge.options.model_dump(mode="json"), "defaults too"
    recorded = [one for one in all_rows(database, Audit) if one.subject == "judge"]
    assert [(one.action, one.after["number"]) for one in recorded] == [("set up", 1), ("set up", 2)]


def test_saving_what_is_in_force_makes_no_version(database: Database) -> None:
    study_id = make_study(database).study.id
    for _ in range(2):
        save_setup(database, study_id, "scorer", models=[SMALL], options={}, actor=ACTOR)
    assert len(setup_history(database, study_id, "scorer")) == 1
    defaults = setup_of(database, study_id, "bleu")
    unchanged = save_setup(database, study_id, "bleu", models=[], options={}, actor=ACTOR)
    assert unchanged == defaults


def test_what_cannot_be_used_is_refused_in_one_sentence(database: Database) -> None:
    study_id = make_study(database).study.id
    for models, options, said in (
        ([SMALL], {"repeats": 0}, "Scorer cannot use repeats = 0: "),
        ([SMALL], {"colour": "red"}, "Scorer cannot use colour = 'red': "),
        ([], {}, "Scorer needs a model to ask; name one."),
        (["gpt-4"], {}, "names no known provider"),
    ):
        with pytest.raises(InvalidInputError, match=said) as refused:
            save_setup(database, study_id, "scorer", models=models, options=options, actor=ACTOR)
        assert "\n" not in str(refused.value)
    with pytest.raises(NotFoundError, match="no judge 'nobody'"):
        checked_setup("nobody", [], {})
    assert setup_history(database, study_id, "scorer") == []


def test_another_prompt_makes_another_judge_and_keeps_the_old_judgments(
    database: Database, sandbox: Sandbox
) -> None:
    sandbox.change(REFERENCE, bad_judge_rate=0)
    content = make_study(database, cases=1)
    store_responses(database, content)
    judge_by_model(database, sandbox, content)
    before = {row.id: row.score for row in all_rows(database, Judgment)}

    prompt = setup_of(database, content.study.id, "scorer").judge.options.model_dump()["prompt"]
    kinder = prompt.replace("You grade", "You grade kindly")
    assert kinder != prompt
    saved = save_setup(
        database, content.study.id, "scorer",
        models=[REFERENCE], options={"prompt": kinder}, actor=ACTOR,
    )  # fmt: skip
    assert len(plan_judging(database, content.study.id, "scorer", REFERENCE).missing) == 3
    judge_by_model(database, sandbox, content)

    after = {row.id: row.score for row in all_rows(database, Judgment)}
    assert before.items() <= after.items()
    assert len(after) == 6
    newest = max(all_rows(database, Judge), key=lambda one: one.created_at)
    assert newest.identity == judge_identity(saved.judge, REFERENCE)
    assert (newest.options or {})["prompt"] == kinder


def test_the_set_up_of_one_study_is_not_anothers(database: Database) -> None:
    one, other = (make_study(database).study.id for _ in range(2))
    save_setup(database, one, "scorer", models=[SMALL], options={"repeats": 2}, actor=ACTOR)
    assert setup_of(database, other, "scorer").number == 0
