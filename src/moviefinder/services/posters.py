"""Posters: which films have one, fetched by the queue, kept in our own cache within a quota and their owners' terms.

Three widths of each in two formats (`images`), in the data folder, named by the SHA-256 of what the source sent. A row
says which film shows which files; it is written after them, so that a picture that is promised is there. A row without
files, and files without a row, are what a kill or an eviction leaves; `clean_up` takes both away. A row whose hash is
empty remembers that the source had no picture, or none that we take.

What a source is asked for is the pointer that it gave itself: nothing that a client sends becomes part of an address.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from moviefinder import array_file, confined
from moviefinder.app import App
from moviefinder.errors import Invalid, NotFound, SourceNonsense
from moviefinder.log import get_logger
from moviefinder.records import FoundFilm
from moviefinder.services import images
from moviefinder.sources import Capability
from moviefinder.sources.loading import decide
from moviefinder.store import insert_or, jobs
from moviefinder.store.jobs import Claim
from moviefinder.store.models import Film, Job, Poster
from moviefinder.store.switches import switches

log = get_logger(__name__)

AGAIN: Final = timedelta(days=30)
"""A poster that is not there, or that we do not take, is not asked for again for so long."""

FAILED_AGAIN: Final = timedelta(days=1)
"""The same after a job that failed: its source was silent, or refused us, eight times over."""

USED_EVERY: Final = timedelta(days=1)
"""How exactly it is known when a poster was last wanted, so that looking at posters seldom writes."""

TERMS_EARLY: Final = timedelta(days=1)
"""A poster goes so long before its source's terms end, for the cleaning comes round every six hours."""

GRACE_S: Final = 3600.0
"""A file without a row is left so long: a job that is running may be about to write the row."""

CHILDREN: Final = 3
"""A picture of which so many children died is not taken; one alone may have died of a machine that was busy."""

_ROOM: Final = 0.95
"""Making room leaves this share of the quota in use, so that not every poster has to make some."""

_PRIORITY: Final = 8
_ENCODING: Final = threading.Semaphore(
    1
)  # one child a process: several would leave no processor for the pages


def path_of(data: Path, digest: str, file_name: str) -> Path:
    """Where a file of a poster lies in a data folder; its name is one of `images.FILE_NAMES`."""
    return data / "posters" / digest[:2] / f"{digest}-{file_name}"


# Which films have one


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The posters that are there, by film, and how many more are on their way."""

    ready: Mapping[int, str]
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pointed:
    """Where a film's poster is to be had, and what we have of it."""

    source: str | None
    pointer: str | None
    row: Poster | None

    def is_had(self, data: Path) -> bool:
        """Whether its files are there; the first is looked for, the cleaning looks for all."""
        name = next(iter(images.FILE_NAMES))
        return self.row is not None and bool(self.row.hash) and path_of(data, self.row.hash, name).is_file()

    @property
    def is_changed(self) -> bool:
        return self.row is None or (self.row.source, self.row.pointer) != (self.source, self.pointer)

    def is_due(self, data: Path, givers: Collection[str], *, now: datetime) -> bool:
        """Whether it should be fetched."""
        if self.pointer is None or self.source not in givers:
            return False
        if self.row is None or self.is_changed:
            return True
        return not self.is_had(data) if self.row.hash else self.row.fetched_at < now - AGAIN


def wanted(app: App, film_ids: Collection[int], *, now: datetime) -> Wanted:
    """Ask for the posters of films that somebody looks at: those that are missing are fetched, the others kept longer.

    Raises:
        Busy: something is to be written, and the database takes no write now.
    """
    data = app.settings.data
    with app.reading() as session:
        pointed = _pointed(session, film_ids)
        givers = _givers(app, session, [poster.source for poster in pointed.values()])
        due = {id_ for id_, poster in pointed.items() if poster.is_due(data, givers, now=now)}
        asked = _asked(session, due, now=now) if due else {}
    ready = {id_: poster.row.hash for id_, poster in pointed.items() if poster.row and poster.is_had(data)}
    missing = sorted(due - asked.keys())
    seldom = [id_ for id_ in ready if (row := pointed[id_].row) and row.used_at < now - USED_EVERY]
    if missing or seldom:
        with app.transaction() as session:
            for film_id in missing:
                jobs.enqueue(
                    session, "fetch_poster", str(film_id), now=now, priority=_PRIORITY, film_id=film_id
                )
            session.execute(update(Poster).where(Poster.film_id.in_(seldom)).values(used_at=now))
    return Wanted(ready=ready, pending=len(missing) + sum(state != "failed" for state in asked.values()))


