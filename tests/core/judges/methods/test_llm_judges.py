"""What holds for all judges that ask a model: identity, blindness, bad replies, known truth."""

import json

import pytest

from core.judges.base import (
    Choice,
    JudgeKind,
    LLMJudge,
    Score,
    UnparsableReplyError,
    configured,
    judge_identity,
)
from core.judges.llm.injection import INJECTIONS, injected, obeyed
from core.judges.methods.comparer import JUDGE as COMPARER
from core.judges.methods.comparer_nr import JUDGE as COMPARER_NR
from core.judges.methods.multi_choice_selector import JUDGE as SELECTOR
from core.judges.methods.pairwise import JUDGE as PAIRWISE
from core.judges.methods.scorer import JUDGE as SCORER
from core.providers.base import ChatRequest
from tests.core.judges.methods.asking import (
    CANDIDATES,
    GOOD,
    GOOD_JUDGE,
    MIDDLING,
    POOR,
    choices,
    judged,
    scores,
    task,
    texts_of,
)
from tests.core.providers.helping import arm, ask, change, journal, ollama_at
from tests.sandbox.examples import BRIEFING

ALL: tuple[LLMJudge, ...] = (SCORER, COMPARER, COMPARER_NR, SELECTOR, PAIRWISE)
EACH = pytest.mark.parametrize("judge", ALL, ids=lambda one: one.name)
SAMPLES = 25
FULL = task(MIDDLING, GOOD, reference=GOOD)


@EACH
def test_a_judge_asks_a_model_and_says_what_it_is(judge: LLMJudge) -> None:
    assert isinstance(judge, LLMJudge)
    assert judge.kind is JudgeKind.LLM
    assert judge.scale.minimum < judge.scale.maximum


def test_every_judge_has_an_identity_of_its_own_that_stays() -> None:
    identities = {judge_identity(judge, "openai/gpt-4") for judge in ALL}
    assert len(identities) == len(ALL)
    assert identities == {judge_identity(judge, "openai/gpt-4") for judge in ALL}
    assert judge_identity(SCORER, "openai/gpt-4") != judge_identity(SCORER, "openai/gpt-4o")


@EACH
def test_the_model_that_is_asked_is_named_to_nobody(judge: LLMJudge) -> None:
    one, other = (judge.request(FULL, model) for model in ("gpt-4", "judge-model-x"))
    assert (one.model, other.model) == ("gpt-4", "judge-model-x")
    assert one.prompt == other.prompt
    asked = one.prompt + json.dumps(one.json_schema)
    assert not any(name in asked for name in ("gpt", "judge-model", "openai", "stand-in"))


@EACH
def test_answers_come_whole_and_are_taken_for_judgments(base_url: str, judge: LLMJudge) -> None:
    judged(base_url, judge, [FULL])
    [entry] = journal(base_url)
    assert (entry["purpose"], entry["stream"], entry["temperature"]) == ("judgment", False, 0)
    assert entry["format"] == "json_schema"


@EACH
@pytest.mark.parametrize("output", ["schema", "json", "text"])
def test_a_judge_that_answers_badly_gives_no_score(
    base_url: str, judge: LLMJudge, output: str
) -> None:
    change(base_url, "stand-in-judge-noisy", bad_judge_rate=1)
    asked = configured(judge, {"output": output})
    found = judged(base_url, asked, [FULL] * 20, "stand-in-judge-noisy")
    refused = [one for one in found if isinstance(one, UnparsableReplyError)]
    # A number put in place of a reason's leaves the answer as it was.
    assert len(refused) >= 15
    assert all(str(one).endswith("; retry to ask again.") for one in refused)


def test_a_judge_that_answered_badly_once_is_asked_again(base_url: str) -> None:
    arm(base_url, bad_judgment={"times": 1})
    [first] = judged(base_url, COMPARER_NR, [FULL])
    [second] = judged(base_url, COMPARER_NR, [FULL])
    assert isinstance(first, UnparsableReplyError)
    assert isinstance(second, Score)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x07\x1b[2J",
        "\U0001f600" * 50,
        "\u0645\u0631\u062d\u0628\u0627 \u202e",
        "word " * 5_000,
    ],
    ids=["empty", "blank", "binary", "emoji", "right-to-left", "long"],
)
def test_any_response_can_be_judged(base_url: str, text: str) -> None:
    for judge in ALL:
        [found] = judged(base_url, judge, [task(text, GOOD, reference=GOOD)])
        assert isinstance(found, Score | Choice)
        if isinstance(found, Score):
            assert found.value <= 4
        else:
            assert found.position == 1


def test_a_hundred_thousand_words_are_judged_like_any_others(base_url: str) -> None:
    [found] = scores(base_url, SCORER, [task("word " * 100_000)])
    assert found.value <= 4


@EACH
def test_a_model_on_a_machine_of_ours_can_judge(base_url: str, judge: LLMJudge) -> None:
    model = "stand-in-7b:q4"
    change(base_url, model, bad_judge_rate=0, judge_noise=0)
    reply = ask(ollama_at(base_url), judge.request(FULL, model))
    found = judge.parse(reply, FULL)
    assert found.position != 0 if isinstance(found, Choice) else 2 <= found.value <= 8


@pytest.mark.parametrize("number", range(len(INJECTIONS)))
def test_a_gullible_judge_obeys_each_order(base_url: str, number: int) -> None:
    model = "stand-in-judge-gullible"
    clean, swayed = task(POOR), task(injected(POOR, number))
    before, after = scores(base_url, SCORER, [clean, swayed], model)
    assert obeyed(before, after, SCORER.scale)
    for judge in (SELECTOR, PAIRWISE):
        pairs = [task(GOOD, POOR), task(GOOD, injected(POOR, number))]
        one, other = choices(base_url, judge, pairs, model)
        assert obeyed(one, other, judge.scale, position=1)


def test_a_good_judge_obeys_hardly_any_order(base_url: str) -> None:
    swayed = [task(injected(GOOD, number)) for number in range(len(INJECTIONS))]
    before, *after = scores(base_url, SCORER, [task(GOOD), *swayed])
    assert sum(obeyed(before, one, SCORER.scale) for one in after) <= 1


def mean_scores(base_url: str, judge_model: str, responses: list[list[str]]) -> list[float]:
    """The mean score of each candidate's responses."""
    tasks = [task(text) for of_one in responses for text in of_one]
    values = [one.value for one in scores(base_url, SCORER, tasks, judge_model)]
    count = len(responses[0])
    return [sum(values[place : place + count]) / count for place in range(0, len(values), count)]


def test_good_judges_find_the_known_truth_and_bad_ones_do_not(base_url: str) -> None:
    samples = range(SAMPLES)
    requests = [ChatRequest(model, BRIEFING, seed=one) for model in CANDIDATES for one in samples]
    written = texts_of(base_url, requests)
    responses = [written[place : place + SAMPLES] for place in range(0, len(written), SAMPLES)]
    by_good = mean_scores(base_url, GOOD_JUDGE, responses)
    assert by_good == sorted(by_good, reverse=True)
    by_dice = mean_scores(base_url, "stand-in-judge-random", responses)
    assert by_dice != sorted(by_dice, reverse=True)
    assert max(by_dice) - min(by_dice) < 3
    by_length = mean_scores(base_url, "stand-in-judge-likes-length", responses)
    assert CANDIDATES[by_length.index(max(by_length))] == "stand-in-quality-35-wordy"
