"""Judges: set-ups in versions, what was shown and chosen, criteria, raw scores, injections."""

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
    }.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
