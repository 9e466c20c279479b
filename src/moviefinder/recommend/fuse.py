"""Several rankings as one, with reasons that still add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from moviefinder.recommend import FloatArray, IdArray, Recommender, Taste

_VOTES: Final = 0.1  # what the best film of the similar lists counts beside the best one of the model


class Fused:
    """Adds up what several engines give, each as a share of the most that it gives to any film.

    A film that one engine does not know is brought by another. A liked film's part in the sum is the sum of its parts.

    Args:
        engines: each with what it counts; all rank the same films.
    """

    name = "fused"

    def __init__(self, engines: Sequence[tuple[Recommender, float]]) -> None:
        self._engines = engines
        self.places = engines[0][0].places
        self._last: tuple[Taste, list[FloatArray]] | None = None

    @classmethod
    def of(cls, model: Recommender, votes: Recommender) -> Fused:
        """The model, and beside it a little of what the similar lists say."""
        return cls([(model, 1.0), (votes, _VOTES)])

    def values(self, taste: Taste, *, far: bool = False) -> FloatArray:
        """The weighted sum of what the engines give."""
        given = [
            _of_the_most(engine.values(taste, far=far)) * np.float32(weight)
            for engine, weight in self._engines
        ]
        self._last = taste, given
        fused: FloatArray = np.sum(given, axis=0, dtype=np.float32)
        return fused

    def explain(
        self, taste: Taste, ids: IdArray, *, most: int | None = None
    ) -> dict[int, list[tuple[int, float]]]:
        """The reasons of all engines, each weighed by what its engine gave."""
        if self._last is None or self._last[0] is not taste:
            self.values(taste, far=True)
        assert self._last is not None
        parts = {film: Counter[int]() for film in ids.tolist()}
        positions = self.places.of(ids)
        for (engine, _), given in zip(self._engines, self._last[1], strict=True):
            at = positions[given[positions] > 0]
            of_film = dict(zip(self.places.ids[at].tolist(), given[at].tolist(), strict=True))
            for film, because in engine.explain(taste, self.places.ids[at]).items():
                for liked, share in because:
                    parts[film][liked] += share * of_film[film]
        return {film: _shares(of_film)[:most] for film, of_film in parts.items()}


def _shares(parts: Mapping[int, float]) -> list[tuple[int, float]]:
    total = sum(parts.values())
    ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    return [(liked, part / total) for liked, part in ordered if part] if total > 0 else []


def _of_the_most(values: FloatArray) -> FloatArray:
    """Values as shares of the largest; what is negative speaks for no film and is 0."""
    most = values.max(initial=0)
    return np.maximum(values, 0) / most if most > 0 else np.zeros_like(values)


def below(values: FloatArray, further: FloatArray) -> FloatArray:
    """Values, and under the least of them those of films that had none; for films that one engine alone can bring."""
    least = values[values > 0].min(initial=1)
    return np.where(values > 0, values, _of_the_most(further) * (least / 2))
