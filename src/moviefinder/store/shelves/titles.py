"""The shelf of titles: the index of the catalogue's films, and over it that of the films that changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.records import Kind
from moviefinder.store.models import Film, Title
from moviefinder.store.shelves.changed import changed_since
from moviefinder.store.shelves.films import RANKED
from moviefinder.store.shelves.shelf import CATALOGUE, LOOK_EVERY_S, Derived, LiveShelf, Shelf
from moviefinder.titles.index import TitleIndex, TitleRow
from moviefinder.titles.layers import Titles

Rows = tuple[TitleRow, ...]


def title_shelf(folder: Path, *, look_every_s: float = LOOK_EVERY_S) -> LiveShelf[Titles, Any]:
    """The shelf of titles; the index of the catalogue's is kept in a folder of derived files."""
    base = Shelf(
        [CATALOGUE],
        Derived(
            folder,
            "titles",
            make=lambda session: Titles.of(TitleIndex.build(_catalogue_rows(session))),
            save=lambda titles, path: titles.base.save(path),
            load=lambda path: Titles.of(TitleIndex.load(path)),
        ),
    )
    return LiveShelf(base, _read_changed, Titles.laid_over, look_every_s=look_every_s)


_ROWS = select(
    *(Title.film_id, Title.folded, Title.is_main, Film.year, Film.kind, Film.popularity),
    *(Film.adult, Film.merged_into),
).join(Film, Film.id == Title.film_id)


def _catalogue_rows(session: Session) -> list[TitleRow]:
    return [row for rows in _rows(session, _ROWS.where(RANKED)).values() for row in rows]


def _read_changed(session: Session, number: int) -> Mapping[int, Rows]:
    changed = changed_since(number)
    films: dict[int, Rows] = dict.fromkeys(session.scalars(select(Film.id).where(Film.id.in_(changed))), ())
    return films | _rows(session, _ROWS.where(Title.film_id.in_(changed)))


def _rows(session: Session, statement: Any) -> dict[int, Rows]:
    found: dict[int, list[TitleRow]] = defaultdict(list)
    for film_id, folded, is_main, year, kind, rank, adult, merged_into in session.execute(statement):
        if adult or merged_into is not None:
            continue  # found by nobody
        found[film_id].append(
            TitleRow(
                film_id=film_id,
                folded=folded,
                year=year,
                kind=Kind(kind),
                popularity=rank,
                is_main=bool(is_main),
            )
        )
    return {film_id: tuple(rows) for film_id, rows in found.items()}
