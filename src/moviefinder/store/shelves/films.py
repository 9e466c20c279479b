"""The shelf of films: facts and similar lists as arrays, those of the catalogue and what changed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from moviefinder import array_file
from moviefinder.recommend import IdArray, Places, Positions
from moviefinder.recommend.content import STAND_INS
from moviefinder.recommend.filters import Codes, FilmFacts, OneFilm
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.lists import OWN, PLACED, SimilarLists, Weights, merged
from moviefinder.recommend.live import Beside, Live
from moviefinder.recommend.traits import liked_share
from moviefinder.records import Kind
from moviefinder.store.models import (
    Film,
    FilmCountry,
    FilmGenre,
    FilmLanguage,
    SimilarList,
)
from moviefinder.store.shelves.shelf import CATALOGUE, LOOK_EVERY_S, Derived, LiveShelf, Shelf

RANKED: Final = Film.popularity.is_not(None)
"""The films of the catalogue; all others have a place by a change."""

BEST_KNOWN_FIRST: Final = (Film.popularity, Film.id)

Named = tuple[IdArray, Weights]
"""A list of neighbours, best first."""


@dataclass(frozen=True, slots=True)
class Films:
    """Facts and similar lists of all films: those of the catalogue by popularity, then those that came since.

    `of_catalogue`: how many are of the catalogue. `barred` int64[b]: positions of films that are never recommended.
    `live`: what those say that came since; None where there are none.
    """

    facts: FilmFacts
    lists: SimilarLists
    of_catalogue: int
    barred: Positions = field(default_factory=lambda: np.empty(0, np.int64))
    live: Live | None = None
    _kept: list[tuple[Learned, Beside]] = field(default_factory=list, init=False, repr=False, compare=False)

    def beside(self, learned: Learned) -> Beside | None:
        """The films that came since, beside a model; None where there are none."""
        if self.live is None:
            return None
        for model, beside in self._kept:
            if model is learned:
                return beside
        made = Beside(self.live, learned)
        self._kept[:] = [(learned, made)]
        return made

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named one-dimensional arrays that `from_arrays` takes, of the catalogue's films."""
        lists = self.lists
        similar: dict[str, NDArray[Any]] = {
            "offsets": lists.offsets,
            "targets": lists.targets,
            "weights": lists.weights,
        }
        return self.facts.to_arrays() | similar

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Films:
        """What `to_arrays` gave."""
        lists = SimilarLists(arrays["ids"], arrays["offsets"], arrays["targets"], arrays["weights"])
        return cls(FilmFacts.from_arrays(arrays), lists, len(lists.places))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
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


def film_shelf(folder: Path, *, look_every_s: float = LOOK_EVERY_S) -> LiveShelf[Films, Any]:
    """The shelf of films; those of the catalogue are kept in a folder of derived files."""
    base = Shelf(
        [CATALOGUE],
        Derived(
            folder,
            "films",
            make=_read_films,
            save=lambda films, path: array_file.save(path, films.to_arrays()),
            load=lambda path: Films.from_arrays(array_file.load(path)),
        ),
    )
    return LiveShelf(base, _read_changed, _laid_over, look_every_s=look_every_s)


def _read_films(session: Session) -> Films:
    rows = session.execute(
        select(Film.id, Film.kind, Film.year, Film.runtime_min, Film.score, Film.votes, Film.certificate)
        .where(RANKED)
        .order_by(*BEST_KNOWN_FIRST)
    ).all()
    n = len(rows)
    ids, kinds, years, runtimes, scores, votes, certificates = zip(*rows, strict=True) if rows else ((),) * 7
    position = {film_id: i for i, film_id in enumerate(ids)}

    def codes(film_id: object, code: object) -> Codes:
        pairs = session.execute(select(film_id, code)).all()  # type: ignore[call-overload]  # any column
        return Codes.of(n, ((position[film], value) for film, value in pairs if film in position))

    facts = FilmFacts(
        ids=np.array(ids, np.int64),
        is_series=np.array([kind == Kind.SERIES for kind in kinds], bool),
        year=np.array([year or 0 for year in years], np.int16),
        runtime_min=np.array([min(minutes or 0, 32_767) for minutes in runtimes], np.int16),
        score=np.array([round((score or 0) * 100) for score in scores], np.int16),
        votes=np.array([count or 0 for count in votes], np.int32),
        genres=codes(FilmGenre.film_id, FilmGenre.slug),
        languages=codes(FilmLanguage.film_id, FilmLanguage.code),
        countries=codes(FilmCountry.film_id, FilmCountry.code),
        certificates=Codes.of(n, ((i, code) for i, code in enumerate(certificates) if code)),
    )
    return Films(facts, _read_lists(session, facts.ids, position), n)


