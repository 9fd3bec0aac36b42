"""Sign-in of the staff: the first admin, passwords, and signed-in browsers.

Passwords are kept as Argon2id hashes (argon2-cffi's defaults, RFC 9106). Ten wrong passwords in a
row lock an account for a quarter of an hour; the lock does not tell whether the account exists.
"""

import hashlib
import secrets
import threading
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import InvalidInputError, SlamError
from core.exchange.storable import storable_part
from db.engine import Database
from db.repositories import audits
from db.repositories.accounts import Accounts
from db.tables import Account, SignInAttempt, StaffSession
from db.types import utc_now

ADMIN = "admin"
MAX_FAILURES = 10
LOCKED_FOR = timedelta(minutes=15)
SIGNED_IN_FOR = timedelta(days=7)

_hasher = PasswordHasher()
_HASHES_AT_ONCE = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB by design; forty requests at once must not take that forty times."""
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
"""Checked when the account is unknown, so that the answer takes as long as for a known one."""


class SignInError(SlamError):
    """The name or the password is wrong, or the account is locked for now."""


def ensure_admin(database: Database) -> str | None:
    """Make the admin's account if there is no account yet.

    Returns:
        The generated password, the only time it can be read; ``None`` when there was an account.
    """
    with database.write() as session:
        if Accounts(session).any():
            return None
        password = secrets.token_urlsafe(12)
        session.add(Account(name=ADMIN, password_hash=_hasher.hash(password)))
        return password


def reset_password(database: Database, name: str) -> str:
    """Give an account a new generated password, unlock it and sign its browsers out.

    Raises:
        InvalidInputError: there is no account of that name.
    """
    password = secrets.token_urlsafe(12)
    with database.write() as session:
        account = Accounts(session).by_name(storable_part(name))
        if account is None:
            raise InvalidInputError(f"There is no account {name!r}; the first one is {ADMIN!r}.")
        account.password_hash = _hasher.hash(password)
        session.add(account)
        session.add(SignInAttempt(account_name=name, succeeded=True))
        for staff_session in Accounts(session).staff_sessions(account.id):
            staff_session.ended_at = utc_now()
            session.add(staff_session)
        audits.record(
            session, actor="command", action="reset", subject="password", subject_id=account.id
        )
    return password


def sign_in(database: Database, name: str, password: str) -> str:
    """Check a name and a password.

    Returns:
        A token for the browser's cookie, valid for `SIGNED_IN_FOR`.

    Raises:
        SignInError: they do not fit, or there were too many wrong tries.
    """
    name = storable_part(name).strip()[:100]
    now = utc_now()
    # The try counts as failed before its password is looked at, so that tries at the same moment
    # see each other and no more than the allowed ones ever reach the hash.
    with database.write() as session:
        accounts = Accounts(session)
        accounts.lock_name(name)
        account = accounts.by_name(name)
        if accounts.failures_since(name, now - LOCKED_FOR) >= MAX_FAILURES:
            raise SignInError(
                f"There were {MAX_FAILURES} wrong passwords for {name!r}; wait a quarter of an "
                f"hour, or run: .venv/bin/slam reset-password {ADMIN}."
            )
        attempt = SignInAttempt(account_name=name, succeeded=False)
        session.add(attempt)
    if not _fits(account.password_hash if account else _NOBODY, password) or account is None:
        raise SignInError("The name or the password is wrong; try again.")
    token = secrets.token_urlsafe(32)
    with database.write() as session:
        accounts = Accounts(session)
        accounts.mark_succeeded(attempt.id)
        session.add(
            StaffSession(
                account_id=account.id,
                token_hash=_token_hash(token),
                expires_at=now + SIGNED_IN_FOR,
            )
        )
    return token


def signed_in_name(database: Database, token: str | None) -> str | None:
    """Whose browser holds the token; ``None`` when nobody's."""
    if not token:
        return None
    with database.read() as session:
        account = Accounts(session).account_of_token(_token_hash(token), utc_now())
        return account.name if account else None


def sign_out(database: Database, token: str) -> None:
    """End the validity of a browser's token."""
    with database.write() as session:
        staff_session = Accounts(session).staff_session(_token_hash(token))
        if staff_session is not None:
            staff_session.ended_at = utc_now()
            session.add(staff_session)


def _fits(password_hash: str, password: str) -> bool:
    # A browser may send half a character, which has no UTF-8 of its own; it fits no password.
    given = password.encode("utf-8", "surrogatepass")
    try:
        with _HASHES_AT_ONCE:
            return _hasher.verify(password_hash, given)
    except (VerificationError, InvalidHashError):
        return False


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
