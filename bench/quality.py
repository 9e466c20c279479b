"""How well recommendations hit what people really like, on people whom the similar lists have never seen.

The lists are built anew without those people, so this needs the data sets; a clone without them keeps the figures that
stand in docs/benchmarks.md.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.report import Table, progress
from moviefinder.catalogue import build, readers, similar
from moviefinder.catalogue.colikes import LIKED_STARS
from moviefinder.recommend import Taste
from moviefinder.recommend.votes import SimilarLists, Votes

DATA = Path(os.environ.get("BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
"""Folder of the data sets; another by BENCH_DATA."""

HELD_OUT = 600
GIVEN = (5, 20)
FEWEST_HIDDEN = 5
CUT = 20
NEIGHBOURS = 50

Rank = Callable[[Sequence[int]], Sequence[int]]
"""Takes the positions of the films that are given, and gives those of the films to recommend, best first."""


@dataclass(slots=True)
class Hits:
    """What each held-out person's list was worth."""

    ndcg: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    films: set[int] = field(default_factory=set)

    def add(self, ranked: Sequence[int], hidden: set[int]) -> None:
        """Judge a list by the liked films that were hidden."""
        gains = [1 / np.log2(rank + 1) for rank in range(1, CUT + 1)]
        hits = [film in hidden for film in ranked[:CUT]]
        self.ndcg.append(
            sum(gain for gain, hit in zip(gains, hits, strict=False) if hit) / sum(gains[: len(hidden)])
        )
        self.recall.append(sum(hits) / min(CUT, len(hidden)))
        self.films.update(ranked[:CUT])


def measure(*, seed: int = 2026) -> str | None:
    """Hold people out, build the lists from the others, and compare; None when the data sets are not there."""
    if not (DATA / readers.FACTS).is_file():
        return None
    progress("quality: reading")
    chosen = build.by_popularity(build.merged(filter(build.is_wanted, readers.facts(DATA))))
    ratings = readers.ratings(DATA)
    likes = _likes(chosen, ratings)
    rng = np.random.default_rng(seed)
    willing = [person for person in sorted(likes) if len(likes[person]) >= max(GIVEN) + FEWEST_HIDDEN]
    held_out = sorted(rng.choice(willing, min(HELD_OUT, len(willing) // 4), replace=False).tolist())
    others = _without(ratings, held_out)
    progress(f"quality: building the lists without {len(held_out)} people")
    lists = similar.similar_lists(chosen, others)
    taught = {person: films for person, films in likes.items() if person not in set(held_out)}
    ways: Mapping[str, Rank] = {
        "MovieFinder": _votes(_as_arrays(lists)),
        "the same vote over plain cosine lists": _votes(_cosine_lists(taught, len(chosen))),
        "most liked": _most_liked(taught, len(chosen)),
        "best known": lambda given: [film for film in range(CUT + len(given)) if film not in set(given)],
    }
    rows = []
    for given in GIVEN:
        for name, rank in ways.items():
            hits = Hits()
            for person in held_out:
                shown = np.random.default_rng([seed, person]).permutation(sorted(likes[person])).tolist()
                hits.add(rank(shown[:given]), set(shown[given:]))
            error = 1.96 * np.std(hits.ndcg) / np.sqrt(len(hits.ndcg))
            rows.append(
                [
                    f"{name}, {given} given",
                    f"{np.mean(hits.ndcg):.3f} ± {error:.3f}",
                    f"{np.mean(hits.recall):.3f}",
                    f"{len(hits.films):,}",
                ]
            )
    heads = ["", f"nDCG@{CUT}", f"recall@{CUT}", "different films"]
    return f"""{len(held_out)} of {len(likes):,} people of the MovieLens editions are held out, all with
{max(GIVEN) + FEWEST_HIDDEN} or more likes (four stars and up); the lists are built from the others' ratings. Of each
person's likes some are given, the rest hidden; how many of those stand among {CUT} recommendations out of
{len(chosen):,} films. ± is the 95 % interval of the mean.

{Table(heads=heads, rows=rows)}"""


def _likes(chosen: Sequence[readers.Fact], ratings: readers.Ratings) -> dict[int, set[int]]:
    """Give the positions of the films that each person likes."""
    position_of = {number: position for position, fact in enumerate(chosen) for number in fact.movielens_ids}
    likes: dict[int, set[int]] = {}
    liked = ratings.stars >= LIKED_STARS
    for person, number in zip(
        ratings.people[liked].tolist(), ratings.movielens_ids[liked].tolist(), strict=True
    ):
        if number in position_of:
            likes.setdefault(person, set()).add(position_of[number])
    return likes


def _without(ratings: readers.Ratings, people: Sequence[int]) -> readers.Ratings:
    kept = ~np.isin(ratings.people, np.array(people))
    return readers.Ratings(
        people=ratings.people[kept],
        movielens_ids=ratings.movielens_ids[kept],
        stars=ratings.stars[kept],
        n_people=ratings.n_people,
    )


def _as_arrays(lists: similar.SimilarLists) -> SimilarLists:
    offsets = np.concatenate([[0], np.cumsum(lists.lengths)]).astype(np.int64)
    return SimilarLists(
        np.arange(len(lists.lengths), dtype=np.int64), offsets, lists.neighbours, lists.weights
    )


def _votes(lists: SimilarLists) -> Rank:
    votes = Votes(lists)

    def rank(given: Sequence[int]) -> Sequence[int]:
        taste = Taste(liked=dict.fromkeys(given, 1.0), decided=frozenset(given))
        ranked: list[int] = votes.score(taste).ids[:CUT].tolist()
        return ranked

    return rank


def _cosine_lists(likes: Mapping[int, set[int]], n_films: int) -> SimilarLists:
    """Give each film the 50 with the greatest cosine of common likes, as textbooks have it."""
    matrix = np.zeros((len(likes), n_films), np.float32)
    for row, films in enumerate(likes.values()):
        matrix[row, list(films)] = 1
    length = np.sqrt(np.maximum(matrix.sum(axis=0), 1))
    neighbours: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.uint8]] = []
    for start in range(0, n_films, 1000):
        cosine = (
            (matrix[:, start : start + 1000].T @ matrix) / length[start : start + 1000, None] / length[None]
        )
        cosine[np.arange(len(cosine)), np.arange(start, start + len(cosine))] = 0
        best = np.argpartition(-cosine, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        neighbours += list(best)
        weights += list(np.rint(np.take_along_axis(cosine, best, axis=1) * 255).astype(np.uint8))
    return SimilarLists(
        np.arange(n_films, dtype=np.int64),
        np.arange(n_films + 1, dtype=np.int64) * NEIGHBOURS,
        np.concatenate(neighbours).astype(np.int32),
        np.concatenate(weights),
    )


def _most_liked(likes: Mapping[int, set[int]], n_films: int) -> Rank:
    counts = np.bincount([film for films in likes.values() for film in films], minlength=n_films)
    order = np.argsort(-counts, kind="stable").tolist()
    return lambda given: [film for film in order[: CUT + len(given)] if film not in set(given)]
