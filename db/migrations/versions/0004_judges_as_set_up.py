"""Judges: set-ups in versions, trials of them; what was shown and chosen; criteria, raw scores."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_ID = sa.String(length=32)


def upgrade() -> None:
    """Go one step forward; there is no way back."""
    op.create_table(
        "judge_setup",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column("study_id", sa.String(), sa.ForeignKey("study.id"), nullable=False, index=True),
        sa.Column("judge_name", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.UniqueConstraint("study_id", "judge_name", "number"),
    )
    op.create_table(
        "judge_trial",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column("study_id", sa.String(), sa.ForeignKey("study.id"), nullable=False, index=True),
        sa.Column("judge_name", sa.String(length=100), nullable=False),
        sa.Column("judge_label", sa.String(), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("response_id", sa.String(), sa.ForeignKey("response.id"), nullable=False),
        sa.Column("inputs_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False, index=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("raw_score", sa.Float(), nullable=True),
        sa.Column("reasoning", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("raw_reply", sa.String(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("duration_ns", sa.BigInteger(), nullable=True),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
    )
    # One column at a time and in place: SQLite would rebuild the table for anything more.
    for table, columns in {
        "judge": ["options JSON"],
        "judgment": [
            "purpose VARCHAR(32) NOT NULL DEFAULT 'score'",
            "criterion VARCHAR(100)",
            "shown_response_ids JSON NOT NULL DEFAULT '[]'",
            "chosen_response_id VARCHAR REFERENCES response (id)",
            "raw_score FLOAT",
        ],
        "attempt": ["judge_trial_id VARCHAR REFERENCES judge_trial (id)"],
    }.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.create_index("ix_attempt_judge_trial_id", "attempt", ["judge_trial_id"])