def _read_lists(session: Session, ids: NDArray[np.int64], position: dict[int, int]) -> SimilarLists:
    packed: list[tuple[bytes, bytes]] = [(b"", b"")] * len(ids)
    for film_id, targets, weights in session.execute(
        select(SimilarList.film_id, SimilarList.ids, SimilarList.weights).where(SimilarList.source == OWN)
    ):
        if film_id in position:
            packed[position[film_id]] = targets, weights
    offsets = np.zeros(len(ids) + 1, np.int64)
    np.cumsum([len(weights) for _, weights in packed], out=offsets[1:])
    target_ids = np.frombuffer(b"".join(targets for targets, _ in packed), "<i4")
    all_weights = np.frombuffer(b"".join(weights for _, weights in packed), np.uint8)
    place = np.zeros(int(ids.max(initial=0)) + 1, np.int32)
    place[ids] = np.arange(len(ids), dtype=np.int32)
    return SimilarLists(ids, offsets, place[target_ids], all_weights)


def changed_since(number: int) -> Any:
    """The ids of the films that changed after a number, to be put into a statement."""
    # The first condition is for SQLite, which cannot tell from a parameter that the index holds all that is asked for.
    return select(Film.id).where(Film.changed > 0, Film.changed > number).scalar_subquery()


def _read_changed(session: Session, number: int) -> Mapping[int, _Row]:
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
        found[film_id] = _Row(
            facts=OneFilm() if barred else facts,
            lists=lists.get(film_id, {}),
            barred=barred,
            merged_into=merged_into,
        )
    return found


def _laid_over(base: Films, rows: Mapping[int, _Row], _before: Films | None) -> Films:
    """What changed over what the catalogue has: a changed film keeps its position, a new one gets one at the end.

    A film that turned out to be another one stays where it was, if it was, and is barred; lists that name it mean the
    other.
    """
    among = base.lists.places
    inside = dict(zip(rows, among.find(np.fromiter(rows, np.int64, len(rows))).tolist(), strict=True))
    new = sorted(film for film, row in rows.items() if inside[film] < 0 and row.merged_into is None)
    places = Places(np.concatenate([among.ids, np.array(new, np.int64)]))
    at = {film: position for film, position in inside.items() if position >= 0}
    at |= {film: len(among) + i for i, film in enumerate(new)}
    facts = base.facts.laid_over(places.ids, {position: rows[film].facts for film, position in at.items()})
    barred = np.array(sorted(position for film, position in at.items() if rows[film].barred), np.int64)
    moved = {film: _final(rows, film) for film, row in rows.items() if row.merged_into is not None}
    named: list[tuple[int, Named]] = []
    placed: list[tuple[int, Named]] = []
    listed: list[int] = []
    for film, position in at.items():
        row = rows[film]
        if set(row.lists) <= {OWN} and position < len(among):
            continue  # its list is the one that it had
        named.append((position, row.named(base.lists)))
        if row.is_listed:
            listed.append(position)
        if PLACED in row.lists:
            placed.append((position, row.lists[PLACED]))
    every, by_content = _Flat.of(named, places, moved), _Flat.of(placed, places, moved)
    lists = base.lists.laid_over(places, *every.packed())
    quality = liked_share(facts.score.astype(np.float32) / np.float32(200))
    by_list = every.where(np.isin(every.origin, listed))
    live = _live(places, len(among), by_list, by_content, quality) if new else None
    return Films(facts, lists, len(among), barred, live)


