"""One model at a time on a machine: turns go by first come, first served."""

import asyncio

import pytest

from core.models import Turns, call_modes
from core.settings import Settings
from db.tables import CallMode


def test_users_of_one_model_share_its_turn_and_the_next_model_waits_for_the_last() -> None:
    async def run() -> list[str]:
        turns, story = Turns(), []

        async def use(name: str, model: str, seconds: float) -> None:
            async with turns.of(model) as number:
                story.append(f"{name} begins {model} in turn {number}")
                await asyncio.sleep(seconds)
                story.append(f"{name} ends")

        await asyncio.gather(
            use("first", "a", 0.05), use("second", "a", 0.1), use("third", "b", 0.02)
        )
        return story

    assert asyncio.run(run()) == [
        "first begins a in turn 1",
        "second begins a in turn 1",
        "first ends",
        "second ends",
        "third begins b in turn 2",
        "third ends",
    ]


def test_who_comes_later_for_the_model_that_is_on_does_not_pass_one_that_waits() -> None:
    async def run() -> list[str]:
        turns, order = Turns(), []

        async def use(model: str) -> None:
            async with turns.of(model):
                order.append(model)
                await asyncio.sleep(0.02)

        users = []
        for model in "abab":
            users.append(asyncio.create_task(use(model)))
            await asyncio.sleep(0)
        await asyncio.gather(*users)
        return order

    assert asyncio.run(run()) == ["a", "b", "a", "b"]


@pytest.mark.parametrize("when", ["waiting", "at work"])
def test_a_user_that_is_cancelled_leaves_its_turn_to_the_next(when: str) -> None:
    async def run() -> str:
        turns = Turns()

        async def use(model: str, seconds: float) -> str:
            async with turns.of(model):
                await asyncio.sleep(seconds)
                return model

        first = asyncio.create_task(use("a", 0.05 if when == "waiting" else 60))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(use("b", 0))
        third = asyncio.create_task(use("c", 0))
        await asyncio.sleep(0.01)
        (second if when == "waiting" else first).cancel()
        return await asyncio.wait_for(third, 2)

    assert asyncio.run(run()) == "c"


def test_openai_offers_every_mode_and_ollama_the_ordinary_one() -> None:
    settings = Settings()
    assert call_modes("openai", settings) == tuple(CallMode)
    assert call_modes("ollama", settings) == (CallMode.DIRECT,)
