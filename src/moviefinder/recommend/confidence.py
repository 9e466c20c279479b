"""How sure a recommendation is, in words: the chance that this person likes the film, given that they watch it.

The chance comes from how well the film is liked by all who watched it, how high it stands in this person's ranking, and
how much they have told; logistic regression weighs these on people from whom nothing was learned, by the films that
they rated and had not told. Found shares are printed beside the promised ones in docs/benchmarks.md; why it is so:
docs/decisions/0006-placing-and-dials.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray, Positions, Taste, best
from moviefinder.recommend.evaluate import Trial
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.ratings import LIKED_STARS, Ratings
from moviefinder.records import Confidence

SURE: Final = 0.75
"""From this chance on, a film is a sure bet."""

LONG: Final = 0.55
"""Below this chance it is a long shot."""

FACTORS: Final = ("base", "quality", "place", "told", "place_quality", "place_place", "quality_quality")
"""The numbers of a calibration, as a model's file has them under "confidence"."""

_USUAL: Final = 20  # a film's value is compared with that of so high a place
_FARTHEST: Final = 4.0  # in logarithms: what stands lower or higher than this is taken for it
_LARGEST: Final = 100.0
_ROUNDS: Final = 25
_RIDGE: Final = 1.0
_FEWEST: Final = 200
_SHOWN: Final = 20  # a film so many places down weighs half: what is hardly shown need not be told so well

Features = NDArray[np.float64]


def words(
    meta: Mapping[str, Any], quality: FloatArray, values: FloatArray, told: float, positions: Positions
) -> list[Confidence | None]:
    """The word for each of some films; None where the model's file has no calibration, or the model no film.

    Args:
        meta: of the model.
        quality: float32[n], the share of those who watched each film that liked it.
        values: float32[n], what the model gives every film.
        told: how many likes it was told, by weight.
        positions: int64[k], the films.
    """
    calibration = meta.get("confidence")
    if not is_calibration(calibration) or not (values > 0).any():
        return [None] * len(positions)
    return [
        word(chance) for chance in chances(calibration, features(quality, values, told, positions)).tolist()
    ]


def word(chance: float) -> Confidence:
    """The word for a chance."""
    if chance >= SURE:
        return Confidence.SURE_BET
    return Confidence.LIKELY if chance >= LONG else Confidence.LONG_SHOT


def calibrate(learned: Learned, ratings: Ratings, trials: Iterable[Trial]) -> dict[str, float]:
    """Weigh what tells of a like, on people from whom nothing was learned.

    Args:
        learned: a model over the rows of the ratings.
        ratings: of all people; those of the trials rated more films than they were asked of.
        trials: what each person tells.

    Returns:
        What a model's `meta` takes as "confidence"; empty where too few films were rated.
    """
    return fitted(*rated(learned, ratings, trials))


def fitted(rows: Features, liked: NDArray[np.bool_], places: NDArray[np.int64]) -> dict[str, float]:
    """A calibration from what `rated` gives."""
    if len(liked) < _FEWEST or liked.all() or not liked.any():
        return {}
    weights = _SHOWN / (_SHOWN + places)
    factors = np.zeros(len(FACTORS))
    for _ in range(_ROUNDS):  # Newton's method
        chance = _logistic(rows @ factors)
        slope = rows.T @ (weights * (liked - chance)) - _RIDGE * factors
        bend = rows.T @ (rows * (weights * chance * (1 - chance))[:, None])
        bend += _RIDGE * np.eye(len(factors))
        factors += np.linalg.solve(bend, slope)
    return {name: round(factor, 4) for name, factor in zip(FACTORS, factors.tolist(), strict=True)}


def rated(
    learned: Learned, ratings: Ratings, trials: Iterable[Trial]
) -> tuple[Features, NDArray[np.bool_], NDArray[np.int64]]:
    """The films that people rated and had not told: features float64[k, 7], whether liked, place in the ranking.

    The place is 0 for the first; a film that the model gives nothing stands last.
    """
    offsets, found = ratings.offsets, []
    for trial in trials:
        own = slice(*offsets[trial.person : trial.person + 2].tolist())
        films, stars = ratings.films[own].astype(np.int64), ratings.stars[own]
        asked = (films >= 0) & ~np.isin(films, trial.liked) & ~np.isin(films, trial.disliked)
        films = films[asked]
        taste = Taste(
            liked=dict.fromkeys(trial.liked.tolist(), 1.0),
            disliked=dict.fromkeys(trial.disliked.tolist(), 1.0),
        )
        values = Linear(learned).values(taste)
        places = len(values) - np.searchsorted(np.sort(values), values[films], side="right")
        rows = features(learned.quality, values, len(trial.liked), films)
        found.append((rows, stars[asked] >= LIKED_STARS, places))
    if not found:
        return np.empty((0, len(FACTORS))), np.empty(0, bool), np.empty(0, np.int64)
    every, liked, places = (np.concatenate(column) for column in zip(*found, strict=True))
    return every, liked, places


def features(quality: FloatArray, values: FloatArray, told: float, positions: Positions) -> Features:
    """What tells of a like, a film a row: float64[k, 7] in the order of `FACTORS`; see `words`."""
    liked = np.clip(quality[positions].astype(np.float64), 0.02, 0.98)
    first = best(values, _USUAL)
    usual = max(float(values[first[-1]]), 1e-9) if len(first) else 1.0
    place = np.log(np.maximum(values[positions].astype(np.float64), 1e-12) / usual).clip(
        -_FARTHEST, _FARTHEST
    )
    liking, much = np.log(liked / (1 - liked)), np.full(len(positions), math.log1p(told))
    columns = (np.ones(len(positions)), liking, place, much, place * liking, place * place, liking * liking)
    return np.stack(columns, axis=1)


def chances(calibration: Mapping[str, float], rows: Features) -> NDArray[np.float64]:
    """How likely a person is to like each film when they watch it: float64[k] of `features`."""
    return _logistic(rows @ np.array([calibration[name] for name in FACTORS], np.float64))


def is_calibration(found: Any) -> TypeGuard[Mapping[str, float]]:
    """Whether a model's file holds what `calibrate` gives."""
    return isinstance(found, Mapping) and all(
        type(found.get(name)) in (int, float) and abs(found[name]) <= _LARGEST for name in FACTORS
    )


def _logistic(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-sums))
    return chance
