"""How long a crowd study of 1,375 comparisons takes to import into a SQLite file.

Run with ``python -m benchmarks.import_crowd_study``. It makes a file of the shape and size of a
real study (100 raters, 11 models with 5 texts each, 4 criteria), imports it into fresh databases,
and compares the best of five runs with the least that must be done: ``json.load`` and one
``executemany`` a table for the same number of rows.
"""

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from core.exchange.original import import_path
from db.engine import Database, sqlite_url
from db.migrate import migrate

RATERS, COMPARISONS, MODELS, TEXTS = 100, 1375, 11, 5
CRITERIA = ("clarity", "intelligence", "likability", "trustworthy")
ANSWERS = ("1 is better", "2 is better", "About the same")
RUNS = 5

Result = TypeVar("Result")


def crowd_study() -> list[dict[str, list[dict[str, Any]]]]:
    """A made-up study in the layout of the original tool; the same one every time."""
    chance = random.Random(1)  # noqa: S311 - made-up answers are no secret
    models = ["gpt-4", *(f"model{number}_7b" for number in range(1, MODELS))]
    texts = {
        model: [
            f"{model} says in its way {number}: " + "well done " * 45 for number in range(TEXTS)
        ]
        for model in models
    }
    raters: list[list[dict[str, Any]]] = [[] for _ in range(RATERS)]
    for number in range(COMPARISONS):
        first, second = chance.sample(models, 2)
        pair = {
            "response1": texts[first][number % TEXTS],
            "response2": texts[second][number % TEXTS],
            **{criterion: chance.choice(ANSWERS) for criterion in CRITERIA},
            "time_spent": round(chance.uniform(3, 120), 2),
            "model1": first,
            "model2": second,
        }
        raters[number % RATERS].append(pair)
    return [{f"worker_{number}": pairs} for number, pairs in enumerate(raters, start=1)]


def import_seconds(file: Path, folder: Path) -> float:
    """One import into a fresh database."""
    database = Database(sqlite_url(folder / f"{uuid4().hex}.sqlite3"))
    migrate(database)
    seconds, report = _timed(
        lambda: import_path(database, file, study_name=None, actor="benchmark")
    )
    database.close()
    assert report.taken["ratings"] == COMPARISONS * len(CRITERIA)
    return seconds


def plain_seconds(file: Path, folder: Path) -> float:
    """The same file and number of rows with nothing but the standard library."""
    with closing(sqlite3.connect(folder / f"{uuid4().hex}.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE item (id TEXT PRIMARY KEY, rater, first, second)")
        connection.execute("CREATE TABLE rating (id TEXT PRIMARY KEY, item, criterion, answer, ms)")
        connection.commit()
        seconds, _ = _timed(lambda: _store_plainly(connection, file))
    return seconds


def _store_plainly(connection: sqlite3.Connection, file: Path) -> None:
    items, ratings = [], []
    with file.open(encoding="utf-8") as stream:
        document = json.load(stream)
    for rater in document:
        for name, pairs in rater.items():
            for pair in pairs:
                item = uuid4().hex
                items.append((item, name, pair["response1"], pair["response2"]))
                for criterion in CRITERIA:
                    answer = (uuid4().hex, item, criterion, pair[criterion], pair["time_spent"])
                    ratings.append(answer)
    connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?)", items)
    connection.executemany("INSERT INTO rating VALUES (?, ?, ?, ?, ?)", ratings)
    connection.commit()


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "crowd.json"
        file.write_text(json.dumps(crowd_study()), encoding="utf-8")
        imported = min(import_seconds(file, folder) for _ in range(RUNS))
        plain = min(plain_seconds(file, folder) for _ in range(RUNS))
        size = file.stat().st_size / 1e6
    print(
        f"{COMPARISONS} comparisons, {COMPARISONS * len(CRITERIA)} ratings, {size:.1f} MB of JSON"
    )
    print(f"import into SQLite       {imported:.3f} s")
    print(f"json.load + executemany  {plain:.3f} s")
    print(f"ratio                    {imported / plain:.1f}")


if __name__ == "__main__":
    main()
