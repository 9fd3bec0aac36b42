"""How a study wants its judges: options and models, in numbered versions that are never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from core.errors import InvalidInputError
from core.judges.base import AnyJudge, LLMJudge, asks_model, configured
from core.judges.registry import judge_named
from core.providers.names import parse_model
from core.studies.service import newest_content
from db.engine import Database
from db.repositories import audits
from db.repositories.judgments import Judgments
from db.tables import JudgeSetup

DEFAULT_MODEL = "openai/gpt-4"
DEFAULT_EMBEDDING_MODEL = "openai/text-embedding-3-small"


@dataclass(frozen=True, slots=True)
class Setup:
    """A judge as a study wants it.

    ``models`` are those that it asks, none for a judge that asks no model; several make a panel.
    ``number`` is 0, and nobody made it, where the study never set anything.
    """

    judge: AnyJudge
    models: tuple[str, ...]
    number: int = 0
    created_at: datetime | None = None
    created_by: str | None = None

    @property
    def identities(self) -> tuple[str | None, ...]:
        """What tells the judges apart that the set-up makes: a model each, or just one."""
        return self.models or (None,)


def setup_of(database: Database, study_id: str, judge_name: str) -> Setup:
    """The set-up that is in force.

    Raises:
        InvalidInputError: its options are not the judge's any more.
        NotFoundError: there is no such judge.
    """
    with database.read() as session:
        return read_setup(session, study_id, judge_name)


def setup_history(database: Database, study_id: str, judge_name: str) -> list[JudgeSetup]:
    """Every version that was saved, newest first."""
    with database.read() as session:
        return Judgments(session).setups(study_id, judge_name)


def default_setup(judge_name: str, reference_model: str | None = None) -> Setup:
    """The judge as it comes; one that reads asks the study's reference, or else GPT-4.

    Raises:
        NotFoundError: there is no such judge.
    """
    judge = judge_named(judge_name)
    return Setup(judge, _default_models(judge, reference_model))


def read_setup(session: Session, study_id: str, judge_name: str) -> Setup:
    """`setup_of` inside the caller's transaction."""
    saved = Judgments(session).setups(study_id, judge_name)
    judge = judge_named(judge_name)
    if not saved:
        reads = isinstance(judge, LLMJudge)
        reference = newest_content(session, study_id).reference if reads else None
        return default_setup(judge_name, reference.model if reference else None)
    newest = saved[0]
    return Setup(
        configured(judge, newest.options),
        tuple(newest.models),
        newest.number,
        newest.created_at,
        newest.created_by,
    )


def checked_setup(judge_name: str, models: Sequence[str], options: Mapping[str, Any]) -> Setup:
    """A set-up that could be saved.

    Raises:
        InvalidInputError: an option or a model cannot be used, or the judge lacks a model.
        NotFoundError: there is no such judge.
    """
    judge = configured(judge_named(judge_name), options)
    named = [one.strip() for one in models if one.strip()]
    if not asks_model(judge):
        return Setup(judge, ())
    if not named:
        raise InvalidInputError(f"{judge.label} needs a model to ask; name one.")
    return Setup(judge, tuple(dict.fromkeys(parse_model(one).full_name for one in named)))


def save_setup(
    database: Database,
    study_id: str,
    judge_name: str,
    *,
    models: Sequence[str],
    options: Mapping[str, Any],
    actor: str,
) -> Setup:
    """Make this the set-up in force, as a version of its own unless nothing changed.

    Args:
        database: the store.
        study_id: the study.
        judge_name: the judge.
        models: those that the judge asks, as ``provider/model``.
        options: all of the judge's options, or those that differ from its defaults.
        actor: who wants it.

    Raises:
        InvalidInputError: an option or a model cannot be used, or the judge lacks a model.
        NotFoundError: there is no such study or judge.
    """
    wanted = checked_setup(judge_name, models, options)
    # All of them: a default that a later release changes must not change what was saved.
    stored_options = wanted.judge.options.model_dump(mode="json")
    with database.write() as session:
        newest_content(session, study_id, lock=True)
        before = read_setup(session, study_id, judge_name)
        if (before.judge.options, before.models) == (wanted.judge.options, wanted.models):
            return before
        session.add(
            JudgeSetup(
                study_id=study_id,
                judge_name=judge_name,
                number=before.number + 1,
                models=list(wanted.models),
                options=stored_options,
                created_by=actor,
            )
        )
        audits.record(
            session,
            actor=actor,
            action="set up",
            subject="judge",
            subject_id=f"{study_id}:{judge_name}",
            after={"number": before.number + 1, "models": list(wanted.models)},
        )
        session.flush()
        return read_setup(session, study_id, judge_name)


def _default_models(judge: AnyJudge, reference_model: str | None) -> tuple[str, ...]:
    if isinstance(judge, LLMJudge):
        return (reference_model or DEFAULT_MODEL,)
    return (DEFAULT_EMBEDDING_MODEL,) if judge.asks_model else ()
