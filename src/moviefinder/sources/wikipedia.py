"""Wikipedia: the first lines of the article on a film, in the language that is set, with the page that they are from.

The article is found by Wikidata, which knows the film's numbers. Needs no key.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

from pydantic import Field

from moviefinder.config import Settings
from moviefinder.errors import FilmNotFound, NotFound
from moviefinder.records import FilmRecord, Ref
from moviefinder.sources import Capability, OutsideHost, wikibase
from moviefinder.sources.addresses import name_of
from moviefinder.sources.answers import Answer, Name, Prose, film_record

if TYPE_CHECKING:
    from moviefinder.sources.http import PoliteClient

KEEPS: Final = timedelta(days=180)
"""Our own figure: the licence (CC BY-SA) sets no end, but articles are mended, and no mistake should stay for ever."""

# Wikimedia asks for questions one after the other, and limits those of programs without a log-in
EVERY_S: Final = 1.0

FRESH: Final = timedelta(days=1)


class _Summary(Answer):
    """What `/page/summary/{title}` gives of an article; `standard` is no list of meanings and no page without text."""

    type: Name
    extract: Prose
    item: Annotated[Name | None, Field(alias="wikibase_item")] = None


class WikipediaSource:
    """First lines of Wikipedia's articles on films."""

    name = "wikipedia"
    title = "Wikipedia"
    can = frozenset({Capability.FILM})
    takes: tuple[str, ...] = wikibase.TAKES
    keeps: timedelta | None = KEEPS
    needs: str | None = None
    credit = (
        "Descriptions from Wikipedia by the authors of each article, "
        "CC BY-SA 4.0 (https://creativecommons.org/licenses/by-sa/4.0/)."
    )

    def __init__(self, client: PoliteClient, settings: Settings) -> None:
        own, wikidata = settings.source(self.name), settings.source("wikidata")
        self._language = settings.language
        self._pages = f"https://{self._language}.wikipedia.org"
        self._api = own.address or f"{self._pages}/api/rest_v1"
        self._wikidata = wikidata.address or wikibase.API
        self.hosts: tuple[OutsideHost, ...] = (
            OutsideHost(
                host=name_of(own.address or self._pages),
                purpose="The first lines of the article on a film.",
                sends="Titles of articles.",
            ),
            OutsideHost(
                host=name_of(wikidata.address or f"https://{wikibase.HOST}"),
                purpose="Finds the article on a film.",
                sends="Numbers of films at IMDb, TMDB or Wikidata, and the language set here.",
            ),
        )
        self._outlet = client.outlet(self.name, hosts=self.hosts, every_s=EVERY_S)

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Titles are not looked up here: what an encyclopaedia finds is mostly no film."""
        return []

    def film(self, ref: Ref) -> FilmRecord:
        """The first lines of the article on one film.

        Raises:
            FilmNotFound: Wikidata does not know the film, or there is no article on it in this language.
        """
        try:
            item = wikibase.find_item(self._outlet, self._wikidata, ref, language=self._language)
            if item.article is None:
                raise FilmNotFound(ref)
            path = quote(item.article.replace(" ", "_"), safe="")
            summary: _Summary = self._outlet.get_json(
                f"{self._api}/page/summary/{path}", fresh=FRESH, shape=_Summary.of
            )
        except FilmNotFound:
            raise
        except NotFound as error:
            raise FilmNotFound(ref) from error
        if summary.type != "standard" or summary.item not in (
            None,
            item.id,
        ):  # the page tells of something else now
            raise FilmNotFound(ref)
        return film_record(
            self.name,
            refs=item.refs,
            kind=item.kind,
            title=item.title,
            description=summary.extract,
            description_url=f"{self._pages}/wiki/{path}",
        )

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """Wikipedia knows of no likeness."""
        return []

    def poster(self, pointer: str) -> bytes:
        """Posters are not free; articles quote them, which we may not.

        Raises:
            FilmNotFound: always.
        """
        raise FilmNotFound(pointer)
