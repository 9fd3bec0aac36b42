"""Likelihood agrees with a plain loop over tokens, on small random models made here."""

import math
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.embeddings import EmbeddingStore
from core.errors import InvalidInputError
from core.judges.base import MeasuringJudge, Score, configured
from core.judges.methods.likelihood import JUDGE
from tests.core.judges.measuring import ENORMOUS, ODD_TEXTS, judged, score_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

pytestmark = pytest.mark.similarity

WORDS = ["today", "you", "plan", "review", "the", "hiring", "budget", "and", "order", "laptops"]
RESPONSE = "today you review the budget"
REFERENCES = ("today you plan the budget", "order laptops", "the the the and budget plan")
KINDS = ("bart", "t5", "gpt2")


def save_tokenizer(folder: Path, marks: str) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = ["<s>", "<pad>", "</s>", "<unk>", *WORDS]
    made = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate(names)}, unk_token="<unk>")
    )
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing(
        single=marks, special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    # Its constructor has no annotations.
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=64,
    ).save_pretrained(folder)


def network(kind: str) -> "PreTrainedModel":
    import torch
    import transformers as tf

    torch.manual_seed(7)
    size = len(WORDS) + 4
    marks: dict[str, Any] = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    if kind == "bart":
        return tf.BartForConditionalGeneration(
            tf.BartConfig(
                vocab_size=size,
                d_model=16,
                encoder_layers=2,
                decoder_layers=2,
                encoder_attention_heads=2,
                decoder_attention_heads=2,
                encoder_ffn_dim=32,
                decoder_ffn_dim=32,
                max_position_embeddings=64,
                decoder_start_token_id=2,
                init_std=0.5,
                **marks,
            )
        )
    if kind == "t5":
        return tf.T5ForConditionalGeneration(
            tf.T5Config(
                vocab_size=size,
                d_model=16,
                d_kv=8,
                d_ff=32,
                num_layers=2,
                num_heads=2,
                initializer_factor=3.0,
                **{**marks, "decoder_start_token_id": 1},
            )
        )
    return tf.GPT2LMHeadModel(
        tf.GPT2Config(
            vocab_size=size,
            n_embd=16,
            n_layer=2,
            n_head=2,
            n_positions=64,
            initializer_range=0.5,
            **marks,
        )
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for kind in KINDS:
        made[kind] = tmp_path_factory.mktemp(kind)
        network(kind).save_pretrained(made[kind])
        save_tokenizer(made[kind], {"bart": "<s> $A </s>", "t5": "$A </s>", "gpt2": "$A"}[kind])
    return made


def judge_with(folder: Path, **options: str) -> MeasuringJudge:
    return configured(JUDGE, {"model": str(folder), **options})


def by_hand(folder: Path, kind: str, source: str, target: str) -> float:
    """The mean log-probability, one token and one pair at a time."""
    import torch
    from transformers import AutoTokenizer

    plain = network(kind)
    # The method has no annotations.
    model = type(plain).from_pretrained(folder).eval()  # type: ignore[no-untyped-call]
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    read = tokenizer(source)["input_ids"]
    wanted = tokenizer(target)["input_ids"] + ([2] if kind == "gpt2" else [])
    total = 0.0
    for place, token in enumerate(wanted):
        with torch.inference_mode():
            if kind == "gpt2":
                logits = model(input_ids=torch.tensor([read + wanted[:place]])).logits
            else:
                start = model.config.decoder_start_token_id
                logits = model(
                    input_ids=torch.tensor([read]),
                    decoder_input_ids=torch.tensor([[start, *wanted[:place]]]),
                ).logits
        total += float(logits[0, -1].double().log_softmax(dim=0)[token])
    return total / len(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_the_raw_value_is_the_mean_log_likelihood_of_the_references_tokens(
    tools: EmbeddingStore, folders: dict[str, Path], kind: str
) -> None:
    result = score_of(judge_with(folders[kind]), tools, judged(RESPONSE, *REFERENCES))
    logs = [by_hand(folders[kind], kind, RESPONSE, reference) for reference in REFERENCES]
    assert len({round(log, 4) for log in logs}) == 3
    assert result.raw == pytest.approx(sum(logs) / 3, abs=1e-6)
    assert result.value == pytest.approx(sum(map(math.exp, logs)) / 3, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_direction_may_be_turned_and_both_are_the_mean(
    tools: EmbeddingStore, folders: dict[str, Path], kind: str
) -> None:
    folder, reference = folders[kind], REFERENCES[0]
    turned = by_hand(folder, kind, reference, RESPONSE)
    found = score_of(
        judge_with(folder, direction="response_given_reference"),
        tools,
        judged(RESPONSE, reference),
    )
    assert found.raw == pytest.approx(turned, abs=1e-6)
    both = score_of(judge_with(folder, direction="both"), tools, judged(RESPONSE, reference))
    straight = by_hand(folder, kind, RESPONSE, reference)
    assert both.raw == pytest.approx((straight + turned) / 2, abs=1e-6)
    assert both.details["direction"] == "both"


def test_the_likeliest_reference_may_count_alone(
    tools: EmbeddingStore, folders: dict[str, Path]
) -> None:
    alone = [
        score_of(judge_with(folders["bart"]), tools, judged(RESPONSE, reference)).value
        for reference in REFERENCES
    ]
    greatest = judge_with(folders["bart"], aggregation="max")
    result = score_of(greatest, tools, judged(RESPONSE, *REFERENCES))
    assert result.value == pytest.approx(max(alone), abs=1e-6)
    assert result.details["references"] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_odd_and_enormous_texts_get_a_finite_score(
    tools: EmbeddingStore, folders: dict[str, Path], kind: str
) -> None:
    texts = [*ODD_TEXTS.values(), ENORMOUS]
    batch = [judged(text, *REFERENCES, "") for text in texts]
    batch += [judged(RESPONSE, text) for text in texts if text.strip()]
    for response, result in zip(
        batch, judge_with(folders[kind], direction="both").score(batch, tools), strict=True
    ):
        assert isinstance(result, Score), response.text[:50]
        assert 0 <= result.value <= 1
        assert result.raw is not None
        assert math.isfinite(result.raw)
        assert result.details["cut"] is (ENORMOUS in (response.text, *response.references))


def test_everything_that_can_change_a_score_is_in_the_configuration(
    folders: dict[str, Path],
) -> None:
    judges = [
        JUDGE,
        configured(JUDGE, {"revision": "0123abc"}),
        configured(JUDGE, {"aggregation": "max"}),
        *(judge_with(folders[kind]) for kind in KINDS),
        judge_with(folders["bart"], direction="both"),
    ]
    configurations = [judge.configuration() for judge in judges]
    assert all(one not in configurations[:place] for place, one in enumerate(configurations))
    assert {"transformers", "tokenizers", "torch", "max_tokens"} <= set(configurations[0])


def test_a_model_that_cannot_be_loaded_is_one_sentence(
    tools: EmbeddingStore, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        judge_with(tmp_path).score([judged(RESPONSE, *REFERENCES)], tools)
    assert str(raised.value).startswith(f"The model '{tmp_path}' cannot be loaded (")
    assert "\n" not in str(raised.value)


def test_without_a_reference_it_is_unscored_and_no_model_is_loaded(tools: EmbeddingStore) -> None:
    [result] = JUDGE.score([judged(RESPONSE)], tools)
    assert getattr(result, "kind", None) == "no_reference"


def test_weights_that_were_replaced_in_their_folder_are_the_ones_that_measure(
    tools: EmbeddingStore, folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    judge = judge_with(folder)
    response = judged(RESPONSE, *REFERENCES)
    values = []
    for kind in ("bart", "gpt2"):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(folders[kind], folder)
        values.append(score_of(judge, tools, response).raw)
    expected = [score_of(judge_with(folders[kind]), tools, response).raw for kind in KINDS[::2]]
    assert values == pytest.approx(expected, abs=1e-6)
    assert values[0] != pytest.approx(values[1], abs=1e-3)
