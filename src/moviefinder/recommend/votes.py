"""Each liked film votes for its similar films, as in 2012.

A film's score is the sum of the votes of the liked films whose list names it, less those of the disliked ones. What
the first site lacked are the further steps: a named film passes on a little of what it got to its own neighbours, and
those to theirs where nothing nearer has been reached, so that a narrow filter still finds films, with reasons, where
the lists of a few likes name none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, IdArray, Scores, Taste

DISLIKE = 0.5
"""Weight of a disliked film's vote against its neighbours; a dislike says less of them than a like does."""

STEP = 0.02
"""What a named film passes on, each step anew. Small, so that the films named directly come first."""

NEAR, FAR = 2, 12
"""How many steps a list takes, and how many at most where it must find films of a kind that nobody near has."""

Positions = NDArray[np.int64]


class _Links:
    """Links between positions: those of position i stand at `offsets[i]:offsets[i + 1]`."""

    def __init__(self, offsets: NDArray[Any], ends: NDArray[np.int32], weights: NDArray[np.uint8]) -> None:
        self.offsets, self.ends, self.weights = offsets, ends, weights

    def of(self, positions: Positions) -> tuple[Positions, NDArray[np.int32], FloatArray]:
        """All links of some positions: index into `positions`, the other end, weight in 0..1."""
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
            (self.weights[links] / np.float32(255)).astype(np.float32, copy=False),
        )

    def reversed(self) -> _Links:
        """The same links from their other ends."""
        n = len(self.offsets) - 1
        starts = np.repeat(np.arange(n, dtype=np.int32), np.diff(self.offsets))
        narrow = self.ends.astype(np.uint16) if n <= 1 << 16 else self.ends  # 16 bits sort ten times quicker
        order = np.argsort(narrow, kind="stable")
        return _Links(np.searchsorted(self.ends[order], np.arange(n + 1)), starts[order], self.weights[order])


class SimilarLists:
    """The similar lists of all films as arrays; a film's place in them is its position.

    Args:
        ids: int64[n], our ids, best known first.
        offsets: int64[n + 1], where each film's list begins in the two next.
        targets: int32[m], positions of the neighbours, best first within a list.
        weights: uint8[m], 1..255, comparable between lists.
    """

    def __init__(
        self, ids: IdArray, offsets: Positions, targets: NDArray[np.int32], weights: NDArray[np.uint8]
    ) -> None:
        self.ids, self.offsets, self.targets, self.weights = ids, offsets, targets, weights
        self.out = _Links(offsets, targets, weights)
        self.into = self.out.reversed()
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def positions(self, film_ids: NDArray[Any]) -> Positions:
        """Positions of the films that have one; the others are left out."""
        if not len(self.ids):
            return np.empty(0, np.int64)
        film_ids = np.asarray(film_ids, dtype=np.int64)
        at = np.minimum(np.searchsorted(self._sorted, film_ids), len(self.ids) - 1)
        found: Positions = self._order[at[self._sorted[at] == film_ids]]
        return found


@dataclass(frozen=True, slots=True)
class _Poll:
    """One taste's votes.

    `liked` int64[k] positions with their `weights` float64[k] and the `links` that leave them; `named` float64[n] what
    every film got in one step, dislikes taken off; `total` float64[n] its score; `level` int8[n] the steps to it: 0 not
    reached, 2 for one and two.
    """

    liked: Positions
    weights: NDArray[np.float64]
    links: tuple[Positions, NDArray[np.int32], FloatArray]
    named: NDArray[np.float64]
    total: NDArray[np.float64]
    level: NDArray[np.int8]


