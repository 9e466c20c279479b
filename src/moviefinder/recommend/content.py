"""Places films that few or no people rated on the scale of those that many did, by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray
from moviefinder.recommend.evidence import Together
from moviefinder.recommend.traits import Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What a like of each of n films says for every other; rows are made as they are asked for.

    Attributes:
        few: float32[m, m], learned, for few likes told.
        many: float32[m, m], what is added for many.
        films: int64[m], rows of the learned films.
        traits: of all films.
    """

    few: FloatArray
    many: FloatArray
    films: NDArray[np.int64]
    traits: Traits

    def rows(self, start: int, end: int) -> tuple[FloatArray, FloatArray]:
        """Both sets of weights of the films from `start` to `end`: float32[end - start, n] twice."""
        own = np.flatnonzero((self.films >= start) & (self.films < end))
        found = []
        for learned in (self.few, self.many):
            rows = np.zeros((end - start, len(self.traits)), np.float32)
            rows[(self.films[own] - start)[:, None], self.films[None]] = learned[own]
            found.append(rows)
        return found[0], found[1]


def placed(few: FloatArray, many: FloatArray, counted: Together, traits: Traits) -> Placed:
    """Place every film: see `Placed` for the shapes."""
    return Placed(few=few, many=many, films=counted.films, traits=traits)
