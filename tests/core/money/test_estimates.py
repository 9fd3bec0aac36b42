"""Estimates of what a study still needs, from what its store knows."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from core.bench.estimate import Estimate, ModelEstimate, MoneyStatus, Source
from core.bench.prices import Price
from core.generation.service import plan_generation
from core.judges.base import judge_identity
from core.judges.registry import judge_named
from core.judging.service import plan_judging
from core.money.estimates import estimate_generation, estimate_judging
from core.money.prices import enter_price
from core.settings import Settings
from core.studies.service import definition_of, save_version
from db.engine import Database
from db.repositories.studies import VersionContent
from db.tables import (
    CallStatus,
    Judge,
    Judgment,
    ProviderGate,
    Response,
    WarmUp,
    WarmUpStatus,
)
from db.types import utc_now
from tests.building import (
    ACTOR,
    MEDIUM,
    REFERENCE,
    SMALL,
    changed,
    make_study,
    store_responses,
)

SETTINGS = Settings(
    home=Path("unused"),
    concurrent_requests=4,
    concurrent_requests_ollama=1,
    requests_per_minute=600,
)
PRICE = Price(REFERENCE, 30.0, 60.0, date(2023, 3, 14), "a test")
SECOND_NS = 10**9


def estimated(database: Database, content: VersionContent, *, retry: bool = False) -> Estimate:
    plan = plan_generation(database, content.study.id)
    again = [*plan.unfinished, *(plan.failed if retry else ())]
    return estimate_generation(database, SETTINGS, content.study.id, plan.missing, again)


def store_counted(
    database: Database,
    content: VersionContent,
    model: str,
    *tokens: tuple[int | None, int | None],
    duration_ns: int | None = None,
    load_duration_ns: int | None = None,
) -> None:
    """Store answers of ``model`` to the first test case with those counts, one sample each."""
    candidate = next(one for one in content.candidates if one.model == model)
    keys = [(candidate.id, content.test_cases[0].id, number) for number in range(len(tokens))]
    rows = store_responses(database, content, keys)
    with database.write() as session:
        for row, (prompt_tokens, completion_tokens) in zip(rows, tokens, strict=True):
            stored = session.get_one(Response, row.id)
            stored.prompt_tokens, stored.completion_tokens = prompt_tokens, completion_tokens
            stored.duration_ns, stored.load_duration_ns = duration_ns, load_duration_ns
            session.add(stored)


def of(estimate: Estimate, model: str) -> ModelEstimate:
    return next(one for one in estimate.models if one.model == model)


def test_a_new_study_is_estimated_by_its_prompts_alone(database: Database) -> None:
    enter_price(database, PRICE, ACTOR)
    content = make_study(database, cases=2, samples=3)
    found = estimated(database, content)
    assert found.calls == 18
    assert found.paid_calls == 6
    assert [one.model for one in found.models] == [SMALL, MEDIUM, REFERENCE]
    paid = of(found, REFERENCE)
    # The prompt: two lines of words, then the tasks; 12 tokens may be answered.
    prompt_bytes = len(
        "Write a briefing in two sentences.\nTasks:\n- Budget number 0\n- Call the dentist"
    )
    assert paid.prompt_tokens.most == 6 * (prompt_bytes + 16)
    assert paid.prompt_tokens.sources == ((Source.ASSUMED, 6),)
    assert (paid.completion_tokens.expected, paid.completion_tokens.most) == (72, 72)
    assert paid.completion_tokens.sources == ((Source.LIMIT, 6),)
    assert found.most_usd == pytest.approx((paid.prompt_tokens.most * 30 + 72 * 60) / 1e6)
    assert found.status is MoneyStatus.OK
    assert found.seconds is None, "nothing was timed yet"


def test_a_models_own_counts_come_first_then_those_of_others_for_the_same_case(
    database: Database,
) -> None:
    content = make_study(database, cases=2, samples=3)
    store_counted(database, content, SMALL, (40, 6), (40, 8))
    found = estimated(database, content)
    small, medium = of(found, SMALL), of(found, MEDIUM)
    # One sample of the first case is left, and all three of the second, which nobody answered.
    assert small.prompt_tokens.sources == ((Source.OWN, 1), (Source.ASSUMED, 3))
    assert small.completion_tokens.sources == ((Source.OWN, 1), (Source.LIMIT, 3))
    assert small.completion_tokens.expected == pytest.approx(7 + 3 * 12)
    assert medium.prompt_tokens.sources == ((Source.OTHERS, 3), (Source.ASSUMED, 3))
    assert medium.completion_tokens.expected == pytest.approx(3 * 7 + 3 * 12)


def test_answers_without_counts_say_nothing(database: Database) -> None:
    content = make_study(database, cases=1, samples=2)
    store_counted(database, content, SMALL, (None, None))
    assert of(estimated(database, content), SMALL).prompt_tokens.sources == ((Source.ASSUMED, 1),)


def test_without_a_limit_the_mean_of_the_studys_answers_is_expected(database: Database) -> None:
    content = make_study(database, cases=1, samples=2)
    store_counted(database, content, SMALL, (40, 5), (40, 8))
    wanted = definition_of(content)
    second = save_version(
        database,
        content.study.id,
        replace(
            changed(content, wanted),
            template="Now in one sentence: {{tasks}}",
            parameters=replace(wanted.parameters, max_tokens=None),
        ),
        ACTOR,
    )
    small = of(estimated(database, second), SMALL)
    assert small.completion_tokens.sources == ((Source.STUDY, 2),)
    assert small.completion_tokens.expected == pytest.approx(13)
    assert small.completion_tokens.most == 2 * 4096


def test_another_system_prompt_is_another_prompt(database: Database) -> None:
    content = make_study(database, cases=1, samples=2)
    store_counted(database, content, SMALL, (40, 5), (40, 8))
    wanted = definition_of(content)
    parameters = replace(wanted.parameters, system_prompt="Be brief, and speak as a pirate does.")
    save_version(
        database, content.study.id, replace(changed(content, wanted), parameters=parameters), ACTOR
    )
    small = of(estimated(database, content), SMALL)
    assert small.prompt_tokens.sources == ((Source.ASSUMED, 2),)


def test_only_what_is_still_to_be_made_is_estimated(database: Database) -> None:
    content = make_study(database, cases=2, samples=1)
    case = content.test_cases[0]
    keys = [(one.id, case.id, 0) for one in content.candidates]
    store_responses(database, content, keys[:1])
    store_responses(database, content, keys[1:2], status=CallStatus.FAILED)
    store_responses(database, content, keys[2:], status=CallStatus.PLANNED)
    assert estimated(database, content).calls == 4
    assert estimated(database, content, retry=True).calls == 5


def test_when_nothing_is_missing_nothing_is_estimated(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    found = estimated(database, content)
    assert (found.calls, found.models, found.status) == (0, (), MoneyStatus.NOT_PAID)


def test_planned_rows_are_estimated_like_missing_ones(database: Database) -> None:
    content = make_study(database, cases=2, samples=2)
    before = estimated(database, content)
    store_responses(database, content, status=CallStatus.PLANNED)
    assert estimated(database, content) == before


def test_a_paid_model_without_a_price_is_named(database: Database) -> None:
    found = estimated(database, make_study(database))
    assert found.unpriced == (REFERENCE,)
    assert found.most_usd is None


def test_time_is_the_median_of_what_was_measured_without_loading(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=2, samples=4)
    for duration_s in (2, 4, 9):
        store_at(database, content, duration_s * SECOND_NS + SECOND_NS, SECOND_NS)
    # Five calls are left, one at a time, at the median of 4 s.
    assert estimated(database, content).seconds == pytest.approx(5 * 4)
    store_at(database, content, 7 * SECOND_NS, SECOND_NS)
    assert estimated(database, content).seconds == pytest.approx(4 * 5), "the mean of 4 s and 6 s"


def store_at(
    database: Database, content: VersionContent, duration_ns: int, load_duration_ns: int
) -> None:
    """Store one more answer to the first case that took so long."""
    case = content.test_cases[0].id
    with database.read() as session:
        done = len(session.exec(select(Response).where(col(Response.test_case_id) == case)).all())
    (row,) = store_responses(database, content, [(content.candidates[0].id, case, done)])
    with database.write() as session:
        stored = session.get_one(Response, row.id)
        stored.duration_ns, stored.load_duration_ns = duration_ns, load_duration_ns
        session.add(stored)


def test_the_last_load_of_a_model_is_added_to_its_time(database: Database) -> None:
    content = make_study(database, candidates=[SMALL], reference=None, cases=1, samples=2)
    store_counted(database, content, SMALL, (40, 5), duration_ns=2 * SECOND_NS)
    moments = [utc_now() - timedelta(days=1), utc_now()]
    loads = [
        WarmUp(
            model=SMALL,
            host="a test",
            number=number,
            status=status,
            sent_at=moment,
            load_duration_ns=load_s * SECOND_NS,
        )
        for number, status, moment, load_s in (
            (0, WarmUpStatus.OK, moments[0], 50),
            (0, WarmUpStatus.OK, moments[1], 30),
            (0, WarmUpStatus.FAILED, moments[1], 70),
            (1, WarmUpStatus.OK, moments[1], 90),
        )
    ]
    with database.write() as session:
        session.add_all(loads)
    assert estimated(database, content).seconds == pytest.approx(2 + 30)


def test_a_limit_that_the_provider_told_holds_calls_up(database: Database) -> None:
    content = make_study(database, candidates=[REFERENCE], reference=None, cases=1, samples=11)
    store_counted(database, content, REFERENCE, (40, 5), duration_ns=SECOND_NS)
    # Ten calls, four at a time, 600 a minute.
    assert estimated(database, content).seconds == pytest.approx(2.5)
    with database.write() as session:
        session.add(ProviderGate(provider="openai", requests_per_minute=60))
    assert estimated(database, content).seconds == pytest.approx(10)


JUDGE = "scorer"


def judged(database: Database, content: VersionContent, model: str = REFERENCE) -> Estimate:
    asked = plan_judging(database, content.study.id, JUDGE, model).open(retry_failed=False)
    return estimate_judging(database, SETTINGS, content.study.id, judge_named(JUDGE), model, asked)


def store_judgments(
    database: Database, content: VersionContent, model: str, tokens: tuple[int, int], number: int
) -> None:
    """Store judgments by a judge that asks ``model`` on the first responses that there are."""
    judge = judge_named(JUDGE)
    plan = plan_judging(database, content.study.id, JUDGE, model)
    with database.write() as session:
        row = Judge(
            identity=judge_identity(judge, model),
            name=judge.name,
            label=judge.label,
            model=model,
            configuration=judge.configuration(),
            scale_min=0,
            scale_max=10,
        )
        session.add(row)
        session.flush()
        for planned in plan.missing[:number]:
            session.add(
                Judgment(
                    judge_id=row.id,
                    response_id=planned.key.response_id,
                    inputs_hash=planned.key.inputs_hash,
                    status=CallStatus.OK,
                    prompt_tokens=tokens[0],
                    completion_tokens=tokens[1],
                    duration_ns=2 * SECOND_NS,
                )
            )


def test_a_judge_is_estimated_by_what_it_would_be_asked(database: Database) -> None:
    enter_price(database, PRICE, ACTOR)
    content = make_study(database, cases=1)
    store_responses(database, content)
    found = judged(database, content)
    (one,) = found.models
    assert (one.model, one.calls) == (REFERENCE, 3)
    assert one.prompt_tokens.sources == one.completion_tokens.sources == ((Source.ASSUMED, 3),)
    assert one.prompt_tokens.expected > 3 * 1000 / 3, "the judge's own prompt is part of it"
    assert one.completion_tokens.most == 3 * 4096, "the judge sets no limit"
    assert found.status is MoneyStatus.OK


def test_a_judge_is_estimated_by_its_own_earlier_judgments_of_the_case(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    store_judgments(database, content, REFERENCE, (400, 60), 1)
    (one,) = judged(database, content).models
    assert one.calls == 2
    assert one.prompt_tokens.sources == ((Source.OWN, 2),)
    assert (one.prompt_tokens.expected, one.completion_tokens.expected) == (800, 120)
    assert one.prompt_tokens.most > 800, "other texts were judged then"
    assert one.seconds == pytest.approx(2)


def test_a_judge_that_asks_another_model_counts_as_another(database: Database) -> None:
    content = make_study(database, cases=1)
    store_responses(database, content)
    store_judgments(database, content, SMALL, (300, 50), 3)
    (one,) = judged(database, content).models
    assert one.prompt_tokens.sources == ((Source.OTHERS, 3),)
    assert one.prompt_tokens.expected == 900
    assert one.seconds is None


def test_a_judge_that_asks_no_model_needs_nothing(database: Database) -> None:
    content = make_study(database)
    store_responses(database, content)
    asked = plan_judging(database, content.study.id, "sem_bleu", None).missing
    judge = judge_named("sem_bleu")
    found = estimate_judging(database, SETTINGS, content.study.id, judge, None, asked)
    assert len(asked) == 6
    assert (found.calls, found.status) == (0, MoneyStatus.NOT_PAID)
