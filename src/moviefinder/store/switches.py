"""What was switched on or off on the page: one row a source, for all processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.store import insert_or, models

__all__ = ["set_switch", "switches"]


def switches(session: Session) -> dict[str, bool]:
    """Every source that somebody has switched on or off."""
    rows = session.execute(select(models.SourceSwitch.source, models.SourceSwitch.is_on))
    return {row.source: row.is_on for row in rows}


def set_switch(session: Session, source: str, *, is_on: bool, by: int | None, now: datetime) -> None:
    """Switch a source on or off, by a user where one is known."""
    values = {"is_on": is_on, "switched_by": by, "switched_at": now}
    statement = insert_or(session, models.SourceSwitch).values(source=source, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))
