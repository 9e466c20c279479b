"""A learned model laid over our films: what `linear` ranks by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, IdArray, Places, Positions
from moviefinder.recommend.model_file import Model

USUAL: Final = 20
"""So many likes told mix the two sets of weights by `strength` alone."""

_SAMPLE: Final = 500
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
    _kept: dict[str, tuple[FloatArray, FloatArray]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

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

    def given(self, films: Positions, weights: FloatArray, mixing: float) -> tuple[NDArray[Any], FloatArray]:
        """The links of some films by weight, [k, l]: whom they reach, and what they are worth to them."""
        few = (weights * self.few_scale[films])[:, None]
        many = (weights * self.many_scale[films] * np.float32(mixing))[:, None]
        given = self.few.take(films, axis=0) * few
        given += self.many.take(films, axis=0) * many
        return self.targets.take(films, axis=0), given

    def usual_row(self) -> tuple[FloatArray, FloatArray]:
        """What a usual film says at each place of its row, best first: the mean of both sets, float32[l] twice.

        Of 500 films from all over the catalogue, in the order in which links were chosen; 4 ms.
        """
        if "usual" not in self._kept:
            films = np.flatnonzero(self.known)[:: max(int(self.known.sum()) // _SAMPLE, 1)]
            few = self.few[films] * self.few_scale[films, None]
            many = self.many[films] * self.many_scale[films, None]
            order = np.argsort(-(few + many / 2), axis=1, kind="stable")
            rows = (np.take_along_axis(column, order, axis=1) for column in (few, many))
            usual_few, usual_many = (row.sum(axis=0) / np.float32(max(len(films), 1)) for row in rows)
            self._kept["usual"] = usual_few, usual_many
        return self._kept["usual"]
