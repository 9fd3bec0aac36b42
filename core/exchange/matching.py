"""Matching result files with the study that their configuration made, and storing what matches."""

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInputError
from core.exchange.answers import keep_item
from core.exchange.content import (
    ImportedItem,
    ImportedResults,
    ImportedSession,
    ResultEvaluation,
    ResultFile,
)
from core.exchange.layouts import CONFIGURED
from core.exchange.naming import full_names
from core.exchange.ratings import add_campaign, add_sessions
from core.exchange.report import ImportReport, Tally
from core.exchange.storing import CONFIGURATION, Provenance, add_record
from db.engine import Database
from db.repositories.imports import Imports, KnownResponse
from db.repositories.studies import Studies
from db.tables import Campaign, Study


def store_results(
    database: Database, imported: ImportedResults, study_name: str | None, source: Provenance
) -> ImportReport:
    """Store the result files that match the study; each other one is left, with its reason.

    Raises:
        InvalidInputError: no study is named, or it was not imported from a configuration.
    """
    name = (study_name or "").strip()
    if not name:
        raise InvalidInputError(
            f"{source.file_name} holds raters' results without the responses; import their "
            "configuration first, then these with --study and the name of that study."
        )
    tally = imported.tally
    with database.write() as session:
        imports = Imports(session)
        study, configuration = _configured_study(imports, name, source)
        known = imports.known_responses(study.id)
        campaign = imports.imported_campaign(study.id)
        present = imports.session_names(campaign.id) if campaign else frozenset()
        matcher = ResultMatcher(configuration, known, present, tally)
        sessions = [one for one in map(matcher.match, imported.files) if one is not None]
        if sessions:
            responses = {external_id: one.id for external_id, one in known.items()}
            campaign = campaign or _new_campaign(
                imports, study, configuration, list(responses.values()), source.actor
            )
            add_sessions(imports, campaign, sessions, responses, tally)
        report = tally.report(study=study.name, study_id=study.id, layout=source.layout)
        add_record(session, report, source)
    return report


def _configured_study(
    imports: Imports, name: str, source: Provenance
) -> tuple[Study, Mapping[str, Any]]:
    study = imports.locked_study(name)
    record = imports.latest_record(study.id, CONFIGURED.name) if study else None
    if study is None or record is None:
        missing = "there is none of that name" if study is None else "it came from elsewhere"
        raise InvalidInputError(
            f"{source.file_name} needs a study imported from a configured evaluation, and "
            f"{name[:200]!r} is not one ({missing}); import the configuration first, then these "
            "results with --study and its name."
        )
    return study, record.report[CONFIGURATION]


def _new_campaign(
    imports: Imports,
    study: Study,
    configuration: Mapping[str, Any],
    response_ids: list[str],
    actor: str,
) -> Campaign:
    version = Studies(imports.session).versions(study.id)[-1]
    sizes = [len(questions) for questions in configuration["question_sets"].values()]
    described = [
        f"{one['name']}: {one['description']}"
        for one in configuration["criteria"]
        if one["description"]
    ]
    return add_campaign(
        imports,
        version,
        name=f"Imported: {study.name}"[:200],
        instructions="\n".join(described),
        items_per_session=max([*sizes, configuration["questions_per_rater"] or 1]),
        response_ids=response_ids,
        actor=actor,
    )