def with_posters(app: App, session: Session, films: Mapping[int, FoundFilm]) -> dict[int, FoundFilm]:
    """The films with what is known of their posters: two queries, however many films."""
    rows = {row.film_id: row for row in session.connection().execute(_OF_FILMS, {"ids": list(films)})}
    givers = _givers(app, session, [film.record.sources.get("poster") for film in films.values()])
    found: dict[int, FoundFilm] = {}
    for film_id, film in films.items():
        row, source = rows.get(film_id), film.record.sources.get("poster")
        is_none = row is not None and (row.source, row.pointer, row.hash) == (source, film.record.poster, "")
        can_have = film.record.poster is not None and source in givers and not is_none
        digest = (row.hash or None) if row else None
        found[film_id] = replace(film, poster=digest, has_poster=digest is not None or can_have)
    return found


_OF_FILMS: Final = select(Poster.film_id, Poster.source, Poster.pointer, Poster.hash).where(
    Poster.film_id.in_(bindparam("ids", expanding=True))
)


def _givers(app: App, session: Session, names: Iterable[str | None]) -> set[str]:
    """Those of the sources that are on and have posters; one query, and none where nobody may be asked."""
    named = {name for name in names if name}
    if app.settings.offline or not named:
        return set()
    said = switches(session)
    return {
        name
        for name in named
        if decide(app.settings, name, said.get(name)).is_on
        and name in app.sources  # which makes them all, so it is asked last
        and Capability.POSTER in app.sources[name].can
    }


def _pointed(session: Session, film_ids: Collection[int]) -> dict[int, _Pointed]:
    found = session.execute(
        select(Film.id, Film.poster, Film.sources["poster"].as_string(), Poster)
        .outerjoin(Poster, Poster.film_id == Film.id)
        .where(Film.id.in_(film_ids))
    )
    return {
        film_id: _Pointed(source=source, pointer=pointer, row=row) for film_id, pointer, source, row in found
    }


def _asked(session: Session, film_ids: Collection[int], *, now: datetime) -> dict[int, str]:
    """The films whose poster is being fetched, or could not be lately, with the state of that job."""
    found = session.execute(
        select(Job.film_id, Job.state).where(
            Job.state.in_(["queued", "running", "failed"]),
            Job.kind == "fetch_poster",
            Job.film_id.in_(film_ids),
            func.coalesce(Job.finished_at, now) > now - FAILED_AGAIN,
        )
    )
    return {film_id: state for film_id, state in found if film_id is not None}


# Fetching


def fetch_poster(app: App, claim: Claim) -> Callable[[Session, datetime], None]:
    """Fetch, check and keep the poster of the film that a job names; returns what writes its row.

    Raises:
        SourceError: the source does not give it now.
    """
    assert claim.film_id is not None
    film_id, now, data = claim.film_id, datetime.now(UTC), app.settings.data
    with app.reading() as session:
        poster = _pointed(session, [film_id]).get(film_id)
        givers = _givers(app, session, [poster.source] if poster else [])
    if poster is None or not poster.is_due(data, givers, now=now):
        return _write_nothing
    assert poster.source is not None
    assert poster.pointer is not None
    values: dict[str, Any] = {"film_id": film_id, "source": poster.source, "pointer": poster.pointer}
    try:
        picture = app.sources[poster.source].poster(poster.pointer)
        files = _encoded(picture)
    except (NotFound, SourceNonsense, Invalid, confined.Failed) as error:
        if isinstance(error, confined.Failed) and claim.attempts < CHILDREN:
            raise
        reason = error.title if isinstance(error, NotFound) else str(error)  # its message names the film
        log.info("poster.refused", source=poster.source, reason=reason)
        if poster.is_had(data):  # what cannot be used takes nothing away
            return partial(_point_at, values)
        return partial(_keep, app, {**values, "hash": "", "bytes": 0, "fetched_at": now})
    digest, size = sha256(picture).hexdigest(), sum(len(file) for file in files.values())
    make_room(app, size)
    for name, content in files.items():
        path = path_of(data, digest, name)
        array_file.replace(path, [content])
        path.chmod(0o644)  # for a web server in front; the data folder decides who comes so far
    return partial(_keep, app, {**values, "hash": digest, "bytes": size, "fetched_at": now})


