"""Which sources there are, ours and those of other packages, and which of them are on."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

from moviefinder.config import Settings
from moviefinder.errors import Invalid, MovieFinderError, SourceNonsense
from moviefinder.log import get_logger
from moviefinder.records import NAMESPACES, FilmRecord, Ref
from moviefinder.sources import Capability, FilmSource, OutsideHost

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient

__all__ = ["GROUP", "DecidedBy", "FilmSources", "Switch", "decide"]

log = get_logger(__name__)

GROUP: Final = "moviefinder.sources"
"""Entry points of other packages: the source's name = what makes it of a `PoliteClient` and `Settings`."""

OWN: Final = {
    "tmdb": "moviefinder.sources.tmdb:TmdbSource",
    "imdb-graphql": "moviefinder.sources.imdb_graphql:ImdbGraphqlSource",
    "wikidata": "moviefinder.sources.wikidata:WikidataSource",
    "imdb": "moviefinder.sources.imdb:ImdbSource",
    "wikipedia": "moviefinder.sources.wikipedia:WikipediaSource",
}
"""Ours that call somebody, in order of trust."""

BY_SETTINGS_ONLY: Final = frozenset({"imdb-graphql"})
"""Sources whose terms the operator must have weighed: no key and no tap on the page switches them on."""

_TAKEN: Final = frozenset({"catalogue", "mail", "placed", "youtube"})
"""Names that stand for something else beside those of sources: in facts, in lists, on the page."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")


class DecidedBy(StrEnum):
    """What decided whether a source is on."""

    OFFLINE = "offline"
    SETTINGS = "settings"
    PAGE = "page"
    KEY = "key"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Switch:
    """Whether a source may be asked, and what decided that."""

    is_on: bool
    decided_by: DecidedBy


def decide(settings: Settings, name: str, switched: bool | None) -> Switch:
    """Whether a source is on: `offline` wins over its settings, these over the page, the page over a key.

    Args:
        settings: of the operator.
        name: of the source.
        switched: what the page said; None where nobody said anything.
    """
    own = settings.source(name)
    if settings.offline:
        return Switch(False, DecidedBy.OFFLINE)
    if name in BY_SETTINGS_ONLY:
        return Switch(own.on is True and bool(own.client), DecidedBy.SETTINGS)
    if own.on is not None:
        return Switch(own.on, DecidedBy.SETTINGS)
    if switched is not None:
        return Switch(switched, DecidedBy.PAGE)
    if own.key.get_secret_value():
        return Switch(True, DecidedBy.KEY)
    return Switch(False, DecidedBy.NOBODY)


class FilmSources(Mapping[str, FilmSource]):
    """Every source by name, in order of trust; made when the first is asked for, so that a start costs nothing."""

    def __init__(
        self, settings: Settings, client: Callable[[], PoliteClient], *, embedded: FilmSource
    ) -> None:
        self._settings, self._client, self._embedded = settings, client, embedded
        self._made: dict[str, FilmSource] | None = None
        self._asking: PoliteClient | None = None
        self._making = threading.Lock()

    def __getitem__(self, name: str) -> FilmSource:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, FilmSource]:
        with self._making:
            if self._made is None:
                self._made = self._make()
            return self._made

    def close(self) -> None:
        """Close what is open to other machines."""
        if self._asking is not None:
            self._asking.close()

    def _make(self) -> dict[str, FilmSource]:
        client = self._asking = self._client()
        made = {self._embedded.name: self._embedded}
        for name, path in OWN.items():
            module, _, maker = path.partition(":")
            made[name] = getattr(importlib.import_module(module), maker)(client, self._settings)
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
            if point.name in made or point.name in _TAKEN:
                log.warning("source.broken", source=point.name[:40], reason="another source has this name")
            elif source := _of_another_package(point, client, self._settings):
                made[point.name] = source
        return made


def _of_another_package(point: EntryPoint, client: PoliteClient, settings: Settings) -> FilmSource | None:
    """The source behind an entry point; None, and a line in the log, where it is broken."""
    try:
        source = point.load()(client, settings)
        _check(source, point.name)
    except Exception as error:  # noqa: BLE001  # whatever another package raises must not keep us from starting
        reason = f"{type(error).__name__}: {error}"[:200]
        log.warning("source.broken", source=point.name[:40], package=_package(point), reason=reason)
        return None
    return CheckedSource(source)


def _package(point: EntryPoint) -> str | None:
    return point.dist.name if point.dist else None


def _check(source: Any, name: str) -> None:
    """That an object has what `FilmSource` wants.

    Raises:
        Invalid: it has not; the message names what.
    """
    fits: dict[str, Callable[[Any], bool]] = {
        "name": lambda value: value == name and bool(_NAME.fullmatch(name)),
        "title": lambda value: isinstance(value, str) and 0 < len(value) <= 80,
        "can": lambda value: isinstance(value, frozenset) and value <= set(Capability),
        "takes": lambda value: isinstance(value, tuple) and set(value) <= NAMESPACES.keys(),
        "hosts": lambda value: (
            isinstance(value, tuple) and all(isinstance(host, OutsideHost) for host in value)
        ),
        "keeps": lambda value: value is None or (isinstance(value, timedelta) and value > timedelta(0)),
        "needs": lambda value: value in (None, "key", "client"),
        "credit": lambda value: isinstance(value, str) and len(value) <= 500,
    } | dict.fromkeys(("search", "film", "similar", "poster"), callable)
    for attribute, fitting in fits.items():
        if not fitting(getattr(source, attribute, NotImplemented)):
            raise Invalid(f"Its '{attribute}' is not what a film source has.", field=attribute)


class CheckedSource:
    """A source of another package, each of whose records is read again as strictly as outside answers are.

    What it raises that is no error of ours is SourceNonsense: no page and no job breaks over another package.
    """

    def __init__(self, source: FilmSource) -> None:
        self._source = source
        self.name, self.title, self.can, self.takes = source.name, source.title, source.can, source.takes
        self.hosts, self.keeps, self.needs, self.credit = (
            source.hosts,
            source.keeps,
            source.needs,
            source.credit,
        )

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Films by title; those that cannot be read are left out."""
        with self._blamed():
            return self._readable(self._source.search(title, year=year, limit=limit))[:limit]

    def film(self, ref: Ref) -> FilmRecord:
        """All that is known of one film. Raises SourceNonsense where it cannot be read."""
        from moviefinder.sources.answers import checked

        with self._blamed():
            return checked(self._source.film(ref), self.name)

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """Films the source deems alike; those that cannot be read are left out."""
        with self._blamed():
            return self._readable(self._source.similar(ref, limit=limit))[:limit]

    def poster(self, pointer: str) -> bytes:
        """The image, which is checked where images are read."""
        with self._blamed():
            return bytes(memoryview(self._source.poster(pointer)))

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        try:
            yield
        except MovieFinderError:
            raise
        except Exception as error:
            what = type(error).__name__
            log.warning("source.broken", source=self.name, reason=what)
            raise SourceNonsense(f"{self.title} broke over a question ({what}).") from error

    def _readable(self, records: list[FilmRecord]) -> list[FilmRecord]:
        from moviefinder.sources.answers import checked

        read = []
        for record in records:
            try:
                read.append(checked(record, self.name))
            except SourceNonsense:
                continue
        return read
