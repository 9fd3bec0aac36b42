"""Labels say nothing of a place, and are the same whenever the same is asked."""

from collections import Counter

from core.judges.base import configured
from core.judges.llm.choosing import plain_labels, shuffled_labels
from core.judges.methods.multi_choice_selector import JUDGE
from tests.core.judges.llm.helping import choice_of, task, written

THREE = task("First.", "Second.", "Third.")


def test_plain_labels_count_from_one() -> None:
    assert plain_labels(THREE) == ("1", "2", "3")


def test_shuffled_labels_hang_on_the_question_and_the_seed_alone() -> None:
    again = task("First.", "Second.", "Third.")
    assert shuffled_labels(THREE, 0) == shuffled_labels(again, 0)
    assert shuffled_labels(THREE, 0) != shuffled_labels(THREE, 1)
    assert shuffled_labels(THREE, 0) != shuffled_labels(task("First.", "Third.", "Second."), 0)


def test_thirty_responses_have_thirty_labels_of_two_digits() -> None:
    many = task(*(f"Response {number}." for number in range(30)))
    labels = shuffled_labels(many, 0)
    assert len(set(labels)) == 30
    assert all(11 <= int(label) <= 99 for label in labels)


def test_no_place_has_the_lowest_label_more_often_than_others() -> None:
    lowest = Counter(
        labels.index(min(labels))
        for number in range(600)
        for labels in [shuffled_labels(task("a", "b", f"c {number}"), 0)]
    )
    assert all(150 < lowest[place] < 250 for place in range(3))


def test_what_a_label_names_is_found_again() -> None:
    prompt = JUDGE.request(THREE, "model").prompt
    for position, label in enumerate(shuffled_labels(THREE, 0)):
        assert f'label="{label}">\n{THREE.responses[position]}\n' in prompt
        chosen = written(reasoning="Clear.", choice=label)
        assert JUDGE.parse(chosen, THREE).position == position


def test_the_labels_of_another_seed_are_not_read() -> None:
    other = configured(JUDGE, {"seed": 3})
    assert set(shuffled_labels(THREE, 0)).isdisjoint(shuffled_labels(THREE, 3))
    choice = written(reasoning="Clear.", choice=shuffled_labels(THREE, 3)[2])
    assert choice_of(other, choice, THREE).position == 2
