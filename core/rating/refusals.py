"""Why a rater is refused: a cause that the raters' pages say in the rater's language."""

from enum import StrEnum

from core.errors import SlamError


class Cause(StrEnum):
    """What is the matter; each has a sentence in every file of ui/rate/texts."""

    UNKNOWN_LINK = "unknown_link"
    NOT_YET_OPEN = "not_yet_open"
    PAUSED = "paused"
    CLOSED = "closed"
    EXPIRED = "expired"
    NO_PLATFORM_ID = "no_platform_id"
    PREVIEW_ONLY = "preview_only"
    TAKEN_PART = "taken_part"
    INVITE_USED = "invite_used"
    INVITE_REVOKED = "invite_revoked"
    INVITE_NEEDED = "invite_needed"
    NOT_HUMAN = "not_human"
    BROKEN_ADDRESS = "broken_address"
    EXPIRED_ADDRESS = "expired_address"
    UNKNOWN_SESSION = "unknown_session"
    ENDED = "ended"
    OTHER_TAB = "other_tab"
    OTHER_SESSION = "other_session"
    NOT_UNDERSTOOD_YET = "not_understood_yet"
    VALUE_MISSING = "value_missing"
    VALUE_NOT_ON_SCALE = "value_not_on_scale"
    REASON_MISSING = "reason_missing"
    COMMENT_TOO_LONG = "comment_too_long"
    STORE_BUSY = "store_busy"


_SENTENCES = {
    Cause.UNKNOWN_LINK: "This link leads nowhere; check that it was copied whole.",
    Cause.NOT_YET_OPEN: "This study has not opened yet; come back later.",
    Cause.PAUSED: "This study is paused; come back later.",
    Cause.CLOSED: "This study is closed and takes no more ratings; thank you.",
    Cause.EXPIRED: "This link has expired; ask whoever sent it for a new one.",
    Cause.NO_PLATFORM_ID: (
        "The address lacks your participant id; open the study from the platform you found it on."
    ),
    Cause.PREVIEW_ONLY: "This is a preview; accept the task on the platform, then open it again.",
    Cause.TAKEN_PART: (
        "This participant id has already taken part in this study; each can take part once. "
        "The address of your finished session still shows your code."
    ),
    Cause.INVITE_USED: (
        "This invitation has been used; go on in the tab where you began, or ask for a new one."
    ),
    Cause.INVITE_REVOKED: "This invitation was withdrawn; ask whoever sent it for a new one.",
    Cause.INVITE_NEEDED: "This study is for invited people; open the link of your invitation.",
    Cause.NOT_HUMAN: "That is not the answer to the question; try again with the new one.",
    Cause.BROKEN_ADDRESS: (
        "This address is not complete; open the link that you were given again."
    ),
    Cause.EXPIRED_ADDRESS: "This address has expired; your answers are stored.",
    Cause.UNKNOWN_SESSION: ("This session is not known here; open the link you were given again."),
    Cause.ENDED: "This session has ended and takes no more answers.",
    Cause.OTHER_TAB: "This session goes on in another tab; rate there, or reload to go on here.",
    Cause.OTHER_SESSION: "This answer belongs to another session; reload the page.",
    Cause.NOT_UNDERSTOOD_YET: "Answer the questions about the instructions first.",
    Cause.VALUE_MISSING: "Answer every question, then press the button again.",
    Cause.VALUE_NOT_ON_SCALE: "That answer is not on the scale; choose one that is.",
    Cause.REASON_MISSING: "Write a few words on why, then press the button again.",
    Cause.COMMENT_TOO_LONG: "The comment is too long; shorten it to 5,000 characters.",
    Cause.STORE_BUSY: "The answer could not be stored just now; press the button again.",
}


class RefusalError(SlamError):
    """A rater's request that is not carried out; its text is English, for logs and tests."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(_SENTENCES[cause])
        self.cause = cause
