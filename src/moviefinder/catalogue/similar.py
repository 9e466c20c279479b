"""Similar films: from what people like together where there is enough of it, from what is known of films where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.catalogue.colikes import Colikes, colikes
from moviefinder.catalogue.likeness import Likeness, Traits
from moviefinder.catalogue.reach import connect
from moviefinder.catalogue.readers import Fact, Ratings
from moviefinder.records import Kind

LONGEST: Final = 50
SHORTEST: Final = 12
_BLOCK: Final = 128  # its arrays stay below 32 MB, which malloc keeps instead of giving back each time
_ENOUGH_LIKES: Final = 12.0  # with so many likes, ratings and content count alike
_UNLIKE: Final = 0.3  # how much of a shared liking stays when the films have nothing else in common
_STAND_INS: Final = 40  # how many of the likest rated films speak for one that few people rated
_HEARSAY: Final = 0.3  # what they say counts less than what is said of the film itself
_OTHER_KIND: Final = np.array([[1, 0.12], [0.12, 1]], np.float32)  # movies say little of a series
_FAME_APART: Final = 4.0  # films of 16 times the rank of another are half as near
_STAND_IN_WHOLE, _STRENGTH_WHOLE = 2047, 8191  # their product is below 2 ** 24, so float32 sums are exact
_STRONGEST: Final = 0.5
_APPEAL: Final = 0.14  # brings likeness and appeal to the scale of shared liking
_FULL_WEIGHT: Final = 0.25  # the score that gets the weight 255; one list in a hundred starts higher
_LEVELS: Final = 65535
_LATE_YEAR: Final = 2020  # from then on ratings are few
_LATE_PLACES: Final = 4  # so many of a list are kept for such films, lest they be reached by detours only
_OTHER_PLACES: Final = 2  # and so many for series beside movies, or movies beside series
_TOLD: Final = 4096  # films between two lines of progress
_HOSTS: Final = 12  # candidates for naming a film that nobody names


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarLists:
    """Lists of all films one after the other, each best first.

    Attributes:
        lengths: int32[n], how many each film has.
        neighbours: int32[e], positions of films.
        weights: uint8[e], 1 to 255.
    """

    lengths: NDArray[np.int32]
    neighbours: NDArray[np.int32]
    weights: NDArray[np.uint8]


def similar_lists(
    facts: Sequence[Fact], ratings: Ratings, *, say: Callable[[str], None] = lambda _: None
) -> SimilarLists:
    """Find up to 50 similar films for each.

    Liking film i speaks for film j by

        t_j * (t_i * strength(i, j) + (1 - t_i) * hearsay(i, j) * level(i, j)) * (0.3 + likeness(i, j))
        + (1 - t_i * t_j) * likeness(i, j)^2 * level(i, j) * appeal(j)

    with t = likes / (likes + 12). So ratings speak as far as there are any; for a film that few rated speak the rated
    films likest to it (hearsay), and how alike the two are, how near in fame, and how well liked the other one is.
    A few places of each list are kept for new films and for the other kind, and `reach` sees to it that none is left
    out. Why it is so, with the figures: docs/decisions/0002-similar-lists.md.

    Args:
        facts: in order of popularity; positions are into it.
        ratings: of all people.
        say: told of each step.
    """
    n = len(facts)
    liked = colikes(facts, ratings)
    say(f"{len(liked.positions):,} films with enough likes")
    likeness = Likeness(Traits.of([fact.record for fact in facts]))
    trust = np.zeros(n, np.float32)
    trust[liked.positions] = liked.likes / (liked.likes + _ENOUGH_LIKES)
    appeal = _appeal(facts) * np.float32(_APPEAL)
    whole = np.rint(np.minimum(liked.strength / np.float32(_STRONGEST), 1) * _STRENGTH_WHOLE)
    row_of = np.full(n, -1, np.int64)
    row_of[liked.positions] = np.arange(len(liked.positions))
    lists: list[list[tuple[int, int]]] = []
    fame = np.round(np.log2(np.arange(n) + 30.0), 4).astype(np.float32)
    hosts = _Hosts(n)
    late = np.array([(fact.record.year or 0) >= _LATE_YEAR for fact in facts]) & (trust < 0.5)
    kinds = np.array([fact.record.kind is Kind.SERIES for fact in facts], np.int64)
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        alike = likeness.to_all(start, end)
        level = 1 / (1 + np.square((fame[start:end, None] - fame[None]) / np.float32(_FAME_APART)))
        scores = alike * alike * appeal[None] * level * (1 - trust[start:end, None] * trust[None])
        if len(liked.positions):
            near = alike[:, liked.positions]
            own = row_of[start:end]
            spoken = _spoken_for(near, own, whole, trust[start:end]) * level[:, liked.positions]
            spoken *= _OTHER_KIND[kinds[start:end]][:, kinds[liked.positions]]
            spoken += _own_voice(own, liked, trust[start:end])
            spoken *= near + np.float32(_UNLIKE)
            spoken *= trust[liked.positions][None]
            scores[:, liked.positions] += spoken
        levels = _levels(scores, start)
        hosts.offer(levels, start)
        best = _largest(levels, min(LONGEST, n - 1))
        newest = _largest(np.where(late[None], levels, -1), min(_LATE_PLACES, n))
        others = _largest(np.where(kinds[start:end, None] != kinds[None], levels, -1), min(_OTHER_PLACES, n))
        lists.extend(_lists(levels, best, np.concatenate([newest, others], axis=1)))
        if end % _TOLD == 0 or end == n:
            say(f"{end:,} of {n:,} films compared")
    lists = connect(lists, hosts.edges(), longest=LONGEST)
    return SimilarLists(
        lengths=np.array([len(row) for row in lists], np.int32),
        neighbours=np.array([film for row in lists for film, _ in row], np.int32),
        weights=np.array([weight for row in lists for _, weight in row], np.uint8),
    )


def _own_voice(own: NDArray[np.int64], liked: Colikes, trust: NDArray[np.float32]) -> NDArray[np.float32]:
    voice = np.where((own >= 0)[:, None], liked.strength[own], 0).astype(np.float32)
    return voice * trust[:, None]


def _spoken_for(
    near: NDArray[np.float32], own: NDArray[np.int64], whole: NDArray[np.float32], trust: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What the rated films likest to each film say: float32[block, m]."""
    rows = np.arange(len(near))
    weights = near * near
    weights[rows[own >= 0], own[own >= 0]] = 0
    count = min(_STAND_INS, near.shape[1])
    best = _largest(np.rint(weights * _LEVELS).astype(np.int64), count)
    kept = np.take_along_axis(weights, best, axis=1)
    total = np.zeros(len(near), np.float32)
    for column in range(count):  # in a fixed order, which numpy's own sum does not promise
        total += kept[:, column]
    shares = np.floor(kept / np.maximum(total, np.float32(1e-9))[:, None] * _STAND_IN_WHOLE)
    mixture = np.zeros_like(near)
    np.put_along_axis(mixture, best, shares.astype(np.float32), axis=1)
    said = mixture @ whole
    said *= np.float32(_HEARSAY * _STRONGEST / (_STAND_IN_WHOLE * _STRENGTH_WHOLE))
    said *= (1 - trust)[:, None]
    said[rows[own >= 0], own[own >= 0]] = 0
    return said


