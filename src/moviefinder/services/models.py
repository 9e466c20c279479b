"""Puts a learned model into use: its file is checked, copied into the data folder, and named in the database.

A model that was published goes before the one that ships, whatever their dates: somebody chose it. The one before it is
kept, in case its file is damaged or lost.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from moviefinder import array_file
from moviefinder.errors import CannotStart
from moviefinder.recommend import model_file
from moviefinder.store import insert_or
from moviefinder.store.models import Version
from moviefinder.store.shelves import MODEL, lay_over

_KEPT: Final = 2
_ADVISORY_LOCK: Final = 0x4D6F766D  # one process at a time publishes on a PostgreSQL database


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model that was put into use: its number on this install, its own version, how many of our films it knows."""

    number: int
    version: str
    films: int


def publish(session: Session, folder: Path, path: Path, *, now: datetime) -> Published:
    """Put a model file into use; every process takes it up at its next request after the commit.

    Args:
        session: the caller commits.
        folder: where published models are kept.
        path: the file; it may stand anywhere, and is not needed afterwards.
        now: when.

    Raises:
        Invalid: the file is no model, is damaged, or was made for other films; nothing was changed.
        CannotStart: the folder cannot be written.
    """
    model = model_file.load(path)
    known = int(lay_over(session, model).known.sum())
    name = f"{model_file.checksum_in(path)}.npz"
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer in any case
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    before = session.execute(select(Version.number, Version.data).where(Version.name == MODEL)).first()
    older = [file for file in before.data["files"] if file != name] if before else []
    files = [name, *older][:_KEPT]
    try:
        array_file.replace(folder / name, [path.read_bytes()])
        for file in folder.glob("*.npz"):
            if file.name not in {
                *files,
                *older,
            }:  # those of the row as it stands until the commit stay as well
                file.unlink(missing_ok=True)
    except OSError as error:
        raise CannotStart(
            f"Cannot keep the model in {folder}: {(error.strerror or str(error)).lower()}."
        ) from error
    data = {
        "files": files,
        "version": model.meta["version"],
        "published_at": now.isoformat(),
        "installation": secrets.token_hex(8),  # another database may have the same number for another model
    }
    statement = insert_or(session, Version).values(name=MODEL, number=1, data=data)
    number = session.scalar(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"number": Version.number + 1, "data": statement.excluded.data}
        ).returning(Version.number)
    )
    return Published(number=number or 1, version=model.meta["version"], films=known)
