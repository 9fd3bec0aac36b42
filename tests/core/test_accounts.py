"""Staff sign in with a password, guessing is slowed down, and no secret is stored readable."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlmodel import col, select

from core import accounts
from core.accounts import (
    ADMIN,
    LOCKED_FOR,
    MAX_FAILURES,
    SIGNED_IN_FOR,
    SignInError,
    ensure_admin,
    reset_password,
    sign_in,
    sign_out,
    signed_in_name,
)
from core.errors import InvalidInputError
from db.engine import Database
from db.tables import Account, Audit, SignInAttempt, StaffSession
from db.types import utc_now


@pytest.fixture
def password(database: Database, monkeypatch: pytest.MonkeyPatch) -> str:
    """The admin's password, hashed with less work than in use so that tests can guess often."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", quick)
    monkeypatch.setattr(accounts, "_NOBODY", quick.hash("nobody knows"))
    made = ensure_admin(database)
    assert made is not None
    return made


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    moment: datetime = utc_now() + by
    monkeypatch.setattr(accounts, "utc_now", lambda: moment)


def guess_wrong(database: Database, name: str, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SignInError):
            sign_in(database, name, "wrong")


def test_the_first_admin_is_made_once(database: Database) -> None:
    first = ensure_admin(database)
    assert first is not None
    assert len(first) >= 16
    assert ensure_admin(database) is None
    assert sign_in(database, ADMIN, first)


def test_passwords_are_hashed_as_rfc_9106_advises(database: Database) -> None:
    ensure_admin(database)
    with database.read() as session:
        stored = session.exec(select(Account)).one().password_hash
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_two_installations_have_two_passwords(database: Database, password: str) -> None:
    assert reset_password(database, ADMIN) != password


def test_the_right_password_gives_a_token_of_the_account(database: Database, password: str) -> None:
    token = sign_in(database, f" {ADMIN} ", password)
    assert signed_in_name(database, token) == ADMIN
    assert sign_in(database, ADMIN, password) != token


@pytest.mark.parametrize("name", [ADMIN, "nobody", ""])
def test_a_wrong_name_and_a_wrong_password_are_told_the_same(
    database: Database, password: str, name: str
) -> None:
    wrong = "wrong" if name == ADMIN else password
    with pytest.raises(SignInError, match=r"^The name or the password is wrong; try again\.$"):
        sign_in(database, name, wrong)


def test_ten_wrong_passwords_lock_even_the_right_one(database: Database, password: str) -> None:
    guess_wrong(database, ADMIN, MAX_FAILURES)
    with pytest.raises(SignInError, match="10 wrong passwords for 'admin'; wait a quarter"):
        sign_in(database, ADMIN, password)


def test_nine_wrong_passwords_and_a_right_one_start_the_count_anew(
    database: Database, password: str
) -> None:
    for _ in range(2):
        guess_wrong(database, ADMIN, MAX_FAILURES - 1)
        assert sign_in(database, ADMIN, password)


def test_a_lock_touches_no_other_account(database: Database, password: str) -> None:
    guess_wrong(database, "somebody", MAX_FAILURES)
    with pytest.raises(SignInError, match="10 wrong passwords for 'somebody'"):
        sign_in(database, "somebody", "wrong")
    assert sign_in(database, ADMIN, password)


def test_a_lock_does_not_sign_anybody_out(database: Database, password: str) -> None:
    token = sign_in(database, ADMIN, password)
    guess_wrong(database, ADMIN, MAX_FAILURES)
    assert signed_in_name(database, token) == ADMIN


