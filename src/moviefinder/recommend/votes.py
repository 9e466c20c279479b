"""Each liked film votes for its similar films, as in 2012.

A film's score is the sum of the votes of the liked films whose list names it, less those of the disliked ones. What
the first site lacked is the second step: a named film passes on a little of what it got to its own neighbours, so
that a narrow filter still finds films, with reasons, where the lists of a few likes name none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import Edges, FloatArray, IdArray, Scores, Taste

DISLIKE = 0.5
"""Weight of a disliked film's vote against its neighbours; a dislike says less of them than a like does."""

STEP = 0.02
"""What a named film passes on. Small, so that films named directly come first and the second step fills up."""


class SimilarLists:
    """The similar lists of all films as arrays; a film's place in them is its position.

    Args:
        ids: int64[n], our ids, best known first.
        offsets: int64[n + 1], where each film's list begins in the two next.
        targets: int32[m], positions of the neighbours, best first within a list.
        weights: uint8[m], 1..255, comparable between lists.
    """

    def __init__(
        self, ids: IdArray, offsets: NDArray[np.int64], targets: NDArray[np.int32], weights: NDArray[np.uint8]
    ) -> None:
        self.ids = ids
        self.offsets = offsets
        self.targets = targets
        self.weights = weights
        sources = np.repeat(np.arange(len(ids), dtype=np.int32), np.diff(offsets))
        narrow = targets.astype(np.uint16) if len(ids) <= 1 << 16 else targets  # 16 bits sort ten times quicker
        by_target = np.argsort(narrow, kind="stable")
        self._into_sources = sources[by_target]
        self._into_weights = weights[by_target]
        self._into_offsets = np.searchsorted(targets[by_target], np.arange(len(ids) + 1))
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def positions(self, film_ids: NDArray[Any]) -> NDArray[np.int64]:
        """Positions of the films that have one; the others are left out."""
        if not len(self.ids):
            return np.empty(0, np.int64)
        film_ids = np.asarray(film_ids, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._sorted, film_ids), len(self.ids) - 1)
        return self._order[at[self._sorted[at] == film_ids]]

    def out(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32], FloatArray]:
        """All links that leave the positions: index into `positions`, target position, weight in 0..1."""
        starts = self.offsets[positions]
        counts = self.offsets[positions + 1] - starts
        origin = np.repeat(np.arange(len(positions)), counts)
        # The running number within each list, added to where the list starts.
        links = np.arange(len(origin)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
        return origin, self.targets[links], self.weights[links].astype(np.float32) / 255

    def into(self, position: int) -> tuple[NDArray[np.int32], FloatArray]:
        """All links that lead to a position: source positions and weights in 0..1."""
        links = slice(self._into_offsets[position], self._into_offsets[position + 1])
        return self._into_sources[links], self._into_weights[links].astype(np.float32) / 255

    def edges(self, film_ids: NDArray[Any]) -> Edges:
        """The neighbours of each given film, best first."""
        positions = self.positions(film_ids)
        origin, targets, weights = self.out(positions)
        return Edges(self.ids[positions[origin]], self.ids[targets], weights)


class Votes:
    """The 2012 rule over similar lists; needs no other users and changes at once when a list arrives."""

    name = "votes"

    def __init__(self, lists: SimilarLists) -> None:
        self._lists = lists

    def score(self, taste: Taste) -> Scores:
        """Every film that the liked ones name, directly or in two steps, and that is not decided."""
        liked, weights = self._weighed(taste.liked)
        if not len(liked):
            return Scores(np.empty(0, np.int64), np.empty(0, np.float32))
        disliked, against = self._weighed(taste.disliked)
        named = self._spread(liked, weights) - DISLIKE * self._spread(disliked, against)
        passing = np.flatnonzero(named > 0)
        total = named + STEP * self._spread(passing, named[passing])
        total[self._lists.positions(np.fromiter(taste.decided, np.int64, len(taste.decided)))] = 0
        total[liked] = 0
        total[disliked] = 0
        for film, because in taste.off:  # a refused reason takes that like's part out
            for position in self._lists.positions(np.array([film])):
                total[position] -= self._parts(position, liked, weights, named)[
                    self._lists.ids[liked] == because
                ].sum()
        found = np.flatnonzero(total > 1e-9)
        ranked = found[np.argsort(-total[found], kind="stable")]  # ties stay in the order of popularity
        return Scores(self._lists.ids[ranked], total[ranked].astype(np.float32))

    def explain(self, taste: Taste, ids: IdArray) -> dict[int, list[tuple[int, float]]]:
        """The liked films that gave each id most, with shares that add up to 1."""
        liked, weights = self._weighed(taste.liked)
        named = self._spread(liked, weights) - DISLIKE * self._spread(*self._weighed(taste.disliked))
        reasons: dict[int, list[tuple[int, float]]] = {}
        for film in map(int, ids):
            reasons[film] = []
            for position in self._lists.positions(np.array([film])):
                parts = self._parts(position, liked, weights, named)
                for because in {because for at, because in taste.off if at == film}:
                    parts[self._lists.ids[liked] == because] = 0
                if (whole := float(parts.sum())) > 0:
                    order = np.argsort(-parts, kind="stable")
                    order = order[parts[order] > 0]
                    reasons[film] = [(int(self._lists.ids[liked[i]]), float(parts[i]) / whole) for i in order]
        return reasons

    def _weighed(self, films: Mapping[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions int64[k] and weights float64[k] of the films that have a list, by position."""
        positions = self._lists.positions(np.fromiter(films, np.int64, len(films)))
        positions.sort()
        return positions, np.array([films[film] for film in self._lists.ids[positions].tolist()], np.float64)

    def _spread(self, positions: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """What every film gets when the given ones vote with the given weights: float64[n]."""
        origin, targets, votes = self._lists.out(positions)
        return np.bincount(targets, weights[origin] * votes, minlength=len(self._lists.ids))

    def _parts(
        self, position: int, liked: NDArray[np.int64], weights: NDArray[np.float64], named: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What each liked film gave to one position, in one step and in two: float64[k]."""
        received = np.zeros(len(self._lists.ids))
        sources, votes = self._lists.into(position)
        received[sources] = np.where(named[sources] > 0, STEP * votes, 0)
        origin, targets, passed = self._lists.out(liked)
        gave = np.bincount(origin, passed * (received[targets] + (targets == position)), minlength=len(liked))
        return weights * gave
