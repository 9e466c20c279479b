"""The peers of our recommendations: what is found in textbooks and packages, each with its settings tuned.

All of them learn from likes alone (ones and zeros), over the films that at least three training people like; for the
rest they can say nothing, and the protocol counts those as misses. The settings in `BEST` are the best of `GRIDS` on
people drawn for it from the training side, so that no test person was looked at; `--tune` finds them anew.
"""

import io
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from bench.report import progress
from moviefinder.recommend.evaluate import ByFame, Ranker, Rows
from moviefinder.recommend.ratings import LIKED_STARS, Ratings

FEWEST_LIKES = 3
RULE, KNN, TFIDF, BM25 = "the 2012 rule", "implicit kNN, cosine", "implicit kNN, tf-idf", "implicit kNN, BM25"
ALS, IALS, RP3BETA = "implicit ALS", "irspack iALS", "irspack RP3beta"
EASE, EDLAE, POPULARITY = "EASE", "EDLAE", "most liked"

Setting = Mapping[str, Any]


def _grid(**values: list[Any]) -> list[Setting]:
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


_NEIGHBOURS = (*range(10, 100, 10), *range(100, 1000, 50), *range(1000, 4500, 250))

GRIDS: Mapping[str, list[Setting]] = {
    POPULARITY: [{}],
    RULE: _grid(k=[3, 5, 7, 10, 15, 20, 30, 50, 100, 200], fame=[0.1, 0.2, 0.3, 0.4, 0.5]),
    KNN: _grid(k=[*_NEIGHBOURS]),
    TFIDF: _grid(k=[*_NEIGHBOURS]),
    BM25: _grid(k=[100, 200, 400, 800, 1600], k1=[0.2, 0.4, 1.2, 5.0, 20.0], b=[0.0, 0.1, 0.2, 0.3, 0.5]),
    ALS: _grid(
        factors=[16, 32, 64, 128], regularization=[1.0, 10.0, 30.0, 100.0, 300.0], alpha=[1.0, 4.0, 10.0]
    ),
    IALS: _grid(factors=[64, 128, 256, 512], alpha0=[0.03, 0.1, 0.15, 0.2, 0.3], reg=[0.003, 0.01, 0.02]),
    RP3BETA: _grid(k=[200, 400, 1000, 2000, 4000], beta=[0.0, 0.1, 0.2, 0.3, 0.4], normalize=[False, True]),
    EASE: _grid(ridge=[50, *range(100, 1000, 50), *range(1000, 3200, 100)]),
    EDLAE: _grid(
        dropout=[0.5, 0.67, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95], ridge=[0, 50, 100, 200, 300, 400, 600, 800]
    ),
}
"""The settings that are tried of each."""

BEST: Mapping[str, Setting] = {
    POPULARITY: {},
    RULE: {"k": 7, "fame": 0.3},
    KNN: {"k": 2250},
    TFIDF: {"k": 1000},
    BM25: {"k": 400, "k1": 0.4, "b": 0.3},
    ALS: {"factors": 64, "regularization": 30.0, "alpha": 4.0},
    IALS: {"factors": 512, "alpha0": 0.15, "reg": 0.01},
    RP3BETA: {"k": 1000, "beta": 0.2, "normalize": True},
    EASE: {"ridge": 1600},
    EDLAE: {"dropout": 0.9, "ridge": 400},
}
"""The best of each."""


class Likes:
    """Who likes what, over the films that enough people like: what every peer learns from."""

    def __init__(self, training: Ratings) -> None:
        liked = (training.stars >= LIKED_STARS) & (training.films >= 0)
        self.fame = training.likes_by_film()
        self.rows: Rows = np.flatnonzero(self.fame >= FEWEST_LIKES).astype(np.int32)
        """int32[m], the film of each column."""
        self.column_of = np.full(training.n_films, -1, np.int64)
        self.column_of[self.rows] = np.arange(len(self.rows))
        columns = self.column_of[training.films[liked]]
        people = training.people[liked][columns >= 0]
        columns = columns[columns >= 0]
        self.matrix = sparse.csr_matrix(
            (np.ones(len(columns), np.float32), (people, columns)), (training.n_people, len(self.rows))
        )
        """float32[people, m]."""

    @property
    def n(self) -> int:
        """How many films there are columns for."""
        return len(self.rows)

    @cached_property
    def together(self) -> NDArray[np.float32]:
        """How many people like both of two films: float32[m, m]."""
        counts: NDArray[np.float32] = (self.matrix.T @ self.matrix).toarray()
        return counts

    def columns(self, films: Rows) -> NDArray[np.int64]:
        """The columns of films that have one."""
        columns: NDArray[np.int64] = self.column_of[films]
        return columns[columns >= 0]

    def one(self, films: Rows) -> sparse.csr_matrix:
        """One person's likes as a matrix of one row."""
        columns = np.sort(self.columns(films)).astype(np.int32)
        return sparse.csr_matrix(
            (np.ones(len(columns), np.float32), columns, np.array([0, len(columns)], np.int32)), (1, self.n)
        )

    def best(self, scores: NDArray[Any], k: int) -> Rows:
        """The films with the highest scores by column, best first, ties to the better known; at most k."""
        k = min(k, self.n)
        top = np.argpartition(-scores, k - 1)[:k]
        top.sort()
        return self.rows[top[np.argsort(-scores[top], kind="stable")]]


