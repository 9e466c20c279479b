"""Films that came after the model, beside those that it knows: what they say, and what is said for them.

A liked one speaks for the films in its lists, as loud at each place as a usual film of the model at that place of its
row, and for what its stand-ins speak for: the known films that are most like it. Likewise it hears what the liked films
whose lists name it say, and what is said for its stand-ins. Everything is a term of one liked film, so that reasons add
up; what the model says of films that it knows stays as it is. What was tried: docs/decisions/0008-live-films.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, Places, Positions
from moviefinder.recommend.content import HEARD_YOUNG
from moviefinder.recommend.learned import Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What is known of films that changed since the catalogue was installed, over the positions of all n films.

    `sources`, `targets` and `ranks` int64[e]: which film's list names which, at what place from 0. `placed` int64[u]:
    films with stand-ins, `stand_ins` int64[u, s] and their `weights` float32[u, s], 0 where there are fewer;
    `is_listed` bool[u]: they come from a list, not from content. `quality` float32[n]: the share of those who watched a
    film that liked it, as its score lets expect.
    """

    places: Places
    sources: Positions
    targets: Positions
    ranks: Positions
    placed: Positions
    is_listed: NDArray[np.bool_]
    stand_ins: Positions
    weights: FloatArray
    quality: FloatArray


@dataclass(frozen=True, slots=True)
class Said:
    """What k films say beside the model.

    By their lists: film `owner` int64[e] says `worth` float32[e] for position `target` int64[e]. By stand-ins: d of
    them give `given` float32[d, l] to `reached` [d, l], for each film as much as `mix` float32[k, d] says, and
    `broad` float32[k, r] times each target.
    """

    owner: Positions
    target: Positions
    worth: FloatArray
    mix: FloatArray
    reached: NDArray[Any]
    given: FloatArray
    broad: FloatArray

    def add_to(self, total: NDArray[np.float64]) -> None:
        """Add what all of them say to what every film gets: float64[n]."""
        total += np.bincount(self.target, self.worth, minlength=len(total))
        given = self.given * self.mix.sum(axis=0)[:, None]
        total += np.bincount(self.reached.ravel(), given.ravel(), minlength=len(total))

    def add_parts(self, parts: NDArray[np.float64], slot: NDArray[np.int32]) -> None:
        """Add what each of them says to some films: float64[p, k].

        Args:
            parts: what is added to.
            slot: int32[n], the row of each film in `parts`; -1 for none.
        """
        rows, k = parts.shape
        slots = slot.take(self.target)
        hit = np.flatnonzero(slots >= 0)
        cells = slots[hit] * k + self.owner[hit]
        parts += np.bincount(cells, self.worth[hit], minlength=parts.size).reshape(parts.shape)
        if self.given.size:
            d, links = self.given.shape
            slots = slot.take(self.reached.ravel())
            hit = np.flatnonzero(slots >= 0)
            cells = slots[hit] * d + hit // links
            by_stand_in = np.bincount(cells, self.given.ravel()[hit], minlength=rows * d).reshape(rows, d)
            parts += by_stand_in @ self.mix.T


