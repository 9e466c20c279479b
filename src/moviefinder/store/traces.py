"""What is left of deleted rows in the files of a database."""

from __future__ import annotations

from contextlib import closing

from sqlalchemy import Engine


def forget_traces(engine: Engine) -> bool:
    """Have nothing of deleted rows left in the database's files; returns whether that is so.

    On SQLite deleted rows are overwritten in their place (`secure_delete`), but the log beside the database holds what
    pages were before until it is emptied, which waits for whoever reads. PostgreSQL's own vacuum does the same there,
    in its own time.
    """
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=2000")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        told = cursor.fetchone()  # whether somebody kept it from it, and pages that we need not know of
        cursor.close()
    return told is not None and not told[0]
