"""A shelf: one derived thing that a process keeps in memory, and makes anew when what it is made of has moved on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Generic, TypeVar

import structlog
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from moviefinder.errors import Invalid
from moviefinder.store import reading
from moviefinder.store.models import Film, Version

CATALOGUE, MODEL, CHANGES = "catalogue", "model", "films"
"""Names in the table `versions`: each has a number that rises when what it names has moved on."""

LOOK_EVERY_S: Final = 1.0
"""So often at least a process takes up changed films, when they are asked for; a change counts within two seconds."""

_SOONEST_S: Final = 0.2
_COSTS: Final = 20  # times what taking changes up took last: a twentieth of one processor at most

log = structlog.get_logger(__name__)

T = TypeVar("T")
Row = TypeVar("Row")


class Shelf(Generic[T]):
    """One derived thing, loaded when first asked for and again when what it is made of has moved on.

    Args:
        versions: the names in `versions` that it follows.
        load: makes it out of the database; is told which versions.
    """

    def __init__(self, versions: Sequence[str], load: Callable[[Session, Sequence[str]], T]) -> None:
        self._versions = versions
        self._load = load
        self._lock = threading.Lock()
        self._held: tuple[Sequence[str], T] | None = None

    def newest(self, session: Session) -> T:
        """What belongs to the versions that the session sees."""
        found = versions_of(session, self._versions)
        return self.of(session, [found[name] for name in self._versions])

    def of(self, session: Session, versions: Sequence[str]) -> T:
        """What belongs to these versions."""
        if (held := self._held) is None or held[0] != versions:
            with self._lock:  # one thread loads, the others wait for it
                if (held := self._held) is None or held[0] != versions:
                    self._held = held = versions, self._load(session, versions)
        return held[1]


class _Laid(Generic[T, Row]):
    """What is laid over one base: `rows` by film as of the change `number`, what it makes, and when it was made."""

    def __init__(self, base: T, number: int, rows: Mapping[int, Row], made: T, begun: float) -> None:
        self.base, self.number, self.rows, self.made = base, number, rows, made
        self._at = time.monotonic()
        self._took = self._at - begun

    def is_due(self, look_every_s: float) -> bool:
        """Whether it is time to look again."""
        pause = min(look_every_s, max(_SOONEST_S, _COSTS * self._took))
        return time.monotonic() - self._at >= pause


class LiveShelf(Generic[T, Row]):
    """A derived thing of the catalogue's films, and over it what changed since.

    Only what changed is read. A reader that finds a change has a thread make the new thing, and gets the one before, as
    do those who come meanwhile or too soon after: nobody waits but for the very first. Too soon is a fifth of a second,
    or longer where it costs much.

    Args:
        base: of the catalogue's films.
        read: gives the rows of the films that changed after the number it is told; a film that was there before and
            is not among them has not changed.
        lay: makes the thing out of its base, all rows, and the one before, if there is one over the same base.
        look_every_s: after so long it is never too soon; with 0 a reader makes the new thing itself, and gets it.
    """

    def __init__(
        self,
        base: Shelf[T],
        read: Callable[[Session, int], Mapping[int, Row]],
        lay: Callable[[T, Mapping[int, Row], T | None], T],
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self.base, self._read, self._lay, self._look_every_s = base, read, lay, look_every_s
        self._lock = threading.Lock()
        self._laid: _Laid[T, Row] | None = None

    def newest(self, session: Session, *, whole: bool = False) -> T:
        """What belongs to the catalogue that the session sees, with changes that are a second old at most.

        Args:
            session: whose snapshot counts.
            whole: with every change that it sees; that may take a moment.
        """
        found = versions_of(session, (CATALOGUE, CHANGES))
        base = self.base.of(session, [found[CATALOGUE]])
        number = _number(found)
        laid = self._laid
        if laid is None or laid.base is not base:
            with self._lock:
                laid = self._laid
                if laid is None or laid.base is not base:
                    laid = self._laid = self._renewed(session, base, number, None)
        elif laid.number < number and whole:
            with self._lock:
                laid = self._laid or laid  # which somebody else may have made newer meanwhile
                if laid.number < number:
                    laid = self._replace(session, laid, number)
        elif laid.number < number and laid.is_due(self._look_every_s) and self._lock.acquire(blocking=False):
            if self._look_every_s:
                threading.Thread(target=self._renew, args=(session.get_bind(), laid), name="shelf").start()
            else:
                try:
                    laid = self._replace(session, laid, number)
                finally:
                    self._lock.release()
        session.info[self] = laid.number < number
        return laid.made

    def is_behind(self, session: Session) -> bool:
        """Whether there are changes that the session sees and what was given it last does not hold."""
        return bool(session.info.get(self, False))

    def settle(self) -> None:
        """Wait until nobody takes changes up any more: before the database is closed."""
        with self._lock:
            pass

    def _renew(self, engine: Engine, laid: _Laid[T, Row]) -> None:
        """Take the changes up behind the scenes; where the database cannot be read, a later reader has it done."""
        try:
            with reading(engine) as session:
                self._replace(session, laid, _number(versions_of(session, (CHANGES,))))
        except DBAPIError:
            log.warning("changes.not_taken_up", exc_info=True)
        finally:
            self._lock.release()

    def _replace(self, session: Session, laid: _Laid[T, Row], number: int) -> _Laid[T, Row]:
        """Make the new thing, under the lock that the caller holds."""
        if self._laid is laid:  # nobody has made a newer one between the look and the lock
            laid = self._laid = self._renewed(session, laid.base, number, laid)
        return laid

    def _renewed(self, session: Session, base: T, number: int, before: _Laid[T, Row] | None) -> _Laid[T, Row]:
        begun = time.monotonic()
        if number == 0:
            return _Laid(base, number, {}, base, begun)
        if before is not None and before.base is base:
            rows = {**before.rows, **self._read(session, before.number)}
            if len(rows) == session.scalar(_CHANGED):
                return _Laid(base, number, rows, self._lay(base, rows, before.made), begun)
        rows = dict(self._read(session, 0))  # the first look, or a film is gone
        return _Laid(base, number, rows, self._lay(base, rows, None), begun)


def _number(found: Mapping[str, str]) -> int:
    """The number of the latest change among versions."""
    return int(found[CHANGES].partition("-")[0])


_CHANGED: Final = select(func.count()).select_from(Film).where(Film.changed > 0)


def versions_of(session: Session, names: Sequence[str]) -> dict[str, str]:
    """What is installed under each name, told apart from what any other database has; "0" when nothing is."""
    rows = session.execute(select(Version.name, Version.number, Version.data).where(Version.name.in_(names)))
    found = {row.name: f"{row.number}-{row.data.get('installation', '')}" for row in rows}
    return {name: found.get(name, "0") for name in names}


class Derived(Generic[T]):
    """Loads something derived from its file in a folder, and makes the file when it is missing, damaged or older.

    The file is mapped into memory, so that processes share its pages.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        *,
        make: Callable[[Session], T],
        save: Callable[[T, Path], None],
        load: Callable[[Path], T],
    ) -> None:
        self._folder, self._stem, self._make, self._save, self._load = folder, stem, make, save, load

    def __call__(self, session: Session, versions: Sequence[str]) -> T:
        """Load the file of these versions, or make it."""
        path = self._folder / f"{'-'.join([self._stem, *versions])}.arrays"
        try:
            return self._load(path)
        except (OSError, Invalid):  # missing, not ours to read, or damaged
            made = self._make(session)
        try:
            self._save(made, path)
            for old in self._folder.glob(f"{self._stem}-*.arrays"):
                if old != path:
                    old.unlink(missing_ok=True)
            return self._load(path)
        except OSError:  # a full or read-only disk is no reason not to answer
            return made