def _appeal(facts: Sequence[Fact]) -> NDArray[np.float32]:
    """How likely anybody likes a film: by fame and by how well those who saw it liked it, about 0 to 1."""
    fame = [round(7.0 / float(np.log2(position + 30)), 4) for position in range(len(facts))]
    quality = [min(max(fact.quality - 4.0, 0.5), 4.5) / 3 for fact in facts]
    return np.array([round(f * q, 4) for f, q in zip(fame, quality, strict=True)], np.float32)


class _Hosts:
    """For each film those others that it would suit best, gathered block by block."""

    def __init__(self, n: int) -> None:
        self._levels = np.full((_HOSTS, n), -1, np.int64)
        self._films = np.zeros((_HOSTS, n), np.int64)

    def offer(self, levels: NDArray[np.int64], start: int) -> None:
        best = _largest(np.ascontiguousarray(levels.T), min(_HOSTS, len(levels))).T
        level = np.concatenate([self._levels, np.take_along_axis(levels, best, axis=0)])
        films = np.concatenate([self._films, best + start])
        order = np.lexsort((films, -level), axis=0)[:_HOSTS]
        self._levels = np.take_along_axis(level, order, axis=0)
        self._films = np.take_along_axis(films, order, axis=0)

    def edges(self) -> list[list[tuple[int, int]]]:
        return _edges(self._films.T, _weights(self._levels.T))


def _levels(scores: NDArray[np.float32], start: int) -> NDArray[np.int64]:
    """Scores as whole numbers, so that no machine orders them otherwise; -1 for a film beside itself."""
    levels: NDArray[np.int64] = np.rint(np.clip(scores / np.float32(_FULL_WEIGHT), 0, 1) * _LEVELS).astype(
        np.int64
    )
    levels[np.arange(len(scores)), np.arange(start, start + len(scores))] = -1
    return levels


def _weights(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.maximum((levels * 255 + _LEVELS // 2) // _LEVELS, 1)


def _lists(
    levels: NDArray[np.int64], best: NDArray[np.int64], kept: NDArray[np.int64]
) -> list[list[tuple[int, int]]]:
    """Of each row the best films, of which the last give way to those for which places are kept."""
    lists = []
    for row, films, places in zip(levels, best.tolist(), kept.tolist(), strict=True):
        sure = dict.fromkeys(film for film in places if row[film] > 0)
        rest = [film for film in films if film not in sure][: len(films) - len(sure)]
        ordered = sorted([*sure, *rest], key=lambda film: (-int(row[film]), film))
        lists.append(list(zip(ordered, _weights(row[ordered]).tolist(), strict=True)))
    return lists


def _edges(films: NDArray[np.int64], weights: NDArray[np.int64]) -> list[list[tuple[int, int]]]:
    pairs = zip(films.tolist(), weights.tolist(), strict=True)
    return [list(zip(film, weight, strict=True)) for film, weight in pairs]


def _largest(levels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Columns of the largest whole numbers of each row, largest first; of equal ones the first columns."""
    columns = levels.shape[1]
    keys = levels * columns + np.arange(
        columns - 1, -1, -1
    )  # no two alike: partitions may break ties as they like
    best = np.argpartition(keys, columns - count, axis=1)[:, columns - count :]
    order = np.argsort(-np.take_along_axis(keys, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)
