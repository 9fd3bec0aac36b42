from pathlib import Path

import pytest
from sqlmodel import select

from core.errors import InvalidInputError
from core.exchange.original import import_bytes, import_path
from db.engine import Database
from db.tables import ImportRecord, Response, Study
from tests.core.exchange import samples
from tests.core.exchange.samples import as_json, as_zip


def test_a_file_an_archive_and_a_folder_of_it_say_the_same(
    database: Database, tmp_path: Path
) -> None:
    content = as_json(samples.data_source())
    (tmp_path / "study" / "data").mkdir(parents=True)
    (tmp_path / "study" / "data" / "a.json").write_bytes(content)
    (tmp_path / "study.zip").write_bytes(as_zip({"data/a.json": content}))
    paths = ("study/data/a.json", "study.zip", "study")
    taken = [
        import_path(database, tmp_path / path, study_name=path, actor="ada").taken for path in paths
    ]
    assert taken[0] == taken[1] == taken[2]
    assert taken[0]["responses"] == 4


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b'{"outputs": ',
        as_json({"outputs": []}),
        as_json(["unknown"]),
        as_json(samples.data_source(outputs={})),
        as_zip({"data/a.json": samples.data_source(), "../b.json": samples.data_source()}),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence_and_stores_nothing(
    database: Database, content: bytes
) -> None:
    with pytest.raises(InvalidInputError, match=r"bad\.file") as caught:
        import_bytes(database, "bad.file", content, study_name="S", actor="ada")
    assert str(caught.value).endswith(".")
    with database.read() as session:
        assert session.exec(select(Study)).all() == []
        assert session.exec(select(ImportRecord)).all() == []


def test_texts_that_no_database_holds_are_left_and_the_rest_is_stored(database: Database) -> None:
    document = samples.data_source(outputs={"tiny:1b": ["a\0", "b\ud800", "", "kept"]})
    report = import_bytes(database, "x.json", as_json(document), study_name=None, actor="ada")
    assert (report.taken["responses"], report.left["responses"], len(report.reasons)) == (1, 3, 3)
    with database.read() as session:
        assert session.exec(select(Response.text)).all() == ["kept"]


def test_a_file_that_is_not_part_of_the_layout_is_noted(database: Database) -> None:
    content = as_zip({"data/a.json": samples.data_source(), "other/b.json": {"hello": 1}})
    report = import_bytes(database, "x.zip", content, study_name=None, actor="ada")
    assert report.notes[0] == "Not part of this import: other/b.json."


def test_the_tests_read_no_file_that_they_did_not_make() -> None:
    here = Path(__file__).parent
    shared = "/".join(("", "work", "shared"))
    assert not [path for path in here.rglob("*.py") if shared in path.read_text()]
