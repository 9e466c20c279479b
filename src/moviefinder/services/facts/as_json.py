"""A record as the table `facts` keeps it, and back: what is unknown is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moviefinder.records import Credit, FilmRecord, Kind, Offer, Ref, Role, Way

_PLAIN: Final = (
    "title", "original_title", "year", "end_year", "runtime_min", "certificate", "score", "votes", "popularity",
    "poster", "trailer", "description", "description_url",
)  # fmt: skip
_LISTS: Final = ("alternative_titles", "genres", "languages", "countries")


def to_json(record: FilmRecord) -> dict[str, Any]:
    """A record as JSON; only what is known."""
    values: dict[str, Any] = {name: getattr(record, name) for name in _PLAIN}
    values |= {name: list(getattr(record, name)) for name in _LISTS}
    values |= {
        "refs": [str(ref) for ref in record.refs],
        "kind": str(record.kind),
        "credits": [
            [credit.name, str(credit.role), credit.position, credit.character] for credit in record.credits
        ],
        "offers": [[offer.country, offer.provider, str(offer.way)] for offer in record.offers],
        "adult": record.adult or None,
        "sources": dict(record.sources),
    }
    return {name: value for name, value in values.items() if value not in (None, [], {})}


def from_json(stored: Mapping[str, Any]) -> FilmRecord:
    """The record that `to_json` was given."""
    plain: dict[str, Any] = {name: stored[name] for name in _PLAIN if name in stored}
    lists: dict[str, Any] = {name: tuple(stored[name]) for name in _LISTS if name in stored}
    return FilmRecord(
        refs=tuple(Ref(*ref.split(":", 1)) for ref in stored.get("refs", ())),
        kind=Kind(stored["kind"]),
        credits=tuple(
            Credit(name=name, role=Role(role), position=position, character=character)
            for name, role, position, character in stored.get("credits", ())
        ),
        offers=tuple(
            Offer(country=country, provider=provider, way=Way(way))
            for country, provider, way in stored.get("offers", ())
        ),
        adult=stored.get("adult", False),
        sources=stored.get("sources", {}),
        **plain,
        **lists,
    )


def fields_of(stored: Mapping[str, Any]) -> list[str]:
    """What a kept record knows of its film, by name."""
    return sorted(stored.keys() - {"refs", "sources", "kind"})


def name_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a kept record by which a person speaks of the film."""
    return {name: stored[name] for name in ("refs", "kind", "title", "year") if name in stored}
