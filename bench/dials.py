"""What each position of the dials costs and brings, and whether the words for confidence hold.

On people held out as for the quality (seed 0), by a model that is learned without them. Words are checked across: one
half of the people tells how sure a film is for the other half.
"""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench import quality
from bench.report import Table, progress
from moviefinder.catalogue import Catalogue, readers
from moviefinder.recommend import Taste, confidence, evaluate, spread
from moviefinder.recommend.evaluate import AT_RANDOM, CUT, LONG_CUT, Rows, Trial
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.lists import SimilarLists
from moviefinder.recommend.ratings import Ratings
from moviefinder.records import Confidence
from moviefinder.services import training

_KNOWN = (0.0, 0.2, 0.4, spread.KNOWN, 0.6, 0.8, 1.0)
_SPREAD = (0.0, 0.1, 0.2, 0.25, 0.3, 0.5, 0.75, 1.0)
_RESAMPLES = 1_000
_PLACES = (LONG_CUT, 100, 10**6)


class _Dialled:
    """A model's lists, leaned by the dials; keeps what it gave and the seconds that leaning took."""

    def __init__(self, learned: Learned, lists: SimilarLists, known: float, spread_: float) -> None:
        self._linear, self._lists, self._known, self._spread = Linear(learned), lists, known, spread_
        self.given: list[Rows] = []
        self.seconds: list[float] = []

    def __call__(self, liked: Rows, disliked: Rows, k: int) -> Rows:
        taste = Taste(
            liked=dict.fromkeys(liked.tolist(), 1.0), disliked=dict.fromkeys(disliked.tolist(), 1.0)
        )
        values = self._linear.values(taste)
        begun = time.perf_counter()
        films = spread.arrange(values, LONG_CUT, self._lists, known=self._known, spread=self._spread)
        self.seconds.append(time.perf_counter() - begun)
        self.given.append(films.astype(np.int32))
        return self.given[-1]


def measure() -> str | None:
    """Learn, lean, and count; None when the data sets are not there."""
    if not (quality.DATA / readers.FACTS).is_file():
        return None
    held = quality.collection()
    parted = evaluate.split(held.ratings, seed=0)
    progress("dials: learning")
    model = training.learner(held.catalogue, held.films)(parted.training)
    learned, lists = Learned.of_rows(model), _lists(held.catalogue)
    asked = [list(evaluate.trials(held.ratings, parted, telling)) for telling in AT_RANDOM]
    likeness = training.traits_of(held.catalogue).likeness
    fame = parted.training.likes_by_film()
    alike: dict[int, NDArray[np.float32]] = {}

    def within(films: Rows) -> float:
        for film in films.tolist():
            if film not in alike:
                alike[film] = likeness(film, film + 1)[0]
        pairs = np.array([alike[film][films] for film in films.tolist()])
        return float((pairs.sum() - np.trace(pairs)) / max(len(films) * (len(films) - 1), 1))

    def row(position: float, known: float, spread_: float) -> list[str]:
        ranker = _Dialled(learned, lists, known, spread_)
        outcomes = [evaluate.judge(ranker, trials, fame) for trials in asked]
        ndcg = np.mean([outcome.ndcg.mean() for outcome in outcomes])
        progress(f"dials: known {known}, spread {spread_}: {ndcg:.4f}")
        return [
            f"{position:g}",
            f"{ndcg:.4f}",
            f"{np.mean([outcome.recall.mean() for outcome in outcomes]):.4f}",
            f"{np.mean([within(films[:CUT]) for films in ranker.given]):.3f}",
            f"{np.mean([len(np.unique(outcome.shown)) for outcome in outcomes]):,.0f}",
            f"{np.mean([np.median(fame[outcome.shown]) for outcome in outcomes]):,.0f}",
            f"{1000 * np.median(ranker.seconds):.2f}",
        ]

    heads = ["nDCG@10", "recall@20", "likeness within a list", "coverage@10", "median popularity", "p50 ms"]
    spreads = Table(heads=["spread", *heads], rows=[row(at, spread.KNOWN, at) for at in _SPREAD])
    knowns = Table(heads=["known", *heads], rows=[row(at, at, spread.SPREAD) for at in _KNOWN])
    trials = [trial for of in asked for trial in of]
    return f"""{len(parted.tested):,} people are held out; means over 5, 10, 20 and 80 % of likes told at
random. Likeness within a list: of each two of its first ten, by people, genres, era and language. Untouched, spread
stands at {spread.SPREAD:g} and known at {spread.KNOWN:g}.

{spreads}

{knowns}

Of the films that these people rated and had not told, how many they liked (four stars and more) by the word that the
film would have borne; half of the people calibrates it for the other half. In brackets the 95 % interval when people
are drawn anew.

{_words(learned, held.ratings, trials, parted.tested)}"""


def _lists(catalogue: Catalogue) -> SimilarLists:
    similar = catalogue.similar
    return SimilarLists(
        np.arange(len(catalogue), dtype=np.int64),
        np.asarray(similar.offsets, np.int64),
        np.asarray(similar.neighbours, np.int32),
        np.asarray(similar.weights, np.uint8),
    )


def _words(learned: Learned, ratings: Ratings, trials: Sequence[Trial], tested: NDArray[np.int64]) -> Table:
    halves = [np.isin(np.array([trial.person for trial in trials]), tested[side::2]) for side in (0, 1)]
    parts = [[trial for trial, kept in zip(trials, half, strict=True) if kept] for half in halves]
    # One trial at a time, to know whose film each is.
    seen = [[confidence.rated(learned, ratings, [trial]) for trial in part] for part in parts]
    joined = [tuple(np.concatenate(column) for column in zip(*rows, strict=True)) for rows in seen]
    chances, liked, places, people = [], [], [], []
    for side in (0, 1):
        calibration = confidence.fitted(*joined[1 - side])
        progress(f"dials: {calibration}")
        chances.append(confidence.chances(calibration, joined[side][0]))
        liked.append(joined[side][1])
        places.append(joined[side][2])
        people += [
            np.full(len(rows[1]), trial.person) for trial, rows in zip(parts[side], seen[side], strict=True)
        ]
    chance, like, place, person = map(np.concatenate, (chances, liked, places, people))
    words = np.array([confidence.word(one) for one in chance.tolist()])
    rows = []
    for within in _PLACES:
        for word in Confidence:
            kept = (words == word) & (place < within)
            low, high = _interval(person[kept], like[kept])
            rows.append(
                [
                    f"{word.replace('_', ' ')}, {'anywhere' if within == _PLACES[-1] else f'among the first {within}'}",
                    f"{kept.sum():,}",
                    f"{100 * kept.sum() / max((place < within).sum(), 1):.0f} %",
                    f"{100 * chance[kept].mean():.1f} %",
                    f"{100 * like[kept].mean():.1f} % ({100 * low:.1f} to {100 * high:.1f})",
                ]
            )
    return Table(heads=["word", "films", "of all", "promised", "liked"], rows=rows)


def _interval(people: NDArray[np.int64], liked: NDArray[np.bool_]) -> tuple[float, float]:
    """The share liked when people are drawn anew: its 95 % interval."""
    _, at = np.unique(people, return_inverse=True)
    n, sums = np.bincount(at), np.bincount(at, liked)
    drawn = np.random.default_rng(0).multinomial(len(n), np.full(len(n), 1 / len(n)), size=_RESAMPLES)
    low, high = np.percentile(drawn @ sums / np.maximum(drawn @ n, 1), (2.5, 97.5))
    return float(low), float(high)