@dataclass(frozen=True, slots=True)
class Dense:
    """Adds the rows of what is liked: `weights` float32[m, m]."""

    likes: Likes
    weights: NDArray[np.float32]

    def __call__(self, liked: Rows, disliked: Rows, k: int) -> Rows:
        """The best by the sum."""
        return self.likes.best(self.weights[self.likes.columns(liked)].sum(axis=0), k)


@dataclass(frozen=True, slots=True)
class Scored:
    """Asks a function for the scores of all films, given a matrix of one row."""

    likes: Likes
    scores: Callable[[Any], NDArray[Any]]

    def __call__(self, liked: Rows, disliked: Rows, k: int) -> Rows:
        """The best by the function."""
        return self.likes.best(np.asarray(self.scores(self.likes.one(liked))).ravel(), k)


def rule_of_2012(likes: Likes, *, k: int, fame: float) -> Ranker:
    """Each liked film names its k nearest, and what is named most often comes first; ties by popularity.

    Nearest by co-likes over the other film's likes to a power: 0.5 is the cosine.
    """
    near = likes.together / np.power(np.maximum(likes.together.diagonal(), 1), np.float32(fame))[None]
    np.fill_diagonal(near, 0)
    named = np.argpartition(-near, min(k, likes.n) - 1, axis=1)[:, :k]
    order = np.argsort(-likes.fame[likes.rows], kind="stable")
    place = np.empty(likes.n)
    place[order] = np.arange(likes.n) / likes.n

    def rank(liked: Rows, disliked: Rows, k: int) -> Rows:  # noqa: ARG001  # it knows no dislikes
        votes = np.bincount(named[likes.columns(liked)].ravel(), minlength=likes.n)
        return likes.best(votes - place, k)

    return rank


def ease(likes: Likes, *, ridge: float) -> Ranker:
    """Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019."""
    return Dense(likes, _closed_form(likes.together, np.full(likes.n, ridge, np.float32)))


def edlae(likes: Likes, *, dropout: float, ridge: float) -> Ranker:
    """Steck, "Autoencoders that don't overfit towards the Identity", NeurIPS 2020, at full rank."""
    own = likes.together.diagonal()
    return Dense(
        likes, _closed_form(likes.together, (dropout / (1 - dropout) * own + ridge).astype(np.float32))
    )


def _closed_form(gram: NDArray[np.float32], ridge: NDArray[np.float32]) -> NDArray[np.float32]:
    from scipy.linalg import lapack

    regular = gram.copy(order="F")
    regular[np.diag_indices_from(regular)] += ridge
    factor, failed = lapack.spotrf(regular, lower=True, overwrite_a=True)
    inverse, failed = (factor, failed) if failed else lapack.spotri(factor, lower=True, overwrite_c=True)
    if failed:
        raise ValueError("The matrix cannot be inverted; the ridge is too small.")
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    weights = inverse / -inverse.diagonal()[None]
    np.fill_diagonal(weights, 0)
    return np.ascontiguousarray(weights)


def implicit_knn(likes: Likes, kind: str, **setting: Any) -> Ranker:
    """The package `implicit`, nearest neighbours."""
    from implicit import nearest_neighbours

    names = {"k": "K", "k1": "K1", "b": "B"}
    model = getattr(nearest_neighbours, kind)(**{names[name]: value for name, value in setting.items()})
    model.fit(likes.matrix, show_progress=False)

    def rank(liked: Rows, disliked: Rows, k: int) -> Rows:  # noqa: ARG001
        one = likes.one(liked)
        if not one.nnz:
            return likes.rows[:0]
        found, scores = model.recommend(0, one, N=k, filter_already_liked_items=False)
        return likes.rows[found[scores > 0]]

    return rank


