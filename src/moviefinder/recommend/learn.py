"""Learns the item-item model: evidence from ratings, weighed by likeness and fame, placed for every film, and thinned.

Why these estimates and these weights, with what was tried and left out: docs/decisions/0005-learned-model.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend import FloatArray
from moviefinder.recommend.content import Placed, placed
from moviefinder.recommend.evidence import Say, Together, cosine, denoised, smoothed, together
from moviefinder.recommend.model_file import Model
from moviefinder.recommend.ratings import Ratings
from moviefinder.recommend.traits import Traits

LINKS: Final = 200
"""A film keeps links to so many others; all of them, at thirty times the file, would gain nothing measurable."""

MIXTURE: Final[Mapping[str, Any]] = {"strength": 1.0, "power": 1.0, "cap": None, "dislike": 0.1}

_BLOCK: Final = 128  # arrays of this height stay below 32 MB, which the allocator keeps
_USUAL: Final = 0.5  # links are chosen for somebody who has told ten likes, which costs the others least


@dataclass(frozen=True, slots=True)
class _Voice:
    """How much one estimate counts: by itself, by the likeness of the two films, and by traits of the second.

    Each is a pair: for somebody who has told little, and what is added for somebody who has told much.
    """

    estimate: Callable[[FloatArray], FloatArray]
    plain: tuple[float, float]
    alike: tuple[float, float]
    rare: tuple[float, float]
    fame: tuple[float, float]
    quality: tuple[float, float] = (0.0, 0.0)


_VOICES: Final = (
    _Voice(
        lambda counts: denoised(counts, 25),
        plain=(2.75, 2.19),
        alike=(6.86, 6.96),
        rare=(-12.4, -11.4),
        fame=(-0.194, -0.668),
        quality=(0.542, -0.477),
    ),
    _Voice(
        lambda counts: denoised(counts, 2),
        plain=(-0.163, 0.0608),
        alike=(-0.541, 1.71),
        rare=(-4.42, 10.3),
        fame=(-0.105, -0.0721),
        quality=(0.33, 0.499),
    ),
    _Voice(
        smoothed,
        plain=(0.502, 0.239),
        alike=(-1.44, -1.45),
        rare=(16.1, 0.151),
        fame=(-0.232, -0.414),
        quality=(0.0509, -0.136),
    ),
    _Voice(
        cosine,
        plain=(0.0679, 0.0179),
        alike=(-0.0467, -0.102),
        rare=(-0.116, -0.134),
        fame=(0.0421, 0.00247),
    ),
)
"""Fitted to the order of lists: LambdaRank (Burges, "From RankNet to LambdaRank to LambdaMART", 2010) with nDCG@10 on
people whom the estimates had not seen, three times 1,100, at all tellings."""

_LIKENESS: Final = (0.0088, -0.0091)  # how much likeness counts by itself, times the fame of the second film
_LIKENESS_SQUARED: Final = (0.0184, -0.0091)


def learn(
    ratings: Ratings,
    traits: Traits,
    *,
    movielens_ids: NDArray[np.int32],
    movielens_rows: NDArray[np.int32],
    meta: Mapping[str, Any],
    say: Say = lambda _: None,
) -> Model:
    """Learn a model of all films in `traits` from ratings of some of them.

    Args:
        ratings: of films inside the catalogue, rows as in `traits`.
        traits: what is known of the films.
        movielens_ids: int32[p], rising; the ids by which the films may be named.
        movielens_rows: int32[p], the row of each.
        meta: "version" and whatever else should be told of the model.
        say: told of each step.
    """
    counted = together(ratings)
    say(f"{len(counted.films):,} films that enough people like")
    traits = _compared(traits)
    say("likeness of all films")
    few, many = _weighed(counted, traits, say)
    every = placed(few, many, counted, traits)
    offsets, targets, weights = _thinned(every, len(traits), say)
    scales = [_scale(column, offsets) for column in weights]
    none = np.zeros((len(traits), 0), np.float32)
    return Model(
        refs=traits.refs,
        movielens_ids=movielens_ids,
        movielens_rows=movielens_rows,
        offsets=offsets,
        targets=targets,
        few=_whole(weights[0], scales[0], offsets),
        many=_whole(weights[1], scales[1], offsets),
        few_scale=scales[0],
        many_scale=scales[1],
        broad_source=none,
        broad_target=none,
        quality=traits.quality,
        meta=dict(meta) | dict(MIXTURE),
    )


def _weighed(counted: Together, traits: Traits, say: Say) -> tuple[FloatArray, FloatArray]:
    """What a like of each rated film says for each other, for few likes told and for many: float32[m, m] twice."""
    films, m = counted.films, len(counted.films)
    expected = traits.votes[films] * traits.quality[films]
    expected *= counted.likes.sum() / max(float(expected.sum()), 1.0)
    # The many who rated a film anywhere tell its fame better than the few who teach the model.
    corrected = ((expected + 5) / (counted.likes + 5)) ** np.float32(0.25)
    share = np.sqrt(expected / max(float(expected.max(initial=0)), 1e-6))
    rare, fame = 1 / (1 + counted.likes / 15), np.log(share + np.float32(0.02)) + 2
    quality = np.where(traits.mean[films] > 0, traits.mean[films] - np.float32(3.5), np.float32(-0.3))
    alike = _alike(traits, films)
    sums = np.zeros((m, m), np.float32), np.zeros((m, m), np.float32)
    for voice in _VOICES:
        evidence = voice.estimate(counted.counts)
        evidence *= corrected[None]
        for which, sum_ in enumerate(sums):
            column = voice.plain[which] + voice.rare[which] * rare
            column = (column + voice.fame[which] * fame + voice.quality[which] * quality).astype(np.float32)
            for start in range(0, m, _BLOCK):
                rows = slice(start, start + _BLOCK)
                sum_[rows] += evidence[rows] * (column[None] + np.float32(voice.alike[which]) * alike[rows])
        say("one estimate of what films say for each other")
    share = share.astype(np.float32)
    for which, sum_ in enumerate(sums):
        for start in range(0, m, _BLOCK):
            like = alike[start : start + _BLOCK]
            by_itself = np.float32(_LIKENESS[which]) + np.float32(_LIKENESS_SQUARED[which]) * like
            sum_[start : start + _BLOCK] += like * by_itself * share[None]
        np.fill_diagonal(sum_, 0)
    return sums


def _compared(traits: Traits) -> Traits:
    """The same traits, with the likeness of all films worked out once: 2 bytes a pair, 870 MB for 20,828 films."""
    n = len(traits)
    table = np.empty((n, n), np.float16)
    for start in range(0, n, _BLOCK):
        table[start : start + _BLOCK] = traits.likeness(start, min(start + _BLOCK, n))
    return replace(traits, likeness=lambda start, end: table[start:end].astype(np.float32))


def _alike(traits: Traits, films: NDArray[np.int64]) -> FloatArray:
    """Likeness of some films to each other: float32[m, m]."""
    alike = np.empty((len(films), len(films)), np.float32)
    for at, film in enumerate(films.tolist()):
        alike[at] = traits.likeness(film, film + 1)[0, films]
    return alike


def _thinned(
    every: Placed, n: int, say: Say
) -> tuple[NDArray[np.int64], NDArray[np.uint16], tuple[FloatArray, FloatArray]]:
    """The strongest links of each film, in one pattern for both sets: offsets, targets, weights."""
    counts, targets, few_parts, many_parts = [], [], [], []
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        few, many = every.rows(start, end)
        worth = few + np.float32(_USUAL) * many
        worth[np.arange(end - start), np.arange(start, end)] = 0
        best = np.argpartition(-worth, min(LINKS, n - 1), axis=1)[:, :LINKS]
        best.sort(axis=1)
        for row, columns in enumerate(best):
            kept = columns[worth[row, columns] > 0]
            counts.append(len(kept))
            targets.append(kept.astype(np.uint16))
            few_parts.append(few[row, kept])
            many_parts.append(many[row, kept])
        if start % (_BLOCK * 20) == 0:
            say(f"{end:,} of {n:,} films placed")
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return offsets, np.concatenate(targets), (np.concatenate(few_parts), np.concatenate(many_parts))


def _scale(weights: FloatArray, offsets: NDArray[np.int64]) -> FloatArray:
    """What one point of 127 is worth in each row: float32[n]."""
    largest = np.zeros(len(offsets) - 1, np.float32)
    filled = np.flatnonzero(np.diff(offsets))
    if len(filled):
        largest[filled] = np.maximum.reduceat(np.abs(weights), offsets[:-1][filled])
    return largest / np.float32(127)


def _whole(weights: FloatArray, scale: FloatArray, offsets: NDArray[np.int64]) -> NDArray[np.int8]:
    each = np.repeat(np.where(scale > 0, scale, np.float32(1)), np.diff(offsets))
    whole: NDArray[np.int8] = np.rint(weights / each).astype(np.int8)
    return whole
