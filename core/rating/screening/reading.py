"""Stored answers as the behaviour that screening rules look at."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from core.rating.controls import is_right
from core.rating.screening.base import Behaviour, ItemBehaviour, KnownBadComparison
from core.rating.screening.words import count_words
from core.studies.template import render
from db.repositories.behaviour import CampaignAnswers, GivenRating
from db.tables import AnswerStatus, Control, ControlKind, Item, Preference

_UNKNOWN_SPOILING = "unknown"


def behaviours_of(answers: CampaignAnswers, reference_ids: frozenset[str]) -> list[Behaviour]:
    """The behaviour in every complete session of a campaign, the oldest first.

    Args:
        answers: what is stored.
        reference_ids: the candidates that known-bad texts are compared with.
    """
    reader = _Reader(answers, reference_ids)
    return [
        Behaviour(
            session_id=row.id,
            rater_id=row.rater_id,
            items=tuple(reader.item(item) for item in answers.items.get(row.id, [])),
            known_bad=tuple(reader.known_bad(answers.items.get(row.id, []))),
        )
        for row, _ in answers.sessions
    ]


class _Reader:
    """Reads the items of one campaign."""

    def __init__(self, answers: CampaignAnswers, reference_ids: frozenset[str]) -> None:
        self._answers = answers
        self._reference_responses = {
            one.response.id
            for one in answers.responses.values()
            if one.candidate.id in reference_ids
        }
        self._tasks: dict[str, str] = {}

    def item(self, item: Item) -> ItemBehaviour:
        """How one item was answered."""
        ratings = self._answers.ratings.get(item.id, [])
        control, is_second = self._control(item)
        scores, preferences = _scores(ratings), _preferences(ratings)
        cannot_judge = any(one.status is AnswerStatus.CANNOT_JUDGE for one in ratings)
        texts = self._texts(item)
        return ItemBehaviour(
            position=item.position,
            words_shown=sum(map(count_words, texts)),
            shown_texts=(self._task(item), *texts),
            active_ms=_longest(one.active_ms for one in ratings),
            server_ms=_longest(
                one.reported_ms if one.shown_to_saved_ms is None else one.shown_to_saved_ms
                for one in ratings
            ),
            scores=scores,
            preferences=preferences,
            cannot_judge=cannot_judge,
            comment=next((one.comment for one in ratings if one.comment), ""),
            control=control.kind if control else None,
            is_right=is_right(
                control.kind,
                control.expected,
                {**scores, **preferences},
                is_second=is_second,
                cannot_judge=cannot_judge,
            )
            if control and ratings
            else None,
        )

    def known_bad(self, items: Sequence[Item]) -> list[KnownBadComparison]:
        """Each known-bad text beside the reference: of the same test case, or else all of it."""
        by_case: dict[str, list[float]] = {}
        for item in items:
            scores = _scores(self._answers.ratings.get(item.id, []))
            if (
                scores
                and item.response_id in self._reference_responses
                and self._control(item)[0] is None
            ):
                case_id = self._answers.responses[item.response_id].test_case.id
                by_case.setdefault(case_id, []).append(fmean(scores.values()))
        found: list[KnownBadComparison] = []
        for item in items:
            control, is_second = self._control(item)
            if control is None or control.kind is not ControlKind.KNOWN_BAD:
                continue
            gap = (
                self._gap_of_scores(item, control, by_case)
                if item.second_response_id is None
                else self._gap_of_pair(item, is_second)
            )
            if gap is not None:
                found.append(KnownBadComparison(gap, control.made_by or _UNKNOWN_SPOILING))
        return found

    def _gap_of_scores(
        self, item: Item, control: Control, by_case: Mapping[str, list[float]]
    ) -> float | None:
        scores = _scores(self._answers.ratings.get(item.id, []))
        reference = by_case.get(control.test_case_id) or [
            score for mine in by_case.values() for score in mine
        ]
        return fmean(reference) - fmean(scores.values()) if scores and reference else None

    def _gap_of_pair(self, item: Item, is_second: bool) -> float | None:
        beside = item.response_id if is_second else item.second_response_id
        preferences = _preferences(self._answers.ratings.get(item.id, []))
        if beside not in self._reference_responses or not preferences:
            return None
        spoilt, reference = Preference.FIRST, Preference.SECOND
        if is_second:
            spoilt, reference = reference, spoilt
        return fmean((one == reference) - (one == spoilt) for one in preferences.values())

    def _control(self, item: Item) -> tuple[Control | None, bool]:
        """The planted text of an item, and whether it was the second of a pair."""
        is_second = item.control_id is None and item.second_control_id is not None
        return self._answers.controls.get(
            item.control_id or item.second_control_id or ""
        ), is_second

    def _texts(self, item: Item) -> tuple[str, ...]:
        sides = (
            (item.response_id, item.control_id),
            (item.second_response_id, item.second_control_id),
        )
        return tuple(
            self._answers.controls[control_id].text
            if control_id is not None
            else self._answers.responses[response_id].response.text or ""
            for response_id, control_id in sides
            if response_id is not None
        )

    def _task(self, item: Item) -> str:
        context = self._answers.responses[item.response_id]
        case = context.test_case
        if case.id not in self._tasks:
            self._tasks[case.id] = render(context.template.text, case.values)
        return self._tasks[case.id]


def _scores(ratings: Sequence[GivenRating]) -> dict[str, int]:
    return {one.criterion: one.value for one in ratings if one.value is not None}


def _preferences(ratings: Sequence[GivenRating]) -> dict[str, Preference]:
    return {one.criterion: one.preference for one in ratings if one.preference is not None}


def _longest(times: Iterable[int | None]) -> int | None:
    """The time of an item, which each of its criteria carries."""
    return max((one for one in times if one is not None), default=None)
