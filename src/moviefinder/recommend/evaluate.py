"""How well a ranking hits what people really like, by one fixed protocol.

A like is four stars and more, a dislike two and fewer. Test people are never trained on: a whole person stands on one
side. Some of a test person's likes are told (5, 10, 20 or 80 % of them, at random or the earliest), the rest stay
hidden; the whole catalogue is ranked, what was told is taken off, and the first places are searched for what is hidden.
Hidden films that training never saw, and those that the catalogue does not have, stay in the count and are misses.

Who is tested: people with ten likes and more are drawn, and judged wherever at least five of their likes stay hidden
(so 5 told asks for 10 likes, 10 for 15, 20 for 25, 80 % for 21).

Measures, each a mean over people: nDCG@10 with binary gains, 1 / log2(rank + 1), over the best that min(10, hidden)
films allow (Järvelin and Kekäläinen 2002); recall@20, the share of the hidden films among 20; hit@10, whether any is
among ten. Over all people together: coverage@10, how many different films stand in all the lists of ten; popularity,
the median of how many training people like the films in those lists.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from moviefinder.recommend.ratings import DISLIKED_STARS, LIKED_STARS, Ratings

CUT: Final = 10
LONG_CUT: Final = 20
FEWEST_HIDDEN: Final = 5
SEEDS: Final = 3
PEOPLE: Final = 1_000
_LARGEST_PART: Final = 4  # at most one in so many is tested, lest a small set has nobody left to learn from
_RESAMPLES: Final = 2_000
_GAINS: Final = 1 / np.log2(np.arange(2, CUT + 2))

Rows = NDArray[np.int32]


class Ranker(Protocol):
    """Whatever can be judged: ranks films for what one person is known to like and dislike."""

    def __call__(self, liked: Rows, disliked: Rows, k: int) -> Rows:
        """The k best rows, best first, without repeats; it may name films that were told, which do not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How much of a person's likes is told: so many of them, or a share in fifths; at random, or the earliest."""

    count: int = 0
    fifths: int = 0
    earliest: bool = False

    @property
    def name(self) -> str:
        """As tables have it."""
        return f"{'first ' if self.earliest else ''}{self.count or f'{self.fifths * 20} %'}"

    def told_of(self, likes: int) -> int:
        """How many of so many likes are told."""
        return self.count or likes * self.fifths // 5

    def admits(self, likes: int) -> bool:
        """Whether somebody with so many likes is judged."""
        return likes - self.told_of(likes) >= FEWEST_HIDDEN