class ResultMatcher:
    """Turns result files into sessions of one study; all of a file matches, or none of it is taken.

    Args:
        configuration: what the record of the configuration's import keeps.
        known: the study's responses by their id in the files.
        present: what recognises the submissions that are stored already.
        tally: where things that are left are counted.
    """

    def __init__(
        self,
        configuration: Mapping[str, Any],
        known: Mapping[str, KnownResponse],
        present: frozenset[str],
        tally: Tally,
    ) -> None:
        self._question_sets: Mapping[str, list[Any]] = configuration["question_sets"]
        self._prompts = frozenset(configuration["prompts"])
        self._questions_per_rater: int | None = configuration["questions_per_rater"]
        self._criteria = frozenset(one["name"] for one in configuration["criteria"])
        self._known = known
        self._present = set(present)
        self._tally = tally

    def match(self, file: ResultFile) -> ImportedSession | None:
        """The session of the file; nothing when it had to be left."""
        if file.external_id in self._present:
            self._leave(file, "this submission was already imported")
            return None
        problem = self._missing(file) or self._mismatch(file)
        if problem:
            self._tally.unmatched += 1
            self._leave(file, problem)
            return None
        items = [item for one in file.evaluations if (item := self._item(file, one)) is not None]
        if not items:
            self._tally.leave(f"{file.entry}: it holds no usable answer.", sessions=1)
            return None
        self._present.add(file.external_id)
        complete = self._is_complete(file, items)
        return ImportedSession(
            external_id=file.external_id,
            rater=file.rater,
            items=tuple(items),
            complete=complete,
            started_at=file.started_at,
            completed_at=(file.ended_at or items[-1].answered_at) if complete else None,
        )

    def _leave(self, file: ResultFile, reason: str) -> None:
        answers = sum(len(one.answers.given) for one in file.evaluations)
        self._tally.leave(
            f"{file.entry}: {reason}.", sessions=1, items=len(file.evaluations), ratings=answers
        )

    def _missing(self, file: ResultFile) -> str | None:
        """A sentence with every id of the file that the study does not have."""
        missing: dict[str, None] = {}
        # A configuration without any distribution says nothing about question sets.
        if self._question_sets and file.question_set_id not in self._question_sets:
            missing[f"question set {file.question_set_id}"] = None
        for evaluation in file.evaluations:
            if evaluation.prompt_id not in self._prompts:
                missing[f"prompt {evaluation.prompt_id}"] = None
            for shown in evaluation.shown:
                if shown.external_id not in self._known:
                    missing[f"response {shown.external_id}"] = None
        if not missing:
            return None
        return f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not in this study"

    def _mismatch(self, file: ResultFile) -> str | None:
        """A sentence where the file says of a response what the study does not."""
        for evaluation in file.evaluations:
            names = full_names((shown.model for shown in evaluation.shown), file.entry)
            for shown in evaluation.shown:
                model = self._known[shown.external_id].model
                if names[shown.model] != model:
                    return f"response {shown.external_id} is of {model}, not of {shown.model}"
            cases = {self._known[shown.external_id].test_case_id for shown in evaluation.shown}
            if len(cases) > 1:
                return f"comparison {evaluation.position + 1} shows answers to different prompts"
        return None

    def _item(self, file: ResultFile, evaluation: ResultEvaluation) -> ImportedItem | None:
        place = f"{file.entry}, comparison {evaluation.position + 1}"
        if len(evaluation.shown) != 2:
            self._tally.leave(
                f"{place}: it shows {len(evaluation.shown)} response(s), not two.",
                items=1,
                ratings=len(evaluation.answers.given),
            )
            return None
        if not keep_item(evaluation.answers, place, self._tally):
            return None
        first, second = evaluation.shown
        return ImportedItem(
            position=evaluation.position,
            first=first.external_id,
            second=second.external_id,
            answers=evaluation.answers.given,
            reported_ms=evaluation.reported_ms,
            answered_at=evaluation.answered_at,
        )

    def _is_complete(self, file: ResultFile, items: list[ImportedItem]) -> bool:
        """Whether every question of the set is answered on every criterion of the configuration."""
        questions = self._question_sets.get(file.question_set_id)
        wanted = self._questions_per_rater if questions is None else len(questions)
        whole = {one.position for one in file.evaluations if not one.answers.unanswered}
        answered = sum(
            item.position in whole
            and self._criteria <= {answer.criterion for answer in item.answers}
            for item in items
        )
        complete = wanted is not None and answered >= max(wanted, 1)
        if not complete:
            self._tally.notes.append(
                f"{file.entry}: {answered} of {wanted if wanted is not None else 'unknown many'} "
                "comparisons are fully answered, so the session does not count as complete."
            )
        return complete
