"""Responses: which a version has, and what judges and raters need of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, insert
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from db.repositories.exclusions import excluded_ids
from db.repositories.studies import VersionContent
from db.tables import (
    CallStatus,
    Candidate,
    PromptTemplate,
    Response,
    Subject,
    TestCase,
)
from db.types import new_id

Key = tuple[str, str, int]
"""``(candidate_id, test_case_id, sample_index)``: one response of a version."""


@dataclass(frozen=True, slots=True)
class ResponseInContext:
    """A response with what is needed to make, show or judge it."""

    response: Response
    candidate: Candidate
    test_case: TestCase
    template: PromptTemplate


class Responses:
    """Queries over responses within one transaction."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def statuses(self, content: VersionContent) -> dict[Key, tuple[str, CallStatus]]:
        """``key -> (response id, status)`` of every stored response of the version."""
        rows = self.session.connection().execute(
            select_columns(
                col(Response.candidate_id),
                col(Response.test_case_id),
                col(Response.sample_index),
                col(Response.id),
                col(Response.status),
            ).where(_of_version(content))
        )
        return {
            (candidate_id, case_id, sample): (row_id, status)
            for candidate_id, case_id, sample, row_id, status in rows
        }

    def add_planned(self, content: VersionContent, run_id: str, keys: Iterable[Key]) -> None:
        """Store rows for responses that are to be made."""
        # One row's defaults serve all: making thousands of objects would take seconds.
        defaults = Response(
            study_id=content.study.id,
            prompt_template_id=content.template.id,
            candidate_id="",
            test_case_id="",
            sample_index=0,
            run_id=run_id,
        ).model_dump()
        rows = [
            {
                **defaults,
                "id": new_id(),
                "candidate_id": candidate_id,
                "test_case_id": case_id,
                "sample_index": sample_index,
            }
            for candidate_id, case_id, sample_index in keys
        ]
        if rows:
            self.session.connection().execute(insert(Response), rows)

    def usable(
        self,
        content: VersionContent,
        *,
        first: int = 0,
        limit: int | None = None,
        ignoring_rules: frozenset[str] = frozenset(),
        test_case_ids: Sequence[str] | None = None,
    ) -> list[ResponseInContext]:
        """The version's finished responses that are not excluded, in a fixed order.

        What only ``ignoring_rules`` exclude is among them. Only those to ``test_case_ids`` where
        they are given.
        """
        condition = self._is_usable(content, ignoring_rules)
        if test_case_ids is not None:
            condition = and_(condition, col(Response.test_case_id).in_(test_case_ids))
        return self._joined(condition, first=first, limit=limit)

    def usable_ids(self, content: VersionContent) -> frozenset[str]:
        """The ids of what `usable` has."""
        query = select_columns(col(Response.id)).where(self._is_usable(content))
        return frozenset(self.session.connection().execute(query).scalars())

    def count_usable(self, content: VersionContent) -> int:
        """How many responses `usable` has in all."""
        query = select(func.count()).select_from(Response).where(self._is_usable(content))
        return self.session.exec(query).one()

    def usable_sizes(self, content: VersionContent) -> list[tuple[str, str, int, int]]:
        """``(candidate id, test case id, responses, their characters)`` of what `usable` has."""
        groups = (col(Response.candidate_id), col(Response.test_case_id))
        characters = func.coalesce(func.sum(func.length(col(Response.text))), 0)
        query = select_columns(*groups, func.count(), characters).where(self._is_usable(content))
        rows = self.session.connection().execute(query.group_by(*groups))
        return [(candidate, case, count, int(total)) for candidate, case, count, total in rows]

    def usable_texts(self, content: VersionContent) -> Iterator[str]:
        """The texts of what `usable` has, a thousand at a time, in no order."""
        query = select_columns(col(Response.text)).where(self._is_usable(content))
        rows = self.session.connection().execute(query.execution_options(yield_per=1000))
        return (text or "" for text in rows.scalars())

    def counts(self, content: VersionContent) -> dict[CallStatus, int]:
        """``status -> how many`` of the version's stored responses."""
        query = (
            select_columns(col(Response.status), func.count().label("responses"))
            .where(_of_version(content))
            .group_by(col(Response.status))
        )
        rows = self.session.connection().execute(query)
        return {row.status: row.responses for row in rows}

    def by_ids(self, response_ids: Sequence[str]) -> list[ResponseInContext]:
        """Those responses, in context."""
        found: list[ResponseInContext] = []
        for start in range(0, len(response_ids), 500):
            found += self._joined(col(Response.id).in_(response_ids[start : start + 500]))
        return found

    def _is_usable(
        self, content: VersionContent, ignoring_rules: frozenset[str] = frozenset()
    ) -> ColumnElement[bool]:
        excluded = excluded_ids(self.session, Subject.RESPONSE, ignoring_rules)
        return and_(
            _of_version(content),
            col(Response.status) == CallStatus.OK,
            col(Response.id).not_in(excluded),
        )

    def _joined(
        self, condition: ColumnElement[bool], *, first: int = 0, limit: int | None = None
    ) -> list[ResponseInContext]:
        rows = self.session.exec(
            select(Response, Candidate, TestCase, PromptTemplate)
            .join(Candidate, col(Candidate.id) == col(Response.candidate_id))
            .join(TestCase, col(TestCase.id) == col(Response.test_case_id))
            .join(PromptTemplate, col(PromptTemplate.id) == col(Response.prompt_template_id))
            .where(condition)
            .order_by(TestCase.name, Candidate.model, col(Response.sample_index), col(Response.id))
            .offset(first)
            .limit(limit)
        ).all()
        return [ResponseInContext(*row) for row in rows]


def _of_version(content: VersionContent) -> ColumnElement[bool]:
    return and_(
        col(Response.prompt_template_id) == content.template.id,
        col(Response.candidate_id).in_([one.id for one in content.candidates]),
        col(Response.test_case_id).in_([case.id for case in content.test_cases]),
        col(Response.sample_index) < content.version.samples_per_case,
    )
