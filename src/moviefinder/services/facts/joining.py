"""Two films turn out to be one: everything that is of the one moves to the other, and its number goes on working.

What people said is kept answer by answer, what was said later wins. Nobody who writes into a library is overtaken:
they hold the film's row as well (`services.films.film_id_of`), and see where it went.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.orm import Session

from moviefinder.services.facts.identity import contradict, refs_of
from moviefinder.services.facts.merging import CATALOGUE
from moviefinder.services.facts.rows import forget_lists, keep_installed, remerge, touch
from moviefinder.services.library.entry import ANSWERS, is_blank
from moviefinder.store.models import (
    AnsweredReason,
    Change,
    ExternalId,
    Fact,
    Film,
    Job,
    Poster,
    Shown,
    SimilarList,
    UserFilm,
)

PLACED: Final = "placed"
"""Whose similar lists stand in for a film that no rating knows."""


def join(session: Session, one: int, other: int) -> int | None:
    """Make one film out of two, for a caller who holds the facts.

    The film of the catalogue stays, else the older one.

    Returns:
        The film that stays; None where both are the catalogue's, which knows them apart.
    """
    rated = set(
        session.scalars(
            select(SimilarList.film_id).where(
                SimilarList.film_id.in_([one, other]), SimilarList.source == CATALOGUE
            )
        )
    )
    if len(rated) == 2:
        return None
    stays = next(iter(rated), min(one, other))
    goes = other if stays == one else one
    session.execute(select(Film.id).where(Film.id.in_([one, other])).order_by(Film.id).with_for_update())
    keep_installed(session, [one, other])
    _move_answers(session, goes, stays)
    _move_reasons(session, goes, stays)
    _move_shown(session, goes, stays)
    session.execute(_of(update(Change), Change, goes).values(film_id=stays))
    session.execute(_of(update(ExternalId), ExternalId, goes).values(film_id=stays))
    _move_by_source(session, Fact, goes, stays)
    if rated:
        session.execute(_of(delete(SimilarList), SimilarList, goes).where(SimilarList.source == PLACED))
    _move_by_source(session, SimilarList, goes, stays)
    renamed = _rename_neighbour(session, goes, stays)
    if session.get(Poster, stays) is None:
        session.execute(_of(update(Poster), Poster, goes).values(film_id=stays))
    session.execute(_of(delete(Poster), Poster, goes))
    _move_jobs(session, goes, stays)
    forget_lists(session, [goes])
    session.execute(update(Film).where(Film.merged_into == goes).values(merged_into=stays))
    session.execute(
        update(Film)
        .where(Film.id == goes)
        .values(merged_into=stays, popularity=None)
        .execution_options(synchronize_session=False)
    )
    remerge(session, [stays])
    touch(session, {goes, stays, *renamed})
    return stays


def join_fitting(session: Session, film_ids: Sequence[int]) -> dict[int, int]:
    """Join into the first of some films those whose references do not say that they are others.

    Returns:
        The film that each one has become which is gone.
    """
    refs = refs_of(session, film_ids)
    moved: dict[int, int] = {}
    stays = film_ids[0]
    for other in film_ids[1:]:
        if other == stays or contradict(refs[stays], refs[other]):
            continue
        if (one := join(session, stays, other)) is not None:
            gone = other if one == stays else stays
            moved = {old: one if to == gone else to for old, to in moved.items()} | {gone: one}
            refs[one] = [*refs[stays], *refs[other]]
            stays = one
    return moved


def _of(statement: Any, table: Any, film_id: int) -> Any:
    return statement.where(table.film_id == film_id).execution_options(synchronize_session=False)


def _move_answers(session: Session, goes: int, stays: int) -> None:
    both = select(UserFilm.user_id).where(UserFilm.film_id == stays)
    session.execute(
        _of(update(UserFilm), UserFilm, goes).where(~UserFilm.user_id.in_(both)).values(film_id=stays)
    )
    rows = select(UserFilm).execution_options(populate_existing=True).order_by(UserFilm.user_id)
    standing = {row.user_id: row for row in session.scalars(rows.where(UserFilm.film_id == stays))}
    for row in session.scalars(rows.where(UserFilm.film_id == goes)).all():
        _merge_answers(row, standing[row.user_id])
        session.delete(row)
    session.flush()


_COLUMN: Final[Mapping[str, str]] = {"saved": "saved_at"}


def _merge_answers(row: UserFilm, into: UserFilm) -> None:
    """Per answer, what was said later stands; of a film of which all was taken back, nothing does."""
    said = {} if is_blank(into) else dict(into.said)
    for name in () if is_blank(row) else ANSWERS:
        if row.said.get(name, "") > said.get(name, ""):
            column = _COLUMN.get(name, name)
            setattr(into, column, getattr(row, column))
            said[name] = row.said[name]
    into.said = said
    into.version = max(into.version, row.version) + 1
    into.created_at = min(into.created_at, row.created_at)
    into.updated_at = max(into.updated_at, row.updated_at)


def _move_reasons(session: Session, goes: int, stays: int) -> None:
    """Answered reasons, on either side of the pair; a film is no reason for itself."""
    for column in (AnsweredReason.film_id, AnsweredReason.because_id):
        rows = select(AnsweredReason).where(column == goes).execution_options(populate_existing=True)
        for row in session.scalars(rows).all():
            pair = {"film_id": row.film_id, "because_id": row.because_id} | {column.key: stays}
            standing = session.get(AnsweredReason, (row.user_id, *pair.values()), populate_existing=True)
            if len(set(pair.values())) == 1:
                session.delete(row)
            elif standing is None:  # moved, not written anew: that would wait for whoever holds the person
                row.film_id, row.because_id = pair.values()
            else:
                if standing.said_at < row.said_at:
                    standing.say, standing.said_at = row.say, row.said_at
                session.delete(row)
            session.flush()


def _move_shown(session: Session, goes: int, stays: int) -> None:
    """Showings: rank, confidence and model stay those of the first time."""
    both = select(Shown.user_id).where(Shown.film_id == stays)
    session.execute(_of(update(Shown), Shown, goes).where(~Shown.user_id.in_(both)).values(film_id=stays))
    for row in session.scalars(select(Shown).where(Shown.film_id == goes)).all():
        standing = session.get_one(Shown, (row.user_id, stays), populate_existing=True)
        if row.first_at < standing.first_at:
            for name in ("first_at", "rank", "confidence", "model"):
                setattr(standing, name, getattr(row, name))
        standing.last_at = max(standing.last_at, row.last_at)
        session.delete(row)
    session.flush()


def _move_by_source(session: Session, table: type[Fact | SimilarList], goes: int, stays: int) -> None:
    """What each source told: the whole before a part of it, then the later."""
    columns = [table.source, table.fetched_at, *([Fact.is_whole] if table is Fact else [])]

    def told(film_id: int) -> dict[str, tuple[Any, ...]]:
        rows: Any = session.execute(select(*columns).where(table.film_id == film_id)).all()
        return {source: (*rest, at) for source, at, *rest in rows}

    standing = told(stays)
    for source, worth in told(goes).items():
        if source in standing:
            weaker = goes if standing[source] >= worth else stays
            session.execute(_of(delete(table), table, weaker).where(table.source == source))
            if weaker == goes:
                continue
        session.execute(_of(update(table), table, goes).where(table.source == source).values(film_id=stays))


def _rename_neighbour(session: Session, goes: int, stays: int) -> set[int]:
    """Have the lists that name the one film name the other, once, and never itself; gives the films of these lists."""
    needle = literal(np.array([goes], "<i4").tobytes())
    if session.get_bind().dialect.name == "sqlite":
        names_it = func.instr(SimilarList.ids, needle) > 0
    else:
        names_it = func.position(needle.op("IN")(SimilarList.ids)) > 0
    rows = session.execute(
        select(SimilarList.film_id, SimilarList.source, SimilarList.ids, SimilarList.weights).where(
            (names_it) | ((SimilarList.film_id == stays) & (SimilarList.source != CATALOGUE))
        )
    ).all()
    changed: set[int] = set()
    for film_id, source, ids, weights in rows:
        renamed = [stays if one == goes else one for one in np.frombuffer(ids, "<i4").tolist()]
        kept = [at for at, one in enumerate(renamed) if one != film_id and one not in renamed[:at]]
        packed = np.array([renamed[at] for at in kept], "<i4").tobytes()
        if packed == ids:  # the bytes of the number stood across two others
            continue
        session.execute(
            _of(update(SimilarList), SimilarList, film_id)
            .where(SimilarList.source == source)
            .values(ids=packed, weights=bytes(weights[at] for at in kept))
        )
        changed.add(film_id)
    return changed


def _move_jobs(session: Session, goes: int, stays: int) -> None:
    """Open work goes on for the film that stays; what is being done now finds its way by itself."""
    waiting = (
        select(Job.id, Job.kind, Job.key)
        .where(Job.film_id == goes, Job.state == "queued")
        .with_for_update(skip_locked=True)
    )
    for job_id, kind, key in session.execute(waiting).all():
        new_key = ":".join(str(stays) if part == str(goes) else part for part in key.split(":"))
        twin = select(Job.id).where(
            Job.kind == kind, Job.key == new_key, Job.state.in_(["queued", "running"])
        )
        this = Job.id == job_id
        if session.scalar(twin) is None:
            statement: Any = update(Job).where(this).values(film_id=stays, key=new_key)
        else:
            statement = delete(Job).where(this)
        session.execute(statement.execution_options(synchronize_session=False))
