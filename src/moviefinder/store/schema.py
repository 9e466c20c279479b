"""The schema of the database: made at the first start, brought up to date later, never taken back.

A new database is made from `models.py` in one go, which spares the first start Alembic's import; a test holds that
the migrations lead to the same tables. An older one is migrated.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from moviefinder.errors import CannotStart
from moviefinder.store.models import Base

HEAD = "0004"
MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x4D6F7669  # "Movi": one process at a time prepares a PostgreSQL database


def prepare(engine: Engine) -> None:
    """Bring the database to this version's schema, in one transaction; several processes may call it at once.

    Raises:
        CannotStart: the database cannot be opened or written, is of a newer MovieFinder, or is not ours.
    """
    _look_first(engine)
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL statement_timeout = 0"))
                connection.execute(text("SET LOCAL lock_timeout = 0"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            _prepare(connection)
    except DBAPIError as error:
        raise CannotStart(_unusable(engine, error)) from error


def require_head(engine: Engine) -> None:
    """For who must not change the schema.

    Raises:
        CannotStart: the database cannot be opened, or is not of this version.
    """
    try:
        with engine.connect() as connection:
            found = schema_of(connection)
    except DBAPIError as error:
        raise CannotStart(_unusable(engine, error)) from error
    if found != HEAD:
        raise CannotStart(
            f"The database has schema {found or 'none'}, and this version needs {HEAD}. Run `moviefinder db upgrade`."
        )


def _look_first(engine: Engine) -> None:
    """Refuse a SQLite file that is not ours, or newer, before a connection of ours changes as much as its journal."""
    path = engine.url.database
    if (
        engine.dialect.name != "sqlite"
        or not path
        or not Path(path).is_file()
        or not Path(path).stat().st_size
    ):
        return
    looking = create_engine(
        f"sqlite:///file:{quote(str(Path(path).absolute()))}?mode=ro&uri=true", poolclass=NullPool
    )
    try:
        with looking.connect() as connection:
            _check(connection)
    except DBAPIError as error:
        raise CannotStart(_unusable(engine, error)) from error


def _unusable(engine: Engine, error: DBAPIError) -> str:
    reason = str(error.orig).strip().splitlines()[0]
    return (
        f"Cannot open or write the database {engine.url.render_as_string()}: {reason}. "
        "Check the folder's permissions, the free space, or the setting 'database'."
    )


def _check(connection: Connection) -> str | None:
    """The schema that the database has, None for an empty one.

    Raises:
        CannotStart: it is of a newer MovieFinder, or not ours.
    """
    current = schema_of(connection)
    if current is None:
        if theirs := set(inspect(connection).get_table_names()) & set(Base.metadata.tables):
            raise CannotStart(
                f"The database holds tables ({', '.join(sorted(theirs)[:3])}) but no schema version: it is not "
                "MovieFinder's. Nothing was changed. Name another database or data folder."
            )
    elif not any(path.name.startswith(f"{current}_") for path in (MIGRATIONS / "versions").glob("*.py")):
        raise CannotStart(
            f"The database has schema {current}, which a newer MovieFinder wrote; this one knows up to {HEAD}. "
            "Nothing was changed. Start the newer MovieFinder, or restore a backup made before it."
        )
    return current


def _prepare(connection: Connection) -> None:
    current = _check(connection)
    if current == HEAD:
        return
    if current is None:
        Base.metadata.create_all(connection)
        connection.execute(
            text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
        return
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
