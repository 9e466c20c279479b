"""Which film a record speaks of: by its references alone, never by its title.

A film has at most one reference of each namespace, and is a movie or a series of TMDB's. Two films whose references
say otherwise are two, whatever somebody claims of them: a wrong answer must not put two films into one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from moviefinder.records import NAMESPACES, Ref
from moviefinder.store.models import ExternalId, Film

_SAME: Mapping[str, str] = {"tmdb-tv": "tmdb"}
"""Namespaces of which a film can have one reference only, as of one."""


def film_of_ref(session: Session, ref: Ref) -> int | None:
    """Our number of the film with a reference; None when there is none."""
    return session.scalar(
        select(ExternalId.film_id).where(ExternalId.namespace == ref.namespace, ExternalId.value == ref.value)
    )


@dataclass(slots=True, kw_only=True)
class Known:
    """The films that a batch of records may be of, as it stands while the batch is worked through."""

    by_ref: dict[Ref, int]
    refs: dict[int, list[Ref]]
    fetched_at: dict[int, datetime | None]
    adult: set[int]

    @classmethod
    def of(cls, session: Session, refs: Collection[Ref], *film_ids: int) -> Known:
        """Read the films with any of these references, and these: three queries at most, however many."""
        run = session.connection().execute
        rows = run(_BY_REF, _values(refs)).all() if refs else []
        known = cls(
            by_ref={Ref(row.namespace, row.value): row.film_id for row in rows},
            refs={},
            fetched_at={row.film_id: row.fetched_at for row in rows},
            adult={row.film_id for row in rows if row.adult},
        )
        if others := [film_id for film_id in film_ids if film_id not in known.fetched_at]:
            for film_id, fetched_at, adult in run(_STATE, {"ids": others}):
                known.fetched_at[film_id] = fetched_at
                known.adult |= {film_id} if adult else set()
        known.refs = refs_of(session, list(known.fetched_at))
        return known


_BY_REF: Final = (
    select(
        ExternalId.namespace,
        ExternalId.value,
        ExternalId.film_id,
        Film.fetched_at,
        Film.adult,
    )
    .join(Film, Film.id == ExternalId.film_id)
    .where(
        or_(
            *(
                and_(
                    ExternalId.namespace == namespace,
                    ExternalId.value.in_(bindparam(namespace.replace("-", "_"), expanding=True)),
                )
                for namespace in NAMESPACES
            )
        )
    )
)
"""Made once, as are the others here: to put a statement together costs as much as to run it."""

_STATE: Final = select(Film.id, Film.fetched_at, Film.adult).where(
    Film.id.in_(bindparam("ids", expanding=True))
)

_REFS: Final = (
    select(ExternalId.film_id, ExternalId.namespace, ExternalId.value)
    .where(ExternalId.film_id.in_(bindparam("ids", expanding=True)))
    .order_by(ExternalId.namespace, ExternalId.value)
)


def _values(refs: Collection[Ref]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {namespace.replace("-", "_"): [] for namespace in NAMESPACES}
    for ref in dict.fromkeys(refs):
        values[ref.namespace.replace("-", "_")].append(ref.value)
    return values


def films_of_refs(session: Session, refs: Collection[Ref]) -> dict[Ref, int]:
    """Our numbers of the films with these references."""
    rows = session.connection().execute(_BY_REF, _values(refs)) if refs else ()
    return {Ref(row.namespace, row.value): row.film_id for row in rows}


def refs_of(session: Session, film_ids: Collection[int]) -> dict[int, list[Ref]]:
    """The references of films."""
    refs: dict[int, list[Ref]] = {film_id: [] for film_id in film_ids}
    rows = session.connection().execute(_REFS, {"ids": list(refs)}) if refs else ()
    for film_id, namespace, value in rows:
        refs[film_id].append(Ref(namespace, value))
    return refs


def contradict(some: Iterable[Ref], others: Iterable[Ref]) -> bool:
    """Whether two sets of references cannot be of one film."""
    left, right = _by_number(some), _by_number(others)
    return any(left[name].isdisjoint(right[name]) for name in left.keys() & right.keys())


def room_for(ref: Ref, refs: Iterable[Ref]) -> bool:
    """Whether a film with these references can take another one."""
    return _SAME.get(ref.namespace, ref.namespace) not in _by_number(refs)


def _by_number(refs: Iterable[Ref]) -> dict[str, set[Ref]]:
    found: dict[str, set[Ref]] = defaultdict(set)
    for ref in refs:
        found[_SAME.get(ref.namespace, ref.namespace)].add(ref)
    return found
