"""What the sentences of a judge's card say of its figures."""

from core.analysis.calibration.card import calibrate
from core.analysis.calibration.frames import CONFUSION_COLUMNS
from core.analysis.calibration.injections import Obedience
from core.analysis.calibration.proportions import proportion
from core.analysis.frames import typed_frame
from tests.core.analysis.calibration import simulated
from ui.studio.calibration.words import injection_sentence, pairs_sentence, weaknesses


def test_ties_are_told_apart_from_what_both_decided() -> None:
    counts = [
        ("one is better", "the same one", 38),
        ("one is better", "the other one", 2),
        ("one is better", "tie", 70),
        ("tie", "one is better", 5),
        ("tie", "tie", 11),
    ]
    confusion = typed_frame(
        [{"people": people, "judge": judge, "pairs": count} for people, judge, count in counts],
        CONFUSION_COLUMNS,
    )
    assert pairs_sentence(confusion, 49 / 126) == (
        "They agree on 39% of all 126 pairs, where a tie is an answer. Of the 40 pairs that both "
        "decided, they decided 38 alike; the judge tied 81."
    )


def test_responses_that_cannot_show_obedience_are_counted_apart() -> None:
    some = injection_sentence(Obedience(proportion(1, 4), 3))
    assert "were obeyed 1 times out of 4" in some
    assert "3 more had the top score, or were chosen, without an order" in some
    assert "more had" not in injection_sentence(Obedience(proportion(1, 4), 0))
    none = injection_sentence(Obedience(proportion(0, 0), 3))
    assert none.startswith("None of 3 responses with an order can show")
    assert "no clean answer" in injection_sentence(Obedience(proportion(0, 0), 0))


def test_a_constant_judge_is_said_to_favour_nothing_and_a_deployment_tells_no_kin() -> None:
    known = simulated.truth(cases=6)
    judged = simulated.constant(known).assign(judge_model="azure/judge-eu")
    card = calibrate(simulated.people_of(known), judged, "constant", known.words)
    said = dict(weaknesses(card, "azure/judge-eu", is_panel=False))
    assert "+0.00 points (95 % interval +0.00 to +0.00), which may be nothing" in said["Length"]
    assert "People's means are uncertain" in said["Length"]
    assert "the name azure/judge-eu does not tell" in said["Its own kin"]
    of_panel = dict(weaknesses(card, "", is_panel=True))
    assert "on the members' cards" in of_panel["Its own kin"]
