"""IMDb's suggestions, the service behind its search box, and the posters that they name. Needs no key.

It tells title, year, kind, two stars and a poster. Its pages are never fetched: they stand behind a challenge. The
service is undocumented; what is read here was seen in recorded answers.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from pydantic import Field

from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, NotFound
from moviefinder.records import Credit, FilmRecord, Kind, Ref, Role
from moviefinder.sources import Capability, OutsideHost, imdb_words
from moviefinder.sources.addresses import name_of
from moviefinder.sources.answers import Answer, ImdbId, Line, Many, Name, Year, film_record
from moviefinder.sources.imdb_words import IMAGES, IMAGES_HOST, KINDS, PosterName

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient

HOST: Final = "v3.sg.media-imdb.com"
KEEPS: Final = timedelta(days=30)
"""Our own figure: no terms name one. What is not licensed to be kept is kept no longer than it takes to ask again."""

EVERY_S: Final = 0.5  # no limit is published; twice a second is slower than somebody who types
FRESH: Final = timedelta(minutes=5)  # recorded answers had been kept by IMDb's own cache for up to 287 s
STARS: Final = 4

_YEARS: Final = re.compile(r"[0-9]{4}-(?P<end>[0-9]{4})")


class _Image(Answer):
    name: Annotated[PosterName, Field(alias="imageUrl")]


class _Row(Answer):
    """A suggestion; the names of its fields are IMDb's."""

    id: ImdbId
    title: Annotated[Line, Field(alias="l")]
    kind: Annotated[Name, Field(alias="qid")]
    year: Annotated[Year | None, Field(alias="y")] = None
    years: Annotated[Name | None, Field(alias="yr")] = None
    stars: Annotated[Line | None, Field(alias="s")] = None
    image: Annotated[_Image | None, Field(alias="i")] = None


class _Suggestions(Answer):
    rows: Annotated[Many[_Row], Field(alias="d")]


class ImdbSource:
    """Films as IMDb suggests them."""

    name = "imdb"
    title = "IMDb suggestions"
    can = frozenset({Capability.SEARCH, Capability.FILM, Capability.POSTER})
    takes: tuple[str, ...] = ("imdb",)
    keeps: timedelta | None = KEEPS
    needs: str | None = None
    credit = "Information courtesy of IMDb (https://www.imdb.com)."

    def __init__(self, client: PoliteClient, settings: Settings) -> None:
        own = settings.source(self.name)
        self._suggestions, self._images = own.address or f"https://{HOST}", own.images or IMAGES
        self.hosts: tuple[OutsideHost, ...] = (
            OutsideHost(
                host=name_of(own.address or f"https://{HOST}"),
                purpose="Finds titles, years and stars.",
                sends="Titles that are looked up, and IMDb's numbers of films.",
            ),
            OutsideHost(
                host=name_of(own.images or f"https://{IMAGES_HOST}"),
                purpose="Posters of films.",
                sends="The name of an image file.",
            ),
        )
        self._outlet = client.outlet(self.name, hosts=self.hosts, every_s=EVERY_S)

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """What IMDb suggests for a title, eight at most; with a year, films of that year."""
        wanted = " ".join(title.replace("/", " ").lower().split())[:100]
        if not wanted:
            return []
        found = self._ask(wanted if year is None else f"{wanted} {year}")
        return [record for record in found if year is None or record.year == year][:limit]

    def film(self, ref: Ref) -> FilmRecord:
        """The suggestion for a film's number.

        Raises:
            FilmNotFound: IMDb suggests nothing for it, or something that is no film.
        """
        if ref.namespace == "imdb":
            for record in self._ask(ref.value):
                if ref in record.refs:
                    return record
        raise FilmNotFound(ref)

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """Suggestions know of no likeness."""
        return []

    def poster(self, pointer: str) -> bytes:
        """The poster, 500 pixels wide.

        Raises:
            FilmNotFound: there is no such image.
            SourceNonsense: the pointer is not one of IMDb's.
        """
        return imdb_words.poster(self._outlet, self._images, pointer)

    def _ask(self, query: str) -> list[FilmRecord]:
        url = f"{self._suggestions}/suggestion/titles/x/{quote(query, safe='')}.json?includeVideos=0"
        try:
            return self._outlet.get_json(url, fresh=FRESH, shape=self._records)  # type: ignore[no-any-return]
        except NotFound:
            return []

    def _records(self, answer: Any) -> list[FilmRecord]:
        """The films among the suggestions."""
        found: dict[str, FilmRecord] = {}
        for row in _Suggestions.of(answer).rows:
            kind = KINDS.get(row.kind)
            if kind is not None:
                found.setdefault(row.id, self._record(row, kind))
        return list(found.values())

    def _record(self, row: _Row, kind: Kind) -> FilmRecord:
        years = _YEARS.fullmatch(row.years or "")
        stars = list(dict.fromkeys(name.strip() for name in (row.stars or "").split(", ") if name.strip()))
        return film_record(
            self.name,
            refs=[Ref("imdb", row.id)],
            kind=kind,
            title=row.title,
            year=row.year,
            end_year=int(years["end"]) if years and kind is Kind.SERIES else None,
            credits=[
                Credit(name=name[:200], role=Role.ACTOR, position=position)
                for position, name in enumerate(stars[:STARS])
            ],
            poster=row.image.name if row.image else None,
        )
