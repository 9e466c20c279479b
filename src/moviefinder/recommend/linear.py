"""A learned item-item model at work: each liked film adds what the model says it is worth to every other.

The sum is linear, so what a liked film gave to a recommendation is exactly its term of the sum. Method: an item-item
model with two sets of weights, mixed by how much a person has told (after Steck, "Autoencoders that don't overfit
towards the Identity", NeurIPS 2020, whose best dropout we found to fall with the number of likes).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, IdArray, Places, Positions, Taste
from moviefinder.recommend.model_file import Model

USUAL: Final = 20
"""So many likes told mix the two sets of weights by `strength` alone."""

_CELLS: Final = 1 << 20  # so many parts are held at once, whatever a person has answered: 8 MB

_ARRAYS: Final = (
    "known", "targets", "few", "many", "few_scale", "many_scale", "broad_source", "broad_target", "quality",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A model laid over our films: n of them in the order of popularity, l links each, r broad parts.

    Films that the model does not know have no links and a quality of 0; rows with fewer links than l are filled with
    links of no weight. `known` bool[n]; `targets` uint16[n, l] (int32 where there are more films) positions; `few` and
    `many` int8[n, l]; the scales and `quality` float32[n]; `broad_source` float32[n, r]; `broad_target` float32[r, n];
    `meta` as in `Model`.
    """

    places: Places
    known: NDArray[np.bool_]
    targets: NDArray[Any]
    few: NDArray[np.int8]
    many: NDArray[np.int8]
    few_scale: FloatArray
    many_scale: FloatArray
    broad_source: FloatArray
    broad_target: FloatArray
    quality: FloatArray
    meta: Mapping[str, Any]

    @classmethod
    def of(cls, model: Model, ids: IdArray, rows: NDArray[Any]) -> Learned:
        """Lay a model over films.

        Args:
            model: what was learned.
            ids: int64[n], our ids, best known first.
            rows: int[n], the row of each film in the model, without repeats; -1 where the model does not know it.
        """
        known = rows >= 0
        place = np.full(len(model), -1, np.int64)
        place[rows[known]] = np.flatnonzero(known)
        widest = int(np.diff(model.offsets)[rows[known]].max(initial=0))
        shape = len(ids), widest
        targets = np.zeros(shape, np.uint16 if len(ids) <= 1 << 16 else np.int32)
        few, many = np.zeros(shape, np.int8), np.zeros(shape, np.int8)
        for position in np.flatnonzero(known).tolist():  # a film at a time needs no memory to speak of
            links = slice(*model.offsets[rows[position] : rows[position] + 2].tolist())
            at = place[model.targets[links]]
            ours = at >= 0
            count = int(ours.sum())
            targets[position, :count] = at[ours]
            few[position, :count] = model.few[links][ours]
            many[position, :count] = model.many[links][ours]

        def column(values: FloatArray) -> FloatArray:
            return np.where(known.reshape(-1, *[1] * (values.ndim - 1)), values[rows], np.float32(0))

        return cls(
            places=Places(ids),
            known=known,
            targets=targets,
            few=few,
            many=many,
            few_scale=column(model.few_scale),
            many_scale=column(model.many_scale),
            broad_source=column(model.broad_source),
            broad_target=np.ascontiguousarray(column(model.broad_target).T),
            quality=column(model.quality),
            meta=model.meta,
        )

    @classmethod
    def of_rows(cls, model: Model) -> Learned:
        """Lay a model over its own films; a film's id is its row."""
        rows = np.arange(len(model))
        return cls.of(model, rows, rows)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named one-dimensional arrays that `from_arrays` takes."""
        meta = np.frombuffer(json.dumps(dict(self.meta), sort_keys=True).encode(), np.uint8)
        return {name: getattr(self, name).ravel() for name in _ARRAYS} | {
            "ids": self.places.ids,
            "meta": meta,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Learned:
        """What `to_arrays` gave."""
        columns: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        n = len(arrays["ids"])
        for name in ("targets", "few", "many", "broad_source"):
            columns[name] = columns[name].reshape(n, columns[name].size // max(n, 1))
        columns["broad_target"] = columns["broad_target"].reshape(columns["broad_source"].shape[::-1])
        meta = json.loads(arrays["meta"].tobytes())
        return cls(places=Places(arrays["ids"]), meta=meta, **columns)

    def mixing(self, told: float) -> float:
        """How much of the weights for many likes is added when so many are told."""
        mixing = float(self.meta["strength"] * (told / USUAL) ** self.meta["power"])
        cap = self.meta["cap"]
        return mixing if cap is None else min(mixing, cap)


@dataclass(frozen=True, slots=True)
class _Sum:
    """One taste's sum.

    `liked` int64[k] positions, rising; they give `given` float32[k, l] to `targets` int[k, l], and by the broad part
    `broad` float32[k, r] times each film's target; `against` float64[n] what dislikes take away, None for nothing;
    `total` float64[n] what every film gets.
    """

    liked: Positions
    targets: NDArray[Any]
    given: FloatArray
    broad: FloatArray
    against: NDArray[np.float64] | None
    total: NDArray[np.float64]


class Linear:
    """Ranks by a learned model; the same for everybody who likes the same films. Made anew for each request."""

    name = "model"

    def __init__(self, learned: Learned) -> None:
        self._learned, self.places = learned, learned.places
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
        learned = self._learned
        liked, weights = self._told(taste.voices())
        mixing = learned.mixing(float(weights.sum()))
        targets, given = self._given(liked, weights, mixing)
        broad = learned.broad_source[liked] * weights[:, None]
        total = self._per_film(targets, given)
        if broad.size:
            total += broad.sum(axis=0) @ learned.broad_target
        against = None
        if taste.disliked and learned.meta["dislike"] and len(liked):
            disliked, loudness = self._told(taste.disliked)
            away, taken = self._given(disliked, loudness * np.float32(learned.meta["dislike"]), mixing)
            against = self._per_film(away, np.maximum(taken, 0))
            total -= against
        return _Sum(liked, targets, given, broad, against, total)

    def _told(self, films: Mapping[int, float]) -> tuple[Positions, FloatArray]:
        """Positions int64[k], rising, and weights float32[k] of the films that the model knows."""
        positions, weights = self.places.weighed(films)
        known = self._learned.known[positions]
        return positions[known], weights[known].astype(np.float32)

    def _given(self, films: Positions, weights: FloatArray, mixing: float) -> tuple[NDArray[Any], FloatArray]:
        """The links of some films, [k, l]: whom they reach, and what they are worth to them."""
        learned = self._learned
        few = (weights * learned.few_scale[films])[:, None]
        many = (weights * learned.many_scale[films] * np.float32(mixing))[:, None]
        given = learned.few.take(films, axis=0) * few
        given += learned.many.take(films, axis=0) * many
        return learned.targets.take(films, axis=0), given

    def _per_film(self, targets: NDArray[Any], given: FloatArray) -> NDArray[np.float64]:
        """What every film gets by links: float64[n]."""
        total: NDArray[Any] = np.bincount(targets.ravel(), given.ravel(), minlength=len(self.places))
        return total.astype(np.float64, copy=False)  # whole numbers where nobody spoke

    def _parts(self, sum_: _Sum, taste: Taste, positions: Positions) -> NDArray[np.float64]:
        """What each liked film gave to some positions without repeats, but for refused reasons: float64[p, k]."""
        k = len(sum_.liked)
        slot = np.full(len(self.places), -1, np.int32)
        slot[positions] = np.arange(len(positions), dtype=np.int32)
        slots = slot.take(sum_.targets.ravel())
        hit = np.flatnonzero(slots >= 0)
        cells = slots[hit] * k + hit // max(sum_.targets.shape[1], 1)
        parts: NDArray[Any] = np.bincount(cells, sum_.given.ravel()[hit], minlength=len(positions) * k)
        parts = parts.astype(np.float64, copy=False).reshape(len(positions), k)
        if sum_.broad.size:
            parts += (sum_.broad @ self._learned.broad_target[:, positions]).T
        if taste.off:
            rows = {film: i for i, film in enumerate(self.places.ids[positions].tolist())}
            columns = {film: i for i, film in enumerate(self.places.ids[sum_.liked].tolist())}
            for film, because in taste.off:
                if film in rows and because in columns:
                    parts[rows[film], columns[because]] = 0
        return parts
