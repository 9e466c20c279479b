"""One record out of what several sources say: field by field, the most trusted source that knows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from moviefinder.records import Credit, FilmRecord, Role
from moviefinder.titles.fold import fold

CATALOGUE: Final = "catalogue"
TRUST: Final = (CATALOGUE, "tmdb", "imdb-graphql", "wikidata", "imdb", "wikipedia")
"""Sources in the order in which they are believed; others come after these, by name."""

MOST_TITLES: Final = 40
"""A film is found under so many names; some have hundreds of spellings, which would crowd the index."""

_TOGETHER: Final = (
    ("original_title",),
    ("runtime_min",),
    ("genres",),
    ("languages",),
    ("countries",),
    ("certificate",),
    ("trailer",),
    ("offers",),
    ("score", "votes"),
    ("description", "description_url"),
)
"""What is taken from one source together: half of a pair says nothing beside another's half."""


def by_trust(names: Iterable[str]) -> list[str]:
    """Names of sources, the most trusted first."""
    return sorted(names, key=lambda name: (TRUST.index(name) if name in TRUST else len(TRUST), name))


def merge(records: Mapping[str, FilmRecord]) -> FilmRecord:
    """What is known of one film, out of what each source says of it; nothing known gives way to nothing.

    The catalogue's poster comes last, for it is a pointer into the images of a source that may not be there. Only the
    catalogue ranks films by how well they are known. A film is adult when any source says so.

    Args:
        records: at least one, by source.

    Returns:
        The record; its `sources` name for each field the source that won it. References are those of all.
    """
    trusted = [(name, records[name]) for name in by_trust(records)]
    first = trusted[0][1]
    values: dict[str, Any] = {"kind": first.kind, "title": first.title}
    won = {"title": first.sources.get("title", trusted[0][0])}

    def take(fields: tuple[str, ...], ranked: Iterable[tuple[str, FilmRecord]]) -> None:
        for name, record in ranked:
            if getattr(record, fields[0]) not in (None, ()):
                for field in fields:
                    values[field] = getattr(record, field)
                    if values[field] not in (None, ()) and field != "description_url":
                        won[field] = record.sources.get(field, record.sources.get(fields[0], name))
                return

    for fields in _TOGETHER:
        take(fields, trusted)
    take(("poster",), sorted(trusted, key=lambda row: row[0] == CATALOGUE))
    take(("popularity",), [row for row in trusted if row[0] == CATALOGUE])
    won.pop("popularity", None)
    take(("year",), trusted)
    take(("end_year",), [row for row in trusted if row[1].year == values.get("year")])
    values["credits"] = tuple(_credits(trusted, won))
    return FilmRecord(
        refs=tuple(dict.fromkeys(ref for _, record in trusted for ref in record.refs)),
        alternative_titles=tuple(_other_titles(trusted, values)),
        adult=any(record.adult for _, record in trusted),
        sources=won,
        **values,
    )


def _credits(trusted: list[tuple[str, FilmRecord]], won: dict[str, str]) -> Iterator[Credit]:
    """The credits of each role by the first source that names anybody in it."""
    for role in Role:
        for name, record in trusted:
            people = sorted((one for one in record.credits if one.role is role), key=lambda one: one.position)
            if people:
                won.setdefault("credits", record.sources.get("credits", name))
                yield from people
                break


def _other_titles(trusted: list[tuple[str, FilmRecord]], values: Mapping[str, Any]) -> Iterator[str]:
    """Every other title that anybody has for the film, once each however it is spelled."""
    told = {fold(title) for title in (values["title"], values.get("original_title")) if title}
    for _, record in trusted:
        for title in (record.title, record.original_title, *record.alternative_titles):
            if title and fold(title) not in told and len(told) < MOST_TITLES:
                told.add(fold(title))
                yield title
