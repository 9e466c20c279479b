"""What stands behind a film, for people to see: who told what of it, when, and until when it may be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.records import FoundFilm, Offer
from moviefinder.services.facts.as_json import fields_of, from_json, to_json
from moviefinder.services.facts.merging import CATALOGUE, by_trust, merge
from moviefinder.store.models import Fact, Film


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBy:
    """What one source told: the names of the fields that it knows, none where it does not know the film."""

    source: str
    fetched_at: datetime
    expires_at: datetime | None
    fields: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Who told of a film, the most trusted first, and where it can be watched."""

    told: Sequence[ToldBy]
    offers: Sequence[Offer]


def detail(session: Session, film: FoundFilm) -> Detail:
    """What stands behind a film."""
    rows = {row.source: row for row in session.scalars(select(Fact).where(Fact.film_id == film.id))}
    told = [
        ToldBy(
            source=name,
            fetched_at=rows[name].fetched_at,
            expires_at=rows[name].expires_at,
            fields=fields_of(rows[name].record),
        )
        for name in by_trust(rows)
    ]
    if not told:  # as it came with the catalogue
        fetched_at = session.scalar(select(Film.fetched_at).where(Film.id == film.id))
        fields = fields_of(to_json(film.record))
        told = (
            [ToldBy(source=CATALOGUE, fetched_at=fetched_at, expires_at=None, fields=fields)]
            if fetched_at
            else []
        )
    records = {name: from_json(row.record) for name, row in rows.items() if row.record}
    return Detail(told=told, offers=merge(records).offers if records else ())
