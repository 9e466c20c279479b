"""Each liked film votes for its similar films, as in 2012.

A film's score is the sum of the votes of the liked films whose list names it, less those of the disliked ones. What
the first site lacked are the further steps: a named film passes on a little of what it got to its own neighbours, and
those to theirs where nothing nearer has been reached, so that a narrow filter still finds films, with reasons, where
the lists of a few likes name none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, IdArray, Positions, Taste
from moviefinder.recommend.lists import SimilarLists

DISLIKE = 0.5
"""Weight of a disliked film's vote against its neighbours; a dislike says less of them than a like does."""

STEP = 0.02
"""What a named film passes on, each step anew. Small, so that the films named directly come first."""

NEAR, FAR = 2, 12
"""How many steps a list takes, and how many at most where it must find films of a kind that nobody near has."""


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
        self._lists, self.places = lists, lists.places
        self._last: tuple[Taste, bool, _Poll] | None = (
            None  # a list and its reasons are asked for one after the other
        )

    def values(self, taste: Taste, *, far: bool = False) -> FloatArray:
        """What the liked films give by their lists, where that is not decided."""
        poll = self._poll(taste, far=far)
        total = poll.total.astype(np.float32)
        for film in {film for film, _ in taste.off}:
            for position in self.places.of(np.array([film])).tolist():
                parts, holding = self._parts(poll, position), self._holding(poll, taste, film)
                left = poll.total[position] - parts[~holding].sum()
                total[position] = left if parts[holding].any() else min(left, 0)  # no crumb of a sum remains
        total[self.places.of(taste.ruled_out())] = 0
        return total if len(poll.liked) else np.zeros(len(self.places), np.float32)

    def explain(
        self, taste: Taste, ids: IdArray, *, most: int | None = None
    ) -> dict[int, list[tuple[int, float]]]:
        """The liked films that gave each id most, with shares that add up to 1."""
        poll = self._poll(taste, far=False)
        if len(ids) and (poll.level[self.places.of(ids)] == 0).any():
            poll = self._poll(taste, far=True)
        reasons: dict[int, list[tuple[int, float]]] = {}
        for film in ids.tolist():
            reasons[film] = []
            for position in self.places.of(np.array([film])).tolist():
                parts = self._parts(poll, position) * self._holding(poll, taste, film)
                order = np.argsort(-parts, kind="stable")
                order = order[parts[order] > 0]
                order, total = order[:most], parts.sum()
                shares = parts[order] / total if len(order) else parts[order]
                reasons[film] = list(
                    zip(self.places.ids[poll.liked[order]].tolist(), shares.tolist(), strict=True)
                )
        return reasons

    def _poll(self, taste: Taste, *, far: bool) -> _Poll:
        if self._last is None or self._last[0] is not taste or (far and not self._last[1]):
            self._last = taste, far, self._count(taste, FAR if far else NEAR)
        return self._last[2]

    def _count(self, taste: Taste, steps: int) -> _Poll:
        liked, weights = self.places.weighed(taste.voices())
        named = self._spread(liked, weights) - DISLIKE * self._spread(*self.places.weighed(taste.disliked))
        total = named + STEP * self._spread(*_positive(named))
        level = np.where(total == 0, 0, 2).astype(np.int8)
        for step in range(3, steps + 1):
            arrived = np.where(level == 0, STEP**2 * self._spread(*_positive(total)), 0)
            if not arrived.any():
                break
            total += arrived
            level[arrived > 0] = step
        return _Poll(liked, weights, self._lists.out.of(liked), named, total, level)

    def _spread(self, positions: Positions, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """What every film gets when the given ones vote with the given weights: float64[n]."""
        origin, targets, votes = self._lists.out.of(positions)
        votes_by_film = np.bincount(targets, weights[origin] * votes, minlength=len(self.places))
        return votes_by_film.astype(np.float64, copy=False)  # whole numbers where nobody voted

    def _parts(self, poll: _Poll, position: int) -> NDArray[np.float64]:
        """What each liked film gave to one position, over all the ways that `score` counts: float64[k].

        Goes backward from the position, so that the cost is that of a few lists and not of all films.
        """
        worth = np.zeros(len(self.places))  # what a point of each film's is worth to the position
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
        return ~np.isin(self.places.ids[poll.liked], np.array(refused, np.int64))


def _positive(values: NDArray[np.float64]) -> tuple[Positions, NDArray[np.float64]]:
    positions = np.flatnonzero(values > 0)
    return positions, values[positions]
