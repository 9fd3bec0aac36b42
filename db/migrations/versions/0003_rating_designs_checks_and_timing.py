"""Rating: rubrics, designs, counted reservations, checks, invitations, timing."""

import random
from collections import Counter
from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_ID = sa.String(length=32)
_MOMENT = sa.DateTime(timezone=True)
_OVERLAP = 1000
"""Campaigns of before had no such number and took ratings until they were closed."""
_ID_PARAMETERS = ("PROLIFIC_PID", "participantId", "workerId")
"""Where platforms' ids were looked for; nobody had to have one."""


def upgrade() -> None:
    """Go one step forward; there is no way back."""
    _make_tables()
    _add_columns()
    _turn_questions_into_rubrics()
    _count_reservations()


def _make_tables() -> None:
    op.create_table(
        "campaign_unit",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column("campaign_id", sa.String(), sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("test_case_id", sa.String(), sa.ForeignKey("test_case.id"), nullable=False),
        sa.Column("arm", sa.String(length=65), nullable=False),
        sa.Column("response_id", sa.String(), sa.ForeignKey("response.id"), nullable=False),
        sa.Column("second_response_id", sa.String(), sa.ForeignKey("response.id"), nullable=True),
        sa.Column("shuffle", sa.Float(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("reserved_swapped", sa.Integer(), nullable=False),
        sa.UniqueConstraint("campaign_id", "response_id", "second_response_id"),
    )
    op.create_index(
        "ix_campaign_unit_least",
        "campaign_unit",
        ["campaign_id", "test_case_id", "arm", "reserved", "shuffle"],
    )
    op.create_table(
        "campaign_case",
        sa.Column("campaign_id", sa.String(), sa.ForeignKey("campaign.id"), primary_key=True),
        sa.Column("test_case_id", sa.String(), sa.ForeignKey("test_case.id"), primary_key=True),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Float(), nullable=False),
        sa.Column("shuffle", sa.Float(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
    )
    op.create_index(
        "ix_campaign_case_least",
        "campaign_case",
        ["campaign_id", "filled", "reserved", "shuffle"],
    )
    op.create_table(
        "campaign_arm",
        sa.Column("campaign_id", sa.String(), sa.ForeignKey("campaign.id"), primary_key=True),
        sa.Column("arm", sa.String(length=65), primary_key=True),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("reserved_swapped", sa.Integer(), nullable=False),
    )
    op.create_table(
        "campaign_place",
        sa.Column("campaign_id", sa.String(), sa.ForeignKey("campaign.id"), primary_key=True),
        sa.Column("arm", sa.String(length=65), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
    )
    op.create_table(
        "control",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column("campaign_id", sa.String(), sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("test_case_id", sa.String(), sa.ForeignKey("test_case.id"), nullable=False),
        sa.Column("response_id", sa.String(), sa.ForeignKey("response.id"), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=True),
        sa.Column("expected", sa.JSON(), nullable=True),
        sa.Column("feedback", sa.String(), nullable=True),
        sa.Column("shuffle", sa.Float(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
    )
    op.create_index("ix_control_least", "control", ["campaign_id", "kind", "reserved", "shuffle"])
    op.create_index("ix_control_case", "control", ["campaign_id", "kind", "test_case_id"])
    op.create_table(
        "invite",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column(
            "campaign_id", sa.String(), sa.ForeignKey("campaign.id"), nullable=False, index=True
        ),
        sa.Column("token", sa.String(length=64), nullable=False, unique=True),
        sa.Column("role", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("rating_session.id"), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.Column("revoked_at", _MOMENT, nullable=True),
    )
    op.create_table(
        "visit",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column(
            "campaign_id", sa.String(), sa.ForeignKey("campaign.id"), nullable=False, index=True
        ),
        sa.Column("nonce", sa.String(length=64), nullable=False, unique=True),
        sa.Column("arrival", sa.JSON(), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "comprehension_attempt",
        sa.Column("id", _ID, primary_key=True, nullable=False),
        sa.Column(
            "session_id",
            sa.String(),
            sa.ForeignKey("rating_session.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("session_id", "number"),
    )


def _add_columns() -> None:
    # Each statement adds one column in place: SQLite would rebuild the table for anything more,
    # which its foreign keys forbid while others point to it.
    moment = (
        "TIMESTAMP WITH TIME ZONE" if op.get_bind().dialect.name == "postgresql" else "DATETIME"
    )
    for table, columns in {
        "study_version": ["rubric JSON NOT NULL DEFAULT '{}'"],
        "campaign": [
            "design JSON NOT NULL DEFAULT '{}'",
            "capacity INTEGER",
            f"opens_at {moment}",
            f"names_unlocked_at {moment}",
            "names_unlocked_by VARCHAR",
        ],
        "rater": ["name VARCHAR(200)", "role VARCHAR(100)"],
        "rating_session": [
            "seed VARCHAR(32)",
            f"understood_at {moment}",
            f"ended_at {moment}",
            f"released_at {moment}",
            f"data_deleted_at {moment}",
        ],
        "item": [
            "unit_id VARCHAR REFERENCES campaign_unit (id)",
            "control_id VARCHAR REFERENCES control (id)",
            "second_control_id VARCHAR REFERENCES control (id)",
        ],
        "rating": [
            "status VARCHAR(32) NOT NULL DEFAULT 'answered'",
            "active_ms BIGINT",
            "hidden_ms BIGINT",
            "blur_count INTEGER",
        ],
        "rating_conflict": [
            "preference VARCHAR(32)",
            "status VARCHAR(32) NOT NULL DEFAULT 'answered'",
        ],
        "exclusion": ["evidence JSON"],
    }.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.execute("UPDATE rating_session SET understood_at = consented_at, ended_at = completed_at")
    op.create_index(
        "ix_rating_session_under_way", "rating_session", ["campaign_id", "status", "started_at"]
    )


def _turn_questions_into_rubrics() -> None:
    connection = op.get_bind()
    version = sa.table(
        "study_version",
        sa.column("id", sa.String),
        sa.column("rubric_question", sa.String),
        sa.column("rubric", sa.JSON),
    )
    for row_id, question in connection.execute(sa.select(version.c.id, version.c.rubric_question)):
        rubric = {"criteria": [{"key": "quality", "question": question}]}
        connection.execute(version.update().where(version.c.id == row_id).values(rubric=rubric))
    op.execute("ALTER TABLE study_version DROP COLUMN rubric_question")


def _count_reservations() -> None:
    """Campaigns under way go on with the reservations that their sessions hold."""
    connection = op.get_bind()
    campaigns = connection.execute(
        sa.text("SELECT id FROM campaign WHERE origin = 'collected' AND status = 'open'")
    ).scalars()
    for campaign_id in campaigns.all():
        _design_campaign(connection, campaign_id)
        _count_campaign(connection, campaign_id)


def _design_campaign(connection: sa.Connection, campaign_id: str) -> None:
    """Give a campaign under way the design that it had by rule."""
    campaign = sa.table(
        "campaign",
        sa.column("id", sa.String),
        sa.column("items_per_session", sa.Integer),
        sa.column("design", sa.JSON),
    )
    session = sa.table(
        "rating_session", sa.column("campaign_id", sa.String), sa.column("arrival", sa.JSON)
    )
    items = connection.execute(
        sa.select(campaign.c.items_per_session).where(campaign.c.id == campaign_id)
    ).scalar_one()
    arrivals = connection.execute(
        sa.select(session.c.arrival).where(session.c.campaign_id == campaign_id)
    ).scalars()
    seen = {name for arrival in arrivals for name in arrival or {}}
    parameter = next((name for name in _ID_PARAMETERS if name in seen), _ID_PARAMETERS[0])
    design = {
        "overlap": _OVERLAP,
        "items_per_session": items,
        "lease_minutes": 120,
        "platform": {"name": "generic", "rater_parameter": parameter, "needs_id": False},
    }
    connection.execute(campaign.update().where(campaign.c.id == campaign_id).values(design=design))


def _count_campaign(connection: sa.Connection, campaign_id: str) -> None:
    responses = connection.execute(
        sa.text(
            "SELECT r.id, r.test_case_id, r.candidate_id FROM campaign_response c "
            "JOIN response r ON r.id = c.response_id WHERE c.campaign_id = :campaign ORDER BY r.id"
        ),
        {"campaign": campaign_id},
    ).all()
    items = connection.execute(
        sa.text(
            "SELECT i.id, i.response_id, i.position FROM item i "
            "JOIN rating_session s ON s.id = i.session_id WHERE s.campaign_id = :campaign"
        ),
        {"campaign": campaign_id},
    ).all()
    times = Counter(response_id for _, response_id, _ in items)
    case_of = {one: case for one, case, _ in responses}
    arm_of = {one: arm for one, _, arm in responses}
    unit_of = {one: uuid4().hex for one, *_ in responses}
    chance = random.SystemRandom()
    _insert(
        connection,
        "campaign_unit",
        [
            {
                "id": unit_of[one],
                "campaign_id": campaign_id,
                "test_case_id": case_of[one],
                "arm": arm_of[one],
                "response_id": one,
                "shuffle": chance.random(),
                "reserved": times[one],
                "reserved_swapped": 0,
            }
            for one in unit_of
        ],
    )
    cases = Counter(case_of.values())
    by_case = Counter(case_of[one] for _, one, _ in items)
    missing: Counter[str] = Counter()
    for one, case in case_of.items():
        missing[case] += max(0, _OVERLAP - times[one])
    _insert(
        connection,
        "campaign_case",
        [
            {
                "campaign_id": campaign_id,
                "test_case_id": case,
                "units": units,
                "missing": missing[case],
                "filled": 1 - missing[case] / (units * _OVERLAP),
                "shuffle": chance.random(),
                "reserved": by_case[case],
            }
            for case, units in cases.items()
        ],
    )
    by_arm = Counter(arm_of[one] for _, one, _ in items)
    _insert(
        connection,
        "campaign_arm",
        [
            {"campaign_id": campaign_id, "arm": arm, "reserved": by_arm[arm], "reserved_swapped": 0}
            for arm in sorted(set(arm_of.values()))
        ],
    )
    places = Counter((arm_of[one], position) for _, one, position in items)
    _insert(
        connection,
        "campaign_place",
        [
            {"campaign_id": campaign_id, "arm": arm, "position": position, "reserved": reserved}
            for (arm, position), reserved in places.items()
        ],
    )
    for item_id, response_id, _ in items:
        connection.execute(
            sa.text("UPDATE item SET unit_id = :unit WHERE id = :item"),
            {"unit": unit_of[response_id], "item": item_id},
        )


def _insert(connection: sa.Connection, table: str, rows: list[dict[str, object]]) -> None:
    if rows:
        columns: list[sa.ColumnClause[object]] = [sa.column(name) for name in rows[0]]
        connection.execute(sa.table(table, *columns).insert(), rows)
