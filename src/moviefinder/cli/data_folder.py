"""The data folder of an install: made, begun from a shipped one, brought up to date."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moviefinder.config import Settings
from moviefinder.errors import CannotStart

if TYPE_CHECKING:
    from moviefinder.app import App
    from moviefinder.services.catalogue import Installed

FIRST: Final = Path(__file__).resolve().parent.parent / "shipped" / "first"
"""A data folder as `moviefinder db upgrade` makes it, without users; ships in the package."""

_SERVED: Final = "served.json"


def make(folder: Path) -> None:
    """Make the folder if it is missing, for the owner alone, and see that it can be written.

    Raises:
        CannotStart: it cannot; nothing was changed.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotStart(
            f"Cannot write to the data folder {folder}: {reason}. Name another with --data, or mend its permissions."
        ) from error


def note_served(settings: Settings) -> None:
    """Note where the folder is served, for commands that print links: the port may stand in no setting."""
    part = settings.data / f"{_SERVED}.part"
    part.write_text(json.dumps({"host": settings.host, "port": settings.port}), encoding="utf-8")
    part.replace(settings.data / _SERVED)


def as_served(settings: Settings) -> Settings:
    """The settings with the host and port at which the folder was served last; a base address says more."""
    try:
        noted = json.loads((settings.data / _SERVED).read_text(encoding="utf-8"))
        served = {"host": str(noted["host"]), "port": int(noted["port"])}
    except (OSError, ValueError, TypeError, KeyError):  # never served, or not written by us
        return settings
    return settings if settings.base_url else settings.model_copy(update=served)


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Hold the lock under which a data folder is prepared; one process at a time on this machine."""
    try:
        lock = (settings.data / "prepare.lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"Cannot write {settings.data / 'prepare.lock'}: {(error.strerror or str(error)).lower()}. "
            "Remove it, or mend its permissions."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(settings: Settings) -> tuple[App, Installed | None]:
    """Bring schema, catalogue and derived files up to date; returns the App, and what was installed if anything was.

    Raises:
        CannotStart: the database cannot be used, or cannot take the catalogue.
        Invalid: the shipped catalogue is damaged.
    """
    from moviefinder.app import make_app
    from moviefinder.services import catalogue
    from moviefinder.store.schema import prepare as prepare_schema

    with locked(settings):
        _begin_from_shipped(settings)
        app = make_app(settings)
        prepare_schema(app.engine)
        installed = catalogue.install_if_newer(app.engine, now=datetime.now(UTC))
        with app.reading() as session:
            app.films.newest(session)
            app.models.newest(session)
            app.titles.newest(session)
    return app, installed


def _begin_from_shipped(settings: Settings) -> None:
    """Copy the shipped data folder where there is no database yet: a first start then takes no longer than others.

    Where none ships, or an older one does, what is missing is made by the steps that follow.
    """
    database = settings.sqlite_path
    shipped = FIRST / "moviefinder.db"
    if database is None or database.exists():
        return
    left = database.with_name(f"{database.name}-wal")
    if left.exists():  # SQLite would play it into the new file
        raise CannotStart(
            f"{database} is gone, but {left.name} beside it holds what was said last. Put the database back, or remove "
            "that file as well to begin anew."
        )
    if not shipped.is_file():
        return
    try:
        for path in (FIRST / "titles").glob("*.arrays"):
            (settings.data / "titles").mkdir(exist_ok=True)
            shutil.copyfile(path, settings.data / "titles" / path.name)
        part = database.with_name(f"{database.name}.part")
        shutil.copyfile(shipped, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(database)  # whole or not at all
    except OSError as error:
        raise CannotStart(f"Cannot write {database}: {(error.strerror or str(error)).lower()}.") from error
