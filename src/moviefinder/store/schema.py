"""The schema of the database: made at the first start, brought up to date later, never taken back.

A new database is made from `models.py` in one go, which spares the first start Alembic's import; a test holds that
the migrations lead to the same tables. An older one is migrated.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from moviefinder.errors import CannotStart
from moviefinder.store.models import Base

HEAD = "0001"
MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x4D6F7669  # "Movi": one process at a time prepares a PostgreSQL database


def prepare(engine: Engine) -> None:
    """Bring the database to this version's schema, in one transaction; several processes may call it at once.

    Raises:
        CannotStart: the database cannot be opened or written, is of a newer MovieFinder, or is not ours.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            _prepare(connection)
    except DBAPIError as error:
        raise CannotStart(
            f"Cannot open or write the database {engine.url.render_as_string()}: {str(error.orig).strip()}. "
            "Check the folder's permissions, the free space, or the setting 'database'."
        ) from error


def _prepare(connection: Connection) -> None:
    current = schema_of(connection)
    if current == HEAD:
        return
    if current is None:
        if theirs := set(inspect(connection).get_table_names()) & set(Base.metadata.tables):
            raise CannotStart(
                f"The database holds tables ({', '.join(sorted(theirs)[:3])}) but no schema version: it is not "
                "MovieFinder's. Nothing was changed. Name another database or data folder."
            )
        Base.metadata.create_all(connection)
        connection.execute(
            text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        return
    if not any(path.name.startswith(f"{current}_") for path in (MIGRATIONS / "versions").glob("*.py")):
        raise CannotStart(
            f"The database has schema {current}, which a newer MovieFinder wrote; this one knows up to {HEAD}. "
            "Nothing was changed. Start the newer MovieFinder, or restore a backup made before it."
        )
    migrate(connection)


def schema_of(connection: Connection) -> str | None:
    """The schema that the database says it has; None when it says nothing."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    value: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return value


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to a revision inside the caller's transaction."""
    from alembic import command  # 0.2 s to import, and seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