def implicit_als(likes: Likes, *, factors: int, regularization: float, alpha: float) -> Ranker:
    """The package `implicit`, alternating least squares; a person who is new is solved for."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, random_state=0, iterations=15
    )
    model.fit(likes.matrix, show_progress=False)
    items = model.item_factors
    common = items.T @ items + regularization * np.eye(factors, dtype=np.float32)

    def scores(one: Any) -> NDArray[Any]:
        own = items[
            one.indices
        ]  # the package solves the same, in a hundred times the time for a single person
        return items @ np.linalg.solve(common + (alpha - 1) * own.T @ own, alpha * own.sum(axis=0))

    return Scored(likes, scores)


def irspack_ials(likes: Likes, *, factors: int, alpha0: float, reg: float) -> Ranker:
    """The package `irspack`, implicit alternating least squares as revisited by Rendle et al. 2022."""
    from irspack.recommenders import IALSRecommender

    model = IALSRecommender(
        likes.matrix, n_components=factors, alpha0=alpha0, reg=reg, nu=1.0, train_epochs=16, n_threads=2
    ).learn()
    items = model.get_item_embedding()
    common = alpha0 * items.T @ items

    def scores(one: Any) -> NDArray[Any]:
        own = items[one.indices]  # solved at once, where the package iterates towards the same
        ridge = reg * (alpha0 * likes.n + len(own)) * np.eye(factors, dtype=np.float32)
        return items @ np.linalg.solve(common + own.T @ own + ridge, own.sum(axis=0))

    return Scored(likes, scores)


def irspack_rp3beta(likes: Likes, *, k: int, beta: float, normalize: bool) -> Ranker:
    """The package `irspack`, walks of three steps, popular films taken back."""
    from irspack.recommenders import RP3betaRecommender

    model = RP3betaRecommender(
        likes.matrix, beta=beta, top_k=k, normalize_weight=normalize, n_threads=2
    ).learn()
    weights = sparse.csr_matrix(model.W)
    return Scored(likes, lambda one: (one @ weights).toarray())


MAKE: Mapping[str, Callable[..., Ranker]] = {
    POPULARITY: lambda likes: ByFame(likes.fame),
    RULE: rule_of_2012,
    KNN: lambda likes, **setting: implicit_knn(likes, "CosineRecommender", **setting),
    TFIDF: lambda likes, **setting: implicit_knn(likes, "TFIDFRecommender", **setting),
    BM25: lambda likes, **setting: implicit_knn(likes, "BM25Recommender", **setting),
    ALS: implicit_als,
    IALS: irspack_ials,
    RP3BETA: irspack_rp3beta,
    EASE: ease,
    EDLAE: edlae,
}

_ONE_THREAD = frozenset({KNN, TFIDF, BM25, ALS})  # they bring threads of their own and ask that BLAS has none


def peers(training: Ratings, settings: Mapping[str, Setting] = BEST) -> Iterator[tuple[str, Ranker]]:
    """Each peer with its setting, learned when it is asked for, so that one at a time is in memory."""
    likes = Likes(training)
    for name, setting in settings.items():
        start = time.monotonic()
        ranker = make(name, likes, setting)
        progress(f"peers: {name} {dict(setting)} learned in {time.monotonic() - start:.1f} s")
        yield name, ranker


def make(name: str, likes: Likes, setting: Setting) -> Ranker:
    """Let one peer learn with one setting."""
    with threadpool_limits(1 if name in _ONE_THREAD else None, "blas"), redirect_stdout(io.StringIO()):
        return MAKE[name](likes, **setting)  # one of them draws a bar


def tuned(
    training: Ratings, score: Callable[[Ranker], float], names: Iterable[str] = tuple(GRIDS)
) -> Iterator[tuple[str, Setting, float]]:
    """Find the best setting of each peer; gives it with its score."""
    likes = Likes(training)
    for name in names:
        scores = []
        for setting in GRIDS[name]:
            start = time.monotonic()
            scores.append(score(make(name, likes, setting)))
            took = time.monotonic() - start
            progress(f"tuning: {name} {json.dumps(setting)}: {scores[-1]:.4f} in {took:.1f} s")
        best = int(np.argmax(scores))
        yield name, GRIDS[name][best], scores[best]
