"""Similar films: from what people like together where there is enough of it, from what is known of films where not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from moviefinder.catalogue.likeness import Likeness
from moviefinder.catalogue.readers import Fact, Ratings
from moviefinder.catalogue.reach import connect

LONGEST: Final = 50
SHORTEST: Final = 12
LIKED_STARS: Final = 4.0
FEWEST_LIKES: Final = 5
SHRINKAGE: Final = 10.0
_BLOCK: Final = 512


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

    Args:
        facts: in order of popularity; positions are into it.
        ratings: of all people.
        say: told of each step.
    """
    n = len(facts)
    rated, together = liked_together(facts, ratings)
    say(f"{len(rated):,} films with enough likes")
    row_of = np.full(n, -1, np.int64)
    row_of[rated] = np.arange(len(rated))
    likes = np.zeros(n, np.float32)
    likes[rated] = together.diagonal()
    likeness = Likeness([fact.record for fact in facts])
    lists: list[list[tuple[int, int]]] = []
    for start in range(0, n, _BLOCK):
        end = min(start + _BLOCK, n)
        scores = 0.5 * likeness.to_all(start, end)
        known = np.flatnonzero(row_of[start:end] >= 0)
        if len(known):
            counts = together[row_of[start + known]]
            mine, theirs = likes[start + known][:, None], likes[rated][None]
            cosine = counts / np.sqrt(mine * theirs) * (counts / (counts + SHRINKAGE))
            trust = mine / (mine + 30) * (theirs / (theirs + 30))
            old = scores[np.ix_(known, rated)]
            scores[np.ix_(known, rated)] = trust * np.sqrt(cosine) + (1 - trust) * old
        scores[np.arange(end - start), np.arange(start, end)] = -1
        levels = np.clip(np.rint(scores * 65535), 0, 65535).astype(np.int64)
        best = np.argpartition(-levels * n + np.arange(n), LONGEST, axis=1)[:, :LONGEST]
        for row in range(end - start):
            at = best[row]
            order = np.lexsort((at, -levels[row, at]))
            lists.append([(int(film), max(1, int(levels[row, film]) // 257)) for film in at[order]])
    lists = connect(lists, longest=LONGEST)
    return SimilarLists(
        lengths=np.array([len(row) for row in lists], np.int32),
        neighbours=np.array([film for row in lists for film, _ in row], np.int32),
        weights=np.array([weight for row in lists for _, weight in row], np.uint8),
    )


def liked_together(facts: Sequence[Fact], ratings: Ratings) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """How many people like each two films.

    Returns:
        positions int64[m] of the films that at least five people like; counts float32[m, m], whole numbers.
    """
    position_of = np.full(int(ratings.movielens_ids.max(initial=0)) + 1, -1, np.int64)
    for position, fact in enumerate(facts):
        for number in fact.movielens_ids:
            if number < len(position_of):
                position_of[number] = position
    films = position_of[ratings.movielens_ids]
    liked = (films >= 0) & (ratings.stars >= LIKED_STARS)
    counts = np.bincount(films[liked], minlength=len(facts))
    rated = np.flatnonzero(counts >= FEWEST_LIKES)
    column_of = np.full(len(facts), -1, np.int64)
    column_of[rated] = np.arange(len(rated))
    liked &= column_of[films] >= 0
    matrix = np.zeros((ratings.n_people, len(rated)), np.float32)
    matrix[ratings.people[liked], column_of[films[liked]]] = 1
    return rated, matrix.T @ matrix
