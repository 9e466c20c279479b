"""Items of Wikidata as its public API tells them; facts are read from them, and the articles that tell of a film.

What is read is documented: `wbgetentities`, the search for statements (`haswbstatement`), and Wikibase's JSON. Of
several statements the preferred ones count, else the normal ones, never the deprecated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from moviefinder.errors import FilmNotFound, SourceNonsense, SourceUnavailable
from moviefinder.records import Kind, Ref
from moviefinder.sources.answers import Answer, Line, Many, Name, ref_or_none

if TYPE_CHECKING:
    from moviefinder.sources.http import Outlet

__all__ = ["API", "HOST", "TAKES", "Item", "Statement", "find_item", "labels"]

HOST: Final = "www.wikidata.org"
API: Final = f"https://{HOST}/w/api.php"
FRESH: Final = timedelta(days=1)
MOST_LABELS: Final = 50  # ids in one question, by the API's own limit

IMDB_ID, TMDB_MOVIE, TMDB_SERIES, INSTANCE_OF = "P345", "P4947", "P4983", "P31"
_PROPERTIES: Final = {"imdb": IMDB_ID, "tmdb": TMDB_MOVIE, "tmdb-tv": TMDB_SERIES}
TAKES: Final = ("wikidata", *_PROPERTIES)

_KINDS: Final = dict.fromkeys(
    # film: itself, feature, television, short, animated, animated feature, animated short, anime, documentary, silent,
    # 3D; television special
    """Q11424 Q24869 Q506240 Q24862 Q202866 Q29168811 Q17517379 Q20650540 Q93204 Q226730 Q229390
    Q1261214""".split(),
    Kind.MOVIE,
) | dict.fromkeys(
    # television series, miniseries, web series, animated series, animated television series, anime television series,
    # television programme
    "Q5398426 Q1259759 Q526877 Q581714 Q117467246 Q63952888 Q15416".split(),
    Kind.SERIES,
)
"""Classes that most films and series are direct instances of; for the rest, TMDB's numbers tell."""

_ITEM: Final = re.compile(r"Q[1-9][0-9]{0,9}")
_TIME: Final = re.compile(r"\+([0-9]{4})-[0-9]{2}-[0-9]{2}T00:00:00Z")
_YEAR_PRECISION: Final = 9
_LATER: Final = frozenset({"maxlag", "ratelimited", "readonly", "internal_api_error_DBQueryError"})


class _Hit(Answer):
    title: Name


class _Hits(Answer):
    search: Many[_Hit]


class _Search(Answer):
    query: _Hits


class _Data(Answer):
    value: Any


class _Snak(Answer):
    datavalue: _Data


class Statement(Answer):
    """One claim: its value as Wikibase writes it, and what qualifies it."""

    mainsnak: _Snak
    rank: Name = "normal"
    qualifiers: dict[str, Any] = {}

    @property
    def value(self) -> Any:
        """The value, of any shape."""
        return self.mainsnak.datavalue.value

    @property
    def item(self) -> str | None:
        """The number of the item that the value names."""
        found = self.value.get("id") if isinstance(self.value, dict) else None
        return found if isinstance(found, str) and _ITEM.fullmatch(found) else None

    @property
    def year(self) -> int | None:
        """The year of a time that is known to the year at least."""
        value = self.value if isinstance(self.value, dict) else {}
        time, precision = value.get("time"), value.get("precision")
        found = _TIME.fullmatch(time) if isinstance(time, str) else None
        if found is None or not isinstance(precision, int) or precision < _YEAR_PRECISION:
            return None
        year = int(found[1])
        return year if 1870 <= year <= 2100 else None

    def qualifying_items(self) -> list[str]:
        """Numbers of all items that qualify the claim, whichever way."""
        snaks = [snak for rows in self.qualifiers.values() if isinstance(rows, list) for snak in rows]
        found = (Statement.model_construct(mainsnak=read) for read in _Snaks.of({"rows": snaks}).rows)
        return [claim.item for claim in found if claim.item]


class _Snaks(Answer):
    rows: Many[_Snak] = []


class _Statements(Answer):
    rows: Many[Statement] = []


class _Label(Answer):
    value: Line


class _Sitelink(Answer):
    title: Line


class _Entity(Answer):
    id: Name
    labels: dict[str, Any] = {}
    aliases: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    sitelinks: dict[str, Any] = {}


