"""Moments are stored with their zone and come back in UTC, whichever database keeps them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from db.engine import Database
from db.tables import Study
from db.types import new_id, utc_now

zones = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001  Hypothesis takes naive bounds and puts the zones on


def stored_and_read(database: Database, moment: datetime) -> datetime:
    study_id = new_id()
    with database.write() as session:
        session.add(Study(id=study_id, name=study_id, created_by="tester", created_at=moment))
    with database.read() as session:
        return session.get_one(Study, study_id).created_at


def test_an_aware_moment_comes_back_as_the_same_moment_in_utc(database: Database) -> None:
    berlin = timezone(timedelta(hours=2))
    read = stored_and_read(database, datetime(2024, 5, 1, 12, 30, 0, 123456, berlin))
    assert read == datetime(2024, 5, 1, 10, 30, 0, 123456, UTC)
    assert read.utcoffset() == timedelta(0)


def test_every_moment_survives_to_the_microsecond(database: Database) -> None:
    @settings(max_examples=40, deadline=None)
    @given(moments)
    def holds(moment: datetime) -> None:
        read = stored_and_read(database, moment)
        assert read == moment
        assert read.utcoffset() == timedelta(0)

    holds()


def test_a_naive_moment_is_refused(database: Database) -> None:
    naive = datetime(2024, 5, 1, 12)  # noqa: DTZ001  the point of the test
    with pytest.raises(StatementError, match="moments are stored with their zone"):
        stored_and_read(database, naive)


def test_the_present_moment_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = utc_now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_ids_are_thirty_two_hexadecimal_digits_and_never_the_same() -> None:
    made = {new_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in made)