def test_a_lock_ends_after_its_time(
    database: Database, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guess_wrong(database, ADMIN, MAX_FAILURES)
    later(monkeypatch, LOCKED_FOR - timedelta(minutes=1))
    with pytest.raises(SignInError, match="wait a quarter of an hour"):
        sign_in(database, ADMIN, password)
    later(monkeypatch, LOCKED_FOR + timedelta(seconds=1))
    assert sign_in(database, ADMIN, password)


def test_a_token_ends_after_its_time(
    database: Database, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sign_in(database, ADMIN, password)
    later(monkeypatch, SIGNED_IN_FOR - timedelta(minutes=1))
    assert signed_in_name(database, token) == ADMIN
    later(monkeypatch, SIGNED_IN_FOR + timedelta(seconds=1))
    assert signed_in_name(database, token) is None


def test_signing_out_ends_one_browser_and_leaves_the_other(
    database: Database, password: str
) -> None:
    here, there = sign_in(database, ADMIN, password), sign_in(database, ADMIN, password)
    sign_out(database, here)
    assert signed_in_name(database, here) is None
    assert signed_in_name(database, there) == ADMIN
    sign_out(database, here)
    sign_out(database, "no such token")


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_a_token_nobody_was_given_is_nobodys(
    database: Database, password: str, token: str | None
) -> None:
    assert signed_in_name(database, token) is None


def test_only_hashes_of_passwords_and_tokens_are_stored(database: Database, password: str) -> None:
    token = sign_in(database, ADMIN, password)
    with database.read() as session:
        tables = (Account, SignInAttempt, StaffSession, Audit)
        rows = [row for table in tables for row in session.exec(select(table)).all()]
        account = session.exec(select(Account)).one()
        browser = session.exec(select(StaffSession)).one()
    stored = " ".join(row.model_dump_json() for row in rows)
    assert password not in stored
    assert token not in stored
    assert account.password_hash.startswith("$argon2id$")
    assert signed_in_name(database, browser.token_hash) is None


def test_a_reset_unlocks_and_signs_every_browser_out(database: Database, password: str) -> None:
    token = sign_in(database, ADMIN, password)
    guess_wrong(database, ADMIN, MAX_FAILURES)
    new = reset_password(database, ADMIN)
    assert signed_in_name(database, token) is None
    with pytest.raises(SignInError, match="The name or the password is wrong"):
        sign_in(database, ADMIN, password)
    assert signed_in_name(database, sign_in(database, ADMIN, new)) == ADMIN


def test_a_reset_is_audited_without_the_password(database: Database, password: str) -> None:
    new = reset_password(database, ADMIN)
    with database.read() as session:
        [audit] = session.exec(select(Audit).where(col(Audit.subject) == "password")).all()
    assert audit.action == "reset"
    assert new not in audit.model_dump_json()


def test_an_account_that_is_not_there_cannot_be_reset(database: Database) -> None:
    with pytest.raises(InvalidInputError, match="There is no account 'nobody'; the first one is"):
        reset_password(database, "nobody")


def test_a_stored_hash_that_is_none_lets_nobody_in(database: Database) -> None:
    with database.write() as session:
        session.add(Account(name="imported", password_hash="not a hash"))
    with pytest.raises(SignInError):
        sign_in(database, "imported", "not a hash")


class CountingHasher:
    """Says no to every password, slowly, and counts how often and how many at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.calls = 0

    def verify(self, _hash: str, _password: bytes) -> bool:
        with self.lock:
            self.now += 1
            self.calls += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return False


def test_tries_at_the_same_moment_neither_pass_the_lock_nor_fill_the_memory(
    database: Database, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher = CountingHasher()
    monkeypatch.setattr(accounts, "_hasher", hasher)

    def guess(number: int) -> str:
        with pytest.raises(SignInError) as raised:
            sign_in(database, ADMIN, f"guess {number}")
        return str(raised.value)

    with ThreadPoolExecutor(10) as threads:
        sentences = list(threads.map(guess, range(30)))
    assert hasher.calls == MAX_FAILURES
    assert hasher.most == 2
    assert sum("wait a quarter" in sentence for sentence in sentences) == 20


def test_a_try_that_dies_while_its_password_is_looked_at_counts_as_failed(
    database: Database, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> bool:
        raise MemoryError

    monkeypatch.setattr(accounts, "_fits", die)
    with pytest.raises(MemoryError):
        sign_in(database, ADMIN, password)
    with database.read() as session:
        (attempt,) = session.exec(select(SignInAttempt)).all()
    assert not attempt.succeeded


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_characters_that_cannot_be_stored_sign_nobody_in(
    database: Database, password: str, bad: str
) -> None:
    with pytest.raises(SignInError, match="The name or the password is wrong"):
        sign_in(database, f"nobody{bad}", password)
    with pytest.raises(SignInError, match="The name or the password is wrong"):
        sign_in(database, ADMIN, password + bad)
    with pytest.raises(InvalidInputError, match="There is no account"):
        reset_password(database, f"nobody{bad}")
