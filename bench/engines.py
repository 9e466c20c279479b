"""How long ranking takes, arrays only: the learned model beside the votes, and beside the same model in its peers."""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender
from numpy.typing import NDArray
from scipy import sparse

from bench.recommendations import FILTERS, LIKES, LIMIT, draw, installed
from bench.report import Table, percentile, progress, ratio
from moviefinder.recommend import Taste, best
from moviefinder.recommend.filters import pack, unpack
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.services.recommendations import Recommendations, recommend
from moviefinder.store.shelves import Films

TASTES = 60
ROUNDS = 20

Ask = Callable[[Sequence[int]], object]
"""Takes the positions of the films that somebody likes."""


class Peers:
    """The same model as one sparse matrix, mixed for one number of likes, without its broad part.

    Args:
        learned: the model.
        n_likes: how many likes it is mixed for; ours mixes anew for each request.
        allowed: bool[n], what passes the filters, made once.
    """

    def __init__(self, learned: Learned, n_likes: int, allowed: NDArray[np.bool_]) -> None:
        n, width = learned.targets.shape
        weights = learned.few * learned.few_scale[:, None]
        weights += learned.many * (learned.many_scale * np.float32(learned.mixing(n_likes)))[:, None]
        offsets = np.arange(n + 1, dtype=np.int32) * width
        links = (weights.ravel(), learned.targets.ravel().astype(np.int32), offsets)
        self._links = sparse.csr_array(links, shape=(n, n))
        self._allowed, self._barred = allowed, np.flatnonzero(~allowed)
        self._implicit = ItemItemRecommender(num_threads=1)
        self._implicit.fit(sparse.csr_matrix((1, n), dtype=np.float64), show_progress=False)
        self._implicit.similarity = sparse.csr_matrix(self._links, dtype=np.float64)

    def scipy(self, liked: Sequence[int]) -> object:
        """Multiply, mask, sort."""
        scores = self._person(liked, np.float32) @ self._links
        values = scores.toarray().ravel() * self._allowed
        values[liked] = 0
        return np.argsort(-values)[:LIMIT]

    def implicit(self, liked: Sequence[int]) -> object:
        """Ask the library for its recommendations."""
        person = sparse.csr_matrix(self._person(liked, np.float64))
        return self._implicit.recommend(0, person, N=LIMIT, filter_items=self._barred)

    def _person(self, liked: Sequence[int], dtype: type) -> sparse.csr_array:
        ones = np.ones(len(liked), dtype)
        row = (ones, np.array(liked, np.int32), np.array([0, len(liked)], np.int32))
        return sparse.csr_array(row, shape=(1, len(self._allowed)))


def measure(*, seed: int = 2026) -> str | None:
    """Measure rankings for people with few and many likes; gives the text of the section, None without a model."""
    with tempfile.TemporaryDirectory() as folder, installed(Path(folder)) as app, app.reading() as session:
        films, learned = app.films.newest(session), app.models.newest(session)
    if learned is None:
        return None
    masks = [mask for _, mask, _ in films.facts.masks(FILTERS, {})]
    allowed = unpack(np.bitwise_and.reduce(masks), len(films.facts.ids))
    rng, rows = Random(seed), []
    for n in LIKES:
        progress(f"engines: {n} likes")
        tastes = [[film - 1 for film in sorted(draw(rng, len(allowed), n))] for _ in range(TASTES)]
        peers = Peers(learned, n, allowed)
        ranked = _times(partial(_rank, films, learned), tastes)
        figures = [
            ranked,
            _times(partial(_recommend, films, learned, "model"), tastes),
            _times(partial(_recommend, films, learned, "votes"), tastes[: TASTES // 4]),
            _times(peers.scipy, tastes),
            _times(peers.implicit, tastes),
        ]
        rows.append([str(n), *_cells(figures, percentile(ranked, 0.5))])
    heads = [
        "likes",
        "ranked, p50 ms",
        "p99 ms",
        "with reasons, p50 ms",
        "p99 ms",
        "by votes, p50 ms",
        "p99 ms",
    ]
    heads += ["scipy.sparse, p50 ms", "p99 ms", "implicit, p50 ms", "p99 ms"]
    return f"""The best {LIMIT} of {len(allowed):,} films with three filters (movies, from 1990, no horror), in process
and without a database: ranked by the learned model (score, filter, cut); then everything that a request answers, with
counts and reasons, by the model and by the votes. Beside it the links of the same model as one sparse matrix in its
peers, mixed beforehand for that number of likes, with the allowed films at hand and without reasons: a product in
`scipy.sparse`, masked and sorted, and `ItemItemRecommender.recommend` of `implicit`. {TASTES} tastes for each number of
likes, {ROUNDS} times, one thread; processor time; in brackets the ratio to ours.

{Table(heads=heads, rows=rows)}"""


def _rank(films: Films, learned: Learned, liked: Sequence[int]) -> object:
    """Score, filter, cut."""
    values = Linear(learned).values(_taste(films, liked))
    passing = pack(values > 0)
    for _, mask, _ in films.facts.masks(FILTERS, {}):
        passing = passing & mask
    return best(values * unpack(passing, len(values)), LIMIT)


def _recommend(films: Films, learned: Learned, by: str, liked: Sequence[int]) -> Recommendations:
    return recommend(
        films, learned, _taste(films, liked), by=by, filters=FILTERS, films_of_person={}, limit=LIMIT
    )


def _taste(films: Films, liked: Sequence[int]) -> Taste:
    told = films.facts.ids[liked].tolist()
    return Taste(liked=dict.fromkeys(told, 1.0), decided=frozenset(told))


def _times(ask: Ask, tastes: Sequence[Sequence[int]]) -> list[float]:
    ask(tastes[0])
    took = []
    for taste in [*tastes] * ROUNDS:
        start = time.thread_time_ns()
        ask(taste)
        took.append((time.thread_time_ns() - start) / 1e6)
    return took


def _cells(figures: Sequence[Sequence[float]], ours: float) -> list[str]:
    cells = []
    for i, figure in enumerate(figures):
        p50, p99 = percentile(figure, 0.5), percentile(figure, 0.99)
        cells += [f"{p50:.2f} ({ratio(p50, ours)})" if i > 1 else f"{p50:.2f}", f"{p99:.2f}"]
    return cells
