"""The schema: made at once or by migration, the same; a database that is not ours to touch is left alone."""

import sqlite3

import pytest
from sqlalchemy import inspect, text

from moviefinder.app import make_app
from moviefinder.errors import Busy, CannotStart
from moviefinder.store import make_engine, schema, writing
from moviefinder.store.models import Base


def foreign_keys(engine, inspector, table):
    """The foreign keys of a table; SQLite's by its pragma, since SQLAlchemy reads no options off an altered table."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            rows = connection.execute(text(f"PRAGMA foreign_key_list({table})"))
            return [(row["from"], row["table"], row["on_delete"]) for row in rows.mappings()]
    return [
        (key["constrained_columns"], key["referred_table"], key["options"])
        for key in inspector.get_foreign_keys(table)
    ]


def described(engine):
    """Every table with its columns, keys and indexes, as the database itself tells them."""
    found = {}
    inspector = inspect(engine)
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        columns = [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)]
        foreign = foreign_keys(engine, inspector, table)
        found[table] = {
            "columns": columns,
            "primary": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(foreign, key=repr),
            "unique": sorted(key["column_names"] for key in inspector.get_unique_constraints(table)),
            "indexes": sorted(
                (i["name"], i["column_names"], i["unique"]) for i in inspector.get_indexes(table)
            ),
            "checks": sorted(check["name"] for check in inspector.get_check_constraints(table)),
        }
    return found


def test_migrations_lead_to_the_same_tables_as_the_models(settings):
    """A new database and one that came all the way up cannot be told apart."""
    settings.data.mkdir()
    app = make_app(settings)
    with app.engine.begin() as connection:
        schema.migrate(connection)
        assert schema.schema_of(connection) == schema.HEAD
    migrated = described(app.engine)
    with app.engine.begin() as connection:
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE alembic_version"))
    schema.prepare(app.engine)
    assert described(app.engine) == migrated
    app.close()


def test_a_database_of_the_first_release_is_brought_up_with_what_it_holds(settings):
    """Its rows stay, the new tables are there, and the next start finds nothing to do."""
    settings.data.mkdir()
    app = make_app(settings)
    with app.engine.begin() as connection:
        schema.migrate(connection, "0001")
        connection.execute(text("INSERT INTO limits VALUES ('guest:here', '2026-11-20 12:00:00', 3)"))
    schema.prepare(app.engine)
    with app.engine.connect() as connection:
        assert schema.schema_of(connection) == schema.HEAD
        assert connection.scalar(text("SELECT count FROM limits")) == 3
        assert connection.scalar(text("SELECT count(*) FROM answered_reasons")) == 0
        assert connection.scalar(text("SELECT count(*) FROM shown")) == 0
    app.close()


def test_preparing_twice_is_preparing_once(empty_app):
    """It happens at every start."""
    before = described(empty_app.engine)
    schema.prepare(empty_app.engine)
    assert described(empty_app.engine) == before


def test_a_newer_schema_is_refused_and_nothing_is_changed(empty_app):
    """With what to do, in one sentence."""
    with empty_app.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = described(empty_app.engine)
    with pytest.raises(CannotStart, match="newer MovieFinder"):
        schema.prepare(empty_app.engine)
    assert described(empty_app.engine) == before


def test_another_programs_database_is_refused(settings):
    """Tables of the same name, but no version of ours."""
    settings.data.mkdir()
    app = make_app(settings)
    with app.engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (name VARCHAR(20))"))
    with pytest.raises(CannotStart, match="not MovieFinder's"):
        schema.prepare(app.engine)
    assert inspect(app.engine).get_table_names() == ["users"]
    app.close()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """And stays as it is."""
    path = tmp_path / "moviefinder.db"
    path.write_bytes(b"My film diary, 1998 to 2004. " * 100)
    engine = make_engine(f"sqlite:///{path}")
    with pytest.raises(CannotStart, match="not a database"):
        schema.prepare(engine)
    assert path.read_bytes().startswith(b"My film diary")
    engine.dispose()


@pytest.mark.parametrize("url", ["nonsense", "mysql://u@h/d", "sqlite"])
def test_a_database_address_that_is_none_is_refused(url):
    """By the name of its setting."""
    with pytest.raises(CannotStart, match="Setting 'database'"):
        make_engine(url)


def test_an_acknowledged_write_is_on_disk(tmp_path):
    """WAL with full synchronisation, foreign keys on, in every connection."""
    engine = make_engine(f"sqlite:///{tmp_path / 'moviefinder.db'}")
    schema.prepare(engine)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 4000}
    engine.dispose()


def test_a_locked_database_is_busy_and_reads_go_on(tmp_path):
    """A write is refused within the six seconds that it may take, and nothing is lost when the lock goes."""
    path = tmp_path / "moviefinder.db"
    engine = make_engine(f"sqlite:///{path}")
    schema.prepare(engine)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with engine.execution_options(read_only=True).connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM films")) == 0
    with pytest.raises(Busy, match="locked") as refused, writing(engine):
        pass
    assert refused.value.retry_after_s
    other.execute("ROLLBACK")
    with writing(engine) as session:
        session.execute(text("DELETE FROM limits"))
    other.close()
    engine.dispose()
