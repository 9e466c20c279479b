"""Ranking for likes that come from outside: the numbers of MovieLens or IMDb, or titles that somebody types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from moviefinder.catalogue import Catalogue, open_catalogue
from moviefinder.errors import Invalid
from moviefinder.recommend import Recommender, Taste, best, model_file
from moviefinder.recommend.filters import Filters
from moviefinder.recommend.fuse import Fused
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.lists import SimilarLists
from moviefinder.recommend.model_file import Model
from moviefinder.recommend.votes import Votes
from moviefinder.records import NAMESPACES
from moviefinder.services import films, recommendations
from moviefinder.services.training import positions_of
from moviefinder.store.shelves import SHIPPED_MODEL, Films
from moviefinder.titles.layers import Titles

Numbering = Literal["movielens", "imdb"]
Id = int | str

_DIGITS = 20  # no id has so many; Python refuses to read thousands of them


@dataclass(frozen=True, slots=True)
class Numbers:
    """Ids of films in somebody's numbering: the row of each, and the id that each row is answered by (None: none)."""

    rows: Mapping[Id, int]
    names: Sequence[Id | None]


class Ranker:
    """Ranks the films of a model for ids; loaded once, asked many times.

    Args:
        learned: the model over rows; a film's id is its row.
        lists: similar lists over the same rows; None where they play no part.
        by: what ranks.
        numbers: the ids that go in and out.
        among: the ids that may be answered; None for all.
    """

    def __init__(
        self,
        learned: Learned,
        lists: SimilarLists | None,
        *,
        by: recommendations.By,
        numbers: Numbers,
        among: Sequence[Id] | None,
    ) -> None:
        self._learned, self._lists, self._by = learned, lists, by
        self._rows = numbers.rows
        names = list(numbers.names)
        if among is not None:
            known = [name for name in among if name in numbers.rows]
            if not known:
                raise Invalid("None of the ids of --among is of a film of the model.", field="among")
            names = [None] * len(names)
            for name in reversed(known):  # of two ids of one film the one that stands first
                names[numbers.rows[name]] = name
        self._allowed = np.flatnonzero([name is not None for name in names])
        self._names = [names[row] for row in self._allowed.tolist()]

    def items(self, likes: Sequence[Id], dislikes: Sequence[Id], k: int) -> list[Id]:
        """The ids of the best films, best first, ties to the better known; none that was asked about."""
        liked = {row: 1.0 for name in likes if (row := self._rows.get(name)) is not None}
        disliked = {
            row: 1.0 for name in dislikes if (row := self._rows.get(name)) is not None and row not in liked
        }
        values = self._engine().values(Taste(liked=liked, disliked=disliked))
        told = [*liked, *disliked]
        values[told] = 0
        allowed = values[self._allowed]
        first = best(allowed, k)
        if len(first) < k:  # beyond what the likes speak for, the rest in the order of what speaks against
            allowed[np.isin(self._allowed, told)] = -np.inf
            first = np.argsort(-allowed, kind="stable")[:k]
            first = first[allowed[first] > -np.inf]
        return [self._names[at] for at in first.tolist()]

    def _engine(self) -> Recommender:
        linear = Linear(self._learned)
        if self._lists is None:
            return linear
        votes = Votes(self._lists)
        return votes if self._by == "votes" else Fused.of(linear, votes)


def load(
    path: Path | None,
    *,
    numbering: Numbering,
    by: recommendations.By = "model",
    among: Sequence[str] | None = None,
) -> Ranker:
    """Load a model for ranking.

    Args:
        path: its file; None for the one that ships.
        numbering: whose ids go in and out.
        by: what ranks.
        among: the ids that may be answered, as texts; None for all.

    Raises:
        Invalid: the model cannot be used, or none of the ids is known to it.
    """
    model = model_file.load(path or SHIPPED_MODEL)
    numbers = _movielens(model) if numbering == "movielens" else _imdb(model)
    learned, lists = Learned.of_rows(model), None
    if by != "model":
        lists = _similar(model, open_catalogue())
    wanted: list[Id] | None = None
    if among is not None:
        wanted = [
            int(name) if numbering == "movielens" and name.isdecimal() and len(name) < _DIGITS else name
            for name in among
        ]
    return Ranker(learned, lists, by=by, numbers=numbers, among=wanted)


