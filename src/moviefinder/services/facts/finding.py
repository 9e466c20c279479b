"""Finds the film of each record, or makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from moviefinder.records import FilmRecord, Ref
from moviefinder.services.facts.identity import Known, contradict, refs_of, room_for
from moviefinder.services.facts.joining import join_fitting
from moviefinder.store.models import ExternalId, Film

_FILMS: Final[Any] = Film.__table__
_EXTERNAL_IDS: Final[Any] = ExternalId.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The film of each record (None where it is not known, and was not to be made), and what was known of them.

    `new` are those that were made, `changed` those that were made, joined, or got a reference.
    """

    ids: Sequence[int | None]
    known: Known
    new: frozenset[int]
    changed: frozenset[int]


def films_for(
    session: Session, records: Sequence[FilmRecord], *, asked: int | None, known_only: bool, now: datetime
) -> Found:
    """The film of each record.

    Args:
        asked: the film of the first record, which is then of it whatever else it claims.
        known_only: make none.
    """
    refs = [ref for record in records for ref in record.refs]
    known = Known.of(session, refs, *([asked] if asked else []))
    made = {} if known_only else _make_all(session, records[1:] if asked else records, known, now)
    added = [ref_row(film_id, ref) for ref, film_id in made.items()]
    changed = set(made.values())
    moved: dict[int, int] = {}
    ids: list[int | None] = []
    for at, record in enumerate(records):
        claimed = [
            moved.get(known.by_ref[ref], known.by_ref[ref]) for ref in record.refs if ref in known.by_ref
        ]
        fitting = [film_id for film_id in claimed if not contradict(known.refs[film_id], record.refs)]
        if asked and at == 0:
            fitting = [asked, *(film_id for film_id in fitting if film_id != asked)]
        if not fitting and len(claimed) == len(record.refs):
            fitting = claimed[:1]  # each of its references is somebody's: it is of the one it names first
        if not fitting and known_only:
            ids.append(None)
            continue
        if not fitting:
            film_id = _make(session, [record], known, now)[0]
        else:
            films = list(dict.fromkeys(fitting))
            gone = join_fitting(session, films) if len(films) > 1 else {}
            moved = {old: gone.get(to, to) for old, to in moved.items()} | gone
            film_id = gone.get(fitting[0], fitting[0])
            known.refs |= refs_of(session, [film_id]) if gone else {}
            changed |= {film_id} if gone else set()
        for ref in record.refs:
            if ref not in known.by_ref and room_for(ref, known.refs[film_id]):
                known.by_ref[ref] = film_id
                known.refs[film_id].append(ref)
                added.append(ref_row(film_id, ref))
                changed.add(film_id)
        ids.append(film_id)
    if added:
        rows = [row | {"film_id": moved.get(row["film_id"], row["film_id"])} for row in added]
        session.connection().execute(insert(_EXTERNAL_IDS), rows)
    return Found(
        ids=[None if film_id is None else moved.get(film_id, film_id) for film_id in ids],
        known=known,
        new=frozenset(made.values()),
        changed=frozenset(changed - moved.keys()),
    )


def ref_row(film_id: int, ref: Ref) -> dict[str, Any]:
    """A reference as a row."""
    return {"namespace": ref.namespace, "value": ref.value, "film_id": film_id}


def _make_all(session: Session, records: Sequence[FilmRecord], known: Known, now: datetime) -> dict[Ref, int]:
    """Make the films of which no reference is known; gives these by reference."""
    firsts: dict[Ref, Ref] = {}
    new: dict[Ref, FilmRecord] = {}
    for record in records:
        is_known = not known.by_ref.keys().isdisjoint(record.refs) or not firsts.keys().isdisjoint(
            record.refs
        )
        if record.refs and not is_known:
            firsts |= dict.fromkeys(record.refs, record.refs[0])
            new[record.refs[0]] = record
    ids = dict(zip(new, _make(session, list(new.values()), known, now), strict=True))
    made = {ref: ids[first] for ref, first in firsts.items()}
    for ref, film_id in made.items():
        known.refs[film_id].append(ref)
    known.by_ref |= made
    return made


def _make(session: Session, records: Sequence[FilmRecord], known: Known, now: datetime) -> list[int]:
    ids = insert_films(session, records, now)
    known.refs |= {film_id: [] for film_id in ids}
    known.fetched_at |= dict.fromkeys(ids)
    return ids


def insert_films(session: Session, records: Sequence[FilmRecord], now: datetime) -> list[int]:
    """Make films that are known by name; for a caller who holds the facts."""
    if not records:
        return []
    run = session.connection().execute
    if (
        session.get_bind().dialect.name == "sqlite"
    ):  # the numbers first: it gives none back for many rows at once
        last = run(text("SELECT seq FROM sqlite_sequence WHERE name = 'films'")).scalar() or 0
        ids = [last + step for step in range(1, len(records) + 1)]
    else:
        ids = list(
            run(
                select(func.nextval("films_id_seq")).select_from(func.generate_series(1, len(records)))
            ).scalars()
        )
    common = {"sources": {}, "created_at": now, "adult": False, "changed": 0}
    rows = [
        {"id": film_id, "kind": str(record.kind), "title": record.title, **common}
        for film_id, record in zip(ids, records, strict=True)
    ]
    run(insert(_FILMS), rows)
    return ids
