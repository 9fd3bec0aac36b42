"""Models hosted, priced and paced."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go one step forward; there is no way back."""
    op.create_table(
        "model_pull",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "finished",
                "failed",
                "cancelled",
                name="pullstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("step", sa.String(length=200), nullable=True),
        sa.Column("completed_bytes", sa.BigInteger(), nullable=True),
        sa.Column("total_bytes", sa.BigInteger(), nullable=True),
        sa.Column("bytes_per_second", sa.Float(), nullable=True),
        sa.Column("digest", sa.String(length=100), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("progress_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("model_pull", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_pull_model"), ["model"], unique=False)
        batch_op.create_index(batch_op.f("ix_model_pull_status"), ["status"], unique=False)

    op.create_table(
        "price",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("prompt_usd_per_million_tokens", sa.Float(), nullable=False),
        sa.Column("cached_prompt_usd_per_million_tokens", sa.Float(), nullable=True),
        sa.Column("completion_usd_per_million_tokens", sa.Float(), nullable=False),
        sa.Column("batch_factor", sa.Float(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("price", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_model"), ["model"], unique=False)

    op.create_table(
        "provider_gate",
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("requests_per_minute", sa.Float(), nullable=True),
        sa.Column("tokens_per_minute", sa.Float(), nullable=True),
        sa.Column("next_request_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_token_ms", sa.BigInteger(), nullable=False),
        sa.Column("not_before_ms", sa.BigInteger(), nullable=False),
        sa.Column("failures_in_a_row", sa.Integer(), nullable=False),
        sa.Column("dead_since_ms", sa.BigInteger(), nullable=True),
        sa.Column("retry_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("dead_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("provider"),
    )
    op.create_table(
        "model_pin",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("digest", sa.String(length=100), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "model"),
    )
    with op.batch_alter_table("model_pin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_model_pin_study_id"), ["study_id"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("provider", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "preparing",
                "submitted",
                "finished",
                "failed",
                "cancelled",
                name="batchstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_status"), ["status"], unique=False)

    op.create_table(
        "warm_up",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("ok", "failed", name="warmupstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ns", sa.BigInteger(), nullable=True),
        sa.Column("load_duration_ns", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=100), nullable=True),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("gpu_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("context_length", sa.Integer(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("warm_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_warm_up_model"), ["model"], unique=False)
        batch_op.create_index(batch_op.f("ix_warm_up_run_id"), ["run_id"], unique=False)

    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.add_column(sa.Column("batch_id", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("model", sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column("external_id", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("cached_prompt_tokens", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reasoning_tokens", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reserved_usd", sa.Float(), nullable=True))
        batch_op.create_index(batch_op.f("ix_attempt_batch_id"), ["batch_id"], unique=False)
        batch_op.create_foreign_key("attempt_batch_id_fkey", "batch", ["batch_id"], ["id"])

    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reasoning_text", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("cached_prompt_tokens", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reasoning_tokens", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("load_duration_ns", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("model_digest", sa.String(length=100), nullable=True))

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "call_mode",
                sa.Enum(
                    "direct", "background", "batch", name="callmode", native_enum=False, length=32
                ),
                nullable=False,
                server_default="direct",
            )
        )
        batch_op.add_column(sa.Column("estimated_cost_usd", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("budget_usd", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("spent_usd", sa.Float(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column("reserved_usd", sa.Float(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("stop_reason", sa.String(), nullable=True))

    # What was called before this revision is known from the row that each attempt was for.
    op.execute(
        "UPDATE attempt SET model = (SELECT candidate.model FROM response JOIN candidate"
        " ON candidate.id = response.candidate_id WHERE response.id = attempt.response_id)"
        " WHERE response_id IS NOT NULL"
    )
    op.execute(
        "UPDATE attempt SET model = (SELECT judge.model FROM judgment JOIN judge"
        " ON judge.id = judgment.judge_id WHERE judgment.id = attempt.judgment_id)"
        " WHERE judgment_id IS NOT NULL"
    )
    op.execute(
        "UPDATE run SET spent_usd = coalesce((SELECT sum(attempt.cost_usd) FROM attempt"
        " WHERE attempt.run_id = run.id), 0)"
    )
