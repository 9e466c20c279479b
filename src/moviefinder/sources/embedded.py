"""The catalogue file that ships with MovieFinder, as a source of film facts. Needs no network and never fails."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from pathlib import Path

from moviefinder.catalogue import Catalogue, open_catalogue
from moviefinder.errors import FilmNotFound
from moviefinder.records import FilmRecord, Ref
from moviefinder.sources import Capability, OutsideHost
from moviefinder.titles.fold import fold


class EmbeddedSource:
    """Films of a catalogue file; read when first asked."""

    name = "embedded"
    title = "The catalogue that ships with MovieFinder"
    can = frozenset({Capability.SEARCH, Capability.FILM, Capability.SIMILAR, Capability.ALL})
    takes: tuple[str, ...] = ("imdb", "tmdb", "tmdb-tv", "mf")
    hosts: tuple[OutsideHost, ...] = ()
    keeps: timedelta | None = None
    needs: str | None = None
    credit = ""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @cached_property
    def catalogue(self) -> Catalogue:
        """The opened file."""
        return open_catalogue(self._path)

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Films with exactly this title but for case, accents and punctuation, best known first."""
        wanted = fold(title)
        titles, films = self.catalogue.titles, self.catalogue.films
        found = dict.fromkeys(
            int(position)
            for position, folded in zip(titles.film, titles.folded, strict=True)
            if folded == wanted and (year is None or films.year[position] == year)
        )
        return [self.catalogue.record(position) for position in list(found)[:limit]]

    def film(self, ref: Ref) -> FilmRecord:
        """All that the catalogue knows of one film.

        Raises:
            FilmNotFound: the reference is not in it.
        """
        return self.catalogue.record(self._position(ref))

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """The neighbours that the catalogue lists, most alike first.

        Raises:
            FilmNotFound: the reference is not in it.
        """
        neighbours = self.catalogue.similar_to(self._position(ref))[:limit]
        return [self.catalogue.record(position) for position, _ in neighbours]

    def poster(self, pointer: str) -> bytes:
        """The catalogue holds no images.

        Raises:
            FilmNotFound: always.
        """
        raise FilmNotFound(pointer)

    def _position(self, ref: Ref) -> int:
        position = self.catalogue.find(ref)
        if position is None:
            raise FilmNotFound(ref)
        return position