AT_RANDOM: Final = (Telling(count=5), Telling(count=10), Telling(count=20), Telling(fifths=4))
EARLIEST: Final = tuple(
    Telling(count=telling.count, fifths=telling.fifths, earliest=True) for telling in AT_RANDOM
)
TELLINGS: Final = (*AT_RANDOM, *EARLIEST)
FEWEST_LIKES: Final = min(telling.count for telling in AT_RANDOM if telling.count) + FEWEST_HIDDEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """People on two sides: `training` without the people of `tested` (int64, rising), drawn with `seed`."""

    training: Ratings
    tested: NDArray[np.int64]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One person at one telling: rows that are told, rows that are hidden, and how many likes are hidden in all."""

    person: int
    liked: Rows
    disliked: Rows
    hidden: Rows
    n_hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one ranker's lists were worth at one telling and seed.

    Attributes:
        people: int64[t], who was judged.
        ndcg, recall, hit: float64[t].
        shown: int32[s], the films of all lists of ten, one after the other.
        fame: int64[n_films], how many training people like each film.
    """

    people: NDArray[np.int64]
    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]
    hit: NDArray[np.float64]
    shown: Rows
    fame: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The measures over all seeds.

    `ndcg`, `recall` and `hit` are means of the seeds' means, `deviation` how far the seeds' nDCG lie apart (standard,
    n - 1), `low` and `high` the 95 % interval of the nDCG when people are drawn anew; `people` counts trials.
    """

    ndcg: float
    deviation: float
    low: float
    high: float
    recall: float
    hit: float
    coverage: float
    popularity: float
    people: int

    @property
    def half(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2


def split(ratings: Ratings, *, seed: int, people: int = PEOPLE) -> Split:
    """Draw test people from those with ten likes and more; the others are for training."""
    willing = np.flatnonzero(ratings.likes_by_person() >= FEWEST_LIKES)
    n = min(people, len(willing) // _LARGEST_PART)
    tested = np.sort(np.random.default_rng(seed).choice(willing, n, replace=False))
    kept = np.ones(ratings.n_people, bool)
    kept[tested] = False
    return Split(training=ratings.of_people(kept).inside(), tested=tested, seed=seed)


def trials(ratings: Ratings, parted: Split, telling: Telling) -> Iterator[Trial]:
    """What each test person is judged on, where enough stays hidden. Told films of 5 likes are among those of 10.

    Likes of the same second come in random order. Of the dislikes as large a share is told as of the likes, or those
    that were there when the last told like was given.
    """
    offsets = ratings.offsets
    for person in parted.tested.tolist():
        own = slice(offsets[person], offsets[person + 1])
        films, stars, times = ratings.films[own], ratings.stars[own], ratings.times[own]
        rng = np.random.default_rng([parted.seed, person])
        likes = rng.permutation(np.flatnonzero(stars >= LIKED_STARS))
        dislikes = rng.permutation(np.flatnonzero(stars <= DISLIKED_STARS))
        if not telling.admits(len(likes)):
            continue
        n = telling.told_of(len(likes))
        if telling.earliest:
            likes = likes[np.argsort(times[likes], kind="stable")]
            dislikes = dislikes[times[dislikes] <= times[likes[n - 1]]]
        else:
            dislikes = dislikes[: len(dislikes) * n // len(likes)]
        told, hidden, disliked = films[likes[:n]], films[likes[n:]], films[dislikes]
        yield Trial(
            person=person,
            liked=told[told >= 0],
            disliked=disliked[disliked >= 0],
            hidden=hidden[hidden >= 0],
            n_hidden=len(hidden),
        )


def judge(ranker: Ranker, judged: Sequence[Trial], fame: NDArray[np.int64]) -> Outcome:
    """Rank for each trial and look where the hidden films stand.

    Args:
        ranker: what is judged.
        judged: of one telling and seed.
        fame: int64[n_films], how many training people like each film.

    Raises:
        ValueError: a list names a film twice.
    """
    ndcg, recall, hit = (np.zeros(len(judged)) for _ in range(3))
    shown = []
    hidden = np.zeros(len(fame), bool)
    told = np.zeros(len(fame), bool)
    for at, trial in enumerate(judged):
        off = np.concatenate([trial.liked, trial.disliked])
        hidden[trial.hidden], told[off] = True, True
        ranked = ranker(trial.liked, trial.disliked, LONG_CUT + len(off))
        if len(np.unique(ranked)) < len(ranked):
            raise ValueError("A ranker names a film twice; each place would count.")
        ranked = ranked[~told[ranked]][:LONG_CUT]
        hits = hidden[ranked]
        first = hits[:CUT]
        ndcg[at] = _GAINS[: len(first)][first].sum() / _GAINS[: trial.n_hidden].sum()
        recall[at] = hits.sum() / trial.n_hidden
        hit[at] = first.any()
        shown.append(ranked[:CUT])
        hidden[trial.hidden], told[off] = False, False
    return Outcome(
        people=np.array([trial.person for trial in judged], np.int64),
        ndcg=ndcg,
        recall=recall,
        hit=hit,
        shown=np.concatenate(shown or [np.empty(0, np.int32)]),
        fame=fame,
    )


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """The measures of one ranker at one telling, over its seeds; all 0 where nobody was judged."""
    judged = [outcome for outcome in outcomes if len(outcome.people)]
    if not judged:
        return Figures(
            ndcg=0, deviation=0, low=0, high=0, recall=0, hit=0, coverage=0, popularity=0, people=0
        )
    means = np.array([outcome.ndcg.mean() for outcome in judged])
    low, high = np.percentile(_resampled(judged), (2.5, 97.5))
    return Figures(
        ndcg=float(means.mean()),
        deviation=float(means.std(ddof=1)) if len(means) > 1 else 0.0,
        low=float(low),
        high=float(high),
        recall=float(np.mean([outcome.recall.mean() for outcome in judged])),
        hit=float(np.mean([outcome.hit.mean() for outcome in judged])),
        coverage=float(np.mean([len(np.unique(outcome.shown)) for outcome in judged])),
        popularity=float(
            np.mean(
                [np.median(outcome.fame[outcome.shown]) if len(outcome.shown) else 0 for outcome in judged]
            )
        ),
        people=sum(len(outcome.people) for outcome in judged),
    )


def lead(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> tuple[float, float, float]:
    """How far our nDCG is ahead of another's, as a share of theirs, and the 95 % interval; on the same trials.

    Raises:
        ValueError: the trials are not the same.
    """
    if any(not np.array_equal(one.people, other.people) for one, other in zip(ours, theirs, strict=True)):
        raise ValueError("The two were not judged on the same people.")
    ahead = figures(ours).ndcg / max(figures(theirs).ndcg, 1e-12) - 1
    drawn = _resampled(ours) / np.maximum(_resampled(theirs), 1e-12) - 1
    low, high = np.percentile(drawn, (2.5, 97.5))
    return ahead, float(low), float(high)


class ByFame:
    """Ranks films by how many people like them, whoever asks; ties go to the better known row."""

    def __init__(self, fame: NDArray[np.int64]) -> None:
        self._order = np.argsort(-fame, kind="stable").astype(np.int32)

    def __call__(self, liked: Rows, disliked: Rows, k: int) -> Rows:
        """The films that most people like."""
        return self._order[:k]


def _resampled(outcomes: Sequence[Outcome]) -> NDArray[np.float64]:
    """The mean nDCG of people drawn anew, many times over; who was tested with two seeds is drawn with both."""
    people, at = np.unique(np.concatenate([outcome.people for outcome in outcomes]), return_inverse=True)
    sums = np.bincount(at, np.concatenate([outcome.ndcg for outcome in outcomes]), len(people))
    counts = np.bincount(at, minlength=len(people))
    drawn = _draws(len(people))
    means: NDArray[np.float64] = drawn @ sums / np.maximum(drawn @ counts, 1)
    return means


@functools.lru_cache(maxsize=len(TELLINGS))
def _draws(n: int) -> NDArray[np.float32]:
    """How often each of n people is drawn, many times over: float32[resamples, n]; the same whoever is judged."""
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    return drawn.astype(np.float32)
