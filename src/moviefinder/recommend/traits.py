"""What a model is told of films besides ratings: how alike they are, how known, and how well liked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray

Likeness = Callable[[int, int], FloatArray]
"""Takes the first row and the row after the last: how like these films are to all, float32[rows, n], 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is known of n films by themselves, in the order of their popularity.

    Attributes:
        refs: each film's first reference, "imdb:tt0133093".
        likeness: between any film and all others, by people, genres, era and language.
        votes: float32[n], how many people rated it, anywhere; 0 where nobody did or nobody knows.
        mean: float32[n], their mean, in stars of 0.5 to 5; 0 is unknown.
        year: int16[n], of release; 0 is unknown.
        is_series: bool[n].
    """

    refs: tuple[str, ...]
    likeness: Likeness
    votes: FloatArray
    mean: FloatArray
    year: NDArray[np.int16]
    is_series: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.refs)

    @property
    def quality(self) -> FloatArray:
        """The share of those who watched a film that like it: float32[n], 0..1."""
        return liked_share(self.mean)


def liked_share(mean: FloatArray) -> FloatArray:
    """The share of those who watched a film that like it (four stars and more): float32[n], 0..1.

    From the mean alone, by a logistic curve laid through the films of the MovieLens editions with 100 ratings and
    more; a film without a mean is taken for a middling one, of 3.2 stars.

    Args:
        mean: float32[n], in stars of 0.5 to 5; 0 is unknown.
    """
    told = np.where(mean > 0, mean, np.float32(3.2))
    return (1 / (1 + np.exp(-1.885 * (told - 3.53)))).astype(np.float32)
