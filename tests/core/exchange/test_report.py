from core.exchange.report import Tally


def test_the_document_has_what_was_taken_at_its_top() -> None:
    tally = Tally(notes=["noted"])
    tally.taken.update(responses=3)
    tally.leave("x: blank.", responses=1)
    tally.unmatched = 2
    assert tally.report(study="S", study_id="1", layout="results").as_document() == {
        "study": "S",
        "layout": "results",
        "test_cases": 0,
        "candidates": 0,
        "responses": 3,
        "sessions": 0,
        "items": 0,
        "ratings": 0,
        "unmatched": 2,
        "left": {
            "test_cases": 0,
            "candidates": 0,
            "responses": 1,
            "sessions": 0,
            "items": 0,
            "ratings": 0,
        },
        "reasons": ["x: blank."],
        "notes": ["noted"],
    }
