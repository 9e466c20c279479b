"""How well films that nobody rated are placed: well-rated films are hidden from training and looked for in the lists.

Everything is taken from a hidden film that a new one lacks: its ratings, their number and their mean. What stays is its
content and its place in the catalogue. Whoever likes series alone, or films of the last years alone, is asked as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bench import quality
from bench.report import Table, progress
from moviefinder.catalogue import readers
from moviefinder.recommend import evaluate
from moviefinder.recommend.evaluate import AT_RANDOM, CUT, LONG_CUT, ByFame, Ranker, Trial
from moviefinder.recommend.learn import learn
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.ratings import Ratings
from moviefinder.recommend.traits import Traits
from moviefinder.services import training

_WELL_RATED = 50
_HIDDEN_SHARE = 10
_PEOPLE = 200
_LIKES = 5
_POOL = 300
_NEW_YEAR, _OLD_YEAR = 2020, 2010
_GAINS = 1 / np.log2(np.arange(2, CUT + 2))


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What became of the hidden films: shares of those liked, and how many were shown at all."""

    recall: float
    ndcg: float
    among: float
    shown: int


def measure() -> str | None:
    """Hide, learn, look; None when the data sets are not there."""
    if not (quality.DATA / readers.FACTS).is_file():
        return None
    held = quality.collection()
    traits = training.traits_of(held.catalogue)
    parted = evaluate.split(held.ratings, seed=0)
    fame = parted.training.likes_by_film()
    well = np.flatnonzero(fame >= _WELL_RATED)
    hidden = np.sort(np.random.default_rng(0).choice(well, len(well) // _HIDDEN_SHARE, replace=False))
    asked = [list(evaluate.trials(held.ratings, parted, telling)) for telling in AT_RANDOM]
    trials = [trial for of in asked for trial in of]
    progress(f"placing: {len(hidden)} of {len(well)} films with {_WELL_RATED} likes are hidden")
    full = _asked(parted.training, traits, held.films)
    placed = _asked(
        parted.training.where(~np.isin(parted.training.films, hidden)), _as_new(traits, hidden), held.films
    )
    rows = []
    for name, ranker in (
        ("most liked", ByFame(fame)),
        ("placed", placed),
        ("learned from their ratings", full),
    ):
        found = _look(ranker, trials, hidden, held.ratings.n_films)
        progress(f"placing: {name}: {found}")
        figures = f"{found.recall:.3f}", f"{found.ndcg:.3f}", f"{found.among:.3f}"
        rows.append([name, *figures, f"{found.shown} of {len(hidden)}"])
    heads = [
        "",
        f"recall@{LONG_CUT}",
        f"nDCG@{CUT}",
        f"recall@{LONG_CUT} among themselves",
        "shown to anybody",
    ]
    series, new = _liking_alone(full, traits)
    return f"""{len(hidden)} of the {len(well)} films with {_WELL_RATED} likes and more are hidden:
no rating of them is learned from, nor how many there were or what they said. {len(parted.tested):,} people are held out
as for the quality; of each person's hidden likes only these films are looked for. "Among themselves": when nothing else
is in the list. "Most liked" and the last line know the films' ratings.

{Table(heads=heads, rows=rows)}

{_PEOPLE} people who like {_LIKES} series alone, of the {_POOL} best known: {100 * series:.0f} % of their first
{LONG_CUT} are series.
{_PEOPLE} who like {_LIKES} films of {_NEW_YEAR} and later alone: {new}."""


def _asked(ratings: Ratings, traits: Traits, films: training.FilmMap) -> Ranker:
    model = learn(
        ratings,
        traits,
        movielens_ids=films.ids,
        movielens_rows=films.rows,
        meta={"version": "bench"},
        say=progress,
    )
    return training.Asked(Linear(Learned.of_rows(model)))


def _as_new(traits: Traits, hidden: NDArray[np.int64]) -> Traits:
    votes, mean = traits.votes.copy(), traits.mean.copy()
    votes[hidden] = mean[hidden] = 0
    return replace(traits, votes=votes, mean=mean)


def _look(ranker: Ranker, trials: Sequence[Trial], hidden: NDArray[np.int64], n: int) -> _Hidden:
    is_hidden = np.zeros(n, bool)
    is_hidden[hidden] = True
    recall, ndcg, among, shown = [], [], [], set[int]()
    for trial in trials:
        wanted = trial.hidden[is_hidden[trial.hidden]]
        if not len(wanted):
            continue
        ranked = ranker(trial.liked, trial.disliked, n)
        ranked = ranked[~np.isin(ranked, np.concatenate([trial.liked, trial.disliked]))]
        first = ranked[:LONG_CUT]
        hits = np.isin(first, wanted)
        most = min(len(wanted), LONG_CUT)
        recall.append(hits.sum() / most)
        ndcg.append(_GAINS[: len(hits[:CUT])][hits[:CUT]].sum() / _GAINS[: len(wanted)].sum())
        among.append(np.isin(ranked[is_hidden[ranked]][:LONG_CUT], wanted).sum() / most)
        shown.update(first[is_hidden[first]].tolist())
    return _Hidden(float(np.mean(recall)), float(np.mean(ndcg)), float(np.mean(among)), len(shown))


def _liking_alone(ranker: Ranker, traits: Traits) -> tuple[float, str]:
    """The share of series for those who like series, and the years for those who like new films."""
    nothing = np.empty(0, np.int32)

    def lists(wanted: NDArray[np.bool_], value: Callable[[NDArray[np.int32]], float]) -> list[float]:
        pool = np.flatnonzero(wanted)[:_POOL].astype(np.int32)
        rng = np.random.default_rng(0)
        tastes = [np.sort(rng.choice(pool, _LIKES, replace=False)) for _ in range(_PEOPLE)]
        return [value(ranker(liked, nothing, LONG_CUT)) for liked in tastes]

    of_series = lists(traits.is_series, lambda films: float(traits.is_series[films].mean()))
    new = (traits.year >= _NEW_YEAR) & ~traits.is_series
    years = lists(new, lambda films: float(np.median(traits.year[films])))
    old = lists(new, lambda films: float((traits.year[films] < _OLD_YEAR).mean()))
    return float(np.mean(of_series)), (
        f"the median year of their first {LONG_CUT} is {np.median(years):.0f}, "
        f"and {100 * np.mean(old):.1f} % of them are from before {_OLD_YEAR}"
    )
