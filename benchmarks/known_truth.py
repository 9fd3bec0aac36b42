"""Which judges find the bad models where the truth is known; leaves the study to be looked at.

    python -m benchmarks.known_truth [FOLDER]

Seven stand-in models of declared quality write to eight test cases, twelve people rate all of it
with noise, and every judge judges it. The store stays in FOLDER (a new temporary one by default):
``SLAM_HOME=FOLDER make run`` shows it on the pages Agreement and Judge card.
"""

import sys
import tempfile
import time
from pathlib import Path

from core.judges.registry import judges
from db.engine import Database, sqlite_url
from db.migrate import migrate
from tests.building import quick_sandbox
from tests.known_truth import Truth, known_truth

JUDGE_MODELS = ("good", "noisy", "likes-length", "takes-first", "gullible", "random")
GOOD = "openai/stand-in-judge-good"
BY_A_GOOD_MODEL = ("comparer", "comparer_nr", "pairwise")
NEEDS_MODELS_OF_THEIR_OWN = ("use_qa", "likelihood")
"""Their weights are fetched from a hub, which a benchmark must not depend on."""


def main() -> None:
    """Build the study and print what can be said of each judge."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="truth-"))
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(sqlite_url(folder / "slam.sqlite3"))
    migrate(database)
    began = time.perf_counter()
    with quick_sandbox() as sandbox:
        truth = known_truth(database, sandbox, folder, cases=8)
        truth.rate(raters=12)
        _judge(truth)
    standings = truth.standings()
    for judge, row in standings.iterrows():
        print(f"{judge!s:62} {row['standing']}")
        print(f"    {row['sentence']}")
    print(f"{len(standings)} judges in {time.perf_counter() - began:.0f} s; SLAM_HOME={folder}")
    database.close()


def _judge(truth: Truth) -> None:
    models = [f"openai/stand-in-judge-{kind}" for kind in JUDGE_MODELS]
    truth.judge("scorer", *models)
    truth.judge("multi_choice_selector", *models, choices_per_question=4)
    for name in BY_A_GOOD_MODEL:
        truth.judge(name, GOOD)
    for name, judge in judges().items():
        if judge.kind == "similarity" and name not in NEEDS_MODELS_OF_THEIR_OWN:
            asked = ["openai/stand-in-embedding"] if getattr(judge, "asks_model", False) else []
            truth.judge(name, *asked)


if __name__ == "__main__":
    main()
