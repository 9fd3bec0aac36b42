"""Estimates of what a study still needs: reads what earlier calls took, and the price book.

Each estimate comes twice: for pages, which have a database, and for services that are in the middle
of a transaction and must estimate what they are about to store.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlmodel import Session

from core.bench.estimate import (
    Counts,
    Estimate,
    PlannedPrompt,
    Speed,
    estimate,
    text_of,
)
from core.bench.prices import price_of
from core.generation.making import request_for
from core.judges.asking import question
from core.judges.base import AnyJudge, JudgedResponse, JudgeTask, LLMJudge, judge_identity
from core.judging.planning import Planned
from core.money.paid import is_paid_model
from core.money.prices import read_price_book, today
from core.providers.names import parse_model
from core.providers.registry import configured_limits
from core.settings import Settings
from core.studies.service import newest_content
from db.engine import Database
from db.repositories import gates
from db.repositories.judgments import Judgments
from db.repositories.measured import CountedCalls, Measured
from db.repositories.responses import Key, ResponseInContext
from db.repositories.studies import VersionContent
from db.tables import Candidate, Response, TestCase

Calls = Mapping[tuple[str, str], int]
"""``(candidate_id, test_case_id) -> calls``."""
NOTHING = Estimate(())


def estimate_generation(
    database: Database,
    settings: Settings,
    study_id: str,
    missing: Iterable[Key],
    again: Sequence[str] = (),
) -> Estimate:
    """What the newest version's open responses will take.

    Args:
        database: the store.
        settings: how many calls may be under way.
        study_id: the study.
        missing: responses that were never planned (`core.generation.service.Plan.missing`).
        again: ids of stored responses that are to be made, such as ``unfinished`` and ``failed``.

    Raises:
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        return estimate_responses(session, settings, content, missing, again)


def estimate_responses(
    session: Session,
    settings: Settings,
    content: VersionContent,
    missing: Iterable[Key],
    again: Sequence[str] = (),
) -> Estimate:
    """`estimate_generation` inside the caller's transaction."""
    measured = Measured(session)
    calls = Counter((candidate_id, case_id) for candidate_id, case_id, _ in missing)
    calls += measured.prompts_of(again)
    if not calls:
        return NOTHING
    counted = measured.responses(content.study.id)
    planned = _planned_responses(content, calls, counted, measured)
    models = {one.model for one in planned}
    durations = measured.response_durations_ns(models)
    return _estimate(session, settings, planned, durations, _mean_completion(counted))


def estimate_judging(
    database: Database,
    settings: Settings,
    study_id: str,
    judge: AnyJudge,
    model: str | None,
    asked: Sequence[Planned],
) -> Estimate:
    """What a judge's open judgments on the newest version will take; nothing if it asks no model.

    Args:
        database: the store.
        settings: how many calls may be under way.
        study_id: the study.
        judge: the judge as the study wants it.
        model: the model that it asks.
        asked: the judgments to make (`core.judging.service.JudgingPlan.open`).

    Raises:
        InvalidInputError: ``model`` names no known provider.
        ProviderError: the judge is broken and asks nothing.
        NotFoundError: there is no such study.
    """
    with database.read() as session:
        content = newest_content(session, study_id)
        return estimate_judgments(session, settings, content, judge, model, asked)


def estimate_judgments(
    session: Session,
    settings: Settings,
    content: VersionContent,
    judge: AnyJudge,
    model: str | None,
    asked: Sequence[Planned],
) -> Estimate:
    """`estimate_judging` inside the caller's transaction."""
    if model is None or not asked:
        return NOTHING
    name = parse_model(model).full_name
    if not isinstance(judge, LLMJudge):
        return _estimate(session, settings, [_embedded(name, asked)], {}, None)
    measured = Measured(session)
    stored = Judgments(session).judge_by_identity(judge_identity(judge, name))
    counted = measured.judgments(content.study.id, judge.name)
    cases = measured.test_cases_of([one.key.response_id for one in asked])
    planned = _planned_judgments(judge, name, asked, cases, counted, stored.id if stored else None)
    durations = measured.judgment_durations_ns(judge.name, name)
    return _estimate(session, settings, planned, durations, _mean_completion(counted))


def _planned_responses(
    content: VersionContent, calls: Calls, counted: Sequence[CountedCalls], measured: Measured
) -> list[PlannedPrompt]:
    """One entry a candidate and test case."""
    callers = measured.candidates(
        {one.caller_id for one in counted} | {candidate_id for candidate_id, _ in calls}
    )
    cases = {case.id: case for case in content.test_cases}
    by_case: dict[str, list[CountedCalls]] = defaultdict(list)
    for one in counted:
        if one.prompt_template_id == content.template.id:
            by_case[one.test_case_id].append(one)
    planned = []
    for (candidate_id, case_id), number in calls.items():
        candidate, same_prompt = callers[candidate_id], by_case[case_id]
        own = [one for one in same_prompt if _is_same(callers[one.caller_id], candidate)]
        others = [one for one in same_prompt if callers[one.caller_id].model != candidate.model]
        request = request_for(_in_context(content, candidate, cases[case_id]))
        planned.append(
            PlannedPrompt(
                model=candidate.model,
                calls=number,
                prompt_bytes=len(text_of(request).encode()),
                max_tokens=request.max_tokens,
                own=_counts(own),
                others=_counts(others),
            )
        )
    return planned


