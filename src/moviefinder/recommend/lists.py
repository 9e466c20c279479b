"""Similar lists as arrays: those of the catalogue, and over them those that came since; several of a film as one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, IdArray, Places, Positions

OWN: Final = "catalogue"
"""The catalogue's lists: their weights compare between films; of all others the order counts."""

PLACED: Final = "placed"
"""The source that knows content alone: it counts where no other has a list."""

_WHOLE: Final = 255

Links = tuple[Positions, NDArray[np.int32], FloatArray]
"""Of some positions: index into them, the other end, weight in 0..1."""

Weights = NDArray[np.uint8]


class _Linked(Protocol):
    def of(self, positions: Positions) -> Links:
        """All links of some positions."""


class _Links:
    """Links between positions: those of position i stand at `offsets[i]:offsets[i + 1]`."""

    def __init__(self, offsets: NDArray[Any], ends: NDArray[np.int32], weights: Weights) -> None:
        self.offsets, self.ends, self.weights = offsets, ends, weights

    def of(self, positions: Positions) -> Links:
        starts = self.offsets[positions]
        counts = self.offsets[positions + 1] - starts
        origin = np.repeat(np.arange(len(positions)), counts)
        # The running number within each list, added to where the list starts.
        links = (
            np.arange(len(origin)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
        )
        return (
            origin,
            self.ends[links],
            (self.weights[links] / np.float32(_WHOLE)).astype(np.float32, copy=False),
        )

    def reversed(self, starts: NDArray[np.int32], n: int) -> _Links:
        """The same links from their other ends, of n films.

        Args:
            starts: int32[k], the films whose links these are.
            n: how many films there are.
        """
        begins = np.repeat(starts, np.diff(self.offsets))
        narrow = self.ends.astype(np.uint16) if n <= 1 << 16 else self.ends  # 16 bits sort ten times quicker
        order = np.argsort(narrow, kind="stable")
        return _Links(np.searchsorted(self.ends[order], np.arange(n + 1)), begins[order], self.weights[order])


class _LaidOver:
    """Links of which those of some positions are replaced.

    Args:
        base: the links as they were.
        own: the new ones.
        slot: int32[n], where in `own` the links of each position stand; -1 for those that keep theirs.
    """

    def __init__(self, base: _Linked, own: _Links, slot: NDArray[np.int32]) -> None:
        self.base, self.own, self.slot = base, own, slot

    def of(self, positions: Positions) -> Links:
        slots = self.slot[positions]
        kept, replaced = np.flatnonzero(slots < 0), np.flatnonzero(slots >= 0)
        if not len(replaced):
            return self.base.of(positions)
        return _joined(
            (self.base.of(positions[kept]), kept), (self.own.of(slots[replaced].astype(np.int64)), replaced)
        )


class _IntoLaidOver:
    """The links of a `_LaidOver` from their other ends, of n films; the first of them have links in `base`."""

    def __init__(self, base: _Linked, among: int, over: _LaidOver) -> None:
        self._base, self._among, self._slot = base, among, over.slot
        starts = np.zeros(len(over.own.offsets) - 1, np.int32)
        having = np.flatnonzero(over.slot >= 0)
        starts[over.slot[having]] = having
        self._own = over.own.reversed(starts, len(over.slot))

    def of(self, positions: Positions) -> Links:
        inside = np.flatnonzero(positions < self._among)
        origin, ends, weights = self._base.of(positions[inside])
        kept = self._slot[ends] < 0
        before = origin[kept], ends[kept], weights[kept]
        return _joined((before, inside), (self._own.of(positions), np.arange(len(positions))))


def _joined(*parts: tuple[Links, Positions]) -> Links:
    """Links of several parts of some positions; beside each the indices of its positions."""
    origins, ends, weights = zip(
        *((at[origin], end, weight) for (origin, end, weight), at in parts), strict=True
    )
    return np.concatenate(origins), np.concatenate(ends), np.concatenate(weights)


class SimilarLists:
    """The similar lists of all films; a film's place in them is its position.

    Args:
        ids: int64[n], our ids, best known first.
        offsets: int64[n + 1], where each film's list begins in the two next.
        targets: int32[m], positions of the neighbours, best first within a list.
        weights: uint8[m], 1..255, comparable between lists.
    """

    out: _Linked
    into: _Linked

    def __init__(
        self, ids: IdArray, offsets: Positions, targets: NDArray[np.int32], weights: Weights
    ) -> None:
        self.places, self.offsets, self.targets, self.weights = Places(ids), offsets, targets, weights
        self.out = links = _Links(offsets, targets, weights)
        self.into = links.reversed(np.arange(len(ids), dtype=np.int32), len(ids))

    def named(self, position: int) -> tuple[NDArray[np.int32], Weights]:
        """One film's list: positions best first, and weights 1..255."""
        own = slice(*self.offsets[position : position + 2].tolist())
        return self.targets[own], self.weights[own]

    @cached_property
    def usual(self) -> FloatArray:
        """The mean weight at each place of a list, never rising: float32[longest]; 1 where there are no lists."""
        lengths = np.diff(self.offsets)
        place = np.arange(len(self.weights)) - np.repeat(self.offsets[:-1], lengths)
        counts = np.bincount(place, minlength=1)
        means = np.bincount(place, self.weights, minlength=1) / np.maximum(counts, 1)
        usual: FloatArray = np.maximum(np.minimum.accumulate(means), 1).astype(np.float32)
        return usual

    def laid_over(
        self,
        places: Places,
        films: Positions,
        lengths: NDArray[np.int64],
        targets: NDArray[np.int32],
        weights: Weights,
    ) -> SimilarLists:
        """These lists, with those of some films in the stead of what they were; what is shared is not copied.

        Args:
            places: of all films, those of these lists first; films beyond these that are given none have none.
            films: int64[k], positions of those whose lists follow.
            lengths: int64[k], of their lists, which may be empty.
            targets: int32[m], of one list after the other.
            weights: uint8[m].
        """
        # The first list is an empty one, for all that have none.
        own = _Links(np.concatenate([[0, 0], np.cumsum(lengths)]), targets, weights)
        return _ListsLaidOver(self, places, films, own)


class _ListsLaidOver(SimilarLists):
    def __init__(self, base: SimilarLists, places: Places, films: Positions, own: _Links) -> None:
        self.places, self._base = places, base
        self.offsets, self.targets, self.weights = base.offsets, base.targets, base.weights
        slot = np.full(len(places), -1, np.int32)
        slot[len(base.places) :] = 0
        slot[films] = np.arange(1, len(films) + 1, dtype=np.int32)
        self.out = self._over = _LaidOver(base.out, own, slot)

    @cached_property
    def into(self) -> _Linked:  # type: ignore[override]  # made when a narrow filter asks for it
        return _IntoLaidOver(self._base.into, len(self._base.places), self._over)

    @property
    def usual(self) -> FloatArray:  # that of the catalogue
        return self._base.usual

    def named(self, position: int) -> tuple[NDArray[np.int32], Weights]:
        if (slot := int(self._over.slot[position])) < 0:
            return self._base.named(position)
        own = slice(*self._over.own.offsets[slot : slot + 2].tolist())
        return self._over.own.ends[own], self._over.own.weights[own]


def merged(lists: Mapping[str, tuple[IdArray, Weights]], usual: FloatArray) -> tuple[IdArray, Weights]:
    """The lists of all sources of one film as one: ids int64[k] best first, weights uint8[k].

    The catalogue's weights are what they are. Of every other source the order counts: a film at place r gets what a
    list of the catalogue usually gives at place r. What several sources name gets the sum. What content alone knows
    counts where nobody else says anything.

    Args:
        lists: by source, ids best first without repeats, and weights.
        usual: float32[longest], as of `SimilarLists`.
    """
    sources = [source for source in sorted(lists) if source != PLACED] or sorted(lists)
    if not sources:
        return np.empty(0, np.int64), np.empty(0, np.uint8)
    if sources == [OWN]:
        return lists[OWN]
    given: dict[int, float] = {}
    best: dict[int, int] = {}
    for source in sources:
        ids, weights = lists[source]
        places = np.minimum(np.arange(len(ids)), len(usual) - 1)
        points = weights.astype(np.float32) if source == OWN else usual[places]
        for place, (film, point) in enumerate(zip(ids.tolist(), points.tolist(), strict=True)):
            given[film] = given.get(film, 0.0) + point
            best[film] = min(best.get(film, place), place)
    ordered = sorted(given, key=lambda film: (-given[film], best[film], film))
    rounded = [min(round(given[film]), _WHOLE) for film in ordered]
    return np.array(ordered, np.int64), np.array(rounded, np.uint8)
