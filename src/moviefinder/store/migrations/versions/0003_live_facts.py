"""Facts by source, posters, outside hosts, and what jobs need to fetch them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE films ADD COLUMN adult BOOLEAN DEFAULT false NOT NULL")
    op.execute(
        "ALTER TABLE films ADD COLUMN merged_into INTEGER CONSTRAINT fk_films_merged_into REFERENCES films (id)"
    )
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "ix_films_merged_into", "films", ["merged_into"], sqlite_where=merged, postgresql_where=merged
    )
    op.execute("ALTER TABLE films ADD COLUMN changed INTEGER DEFAULT 0 NOT NULL")
    op.execute("ALTER TABLE films ADD COLUMN description_url VARCHAR")
    changed = sa.text("changed > 0")
    op.create_index("ix_films_changed", "films", ["changed"], sqlite_where=changed, postgresql_where=changed)
    op.add_column("similar_lists", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.create_index("ix_similar_lists_expires_at", "similar_lists", ["expires_at"])
    op.execute("ALTER TABLE jobs ADD COLUMN claims INTEGER DEFAULT 0 NOT NULL")
    op.execute(
        "ALTER TABLE jobs ADD COLUMN film_id INTEGER CONSTRAINT fk_jobs_film_id REFERENCES films (id) ON DELETE CASCADE"
    )
    of_film = sa.text("film_id IS NOT NULL")
    op.create_index("ix_jobs_film_id", "jobs", ["film_id"], sqlite_where=of_film, postgresql_where=of_film)
    op.create_index("ix_changes_film_id", "changes", ["film_id"])
    op.create_table(
        "facts",
        _of_film("facts"),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("film_id", "source", name=op.f("pk_facts")),
    )
    op.create_index("ix_facts_expires_at", "facts", ["expires_at"])
    op.create_table(
        "posters",
        _of_film("posters"),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("pointer", sa.String(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("film_id", name=op.f("pk_posters")),
    )
    op.create_index("ix_posters_hash", "posters", ["hash"])
    op.create_index("ix_posters_used_at", "posters", ["used_at"])
    op.create_table(
        "source_switches",
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("switched_by", sa.Integer(), nullable=True),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["switched_by"], ["users.id"], name=op.f("fk_source_switches_switched_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_source_switches")),
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_allowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )
    op.create_table(
        "kept_answers",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kept_answers")),
    )
    op.create_index("ix_kept_answers_source", "kept_answers", ["source"])
    op.create_index("ix_kept_answers_fetched_at", "kept_answers", ["fetched_at"])


def _of_film(table: str) -> "sa.Column[int]":
    key = sa.ForeignKey("films.id", name=op.f(f"fk_{table}_film_id"), ondelete="CASCADE")
    return sa.Column("film_id", sa.Integer(), key, nullable=False)