def _is_same(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are sent the same text; a system prompt is part of it."""
    key = "system_prompt"
    return one.model == other.model and one.parameters.get(key) == other.parameters.get(key)


def _in_context(
    content: VersionContent, candidate: Candidate, test_case: TestCase
) -> ResponseInContext:
    response = Response(
        study_id=content.study.id,
        prompt_template_id=content.template.id,
        test_case_id=test_case.id,
        candidate_id=candidate.id,
        sample_index=0,
    )
    return ResponseInContext(response, candidate, test_case, content.template)


def _planned_judgments(
    judge: LLMJudge,
    model: str,
    asked: Sequence[Planned],
    cases: Mapping[str, str],
    counted: Sequence[CountedCalls],
    judge_id: str | None,
) -> list[PlannedPrompt]:
    """One entry a question: prompts differ by the responses that they quote."""
    own: dict[str, list[CountedCalls]] = defaultdict(list)
    others: dict[str, list[CountedCalls]] = defaultdict(list)
    for calls in counted:
        (own if calls.caller_id == judge_id else others)[calls.test_case_id].append(calls)
    known = {
        case_id: (
            _counts(own[case_id], same_prompt=False),
            _counts(others[case_id], same_prompt=False),
        )
        for case_id in set(cases.values())
    }
    planned = []
    for one in asked:
        if not isinstance(one.sees, JudgeTask):
            continue
        request = question(judge, one.sees, parse_model(model).model)
        of_this, of_others = known[cases[one.key.response_id]]
        planned.append(
            PlannedPrompt(
                model=model,
                calls=1,
                prompt_bytes=len(text_of(request).encode()),
                max_tokens=request.max_tokens,
                own=of_this,
                others=of_others,
            )
        )
    return planned


def _embedded(model: str, asked: Sequence[Planned]) -> PlannedPrompt:
    """Each distinct text once, as if nothing were kept from earlier; embeddings write nothing."""
    texts = {
        text
        for one in asked
        if isinstance(one.sees, JudgedResponse)
        for text in (one.sees.text, *one.sees.references)
    }
    total = sum(len(text.encode()) for text in texts)
    return PlannedPrompt(
        model=model, calls=len(texts), prompt_bytes=total // max(1, len(texts)), max_tokens=0
    )


def _counts(counted: Sequence[CountedCalls], *, same_prompt: bool = True) -> Counts:
    """The counts of several callers as one, each weighing as much as it has calls."""
    known = [one for one in counted if one.calls]
    most_prompt = [one.most_prompt_tokens for one in known if one.most_prompt_tokens is not None]
    most = [one.most_completion_tokens for one in known if one.most_completion_tokens is not None]
    return Counts(
        prompt_tokens=_mean((one.prompt_tokens, one.calls) for one in known),
        most_prompt_tokens=max(most_prompt, default=None) if same_prompt else None,
        completion_tokens=_mean_completion(known),
        most_completion_tokens=max(most, default=None),
    )


def _mean_completion(counted: Iterable[CountedCalls]) -> float | None:
    return _mean((one.completion_tokens, one.calls) for one in counted)


def _mean(weighted: Iterable[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in weighted if value is not None and weight]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def _estimate(
    session: Session,
    settings: Settings,
    planned: Sequence[PlannedPrompt],
    durations_ns: Mapping[str, float],
    study_completion_tokens: float | None,
) -> Estimate:
    models = frozenset(one.model for one in planned)
    book, on = read_price_book(session), today()
    return estimate(
        planned,
        prices={model: price for model in models if (price := price_of(book, model, on))},
        paid_models=frozenset(filter(is_paid_model, models)),
        speeds=_speeds(session, settings, models, durations_ns),
        study_completion_tokens=study_completion_tokens,
    )


def _speeds(
    session: Session,
    settings: Settings,
    models: Iterable[str],
    durations_ns: Mapping[str, float],
) -> dict[str, Speed]:
    told = {row.provider: row.requests_per_minute for row in gates.everything(session.connection())}
    loads = Measured(session).load_durations_ns(list(models))
    speeds = {}
    for model in models:
        provider = parse_model(model).provider
        limits = configured_limits(provider, settings)
        per_minute = (limits.requests_per_minute, told.get(provider))
        speeds[model] = Speed(
            concurrent_requests=limits.concurrent_requests,
            requests_per_minute=min((one for one in per_minute if one), default=None),
            median_duration_ns=durations_ns.get(model),
            load_duration_ns=loads.get(model),
        )
    return speeds
