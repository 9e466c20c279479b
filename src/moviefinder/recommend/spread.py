"""The dials of a list: from little known to well known films, and from close to adventurous ones.

Both lean what an engine found and neither changes it: the same films get a value, with the same reasons.

- `known` multiplies each film's value by a power of its place in the order of popularity.
- `spread` picks one film after the other: what is like those before it counts less, the more the dial asks (maximal
  marginal relevance: Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking", SIGIR 1998). Films are like
  each other as far as their similar lists name each other.

What each position costs and brings is in docs/benchmarks.md, why the defaults are what they are in
docs/decisions/0006-placing-and-dials.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, Positions, best
from moviefinder.recommend.lists import SimilarLists

KNOWN: Final = 0.5
"""Where `known` stands untouched: it then changes nothing."""

SPREAD: Final = 0.0
"""Where `spread` stands untouched: films come in the order of their values."""

_LEAN: Final = 0.6  # the power at either end of `known`
_FIRST: Final = 30  # places count from here, so that the very best known are not worlds apart
_APART: Final = 2.0  # at the end of `spread`: how much one wholly like film before it takes
_WHOLE: Final = 255  # the weight of a neighbour that is as like as can be
_AHEAD: Final = 100  # a film is picked among so many of the best that are left


def arrange(
    values: FloatArray,
    count: int,
    lists: SimilarLists,
    *,
    known: float = KNOWN,
    spread: float = SPREAD,
    before: Positions | None = None,
) -> Positions:
    """The positions of the next `count` films of a list, best first.

    A film's place depends on those before it and not on `count`: parts of a list join to the same list.

    Args:
        values: float32[n], what each film gets, positive where it may be shown and has not been.
        count: how many are wanted.
        lists: the similar lists, over the same positions.
        known: 0 little known .. 1 well known.
        spread: 0 close .. 1 adventurous.
        before: the films that the list has shown, in any order.
    """
    leaning = leaned(values, known)
    if spread <= 0:
        return best(leaning, count)
    ordered = best(leaning, count + _AHEAD)
    left, picked = leaning[ordered].astype(np.float64), np.empty(min(count, len(ordered)), np.int64)
    likeness = np.zeros(len(values), np.int64)  # whole numbers: a sum that no order changes
    for position in () if before is None else before.tolist():
        _add(likeness, lists, position)
    unit = _APART * spread * spread / _WHOLE  # squared, so that the first steps of the dial are small
    for place in range(len(picked)):
        end = place + _AHEAD
        at = int(np.argmax(left[:end] / (1 + unit * likeness[ordered[:end]])))
        picked[place] = ordered[at]
        left[at] = -1
        _add(likeness, lists, int(ordered[at]))
    return picked


def leaned(values: FloatArray, known: float) -> FloatArray:
    """Values of films in the order of popularity, leaned towards the well known ones or away from them: float32[n].

    At `KNOWN` they are given back as they are.
    """
    if known == KNOWN:
        return values
    power = -2 * _LEAN * (known - KNOWN)
    places = np.arange(_FIRST, len(values) + _FIRST, dtype=np.float32)
    # 20,000 powers for the few hundred films that stand in no list would be felt; what is 0 stays 0.
    leaning = np.zeros_like(values)
    at = np.flatnonzero(values > 0)
    leaning[at] = np.maximum(values[at] * (places[at] / _FIRST) ** np.float32(power), np.float32(1e-30))
    return leaning


def _add(likeness: NDArray[np.int64], lists: SimilarLists, position: int) -> None:
    """Add how like each film is to one that was picked: at most 255."""
    targets, weights = lists.named(position)
    likeness[targets] += weights