class Votes:
    """The 2012 rule over similar lists; needs no other users and changes at once when a list arrives."""

    name = "votes"

    def __init__(self, lists: SimilarLists) -> None:
        self._lists = lists
        self._last: tuple[Taste, bool, _Poll] | None = (
            None  # a list and its reasons are asked for one after the other
        )

    def score(self, taste: Taste, *, far: bool = False) -> Scores:
        """Every film that the liked ones reach, and that is not decided."""
        poll = self._poll(taste, far=far)
        if not len(poll.liked):
            return Scores(np.empty(0, np.int64), np.empty(0, np.float32))
        total = poll.total.copy()
        for film in {film for film, _ in taste.off}:
            for position in self._lists.positions(np.array([film])).tolist():
                total[position] -= self._parts(poll, position)[~self._holding(poll, taste, film)].sum()
        ruled_out = np.fromiter({*taste.decided, *taste.liked, *taste.disliked}, np.int64)
        total[self._lists.positions(ruled_out)] = 0
        found = np.flatnonzero(total.astype(np.float32) > 0)
        ranked = found[np.argsort(-total[found], kind="stable")]  # ties stay in the order of popularity
        return Scores(self._lists.ids[ranked], total[ranked].astype(np.float32))

    def explain(self, taste: Taste, ids: IdArray) -> dict[int, list[tuple[int, float]]]:
        """The liked films that gave each id most, with shares that add up to 1."""
        poll = self._poll(taste, far=False)
        if len(ids) and (poll.level[self._lists.positions(ids)] == 0).any():
            poll = self._poll(taste, far=True)
        reasons: dict[int, list[tuple[int, float]]] = {}
        for film in ids.tolist():
            reasons[film] = []
            for position in self._lists.positions(np.array([film])).tolist():
                parts = self._parts(poll, position) * self._holding(poll, taste, film)
                order = np.argsort(-parts, kind="stable")
                order = order[parts[order] > 0]
                shares = parts[order] / parts.sum() if len(order) else parts[order]
                reasons[film] = list(
                    zip(self._lists.ids[poll.liked[order]].tolist(), shares.tolist(), strict=True)
                )
        return reasons

    def _poll(self, taste: Taste, *, far: bool) -> _Poll:
        if self._last is None or self._last[0] is not taste or (far and not self._last[1]):
            self._last = taste, far, self._count(taste, FAR if far else NEAR)
        return self._last[2]

    def _count(self, taste: Taste, steps: int) -> _Poll:
        liked, weights = self._weighed(taste.liked)
        named = self._spread(liked, weights) - DISLIKE * self._spread(*self._weighed(taste.disliked))
        total = named + STEP * self._spread(*_positive(named))
        level = np.where(total == 0, 0, 2).astype(np.int8)
        for step in range(3, steps + 1):
            arrived = np.where(level == 0, STEP**2 * self._spread(*_positive(total)), 0)
            if not arrived.any():
                break
            total += arrived
            level[arrived > 0] = step
        return _Poll(liked, weights, self._lists.out.of(liked), named, total, level)

    def _weighed(self, films: Mapping[int, float]) -> tuple[Positions, NDArray[np.float64]]:
        """Positions int64[k], rising, and weights float64[k] of the films that have a list."""
        positions = np.sort(self._lists.positions(np.fromiter(films, np.int64, len(films))))
        return positions, np.array([films[film] for film in self._lists.ids[positions].tolist()], np.float64)

    def _spread(self, positions: Positions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """What every film gets when the given ones vote with the given weights: float64[n]."""
        origin, targets, votes = self._lists.out.of(positions)
        votes_by_film = np.bincount(targets, weights[origin] * votes, minlength=len(self._lists.ids))
        return votes_by_film.astype(np.float64, copy=False)  # whole numbers where nobody voted

    def _parts(self, poll: _Poll, position: int) -> NDArray[np.float64]:
        """What each liked film gave to one position, over all the ways that `score` counts: float64[k].

        Goes backward from the position, so that the cost is that of a few lists and not of all films.
        """
        worth = np.zeros(len(self._lists.ids))  # what a point of each film's is worth to the position
        worth[position] = 1
        for step in range(int(poll.level[position]), 2, -1):
            reached = np.flatnonzero((worth > 0) & (poll.level == step))
            origin, sources, votes = self._lists.into.of(reached)
            passing = (poll.total[sources] > 0) & (poll.level[sources] < step)
            gained = np.where(passing, STEP**2 * worth[reached][origin] * votes, 0)
            worth[reached] = 0
            np.add.at(worth, sources, gained)
        held = np.flatnonzero(worth > 0)  # asked of booleans, which is eight times quicker
        origin, sources, votes = self._lists.into.of(held)
        gained = np.where(poll.named[sources] > 0, STEP * worth[held][origin] * votes, 0)
        np.add.at(worth, sources, gained)  # a second step, on what was named in one
        origin, targets, passed = poll.links
        given = np.bincount(origin, passed * worth[targets], minlength=len(poll.liked))
        parts: NDArray[np.float64] = poll.weights * given
        return parts

    def _holding(self, poll: _Poll, taste: Taste, film: int) -> NDArray[np.bool_]:
        """Which liked films may speak for a film: those whose reason was not refused."""
        if not taste.off:
            return np.ones(len(poll.liked), bool)
        refused = [because for at, because in taste.off if at == film]
        return ~np.isin(self._lists.ids[poll.liked], np.array(refused, np.int64))


def _positive(values: NDArray[np.float64]) -> tuple[Positions, NDArray[np.float64]]:
    positions = np.flatnonzero(values > 0)
    return positions, values[positions]
