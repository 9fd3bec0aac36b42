"""First schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Go one step forward; there is no way back."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("subject_id", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "exclusion",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column(
            "subject",
            sa.Enum(
                "session",
                "rater",
                "rating",
                "response",
                name="subject",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("exclusion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exclusion_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "heartbeat",
        sa.Column("executor_id", sa.String(length=100), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("executor_id"),
    )
    op.create_table(
        "judge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("configuration", sa.JSON(), nullable=False),
        sa.Column("scale_min", sa.Float(), nullable=False),
        sa.Column("scale_max", sa.Float(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identity"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_name", sa.String(length=100), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_attempt_account_name"), ["account_name"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_sign_in_attempt_at"), ["at"], unique=False)

    op.create_table(
        "study",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "candidate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("model", sa.String(length=300), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("parameters_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "model", "parameters_hash"),
    )
    with op.batch_alter_table("candidate", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_candidate_study_id"), ["study_id"], unique=False)

    op.create_table(
        "import_record",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("layout", sa.String(length=50), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("import_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_record_study_id"), ["study_id"], unique=False)

    op.create_table(
        "prompt_template",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "text_hash"),
    )
    with op.batch_alter_table("prompt_template", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_prompt_template_study_id"), ["study_id"], unique=False)

    op.create_table(
        "staff_session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_table(
        "test_case",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("values_hash", sa.String(length=64), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "values_hash"),
    )
    with op.batch_alter_table("test_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_test_case_study_id"), ["study_id"], unique=False)

    op.create_table(
        "study_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("prompt_template_id", sa.String(), nullable=False),
        sa.Column("samples_per_case", sa.Integer(), nullable=False),
        sa.Column("rubric_question", sa.String(), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_template_id"],
            ["prompt_template.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("study_id", "number"),
    )
    with op.batch_alter_table("study_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_version_study_id"), ["study_id"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_version_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("link_token", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "closed", name="campaignstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum("collected", "imported", name="origin", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("items_per_session", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["study_version_id"],
            ["study_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("link_token"),
    )
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_campaign_study_version_id"), ["study_version_id"], unique=False
        )

    op.create_table(
        "run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("generation", "judging", name="runkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("study_version_id", sa.String(), nullable=False),
        sa.Column("judge_id", sa.String(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "running",
                "cancelled",
                "finished",
                name="runstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("planned_calls", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["judge_id"],
            ["judge.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_version_id"],
            ["study_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_run_status"), ["status"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_run_study_version_id"), ["study_version_id"], unique=False
        )

    op.create_table(
        "study_version_candidate",
        sa.Column("study_version_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("is_reference", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_version_id"],
            ["study_version.id"],
        ),
        sa.PrimaryKeyConstraint("study_version_id", "candidate_id"),
    )
    op.create_table(
        "study_version_test_case",
        sa.Column("study_version_id", sa.String(), nullable=False),
        sa.Column("test_case_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_version_id"],
            ["study_version.id"],
        ),
        sa.ForeignKeyConstraint(
            ["test_case_id"],
            ["test_case.id"],
        ),
        sa.PrimaryKeyConstraint("study_version_id", "test_case_id"),
    )
    op.create_table(
        "rater",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("pseudonym", sa.String(length=100), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id", "external_id"),
    )
    with op.batch_alter_table("rater", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rater_campaign_id"), ["campaign_id"], unique=False)

    op.create_table(
        "response",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.String(), nullable=False),
        sa.Column("prompt_template_id", sa.String(), nullable=False),
        sa.Column("test_case_id", sa.String(), nullable=False),
        sa.Column("candidate_id", sa.String(), nullable=False),
        sa.Column("sample_index", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("planned", "ok", "failed", name="callstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum("collected", "imported", name="origin", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("finish_reason", sa.String(length=64), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("first_chunk_ns", sa.BigInteger(), nullable=True),
        sa.Column("time_to_first_token_ns", sa.BigInteger(), nullable=True),
        sa.Column("last_token_ns", sa.BigInteger(), nullable=True),
        sa.Column("duration_ns", sa.BigInteger(), nullable=True),
        sa.Column("model_reported", sa.String(), nullable=True),
        sa.Column("provider_figures", sa.JSON(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["candidate_id"],
            ["candidate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["prompt_template_id"],
            ["prompt_template.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["study_id"],
            ["study.id"],
        ),
        sa.ForeignKeyConstraint(
            ["test_case_id"],
            ["test_case.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("prompt_template_id", "test_case_id", "candidate_id", "sample_index"),
    )
    with op.batch_alter_table("response", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_response_candidate_id"), ["candidate_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_response_external_id"), ["external_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_response_study_id"), ["study_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_response_test_case_id"), ["test_case_id"], unique=False
        )

    op.create_table(
        "campaign_response",
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
        ),
        sa.PrimaryKeyConstraint("campaign_id", "response_id"),
    )
    op.create_table(
        "judgment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("judge_id", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("inputs_hash", sa.String(length=64), nullable=False),
        sa.Column("repeat_index", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("planned", "ok", "failed", name="callstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("reasoning", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("raw_reply", sa.String(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("duration_ns", sa.BigInteger(), nullable=True),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["judge_id"],
            ["judge.id"],
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("judge_id", "response_id", "inputs_hash", "repeat_index"),
    )
    with op.batch_alter_table("judgment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_judgment_judge_id"), ["judge_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_judgment_response_id"), ["response_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_judgment_run_id"), ["run_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_judgment_status"), ["status"], unique=False)

    op.create_table(
        "rating_session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", sa.String(), nullable=False),
        sa.Column("rater_id", sa.String(), nullable=False),
        sa.Column("start_nonce", sa.String(length=64), nullable=False),
        sa.Column(
            "status",
            sa.Enum("started", "complete", name="sessionstatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum("collected", "imported", name="origin", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("completion_code", sa.String(length=32), nullable=False),
        sa.Column("arrival", sa.JSON(), nullable=False),
        sa.Column("active_tab", sa.String(length=64), nullable=True),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaign.id"],
        ),
        sa.ForeignKeyConstraint(
            ["rater_id"],
            ["rater.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("completion_code"),
        sa.UniqueConstraint("start_nonce"),
    )
    with op.batch_alter_table("rating_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rating_session_campaign_id"), ["campaign_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_rating_session_external_id"), ["external_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_rating_session_rater_id"), ["rater_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rating_session_status"), ["status"], unique=False)

    op.create_table(
        "attempt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("response_id", sa.String(), nullable=True),
        sa.Column("judgment_id", sa.String(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "sent",
                "ok",
                "failed",
                "in_doubt",
                name="attemptstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_ns", sa.BigInteger(), nullable=True),
        sa.Column("error_kind", sa.String(length=64), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("retry_after_ms", sa.Integer(), nullable=True),
        sa.Column("raw_reply", sa.String(), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["judgment_id"],
            ["judgment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempt_judgment_id"), ["judgment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_response_id"), ["response_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_run_id"), ["run_id"], unique=False)

    op.create_table(
        "item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("second_response_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["response.id"],
        ),
        sa.ForeignKeyConstraint(
            ["second_response_id"],
            ["response.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["rating_session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("session_id", "position"),
    )
    with op.batch_alter_table("item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_item_response_id"), ["response_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_item_session_id"), ["session_id"], unique=False)

    op.create_table(
        "rating",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column(
            "preference",
            sa.Enum("first", "second", "tie", name="preference", native_enum=False, length=32),
            nullable=True,
        ),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_to_saved_ms", sa.BigInteger(), nullable=True),
        sa.Column("reported_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["rating_session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("item_id", "criterion"),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rating_session_id"), ["session_id"], unique=False)

    op.create_table(
        "rating_conflict",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(length=100), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["item.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("rating_conflict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rating_conflict_item_id"), ["item_id"], unique=False)
