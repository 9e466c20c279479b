"""What changed since the catalogue was installed, laid over its arrays.

A changed film keeps its position, one that came since gets one at the end. Changes lie in two layers: all up to a time,
and the latest few over them, so that what a change costs hardly grows with what changed before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import Places, Positions
from moviefinder.recommend.content import STAND_INS
from moviefinder.recommend.lists import OWN, PLACED, Weights
from moviefinder.recommend.live import Live
from moviefinder.recommend.traits import liked_share
from moviefinder.store.shelves.changed import Named, Row, read_changed
from moviefinder.store.shelves.films import Films, Settled, of_catalogue
from moviefinder.store.shelves.shelf import CATALOGUE, LOOK_EVERY_S, LiveShelf, Shelf

_FEW: Final = 200  # changed films; to lay so many over what is settled takes a few milliseconds

Rows = Mapping[int, Row]


def film_shelf(folder: Path, *, look_every_s: float = LOOK_EVERY_S) -> LiveShelf[Films, Any]:
    """The shelf of films; those of the catalogue are kept in a folder of derived files."""
    return LiveShelf(
        Shelf([CATALOGUE], of_catalogue(folder)), read_changed, _laid_over, look_every_s=look_every_s
    )


def _laid_over(base: Films, rows: Rows, before: Films | None) -> Films:
    """All changes over the films of the catalogue, or the latest over what was settled before."""
    if before is not None and (settled := before.settled) is not None:
        fresh = {film: row for film, row in rows.items() if settled.rows.get(film) is not row}
        if len(fresh) <= max(_FEW, len(settled.rows) // 4) and settled.rows.keys() <= rows.keys():
            return replace(_over(settled.films, fresh, is_first=False), settled=settled)
    made = _over(base, rows, is_first=True)
    return replace(made, settled=Settled(rows, made))


def _over(under: Films, rows: Rows, *, is_first: bool) -> Films:
    """Rows over films. One that turned out to be another stays where it was, if it was, and is barred.

    Args:
        under: the films of the catalogue, or those with earlier changes.
        rows: of the films that changed.
        is_first: nothing lies over the catalogue yet, so that a film keeps its list where no other has joined it.
    """
    among = under.lists.places
    inside = dict(zip(rows, among.find(np.fromiter(rows, np.int64, len(rows))).tolist(), strict=True))
    new = sorted(film for film, row in rows.items() if inside[film] < 0 and row.merged_into is None)
    places = Places(np.concatenate([among.ids, np.array(new, np.int64)]))
    at = {film: position for film, position in inside.items() if position >= 0}
    at |= {film: len(among) + i for i, film in enumerate(new)}
    changed = np.zeros(len(places), bool)
    changed[list(at.values())] = True
    facts = under.facts.laid_over(places.ids, {position: rows[film].facts for film, position in at.items()})
    now_barred = [position for film, position in at.items() if rows[film].barred]
    barred = np.concatenate([under.barred[~changed[under.barred]], np.array(now_barred, np.int64)])
    told = {position: rows[film] for film, position in at.items()}
    if is_first:
        told = {at: row for at, row in told.items() if row.lists.keys() - {OWN} or at >= len(among)}
    every = _Flat.of([(at, row.named(under.lists)) for at, row in told.items()], places)
    positions = np.fromiter(told, np.int64, len(told))
    lists = under.lists.laid_over(places, positions, *every.packed(positions))
    if len(places) == under.of_catalogue:
        return Films(facts, lists, under.of_catalogue, barred)
    by_list = every.where(np.isin(every.origin, [at for at, row in told.items() if row.is_listed]))
    placed = [(at, row.lists[PLACED]) for at, row in told.items() if PLACED in row.lists]
    live = _live(under, changed, places, by_list, _Flat.of(placed, places))
    quality = liked_share(facts.score.astype(np.float32) / np.float32(200))
    return Films(facts, lists, under.of_catalogue, barred, replace(live, quality=quality))


@dataclass(frozen=True, slots=True)
class _Flat:
    """Lists one after the other: int64[e] whose, whom it names, and at what place from 0; the weight in 1..255."""

    origin: Positions
    target: Positions
    rank: Positions
    weight: Weights

    @classmethod
    def of(cls, lists: Sequence[tuple[int, Named]], places: Places) -> _Flat:
        """Lists of positions over positions, without films that have none."""
        lengths = [len(ids) for _, (ids, _) in lists]
        origin = np.repeat(np.array([position for position, _ in lists], np.int64), lengths)
        ids = np.concatenate([np.empty(0, np.int64), *(ids for _, (ids, _) in lists)])
        weight = np.concatenate([np.empty(0, np.uint8), *(weights for _, (_, weights) in lists)])
        rank = _places_in(lengths)
        target = places.find(ids).astype(np.int64)
        return cls(origin, target, rank, weight).where((target >= 0) & (target != origin))

    def where(self, kept: NDArray[np.bool_]) -> _Flat:
        """Those of them that are kept."""
        return _Flat(self.origin[kept], self.target[kept], self.rank[kept], self.weight[kept])

    def packed(self, positions: Positions) -> tuple[NDArray[np.int64], NDArray[np.int32], Weights]:
        """How long the list of each of these is, whose order is that of the lists, and all of them."""
        number = np.zeros(int(positions.max(initial=-1)) + 1, np.int64)
        number[positions] = np.arange(len(positions))
        lengths = np.bincount(number[self.origin], minlength=len(positions)).astype(np.int64)
        return lengths, self.target.astype(np.int32), self.weight


def _live(
    under: Films, changed: NDArray[np.bool_], places: Places, by_list: _Flat, by_content: _Flat
) -> Live:
    """What the models are told: links with an end that no model knows, and who stands in for whom.

    Args:
        under: what these lie over.
        changed: bool[n], the films whose rows these are.
        places: of all films.
        by_list: the lists of all sources.
        by_content: the films that are most like some by content; they count where no list names a known film.
    """
    known = under.of_catalogue
    linked = by_list.where((by_list.origin >= known) | (by_list.target >= known))
    told = by_list.where((by_list.origin >= known) & (by_list.target < known))
    alike = by_content.where((by_content.origin >= known) & (by_content.target < known))
    alike = alike.where(~np.isin(alike.origin, told.origin))
    parts = [_stand_ins(told), _stand_ins(alike)]
    is_listed = [np.ones(len(parts[0][0]), bool), np.zeros(len(parts[1][0]), bool)]
    edges = [(linked.origin, linked.target, linked.rank)]
    if (before := under.live) is not None:
        stays, stand = ~changed[before.sources], ~changed[before.placed]
        edges.append((before.sources[stays], before.targets[stays], before.ranks[stays]))
        parts.append((before.placed[stand], before.stand_ins[stand], before.weights[stand]))
        is_listed.append(before.is_listed[stand])
    sources, targets, ranks = (np.concatenate(column) for column in zip(*edges, strict=True))
    placed, stand_ins, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Live(
        places=places,
        sources=sources,
        targets=targets,
        ranks=ranks,
        placed=placed,
        is_listed=np.concatenate(is_listed),
        stand_ins=stand_ins,
        weights=weights,
        quality=np.empty(0, np.float32),
    )


def _stand_ins(lists: _Flat) -> tuple[Positions, Positions, NDArray[np.float32]]:
    """The first films of each list side by side: whose, int64[u, s] and their weights float32[u, s]."""
    begins = np.flatnonzero(np.diff(lists.origin, prepend=-1))
    lengths = np.diff(begins, append=len(lists.origin))
    row, place = np.repeat(np.arange(len(begins)), lengths), _places_in(lengths)
    kept = place < STAND_INS
    stand_ins = np.zeros((len(begins), STAND_INS), np.int64)
    weights = np.zeros((len(begins), STAND_INS), np.float32)
    stand_ins[row[kept], place[kept]] = lists.target[kept]
    weights[row[kept], place[kept]] = lists.weight[kept]
    return lists.origin[begins], stand_ins, weights


def _places_in(lengths: Sequence[int] | NDArray[np.int64]) -> Positions:
    """The place of each link in its list, from 0: int64[sum of lengths]."""
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
