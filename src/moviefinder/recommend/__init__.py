"""Ranking films for one taste: numbers only, no database, clock or network.

Both recommenders are one idea, *liked films speak for their neighbours*, over two kinds of neighbours: similar lists
(`votes`) and, later, a learned model. Whatever implements `Recommender` inherits the conformance tests in
`tests/contract/test_recommenders.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "IdArray", "Recommender", "Scores", "Taste"]

IdArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What an engine is told of one person. Films are named by our ids.

    `liked` and `disliked` map a film to its weight (1 is one plain answer), `decided` holds every film that must not
    be recommended, `off` the pairs (film, because) whose reason the person has refused.
    """

    liked: Mapping[int, float] = field(default_factory=dict)
    disliked: Mapping[int, float] = field(default_factory=dict)
    decided: frozenset[int] = frozenset()
    off: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Scores:
    """A ranking: `ids` int64[n] without repeats, `values` float32[n] finite, best first."""

    ids: IdArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.ids)


class Recommender(Protocol):
    """Ranks films for one taste. Pure and deterministic."""

    name: str

    def score(self, taste: Taste, *, far: bool = False) -> Scores:
        """Every film with a positive score that is not in `taste.decided`, best first, ties to the better known.

        Args:
            taste: what the person has said.
            far: look for films as far from the liked ones as there are any, at some cost; for narrow filters.
        """

    def explain(self, taste: Taste, ids: IdArray) -> dict[int, list[tuple[int, float]]]:
        """For each id the liked films that gave it most, with their shares of what all of them gave, best first."""
