"""A judge that is being set up is tried on one response; asked for here, made by the daemon."""

from core.errors import InvalidInputError, NotFoundError
from core.judges.base import Unscored, asks_model
from core.judging.preview import questions_about
from core.judging.setups import Setup
from core.money.confirmation import Confirmation, require_confirmation
from core.money.estimates import estimate_judgments
from core.settings import Settings
from core.studies.service import newest_content
from db.engine import Database
from db.repositories import audits
from db.repositories.trials import Trials
from db.tables import JudgeTrial

PATIENCE_S = 300.0
"""So long the daemon tries. A model of one's own machine may be busy with another's turn."""


def request_trial(
    database: Database,
    settings: Settings,
    study_id: str,
    setup: Setup,
    response_id: str,
    inputs_hash: str,
    actor: str,
    confirmation: Confirmation | None = None,
) -> JudgeTrial:
    """Ask the daemon to put one question to a judge; what comes is stored as no judgment.

    Args:
        database: the store.
        settings: what may be asked of the providers.
        study_id: the study, whose newest version counts.
        setup: the judge with its options, saved or not; the first of its models is asked.
        response_id: the response to judge.
        inputs_hash: which question about it (`Planned.key` in `core.judging.preview`).
        actor: who asks for it.
        confirmation: what was agreed to, where the model is paid.

    Raises:
        InvalidInputError: the question is not the one that was looked at, cannot be asked, or is
            paid and was not agreed to.
        NotFoundError: there is no such study or response.
    """
    judge, model = setup.judge, setup.identities[0]
    with database.write() as session:
        content = newest_content(session, study_id)
        about = questions_about(session, content, judge, response_id)
        question = next((one for one in about if one.key.inputs_hash == inputs_hash), None)
        if question is None:
            raise InvalidInputError(
                "What the judge would see has changed meanwhile; look at it and test again."
            )
        if isinstance(question.sees, Unscored):
            raise InvalidInputError(question.sees.message)
        if asks_model(judge):
            estimate = estimate_judgments(session, settings, content, judge, model, [question])
            require_confirmation(estimate, confirmation)
        trial = JudgeTrial(
            study_id=study_id,
            judge_name=judge.name,
            judge_label=f"{judge.label}, tests",
            model=model,
            options=judge.options.model_dump(mode="json", exclude_defaults=True),
            response_id=response_id,
            inputs_hash=inputs_hash,
            requested_by=actor,
        )
        session.add(trial)
        session.flush()
        audits.record(
            session,
            actor=actor,
            action="request",
            subject="judge_trial",
            subject_id=trial.id,
            after={"judge": judge.name, "model": model},
        )
        return trial


def trial_of(database: Database, trial_id: str) -> JudgeTrial:
    """The trial as it stands.

    Raises:
        NotFoundError: there is none of that id.
    """
    with database.read() as session:
        trial = Trials(session).trial(trial_id)
    if trial is None:
        raise NotFoundError(f"There is no trial {trial_id!r}; it may belong to another database.")
    return trial


def waiting_trials(database: Database) -> list[str]:
    """The ids of the trials that nobody has begun, oldest first."""
    with database.read() as session:
        return Trials(session).waiting()
