"""Answered reasons, and what was shown."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "answered_reasons",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("because_id", sa.Integer(), nullable=False),
        sa.Column("say", sa.String(length=4), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("say IN ('not', 'more')", name=op.f("ck_answered_reasons_say")),
        sa.ForeignKeyConstraint(["because_id"], ["films.id"], name=op.f("fk_answered_reasons_because_id")),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name=op.f("fk_answered_reasons_film_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_answered_reasons_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "film_id", "because_id", name=op.f("pk_answered_reasons")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_answered_reasons_because_id", "answered_reasons", ["because_id"], unique=False)
    op.create_index("ix_answered_reasons_film_id", "answered_reasons", ["film_id"], unique=False)
    op.create_table(
        "shown",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("film_id", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.String(length=10), nullable=True),
        sa.Column("model", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "confidence IN ('sure_bet', 'likely', 'long_shot')", name=op.f("ck_shown_confidence")
        ),
        sa.ForeignKeyConstraint(["film_id"], ["films.id"], name=op.f("fk_shown_film_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shown_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "film_id", name=op.f("pk_shown")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_shown_film_id", "shown", ["film_id"], unique=False)
    op.create_index("ix_shown_last_at", "shown", ["last_at"], unique=False)
