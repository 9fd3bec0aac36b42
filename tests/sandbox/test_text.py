"""The composer, on any prompt."""

from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.answering import Ask, answer
from sandbox.models import DEFAULT_MODELS, ModelConfig
from sandbox.reading import Kind, Length, read_length, read_prompt
from sandbox.text import compose, sentence_count, used_facts
from sandbox.words import ends_properly, split_tokens
from tests.sandbox.examples import BRIEFING

WRITERS = [model for model in DEFAULT_MODELS if model.capability == "completion"]
ITEMS = st.lists(
    st.text(st.sampled_from("abcdefghij XYZ-?.!,:'é"), min_size=3, max_size=40),
    min_size=0,
    max_size=20,
)
PROMPTS = st.one_of(
    st.text(max_size=300), ITEMS.map(lambda items: "Tasks:\n- " + "\n- ".join(items))
)
SEEDS = st.integers(0, 2**31)


def said(prompt: str, model: int = 0, seed: int | None = 1) -> str:
    return answer(WRITERS[model], Ask(messages=(("user", prompt),), seed=seed), 1).text


LEAKS = st.sampled_from(["name", "NAME", "digest", "family"])


@given(PROMPTS, st.sampled_from(WRITERS), SEEDS, LEAKS)
def test_an_answer_never_names_its_model(
    prompt: str, model: ModelConfig, seed: int, leak: str
) -> None:
    leaks = {"name": model.name, "NAME": model.name.upper(), "digest": model.digest}
    leaked = leaks.get(leak, "Stand-in")
    messages = (("system", f"You are {leaked}"), ("user", f"{prompt}\n- {leaked}\n"))
    text = answer(model, Ask(messages=messages, seed=seed), 1).text.lower()
    assert model.name not in text
    assert model.digest not in text
    assert "stand-in" not in text


@given(PROMPTS, st.floats(0, 1), SEEDS)
def test_the_same_seed_gives_the_same_text(prompt: str, quality: float, seed: int) -> None:
    assert compose(prompt, quality, seed) == compose(prompt, quality, seed)


@given(ITEMS, st.integers(1, 9), SEEDS)
def test_perfect_quality_keeps_the_asked_number_of_sentences(
    items: list[str], count: int, seed: int
) -> None:
    prompt = (
        "Today:\n" + "\n".join(f"- {item}" for item in items) + f"\n\nAnswer in {count} sentences."
    )
    text = compose(prompt, 1.0, seed)
    assert sentence_count(text) == count
    assert ends_properly(text)


@given(st.integers(1, 9), SEEDS)
def test_perfect_quality_stays_within_the_asked_sentences(count: int, seed: int) -> None:
    text = compose(BRIEFING.replace("4", str(count)), 1.0, seed)
    assert 1 <= sentence_count(text) <= count


@given(st.integers(10, 90), SEEDS)
def test_perfect_quality_stays_under_the_asked_words(words: int, seed: int) -> None:
    text = compose(BRIEFING.replace("within 4 sentences", f"under {words} words"), 1.0, seed)
    assert len(text.split()) < words


@settings(max_examples=20)
@given(SEEDS)
def test_better_quality_uses_at_least_as_many_facts_on_average(seed: int) -> None:
    reading = read_prompt(BRIEFING)
    used = [
        fmean(used_facts(compose(BRIEFING, quality, (seed, n)), reading) for n in range(40))
        for quality in (0.2, 0.5, 0.8, 1.0)
    ]
    assert used == sorted(used)
    assert used[-1] == len(reading.facts)


@given(st.text(max_size=200))
def test_tokens_join_to_the_text_they_were_cut_from(text: str) -> None:
    assert "".join(split_tokens(text)) == text


def test_english_has_about_1_3_tokens_a_word() -> None:
    text = " ".join(said(BRIEFING, seed=seed) for seed in range(20))
    assert 1.1 < len(split_tokens(text)) / len(text.split()) < 1.5


def test_weak_models_wander_off_or_break_off_more_often() -> None:
    limit = read_prompt(BRIEFING).length

    def faulty(model: int) -> int:
        texts = [said(BRIEFING, model, seed) for seed in range(100)]
        return sum(
            not ends_properly(text) or not limit.allows(sentence_count(text), 1) for text in texts
        )

    assert faulty(0) < faulty(2) < faulty(4)


def test_facts_are_told_apart_by_the_heading_above_them() -> None:
    kinds = [fact.kind for fact in read_prompt(BRIEFING).facts]
    assert kinds == [Kind.DONE] * 2 + [Kind.PLANNED] * 4 + [Kind.RECURRING] * 2 + [Kind.GOAL] * 2


def test_prose_gives_facts_too() -> None:
    prompt = "Summarise in one sentence: Anna Smith was charged twice. She asks for a refund."
    assert {"Anna Smith", "refund"} <= {fact.text for fact in read_prompt(prompt).facts}


@pytest.mark.parametrize(
    ("asked", "length"),
    [
        ("Keep it within 4 sentences.", Length(None, 4, None)),
        ("Answer in two sentences.", Length(2, 2, None)),
        ("a two-sentence summary", Length(2, 2, None)),
        ("Write 3-5 short sentences", Length(3, 5, None)),
        ("fewer than 4 sentences", Length(None, 3, None)),
        ("at least three sentences", Length(3, None, None)),
        ("4 sentences or less", Length(None, 4, None)),
        ("Use a single sentence.", Length(1, 1, None)),
        ("Stay under 80 words.", Length(None, None, 79)),
        ("at most 2 sentences and 40 words", Length(None, 2, 40)),
        ("Say a few words.", Length(None, None, None)),
    ],
)
def test_an_asked_length_is_understood(asked: str, length: Length) -> None:
    assert read_length(asked) == length