def _encoded(picture: bytes) -> dict[str, bytes]:
    """The files of a picture.

    Raises:
        Invalid: it is none that we take.
        confined.Failed: the child died of it, or was too slow.
    """
    with _ENCODING:
        files = confined.run(images.files_or_reason, picture, memory_mb=512, seconds=10)
    if isinstance(files, str):
        raise Invalid(files)
    if not isinstance(files, dict) or files.keys() != images.FILE_NAMES:
        raise Invalid("It gave other files than it was asked for.")
    return {name: bytes(content) for name, content in files.items()}


def _write_nothing(_session: Session, _now: datetime) -> None:
    """The poster is there by now, or nobody may be asked any more."""


def _point_at(values: Mapping[str, Any], session: Session, _now: datetime) -> None:
    """Remember which pointer was tried last; the film keeps the files that it has."""
    session.execute(update(Poster).where(Poster.film_id == values["film_id"]).values(**values))


def _keep(app: App, values: Mapping[str, Any], session: Session, now: datetime) -> None:
    """Write a film's row, unless its source was switched off meanwhile; it keeps the time when it was last wanted."""
    if not _givers(app, session, [values["source"]]):  # who switched it off may have had it forgotten
        return
    statement = insert_or(session, Poster).values(**values, used_at=now)
    told = {name: statement.excluded[name] for name in values}
    session.execute(statement.on_conflict_do_update(index_elements=["film_id"], set_=told))


# Keeping within bounds


def make_room(app: App, size: int = 0) -> int:
    """Let the posters go that were not wanted for longest, where the quota would be passed by so many bytes more.

    Returns:
        How many films lost theirs.
    """
    quota = app.settings.posters_mb * 1_000_000
    with app.reading() as session:
        held = session.scalar(select(func.coalesce(func.sum(Poster.bytes), 0))) or 0
    if held + size <= quota:
        return 0
    with app.transaction() as session:
        rows = session.execute(
            select(Poster.film_id, Poster.bytes).where(Poster.bytes > 0).order_by(Poster.used_at)
        )
        gone: list[int] = []
        for film_id, bytes_ in rows:
            if held + size <= quota * _ROOM:
                break
            gone.append(film_id)
            held -= bytes_
        digests = _forget(session, gone)
    _remove(app.settings.data, digests)
    log.info("posters.made_room", films=len(gone))
    return len(gone)


def clean_up(app: App, *, now: datetime) -> None:
    """Let go what the terms, the quota or a kill have made void: rows first, then files."""
    make_room(app)
    data = app.settings.data
    with app.reading() as session:
        rows = session.execute(select(Poster.film_id, Poster.source, Poster.hash, Poster.fetched_at)).all()
    terms = {name: app.sources[name].keeps for name in {row.source for row in rows} if name in app.sources}
    there = {path.name: path for path in (data / "posters").glob("*/*")}  # after the rows: files come first
    over = {
        row.film_id
        for row in rows
        if (not row.hash and row.fetched_at < now - AGAIN)
        or ((keeps := terms.get(row.source, AGAIN)) and row.fetched_at < now - keeps + TERMS_EARLY)
        or (row.hash and not all(f"{row.hash}-{name}" in there for name in images.FILE_NAMES))
    }
    if over:
        with app.transaction() as session:
            digests = _forget(session, sorted(over))
        _remove(data, digests)
    known = {f"{row.hash}-{name}" for row in rows if row.film_id not in over for name in images.FILE_NAMES}
    stray = [path for name, path in there.items() if name not in known and _is_old(path)]
    for path in stray:
        path.unlink(missing_ok=True)
    log.info("posters.cleaned_up", films=len(over), files=len(stray))


def forget_source(session: Session, source: str) -> None:
    """Forget the posters of a source; the next cleaning takes the files away."""
    session.execute(delete(Poster).where(Poster.source == source))


def _forget(session: Session, film_ids: Sequence[int]) -> set[str]:
    """Delete rows; returns the hashes whose files nobody shows any more."""
    digests: set[str] = set()
    for start in range(0, len(film_ids), 500):  # SQLite counts the values of a statement
        some = film_ids[start : start + 500]
        digests |= set(session.scalars(delete(Poster).where(Poster.film_id.in_(some)).returning(Poster.hash)))
    shown = set(session.scalars(select(Poster.hash).where(Poster.hash != ""))) if digests else set()
    return digests - shown - {""}


def _remove(data: Path, digests: Collection[str]) -> None:
    for digest in digests:
        for name in images.FILE_NAMES:
            path_of(data, digest, name).unlink(missing_ok=True)


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - GRACE_S
    except FileNotFoundError:
        return False
