"""The films that changed since the catalogue was installed, as rows: facts for the filters, and similar lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder.recommend import IdArray
from moviefinder.recommend.filters import OneFilm
from moviefinder.recommend.lists import PLACED, SimilarLists, Weights, merged
from moviefinder.records import Kind
from moviefinder.store.models import Film, FilmCountry, FilmGenre, FilmLanguage, SimilarList

Named = tuple[IdArray, Weights]
"""A list of neighbours, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A film that changed: its facts, its lists by source, and whether it may be recommended."""

    facts: OneFilm
    lists: Mapping[str, Named]
    barred: bool
    merged_into: int | None
    _kept: dict[str, Named] = field(default_factory=dict, repr=False, compare=False)

    def named(self, lists: SimilarLists) -> Named:
        """The lists of all sources as one."""
        if "named" not in self._kept:
            self._kept["named"] = merged(self.lists, lists.usual)
        return self._kept["named"]

    @property
    def is_listed(self) -> bool:
        """Whether any source has a list, content aside."""
        return bool(self.lists.keys() - {PLACED})


def changed_since(number: int) -> Any:
    """The ids of the films that changed after a number, to be put into a statement."""
    # The first condition is for SQLite, which cannot tell from a parameter that the index holds all that is asked for.
    return select(Film.id).where(Film.changed > 0, Film.changed > number).scalar_subquery()


def read_changed(session: Session, number: int) -> Mapping[int, Row]:
    """The films that changed after a number: five statements, each by the index of changes."""
    changed = changed_since(number)

    def codes(table: Any, column: Any) -> Mapping[int, list[str]]:
        found = defaultdict(list)
        for film_id, code in session.execute(
            select(table.film_id, column)
            .where(table.film_id.in_(changed))
            .order_by(table.film_id, table.position)
        ):
            found[film_id].append(code)
        return found

    genres = codes(FilmGenre, FilmGenre.slug)
    languages = codes(FilmLanguage, FilmLanguage.code)
    countries = codes(FilmCountry, FilmCountry.code)
    lists: dict[int, dict[str, Named]] = defaultdict(dict)
    columns = SimilarList.film_id, SimilarList.source, SimilarList.ids, SimilarList.weights
    for film_id, source, ids, weights in session.execute(
        select(*columns).where(SimilarList.film_id.in_(changed))
    ):
        lists[film_id][source] = np.frombuffer(ids, "<i4").astype(np.int64), np.frombuffer(weights, np.uint8)
    rows = session.execute(
        select(
            *(Film.id, Film.kind, Film.year, Film.runtime_min, Film.score, Film.votes),
            *(Film.certificate, Film.adult, Film.merged_into),
        ).where(Film.id.in_(changed))
    )
    found = {}
    for film_id, kind, year, runtime, score, votes, certificate, adult, merged_into in rows:
        facts = OneFilm(
            is_series=kind == Kind.SERIES,
            year=year or 0,
            runtime_min=min(runtime or 0, 32_767),
            score=round((score or 0) * 100),
            votes=votes or 0,
            genres=genres.get(film_id, ()),
            languages=languages.get(film_id, ()),
            countries=countries.get(film_id, ()),
            certificates=(certificate,) if certificate else (),
        )
        barred = bool(adult) or merged_into is not None
        found[film_id] = Row(
            facts=OneFilm() if barred else facts,
            lists=lists.get(film_id, {}),
            barred=barred,
            merged_into=merged_into,
        )
    return found