def _final(rows: Mapping[int, _Row], film: int) -> int:
    """The film that one turned out to be, in the end."""
    for _ in range(len(rows)):
        row = rows.get(film)
        if row is None or row.merged_into is None:
            break
        film = row.merged_into
    return film


@dataclass(frozen=True, slots=True)
class _Flat:
    """Lists one after the other: int64[e] whose, whom it names, and at what place from 0; the weight in 1..255."""

    origin: Positions
    target: Positions
    rank: Positions
    weight: Weights

    @classmethod
    def of(cls, lists: Sequence[tuple[int, Named]], places: Places, moved: Mapping[int, int]) -> _Flat:
        """Lists of positions over positions, without films that have none and repeats."""
        lengths = [len(ids) for _, (ids, _) in lists]
        origin = np.repeat(np.array([position for position, _ in lists], np.int64), lengths)
        ids = np.concatenate([np.empty(0, np.int64), *(ids for _, (ids, _) in lists)])
        weight = np.concatenate([np.empty(0, np.uint8), *(weights for _, (_, weights) in lists)])
        rank = np.arange(len(ids)) - np.repeat(np.cumsum([0, *lengths])[:-1], lengths)
        for old, new in moved.items():
            ids[ids == old] = new
        target = places.find(ids).astype(np.int64)
        flat = cls(origin, target, rank, weight)
        flat = flat.where((target >= 0) & (target != origin))
        if not moved:
            return flat
        pairs = flat.origin * len(places) + flat.target
        order = np.argsort(pairs, kind="stable")
        first = np.ones(len(pairs), bool)
        first[order[1:]] = np.diff(pairs[order]) > 0
        return flat.where(first)

    def where(self, kept: NDArray[np.bool_]) -> _Flat:
        """Those of them that are kept."""
        return _Flat(self.origin[kept], self.target[kept], self.rank[kept], self.weight[kept])

    def packed(self) -> tuple[Positions, NDArray[np.int64], NDArray[np.int32], Weights]:
        """Whose lists these are, how long each is, and all of them, as `SimilarLists.laid_over` takes them."""
        begins = np.flatnonzero(np.diff(self.origin, prepend=-1))
        lengths = np.diff(begins, append=len(self.origin))
        return self.origin[begins], lengths, self.target.astype(np.int32), self.weight


def _live(
    places: Places, among: int, by_list: _Flat, by_content: _Flat, quality: NDArray[np.float32]
) -> Live:
    """What the models are told: links with an end that no model knows, and who stands in for whom.

    Args:
        places: of all films.
        among: the first so many are of the catalogue.
        by_list: the lists of all sources.
        by_content: the lists of those films that are most like it by content.
        quality: of each film.
    """
    linked = by_list.where((by_list.origin >= among) | (by_list.target >= among))
    told = by_list.where((by_list.origin >= among) & (by_list.target < among))
    alike = by_content.where((by_content.origin >= among) & (by_content.target < among))
    alike = alike.where(~np.isin(alike.origin, told.origin))
    both = [np.concatenate(pair) for pair in ((told.origin, alike.origin), (told.target, alike.target))]
    origin, target = both
    weight = np.concatenate([told.weight, alike.weight]).astype(np.float32)
    begins = np.flatnonzero(np.diff(origin, prepend=-1))
    place = np.arange(len(origin)) - np.repeat(begins, np.diff(begins, append=len(origin)))
    row = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(origin)))
    kept = place < STAND_INS
    stand_ins = np.zeros((len(begins), STAND_INS), np.int64)
    weights = np.zeros((len(begins), STAND_INS), np.float32)
    stand_ins[row[kept], place[kept]], weights[row[kept], place[kept]] = target[kept], weight[kept]
    return Live(
        places=places,
        sources=linked.origin,
        targets=linked.target,
        ranks=linked.rank,
        placed=origin[begins],
        is_listed=np.isin(origin[begins], told.origin),
        stand_ins=stand_ins,
        weights=weights,
        quality=quality,
    )