class Beside:
    """Live films beside one model.

    Args:
        live: what is known of them.
        learned: the model; the films that it was laid over come first among all.
    """

    def __init__(self, live: Live, learned: Learned) -> None:
        self._learned, n = learned, len(live.places)
        known = np.zeros(n, bool)
        known[: len(learned.known)] = learned.known
        few, many = learned.usual_row()
        kept = ~(known[live.sources] & known[live.targets]) & (live.ranks < len(few))
        order = np.flatnonzero(kept)[np.argsort(live.sources[kept], kind="stable")]
        self._sources, self._targets, ranks = (
            column[order] for column in (live.sources, live.targets, live.ranks)
        )
        self._few, self._many = few[ranks], many[ranks]
        weights = live.weights * known[live.stand_ins]
        whole = weights.sum(axis=1)
        spoken = ~known[live.placed] & (whole > 0)
        self._placed, self._stand_ins = live.placed[spoken], live.stand_ins[spoken]
        self._shares = weights[spoken] / whole[spoken, None]
        count = (self._shares > 0).sum(axis=1)
        heard = np.where(live.is_listed[spoken], count / (count + 1), HEARD_YOUNG).astype(np.float32)
        self._heard = self._shares * heard[:, None]
        self._slot = np.full(n, -1, np.int32)
        self._slot[self._placed] = np.arange(len(self._placed), dtype=np.int32)
        self.places = live.places
        self.known = known
        self.speaking = known.copy()
        """Films whose likes say anything: bool[n]."""
        self.speaking[self._sources] = True
        self.speaking[self._placed] = True
        self.quality = live.quality.copy()
        self.quality[: len(learned.known)][learned.known] = learned.quality[learned.known]

    def say(
        self, films: Positions, weights: FloatArray, mixing: float, *, only_for: bool = False
    ) -> Said | None:
        """What some films say beside the model; None for nothing.

        Args:
            films: int64[k], positions.
            weights: float32[k].
            mixing: of the weights for many likes.
            only_for: leave out what speaks against.
        """
        begins = np.searchsorted(self._sources, films)
        counts = np.searchsorted(self._sources, films, side="right") - begins
        owner = np.repeat(np.arange(len(films)), counts)
        links = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - begins, counts)
        slots = self._slot[films]
        speaking = np.flatnonzero(slots >= 0)
        if not len(links) and not len(speaking):
            return None
        worth = weights[owner] * (self._few[links] + np.float32(mixing) * self._many[links])
        stand_ins = self._stand_ins[slots[speaking]]
        column, distinct = _numbered(stand_ins, len(self._learned.known))
        mix = np.zeros((len(films), len(distinct)), np.float32)
        shares = self._shares[slots[speaking]] * weights[speaking, None]
        np.add.at(mix, (speaking[:, None], column[stand_ins]), shares)
        reached, given = self._learned.given(distinct, np.ones(len(distinct), np.float32), mixing)
        if only_for:
            worth, given = np.maximum(worth, 0), np.maximum(given, 0)
        broad = mix @ self._learned.broad_source[distinct]
        return Said(owner, self._targets[links], worth, mix, reached, given, broad)

    def hear(self, total: NDArray[np.float64]) -> None:
        """Add to what every film gets, float64[n], what is said for the stand-ins of each."""
        if len(self._placed):
            said = total.astype(np.float32).take(self._stand_ins)
            total[self._placed] += np.einsum("us,us->u", said, self._heard)

    def needed(self, positions: Positions) -> Positions:
        """Positions and their stand-ins, each once and rising: what `heard_parts` takes."""
        slots = self._slot[positions]
        asked = np.concatenate([positions, self._stand_ins[slots[slots >= 0]].ravel()])
        return _numbered(asked, len(self._slot))[1]

    def heard_parts(
        self, positions: Positions, needed: Positions, parts: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """What each liked film gave to some positions, by way of their stand-ins as well: float64[p, k].

        Args:
            positions: int64[p].
            needed: int64[m] of the method of that name.
            parts: float64[m, k], what each liked film says for these.
        """
        row = np.full(len(self._slot), -1, np.int64)
        row[needed] = np.arange(len(needed))
        found = parts[row[positions]]
        slots = self._slot[positions]
        for at in np.flatnonzero(slots >= 0).tolist():
            stand_ins = row[self._stand_ins[slots[at]]]
            found[at] += self._heard[slots[at]].astype(np.float64) @ parts[stand_ins]
        return found


def _numbered(positions: Positions, n: int) -> tuple[Positions, Positions]:
    """The number of each position that occurs, int64[n], and those positions, rising."""
    occurs = np.zeros(n, bool)
    occurs[positions] = True
    distinct = np.flatnonzero(occurs)
    numbers = np.zeros(n, np.int64)
    numbers[distinct] = np.arange(len(distinct))
    return numbers, distinct
