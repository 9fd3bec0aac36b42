"""Judges put their questions to stand-ins over HTTP, as the product does."""

import asyncio
from collections.abc import Sequence

from core.judges.base import Choice, JudgeTask, LLMJudge, Score, UnparsableReplyError
from core.providers.base import ChatRequest, Provider
from sandbox.text import compose
from tests.core.providers.helping import openai_at, with_provider
from tests.sandbox.examples import BRIEFING

Answer = Score | Choice | UnparsableReplyError
QUESTION = "How good is this response?"
GOOD_JUDGE = "stand-in-judge-good"
CANDIDATES = (
    "stand-in-quality-90",
    "stand-in-quality-75",
    "stand-in-quality-60",
    "stand-in-quality-50",
    "stand-in-quality-35-wordy",
    "stand-in-quality-10",
)
"""Best first."""
GOOD, MIDDLING, POOR = (compose(BRIEFING, quality, 1) for quality in (1.0, 0.5, 0.1))


def texts_of(base_url: str, requests: Sequence[ChatRequest]) -> list[str]:
    """The texts of some answers, asked for side by side."""

    async def all_of_them(provider: Provider) -> list[str]:
        replies = await asyncio.gather(*(provider.chat(request) for request in requests))
        return [reply.text for reply in replies]

    return with_provider(openai_at(base_url), all_of_them)


def judged(
    base_url: str, judge: LLMJudge, tasks: Sequence[JudgeTask], model: str = GOOD_JUDGE
) -> list[Answer]:
    """What a judge's model says to each question, or why its reply cannot be read."""

    async def answer(provider: Provider, task: JudgeTask) -> Answer:
        reply = await provider.chat(judge.request(task, model))
        try:
            return judge.parse(reply, task)
        except UnparsableReplyError as error:
            return error

    async def answers(provider: Provider) -> list[Answer]:
        return await asyncio.gather(*(answer(provider, one) for one in tasks))

    return with_provider(openai_at(base_url), answers)


def scores(
    base_url: str, judge: LLMJudge, tasks: Sequence[JudgeTask], model: str = GOOD_JUDGE
) -> list[Score]:
    found = judged(base_url, judge, tasks, model)
    assert all(isinstance(one, Score) for one in found), found
    return [one for one in found if isinstance(one, Score)]


def choices(
    base_url: str, judge: LLMJudge, tasks: Sequence[JudgeTask], model: str = GOOD_JUDGE
) -> list[Choice]:
    found = judged(base_url, judge, tasks, model)
    assert all(isinstance(one, Choice) for one in found), found
    return [one for one in found if isinstance(one, Choice)]


def task(*responses: str, reference: str | None = None) -> JudgeTask:
    return JudgeTask(BRIEFING, QUESTION, responses, reference)
