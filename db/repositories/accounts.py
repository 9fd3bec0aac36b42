"""Staff accounts, their tries at signing in, and their signed-in browsers."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from db.tables import Account, SignInAttempt, StaffSession


class Accounts:
    """Queries over accounts within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def any(self) -> bool:
        """Whether there is an account at all."""
        return self.session.exec(select(Account.id)).first() is not None

    def by_name(self, name: str) -> Account | None:
        """The account of that name."""
        return self.session.exec(select(Account).where(Account.name == name)).first()

    def lock_name(self, name: str) -> None:
        """Let nobody else lock that name until the commit; SQLite has one writer anyway.

        The name may be no account's, so there need be no row to lock.
        """
        if self.session.connection().dialect.name == "postgresql":
            self.session.exec(select(func.pg_advisory_xact_lock(func.hashtext(name)))).first()

    def mark_succeeded(self, attempt_id: str) -> None:
        """Say that a try, stored as failed before its password was looked at, was right."""
        attempt = self.session.get_one(SignInAttempt, attempt_id)
        attempt.succeeded = True
        self.session.add(attempt)

    def failures_since(self, name: str, moment: datetime) -> int:
        """How many tries failed since ``moment`` and since the last success."""
        last_success = self.session.exec(
            select(func.max(SignInAttempt.at)).where(
                SignInAttempt.account_name == name, col(SignInAttempt.succeeded).is_(True)
            )
        ).first()
        since = max(moment, last_success) if last_success else moment
        return self.session.exec(
            select(func.count()).where(
                SignInAttempt.account_name == name,
                col(SignInAttempt.succeeded).is_(False),
                SignInAttempt.at > since,
            )
        ).one()

    def account_of_token(self, token_hash: str, now: datetime) -> Account | None:
        """Whose browser holds the token, while it is valid."""
        return self.session.exec(
            select(Account)
            .join(StaffSession, col(StaffSession.account_id) == col(Account.id))
            .where(
                StaffSession.token_hash == token_hash,
                StaffSession.expires_at > now,
                col(StaffSession.ended_at).is_(None),
            )
        ).first()

    def staff_session(self, token_hash: str) -> StaffSession | None:
        """The signed-in browser that holds the token."""
        query = select(StaffSession).where(StaffSession.token_hash == token_hash)
        return self.session.exec(query).first()

    def staff_sessions(self, account_id: str) -> list[StaffSession]:
        """The account's signed-in browsers."""
        query = select(StaffSession).where(
            StaffSession.account_id == account_id, col(StaffSession.ended_at).is_(None)
        )
        return list(self.session.exec(query).all())
