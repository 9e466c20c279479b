"""Which film a record speaks of: by its references alone, never by its title.

A film has at most one reference of each namespace, and is a movie or a series of TMDB's. Two films whose references
say otherwise are two, whatever somebody claims of them: a wrong answer must not put two films into one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.records import Ref
from moviefinder.store.models import ExternalId, Film

_SAME: Mapping[str, str] = {"tmdb-tv": "tmdb"}
"""Namespaces of which a film can have one reference only, as of one."""


def film_of_ref(session: Session, ref: Ref) -> int | None:
    """Our number of the film with a reference; None when there is none."""
    return session.scalar(
        select(ExternalId.film_id).where(ExternalId.namespace == ref.namespace, ExternalId.value == ref.value)
    )


def films_of_refs(session: Session, refs: Collection[Ref]) -> dict[Ref, int]:
    """Our numbers of the films with these references."""
    found: dict[Ref, int] = {}
    for namespace in sorted({ref.namespace for ref in refs}):
        values = {ref.value for ref in refs if ref.namespace == namespace}
        statement = select(ExternalId.value, ExternalId.film_id).where(
            ExternalId.namespace == namespace, ExternalId.value.in_(values)
        )
        for value, film_id in session.connection().execute(statement):
            found[Ref(namespace, value)] = film_id
    return found


def refs_of(session: Session, film_ids: Collection[int]) -> dict[int, list[Ref]]:
    """The references of films."""
    refs: dict[int, list[Ref]] = defaultdict(list)
    rows = session.connection().execute(
        select(ExternalId.film_id, ExternalId.namespace, ExternalId.value)
        .where(ExternalId.film_id.in_(film_ids))
        .order_by(ExternalId.namespace, ExternalId.value)
    )
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


def present(session: Session, film_id: int) -> int | None:
    """The film that a number means today: itself, or the one that it turned out to be; None when it is gone."""
    row = session.execute(select(Film.id, Film.merged_into).where(Film.id == film_id)).first()
    return None if row is None else row.merged_into or row.id
