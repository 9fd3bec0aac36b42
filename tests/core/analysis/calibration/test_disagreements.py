from core.analysis.calibration.disagreements import disagreements
from core.analysis.calibration.frames import DISAGREEMENT_COLUMNS
from core.analysis.calibration.items import shared_items
from tests.core.analysis.calibration import simulated


def test_the_largest_difference_comes_first_in_either_direction() -> None:
    known = simulated.truth(4, 3, 1)
    people = simulated.people_of(known)
    shared = shared_items(people, simulated.random(known), known.words)
    found = disagreements(shared)
    assert list(found.columns) == list(DISAGREEMENT_COLUMNS)
    assert len(found) == 12
    assert found["difference"].abs().is_monotonic_decreasing
    assert (found["difference"] == found["judged"] - found["people"]).all()
    assert (found["difference"] > 0).any()
    assert (found["difference"] < 0).any()


def test_only_as_many_as_asked_for() -> None:
    known = simulated.truth(4, 3, 1)
    shared = shared_items(simulated.people_of(known), simulated.good(known), known.words)
    assert len(disagreements(shared, 5)) == 5
    assert disagreements(shared[:0]).empty
