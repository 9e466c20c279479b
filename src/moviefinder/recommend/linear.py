"""A learned item-item model at work: each liked film adds what the model says it is worth to every other.

The sum is linear, so what a liked film gave to a recommendation is exactly its term of the sum. Method: an item-item
model with two sets of weights, mixed by how much a person has told (after Steck, "Autoencoders that don't overfit
towards the Identity", NeurIPS 2020, whose best dropout we found to fall with the number of likes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, IdArray, Positions, Taste
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.live import Beside, Said

_CELLS: Final = 1 << 20  # so many parts are held at once, whatever a person has answered: 8 MB


@dataclass(frozen=True, slots=True)
class _Sum:
    """One taste's sum.

    `liked` int64[k] positions, rising; those among them that the model knows, `known` int64[o] into `liked`, give
    `given` float32[o, l] to `targets` int[o, l], and all by the broad part `broad` float32[k, r] times each film's
    target; `said` is what they say beside the model; `against` float64[n] what dislikes take away, None for nothing;
    `total` float64[n] what every film gets.
    """

    liked: Positions
    known: Positions
    targets: NDArray[Any]
    given: FloatArray
    broad: FloatArray
    said: Said | None
    against: NDArray[np.float64] | None
    total: NDArray[np.float64]


class Linear:
    """Ranks by a learned model; the same for everybody who likes the same films. Made anew for each request.

    Args:
        learned: the model.
        beside: films that it does not know, beside those that it knows; None for none.
    """

    name = "model"

    def __init__(self, learned: Learned, beside: Beside | None = None) -> None:
        self._learned, self._beside = learned, beside
        self.places = learned.places if beside is None else beside.places
        self.quality = learned.quality if beside is None else beside.quality
        self._last: tuple[Taste, _Sum] | None = (
            None  # a list and its reasons are asked for one after the other
        )

    def values(self, taste: Taste, *, far: bool = False) -> FloatArray:
        """What the liked films give, less what the disliked ones take; links reach no further where `far` asks."""
        sum_ = self._sum(taste)
        total = sum_.total.astype(np.float32)
        if taste.off:
            answered = self.places.of(np.unique([film for film, _ in taste.off]))
            step = max(_CELLS // max(len(sum_.liked), 1), 1)
            for start in range(0, len(answered), step):
                some = answered[start : start + step]
                left = self._parts(sum_, taste, some).sum(axis=1)
                total[some] = left if sum_.against is None else left - sum_.against[some]
        total[self.places.of(taste.ruled_out())] = 0
        return total

    def explain(
        self, taste: Taste, ids: IdArray, *, most: int | None = None
    ) -> dict[int, list[tuple[int, float]]]:
        """The liked films that gave each id anything, with shares that add up to 1; negative ones come last."""
        reasons: dict[int, list[tuple[int, float]]] = {film: [] for film in ids.tolist()}
        sum_, at = self._sum(taste), self.places.of(ids)
        parts = self._parts(sum_, taste, at)
        totals = parts.sum(axis=1)
        order = np.argsort(np.where(parts == 0, np.inf, -parts), axis=1, kind="stable")[:, :most]
        shares = parts[np.arange(len(at))[:, None], order] / np.where(totals > 0, totals, np.inf)[:, None]
        because = self.places.ids[sum_.liked][order]
        rows = zip(self.places.ids[at].tolist(), because.tolist(), shares.tolist(), strict=True)
        for film, films, of_films in rows:
            reasons[film] = [pair for pair in zip(films, of_films, strict=True) if pair[1]]
        return reasons

    def _sum(self, taste: Taste) -> _Sum:
        if self._last is None or self._last[0] is not taste:
            self._last = taste, self._add_up(taste)
        return self._last[1]

    def _add_up(self, taste: Taste) -> _Sum:
        learned, beside = self._learned, self._beside
        liked, weights = self._told(taste.voices())
        mixing = learned.mixing(float(weights.sum()))
        known = np.arange(len(liked)) if beside is None else np.flatnonzero(beside.known[liked])
        targets, given = learned.given(liked[known], weights[known], mixing)
        said = None if beside is None else beside.say(liked, weights, mixing)
        broad = np.zeros((len(liked), learned.broad_source.shape[1]), np.float32)
        broad[known] = learned.broad_source[liked[known]] * weights[known, None]
        if said is not None:
            broad += said.broad
        total = self._per_film(targets, given, said, broad)
        against = None
        if taste.disliked and learned.meta["dislike"] and len(liked):
            against = self._against(taste, mixing)
            total -= against
        return _Sum(liked, known, targets, given, broad, said, against, total)

    def _against(self, taste: Taste, mixing: float) -> NDArray[np.float64]:
        """What the disliked films take from every film: float64[n]."""
        learned, beside = self._learned, self._beside
        disliked, weights = self._told(taste.disliked)
        weights = weights * np.float32(learned.meta["dislike"])
        known = slice(None) if beside is None else beside.known[disliked]
        away, taken = learned.given(disliked[known], weights[known], mixing)
        said = None if beside is None else beside.say(disliked, weights, mixing, only_for=True)
        return self._per_film(away, np.maximum(taken, 0), said)

    def _told(self, films: Mapping[int, float]) -> tuple[Positions, FloatArray]:
        """Positions int64[k], rising, and weights float32[k] of the films that say anything."""
        positions, weights = self.places.weighed(films)
        speaking = (self._learned.known if self._beside is None else self._beside.speaking)[positions]
        return positions[speaking], weights[speaking].astype(np.float32)

    def _per_film(
        self,
        targets: NDArray[Any],
        given: FloatArray,
        said: Said | None,
        broad: FloatArray | None = None,
    ) -> NDArray[np.float64]:
        """What every film gets: float64[n]."""
        by_model = len(self._learned.places)
        total = np.zeros(len(self.places))
        total[:by_model] = np.bincount(targets.ravel(), given.ravel(), minlength=by_model)
        if broad is not None and broad.size:
            total[:by_model] += broad.sum(axis=0) @ self._learned.broad_target
        if said is not None:
            said.add_to(total)
        if self._beside is not None:
            self._beside.hear(total)
        return total

    def _parts(self, sum_: _Sum, taste: Taste, positions: Positions) -> NDArray[np.float64]:
        """What each liked film gave to some positions without repeats, but for refused reasons: float64[p, k]."""
        if self._beside is None:
            parts = self._spoken(sum_, positions)
        else:
            needed = self._beside.needed(positions)
            parts = self._beside.heard_parts(positions, needed, self._spoken(sum_, needed))
        if taste.off:
            rows = {film: i for i, film in enumerate(self.places.ids[positions].tolist())}
            columns = {film: i for i, film in enumerate(self.places.ids[sum_.liked].tolist())}
            for film, because in taste.off:
                if film in rows and because in columns:
                    parts[rows[film], columns[because]] = 0
        return parts

    def _spoken(self, sum_: _Sum, positions: Positions) -> NDArray[np.float64]:
        """What each liked film said for some positions themselves: float64[p, k]."""
        k, learned = len(sum_.liked), self._learned
        slot = np.full(len(self.places), -1, np.int32)
        slot[positions] = np.arange(len(positions), dtype=np.int32)
        slots = slot.take(sum_.targets.ravel())
        hit = np.flatnonzero(slots >= 0)
        cells = slots[hit] * k + sum_.known[hit // max(sum_.targets.shape[1], 1)]
        parts: NDArray[Any] = np.bincount(cells, sum_.given.ravel()[hit], minlength=len(positions) * k)
        parts = parts.astype(np.float64, copy=False).reshape(len(positions), k)
        if sum_.broad.size:
            inside = np.flatnonzero(positions < len(learned.places))
            parts[inside] += (sum_.broad @ learned.broad_target[:, positions[inside]]).T
        if sum_.said is not None:
            sum_.said.add_parts(parts, slot)
        return parts
