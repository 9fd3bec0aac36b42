"""Who is to be paid: each session's outcome and code, and whether a code that came back is ours."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from core.errors import InvalidInputError
from core.rating.attention import attention_failures
from core.rating.design import Outcome, design_of
from core.rating.getting import campaign_of
from db.engine import Database
from db.repositories import attention
from db.repositories.outcomes import CodeRow, Outcomes, SessionRow
from db.tables import SessionStatus

COLUMNS = (
    "rater",
    "platform_id",
    "platform_session",
    "outcome",
    "code",
    "started_at",
    "ended_at",
    "active_minutes",
    "items_answered",
    "attention_failures",
    "pay_is_due",
)
MOST_CODES = 50_000
_UNFINISHED = (SessionStatus.STARTED, SessionStatus.ABANDONED)


class CodeStatus(StrEnum):
    """What a pasted code is.

    ``known``: of a session of this campaign that has ended. ``platform``: one that the platform
    gives for an outcome, the same for everybody. ``unknown``: neither; nobody was shown it here.
    """

    KNOWN = "known"
    PLATFORM = "platform"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PastedCode:
    """One code that somebody handed in, what it is and whose; null where nothing is known.

    ``pay_is_due`` as in `codes_frame`: whoever finished and then withdrew is paid too.
    """

    code: str
    times_pasted: int
    status: CodeStatus
    outcome: Outcome | None = None
    rater: str | None = None
    pay_is_due: bool | None = None


def codes_frame(database: Database, campaign_id: str) -> pd.DataFrame:
    """Every session of a campaign with `COLUMNS`, oldest first.

    Unfinished sessions have neither an ending nor a code. Pay is due for each session that was
    finished, also when the person took their answers back afterwards. ``platform_id`` is what the
    recruiting platform calls the person, ``platform_session`` what it calls their submission.

    Raises:
        NotFoundError: there is no such campaign.
    """
    with database.read() as session:
        design = design_of(campaign_of(session, campaign_id).design)
        outcomes = Outcomes(session, campaign_id)
        answers = attention.of_campaign(session.connection(), campaign_id)
        failures = attention_failures(answers)
        rows = [
            _row(one, failures, design.platform.session_parameter) for one in outcomes.sessions()
        ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"active_minutes": "Float64"})


def verify_codes(database: Database, campaign_id: str, pasted: str) -> list[PastedCode]:
    """What each code is that was pasted, in the order of the paste, each once.

    Args:
        database: where the sessions are.
        campaign_id: whose codes they should be.
        pasted: codes with anything between them but letters, digits, ``_`` and ``-``; small letters
            count as capital ones.

    Raises:
        InvalidInputError: there are more codes than can be looked at.
        NotFoundError: there is no such campaign.
    """
    counts = Counter(re.findall(r"[A-Z0-9_-]+", pasted.upper()))
    if len(counts) > MOST_CODES:
        raise InvalidInputError(
            f"{len(counts):,} codes are too many to look at; paste at most {MOST_CODES:,}."
        )
    with database.read() as session:
        design = design_of(campaign_of(session, campaign_id).design)
        ended = {
            one.code.upper(): one
            for one in Outcomes(session, campaign_id).codes()
            if one.status not in _UNFINISHED
        }
    platform = {code.upper(): outcome for outcome, code in design.platform.codes.items()}
    return [_looked_up(code, times, ended, platform) for code, times in counts.items()]


def _looked_up(
    code: str, times: int, ended: Mapping[str, CodeRow], platform: Mapping[str, Outcome]
) -> PastedCode:
    own = ended.get(code)
    if own is not None:
        outcome = Outcome(own.status.value)
        return PastedCode(code, times, CodeStatus.KNOWN, outcome, own.pseudonym, own.was_finished)
    if code in platform:
        return PastedCode(code, times, CodeStatus.PLATFORM, platform[code])
    return PastedCode(code, times, CodeStatus.UNKNOWN)


def _row(
    one: SessionRow, failures: Counter[str], session_parameter: str | None
) -> tuple[object, ...]:
    session = one.session
    is_over = session.status not in _UNFINISHED
    arrived = session.arrival.get(session_parameter) if session_parameter else None
    return (
        one.rater.pseudonym,
        one.rater.external_id,
        arrived or session.external_id,
        session.status.value,
        session.completion_code if is_over else None,
        session.started_at,
        session.ended_at,
        None if one.active_ms is None else round(one.active_ms / 60_000, 2),
        one.items_answered,
        failures[session.id],
        session.completed_at is not None,
    )
