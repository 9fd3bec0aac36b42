"""A question that people can answer, in words: nothing to see, to hear or to fetch.

It keeps programs away that fill in forms, not those that understand language; for those there are
the attention items and the rules on behaviour.
"""

import hashlib
import hmac
import random
import secrets
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

from core.exchange.storable import storable_part
from db.types import utc_now

VALID_FOR = timedelta(hours=12)
"""How long a question may be thought about: the consent is read meanwhile, and a time limit that
hurries people should be of many hours (WCAG 2.2.1)."""
AT_LEAST = timedelta(seconds=2)
"""Nobody reads the question and types the answer in less."""
_MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question, and the signed token that an answer is checked against.

    The token does not tell the answer.
    """

    question: str
    token: str


@dataclass(frozen=True, slots=True)
class _Language:
    numbers: tuple[str, ...]
    ordinals: tuple[str, ...]
    words: tuple[str, ...]
    sum_question: str
    largest_question: str
    word_question: str


_LANGUAGES: Mapping[str, _Language] = {
    "en": _Language(
        numbers=(
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
            "eighteen",
        ),
        ordinals=("first", "second", "third", "fourth"),
        words=("river", "lamp", "apple", "stone", "window", "bread", "cloud", "garden", "spoon"),
        sum_question="What is {one} plus {other}?",
        largest_question="Which of these numbers is the largest: {list}?",
        word_question="Write the {ordinal} of these words: {list}.",
    ),
    "de": _Language(
        numbers=(
            "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun",
            "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn",
            "achtzehn",
        ),
        ordinals=("erste", "zweite", "dritte", "vierte"),
        words=(
            "Fluss", "Lampe", "Apfel", "Stein", "Fenster", "Brot", "Wolke", "Garten", "Löffel",
        ),
        sum_question="Was ist {one} plus {other}?",
        largest_question="Welche dieser Zahlen ist die größte: {list}?",
        word_question="Schreiben Sie das {ordinal} dieser Wörter: {list}.",
    ),
}  # fmt: skip


def challenge(
    language: str, secret: str, rng: random.Random, now: datetime | None = None
) -> Challenge:
    """A question in one of the languages of `core.rating.design.LANGUAGES`."""
    words = _LANGUAGES[language]
    make = rng.choice((_sum, _largest, _word))
    question, answers = make(words, rng)
    nonce = secrets.token_hex(8)
    token = _signer(secret).dumps(
        {
            "nonce": nonce,
            "asked_at_ms": _milliseconds(now or utc_now()),
            "answers": [_digest(secret, nonce, _plain(answer)) for answer in answers],
        }
    )
    return Challenge(question, str(token))


def passes(token: str, answer: str, secret: str, now: datetime | None = None) -> bool:
    """Whether the answer is right and came in time; each token is good for one answer.

    Capitals, spaces around, a full stop, umlauts written with e and digits instead of words do no
    harm.
    """
    try:
        asked = _signer(secret).loads(storable_part(token))
    except BadSignature:
        return False
    now_ms = _milliseconds(now or utc_now())
    age = timedelta(milliseconds=now_ms - asked["asked_at_ms"])
    if age > VALID_FOR or not _SPENT.spend(asked["nonce"], now_ms) or age < AT_LEAST:
        return False
    given = _digest(secret, asked["nonce"], _plain(answer[:_MOST_LETTERS]))
    return any(hmac.compare_digest(given, right) for right in asked["answers"])


class _Spent:
    """The tokens that were answered in this process, as long as they would be valid."""

    def __init__(self) -> None:
        # In the order in which they were answered, so that the oldest stands first.
        self._answered_at_ms: dict[str, int] = {}
        self._lock = threading.Lock()

    def spend(self, nonce: str, now_ms: int) -> bool:
        """Whether this is the first answer."""
        oldest_ms = now_ms - VALID_FOR // timedelta(milliseconds=1)
        with self._lock:
            if nonce in self._answered_at_ms:
                return False
            while self._answered_at_ms:
                first = next(iter(self._answered_at_ms))
                if self._answered_at_ms[first] >= oldest_ms:
                    break
                del self._answered_at_ms[first]
            self._answered_at_ms[nonce] = now_ms
            return True


_SPENT = _Spent()


def _sum(words: _Language, rng: random.Random) -> tuple[str, Sequence[str]]:
    one, other = rng.randint(2, 9), rng.randint(2, 9)
    question = words.sum_question.format(one=words.numbers[one], other=words.numbers[other])
    return question, (words.numbers[one + other], str(one + other))


def _largest(words: _Language, rng: random.Random) -> tuple[str, Sequence[str]]:
    numbers = rng.sample(range(2, len(words.numbers)), 3)
    question = words.largest_question.format(list=", ".join(words.numbers[n] for n in numbers))
    return question, (words.numbers[max(numbers)], str(max(numbers)))


def _word(words: _Language, rng: random.Random) -> tuple[str, Sequence[str]]:
    shown = rng.sample(words.words, len(words.ordinals))
    place = rng.randrange(len(words.ordinals))
    question = words.word_question.format(ordinal=words.ordinals[place], list=", ".join(shown))
    return question, (shown[place],)


def _plain(answer: str) -> str:
    """Small letters and digits only; ä as ae, so that every keyboard can write it."""
    text = unicodedata.normalize("NFC", answer).casefold()
    for umlaut, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(umlaut, written)
    return "".join(letter for letter in text if letter.isalnum())


def _digest(secret: str, nonce: str, answer: str) -> str:
    return hmac.new(secret.encode(), f"{nonce}:{answer}".encode(), hashlib.sha256).hexdigest()


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="rating-humanity")
