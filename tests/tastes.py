"""Ratings of people who do not exist: two tastes that have nothing in common, and a learner to be sure of."""

from __future__ import annotations

import numpy as np

from moviefinder.recommend.model_file import Model
from moviefinder.recommend.ratings import LIKED_STARS, Ratings
from tests.factories import make_model


def two_tastes(
    n_people: int = 240, n_films: int = 120, *, likes: int | None = None, seed: int = 1
) -> Ratings:
    """Even people like even films and dislike a few odd ones; odd people the other way round. All know the famous."""
    rng = np.random.default_rng(seed)
    fame = 1 / (np.arange(n_films) + 20)
    people, films, stars = [], [], []
    for person in range(n_people):
        own = np.arange(n_films) % 2 == person % 2
        for group, count, given in (
            (own, likes or n_films // 4, (4.0, 4.5, 5.0)),
            (~own, 6, (0.5, 1.0, 2.0)),
        ):
            chance = fame * group
            chosen = np.sort(rng.choice(n_films, count, replace=False, p=chance / chance.sum()))
            people += [person] * count
            films += chosen.tolist()
            stars += rng.choice(given, count).tolist()
    return Ratings(
        people=np.array(people, np.int32),
        films=np.array(films, np.int32),
        stars=np.array(stars, np.float32),
        times=rng.integers(10**9, 2 * 10**9, len(people)).astype(np.int64),
        n_people=n_people,
        n_films=n_films,
    )


def co_likes(ratings: Ratings) -> Model:
    """A model whose links are how many people like both films."""
    liked = np.zeros((ratings.n_people, ratings.n_films))
    likes = ratings.stars >= LIKED_STARS
    liked[ratings.people[likes], ratings.films[likes]] = 1
    counts = liked.T @ liked
    np.fill_diagonal(counts, 0)
    weights = np.rint(127 * counts / max(counts.max(), 1)).astype(int)
    return make_model(
        [[(j, weight, 0) for j, weight in enumerate(row) if weight] for row in weights.tolist()]
    )


def written(ratings: Ratings, movielens_ids: np.ndarray) -> str:
    """Ratings as a csv of MovieLens, with the id of each row."""
    lines = ["userId,movieId,rating,timestamp"]
    columns = (ratings.people + 1, movielens_ids[ratings.films], ratings.stars, ratings.times)
    lines += [",".join(map(str, row)) for row in zip(*(column.tolist() for column in columns), strict=True)]
    return "\n".join(lines) + "\n"