def _movielens(model: Model) -> Numbers:
    rows = dict(zip(model.movielens_ids.tolist(), model.movielens_rows.tolist(), strict=True))
    names: list[Id | None] = [None] * len(model)
    for number in reversed(rows):  # of two numbers of one film the smaller
        names[rows[number]] = number
    return Numbers(rows, names)


def _imdb(model: Model) -> Numbers:
    names: list[Id | None] = [
        ref.removeprefix("imdb:") if ref.startswith("imdb:") else None for ref in model.refs
    ]
    return Numbers({name: row for row, name in enumerate(names) if name is not None}, names)


def _similar(model: Model, catalogue: Catalogue) -> SimilarLists:
    """The similar lists of the catalogue over the rows of a model; films that either lacks are left out."""
    positions = positions_of(model, catalogue)
    row_of = np.full(len(catalogue), -1, np.int32)
    row_of[positions[positions >= 0]] = np.flatnonzero(positions >= 0)
    targets: list[NDArray[Any]] = []
    weights: list[NDArray[Any]] = []
    similar = catalogue.similar
    for position in positions.tolist():
        start, end = similar.offsets[position : position + 2].tolist() if position >= 0 else (0, 0)
        rows = row_of[similar.neighbours[start:end]]
        targets.append(rows[rows >= 0])
        weights.append(similar.weights[start:end][rows >= 0])
    offsets = np.cumsum([0, *map(len, targets)]).astype(np.int64)
    ids = np.arange(len(model), dtype=np.int64)
    return SimilarLists(ids, offsets, np.concatenate(targets), np.concatenate(weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A film as people call it."""

    title: str
    year: int | None
    ref: str

    def __str__(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """A film to watch, its reasons with their shares, and how sure it is."""

    film: Named
    because: Sequence[tuple[Named, float]]
    confidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForTitles:
    """What is recommended for titles, and which films they were taken for."""

    liked: Sequence[Named]
    disliked: Sequence[Named]
    items: Sequence[Suggested]

    def to_json(self) -> dict[str, Any]:
        """As a program reads it."""

        def named(film: Named) -> dict[str, Any]:
            return {"title": film.title, "year": film.year, "ref": film.ref}

        return {
            "liked": [named(film) for film in self.liked],
            "disliked": [named(film) for film in self.disliked],
            "items": [
                {
                    **named(item.film),
                    "confidence": item.confidence,
                    "because": [{**named(film), "share": round(share, 4)} for film, share in item.because],
                }
                for item in self.items
            ],
        }


def for_titles(
    session: Session,
    index: Titles,
    shelf: Films,
    learned: Learned | None,
    titles: Sequence[str],
    disliked: Sequence[str] = (),
    *,
    count: int,
    by: recommendations.By | None = None,
) -> ForTitles:
    """What to watch for somebody who likes some titles, and dislikes others.

    Raises:
        FilmNotFound: there is no film of this reference.
        Invalid: no title fits what was typed.
    """

    def film_of(title: str) -> int:
        if title.partition(":")[0] in NAMESPACES:
            return films.film_id_of(session, title)
        found = films.search(session, index, title, kind=None, limit=1) if title.strip() else []
        if not found:
            raise Invalid(
                f"No film is called '{title[:60]}'. Try fewer words, or its reference.", field="title"
            )
        return found[0]

    taste = Taste(
        liked={film_of(title): 1.0 for title in titles},
        disliked={film_of(title): 1.0 for title in disliked},
    )
    told = recommendations.recommend(
        shelf, learned, taste, by=by, filters=Filters(), films_of_person={}, limit=count
    )
    needed = {*taste.liked, *taste.disliked}
    for item in told.items:
        needed |= {item.film_id, *(film for film, _ in item.because)}
    names = {
        film_id: Named(title=film.record.title, year=film.record.year, ref=str(film.record.refs[0]))
        for film_id, film in films.films(session, sorted(needed)).items()
    }
    return ForTitles(
        liked=[names[film] for film in taste.liked],
        disliked=[names[film] for film in taste.disliked],
        items=[
            Suggested(
                film=names[item.film_id],
                because=[(names[film], share) for film, share in item.because],
                confidence=item.confidence,
            )
            for item in told.items
        ],
    )
