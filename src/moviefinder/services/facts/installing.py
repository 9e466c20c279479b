"""Merges a newly installed catalogue with what sources told of its films."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from moviefinder.records import FilmRecord
from moviefinder.services.facts.as_json import from_json, to_json
from moviefinder.services.facts.finding import ref_row
from moviefinder.services.facts.identity import films_of_refs, refs_of, room_for
from moviefinder.services.facts.joining import PLACED
from moviefinder.services.facts.merging import CATALOGUE
from moviefinder.services.facts.rows import remerge, touch, write_facts
from moviefinder.store.models import ExternalId, Fact, SimilarList


def install(
    session: Session, record_of: Callable[[int], FilmRecord], film_ids: Sequence[int], *, now: datetime
) -> None:
    """Merge a newly installed catalogue with what sources told of its films.

    Args:
        record_of: what the catalogue says of the film at a position.
        film_ids: our number of each film, by position.
    """
    rated = select(SimilarList.film_id).where(SimilarList.source == CATALOGUE)
    stand_ins = delete(SimilarList).where(SimilarList.source == PLACED, SimilarList.film_id.in_(rated))
    session.execute(stand_ins.execution_options(synchronize_session=False))
    told = set(session.scalars(select(Fact.film_id).distinct()))
    positions = [at for at, film_id in enumerate(film_ids) if film_id in told]
    for start in range(0, len(positions), 500):
        batch = positions[start : start + 500]
        ids = [film_ids[at] for at in batch]
        common = {"source": CATALOGUE, "is_whole": True, "fetched_at": now, "expires_at": None}
        rows = [{"film_id": film_ids[at], "record": to_json(record_of(at)), **common} for at in batch]
        write_facts(session, rows)
        _add_refs_told(session, ids)
        remerge(session, ids)
        touch(session, ids)


def _add_refs_told(session: Session, film_ids: Sequence[int]) -> None:
    """Give films the references that sources told of them, as far as they are free."""
    refs = refs_of(session, film_ids)
    told = session.execute(
        select(Fact.film_id, Fact.record)
        .where(Fact.film_id.in_(film_ids))
        .order_by(Fact.film_id, Fact.source)
    ).all()
    claims = [(film_id, ref) for film_id, record in told if record for ref in from_json(record).refs]
    taken = films_of_refs(session, [ref for _, ref in claims])
    for film_id, ref in claims:
        if ref not in taken and room_for(ref, refs[film_id]):
            taken[ref] = film_id
            refs[film_id].append(ref)
            session.execute(insert(ExternalId), [ref_row(film_id, ref)])