class _Entities(Answer):
    entities: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A film as Wikidata has it. `article` is the title of the Wikipedia article in the language asked for."""

    id: str
    kind: Kind
    refs: tuple[Ref, ...]
    title: str
    alternative_titles: tuple[str, ...]
    article: str | None
    claims: dict[str, Any]

    def all(self, property_id: str) -> list[Statement]:
        """The statements of a property that count, in their order on the page."""
        return _best(self.claims, property_id)

    def items(self, property_id: str) -> list[str]:
        """Numbers of the items that a property names."""
        return list(dict.fromkeys(claim.item for claim in self.all(property_id) if claim.item))


def find_item(outlet: Outlet, api: str, ref: Ref, *, language: str) -> Item:
    """The item of a film.

    Raises:
        FilmNotFound: no item has this reference, or several do, or it is no film.
    """
    number = ref.value if ref.namespace == "wikidata" else _search(outlet, api, ref)
    entity = _ask(
        outlet,
        api,
        _entity,
        action="wbgetentities",
        ids=number,
        props="labels|aliases|claims|sitelinks",
        languages=_languages(language),
        sitefilter=f"{language}wiki",
    )
    item = _item(entity, ref, language) if entity else None
    if item is None:
        raise FilmNotFound(ref)
    return item


def labels(outlet: Outlet, api: str, numbers: Iterable[str], *, language: str) -> dict[str, dict[str, str]]:
    """Names of items: for each number the name by language, where it has one."""
    wanted = list(dict.fromkeys(numbers))[:MOST_LABELS]
    if not wanted:
        return {}
    found: dict[str, Any] = _ask(
        outlet,
        api,
        lambda answer: _Entities.of(answer).entities,
        action="wbgetentities",
        ids="|".join(wanted),
        props="labels",
        languages=_languages(language),
    )
    return {
        number: _texts(entity.get("labels")) if isinstance(entity, dict) else {}
        for number, entity in found.items()
    }


def _ask(outlet: Outlet, api: str, shape: Any, **query: str) -> Any:  # what `shape` gives
    def read(answer: Any) -> Any:
        error = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(error, dict):  # with status 200
            code = str(error.get("code"))[:40]
            if code in _LATER:
                raise SourceUnavailable("Wikidata is busy.", retry_after_s=30)
            if code == "no-such-entity":
                return None
            raise SourceNonsense(f"Wikidata refused the question: {code}.")
        return shape(answer)

    url = f"{api}?{urlencode(query | {'format': 'json', 'formatversion': '2'})}"
    return outlet.get_json(url, fresh=FRESH, shape=read)


def _search(outlet: Outlet, api: str, ref: Ref) -> str:
    """The number of the one item that has a reference."""
    if ref.namespace not in _PROPERTIES:
        raise FilmNotFound(ref)
    hits: list[_Hit] | None = _ask(
        outlet,
        api,
        lambda answer: _Search.of(answer).query.search,
        action="query",
        list="search",
        srsearch=f"haswbstatement:{_PROPERTIES[ref.namespace]}={ref.value}",
        srnamespace="0",
        srlimit="2",
        srinfo="",
        srprop="",
    )
    numbers = [hit.title for hit in hits or [] if _ITEM.fullmatch(hit.title)]
    if len(numbers) != 1:  # two items with one film's number: one of them is wrong, and nobody knows which
        raise FilmNotFound(ref)
    return numbers[0]


def _entity(answer: Any) -> _Entity | None:
    """The one entity of an answer; None where there is no such."""
    found = list(_Entities.of(answer).entities.values())
    if len(found) != 1 or not isinstance(found[0], dict):
        raise SourceNonsense("Wikidata answered with something else than one item.")
    if "missing" in found[0]:
        return None
    entity = _Entity.of(found[0])
    if not _ITEM.fullmatch(entity.id):
        raise SourceNonsense("Wikidata answered with something that is no item.")
    return entity


def _item(entity: _Entity, asked: Ref, language: str) -> Item | None:
    """A film out of an entity; None where it is none, or has no name."""
    names = _texts(entity.labels)
    title = names.get(language) or names.get("mul") or names.get("en")
    numbers = {name: _only(entity.claims, property_id) for name, property_id in _PROPERTIES.items()}
    kind = _kind(entity.claims, numbers, asked)
    if title is None or kind is None:
        return None
    own = "tmdb" if kind is Kind.MOVIE else "tmdb-tv"
    refs = [Ref("wikidata", entity.id), asked]
    refs += [found for name in ("imdb", own) if (found := ref_or_none(name, numbers[name]))]
    rows = entity.aliases.get(language)
    read = (_texts({"": row}).get("") for row in (rows if isinstance(rows, list) else [])[:10])
    also = [names.get("en"), *read]
    link = _Sitelink.of(found) if (found := entity.sitelinks.get(f"{language}wiki")) else None
    return Item(
        id=entity.id,
        kind=kind,
        refs=tuple(dict.fromkeys(refs)),
        title=title,
        alternative_titles=tuple(dict.fromkeys(name for name in also if name and name != title)),
        article=link.title if link else None,
        claims=entity.claims,
    )


def _kind(claims: dict[str, Any], numbers: dict[str, object], asked: Ref) -> Kind | None:
    classes = (claim.item for claim in _best(claims, INSTANCE_OF))
    for found in classes:
        if found in _KINDS:
            return _KINDS[found]
    for namespace, kind in (("tmdb", Kind.MOVIE), ("tmdb-tv", Kind.SERIES)):
        if numbers[namespace] is not None or asked.namespace == namespace:
            return kind
    return None


def _best(claims: dict[str, Any], property_id: str) -> list[Statement]:
    rows = claims.get(property_id)
    read = _Statements.of({"rows": rows if isinstance(rows, list) else []}).rows
    preferred = [claim for claim in read if claim.rank == "preferred"]
    return preferred or [claim for claim in read if claim.rank == "normal"]


def _only(claims: dict[str, Any], property_id: str) -> object:
    """The value of a property that has exactly one; of two numbers one would be another film's."""
    found = [claim.value for claim in _best(claims, property_id)]
    return found[0] if len(found) == 1 else None


def _texts(by_language: object) -> dict[str, str]:
    """Texts by language, those that can be read."""
    found = {}
    for language, row in by_language.items() if isinstance(by_language, dict) else ():
        try:
            found[str(language)] = _Label.of(row).value
        except SourceNonsense:
            continue
    return found


def _languages(language: str) -> str:
    """The language asked for, Wikidata's own for names that are the same everywhere, and English."""
    return "|".join(dict.fromkeys((language, "mul", "en")))
