"""How well recommendations hit what people really like, beside peers, on people whom none of them has seen.

Protocol: `moviefinder.recommend.evaluate`. Everything is learned anew without the test people, so this needs the data
sets; a clone without them keeps the figures that stand in docs/benchmarks.md.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bench import peers
from bench.report import Table, progress, ratio
from moviefinder.catalogue import Catalogue, build, open_catalogue, readers, similar
from moviefinder.catalogue.corrections import corrected
from moviefinder.recommend import evaluate
from moviefinder.recommend.evaluate import AT_RANDOM, EARLIEST, TELLINGS, Outcome, Ranker, Split
from moviefinder.recommend.fuse import Fused
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.lists import SimilarLists
from moviefinder.recommend.ratings import Ratings
from moviefinder.recommend.votes import Votes
from moviefinder.services import training

DATA = Path(os.environ.get("BENCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
"""Folder of the data sets; another by BENCH_DATA."""

OURS, VOTES, FUSED = "MovieFinder", "MovieFinder, votes alone", "MovieFinder, both fused"
_TUNING_SEED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The catalogue that ships, the facts that it was built from, row for row, and all ratings over it."""

    catalogue: Catalogue
    facts: Sequence[readers.Fact]
    films: training.FilmMap
    ratings: Ratings


def collection(folder: Path = DATA) -> Collection:
    """Read the data sets.

    Raises:
        ValueError: the catalogue that ships was built from others.
    """
    known = (fact for raw in readers.facts(folder) if (fact := corrected(raw)) is not None)
    facts = build.by_popularity(build.merged(filter(build.is_wanted, known)))
    catalogue = open_catalogue()
    if [fact.record.refs[0] for fact in facts] != [catalogue.refs(row)[0] for row in range(len(catalogue))]:
        raise ValueError("The shipped catalogue is of other data. Run `moviefinder catalogue build`.")
    paths = [_packed_or_plain(folder / edition / name) for edition, name in readers.RATINGS.items()]
    films = training.film_map(catalogue, paths)
    ratings = training.read_ratings(paths, films, say=progress)
    return Collection(catalogue=catalogue, facts=facts, films=films, ratings=ratings)


def _packed_or_plain(path: Path) -> Path:
    return path if path.is_file() else path.with_suffix("")


def ours(held: Collection, taught: Ratings) -> Iterator[tuple[str, Ranker]]:
    """Each of our engines, learned from the training people alone."""
    start = time.monotonic()
    linear = Linear(Learned.of_rows(training.learner(held.catalogue, held.films)(taught)))
    progress(f"quality: {OURS} learned in {time.monotonic() - start:.0f} s")
    yield OURS, training.Asked(linear)
    start = time.monotonic()
    votes = Votes(lists(held.facts, taught))
    progress(f"quality: {VOTES} built in {time.monotonic() - start:.0f} s")
    yield VOTES, training.Asked(votes)
    yield FUSED, training.Asked(Fused.of(linear, votes))


def lists(facts: Sequence[readers.Fact], taught: Ratings) -> SimilarLists:
    """The similar lists that the catalogue would have, had nobody else rated anything."""
    made = similar.similar_lists(
        [replace(fact, movielens_ids=(row,)) for row, fact in enumerate(facts)],
        readers.Ratings(
            people=taught.people,
            movielens_ids=taught.films,
            stars=taught.stars,
            n_people=taught.n_people,
        ),
    )
    offsets = np.concatenate([[0], np.cumsum(made.lengths)]).astype(np.int64)
    return SimilarLists(np.arange(len(facts), dtype=np.int64), offsets, made.neighbours, made.weights)


def measure(*, tune: bool = False, seeds: int = evaluate.SEEDS, people: int = evaluate.PEOPLE) -> str | None:
    """Hold people out, learn from the others, and compare; None when the data sets are not there.

    Args:
        tune: look for the peers' best settings first, which takes an hour or two.
        seeds: how often people are drawn.
        people: how many each time.
    """
    if not (DATA / readers.FACTS).is_file():
        return None
    begun = time.monotonic()
    progress("quality: reading")
    held = collection()
    settings = tuned(held.ratings) if tune else peers.BEST
    outcomes: dict[str, dict[str, list[Outcome]]] = {}
    for seed in range(seeds):
        parted = evaluate.split(held.ratings, seed=seed, people=people)
        for name, ranker in _everybody(held, parted, settings):
            start = time.monotonic()
            for telling, outcome in judged(held.ratings, parted, ranker).items():
                outcomes.setdefault(name, {}).setdefault(telling, []).append(outcome)
            mean = np.mean([outcomes[name][telling.name][-1].ndcg.mean() for telling in AT_RANDOM])
            progress(f"quality: seed {seed}, {name}: {mean:.4f}, ranked in {time.monotonic() - start:.1f} s")
    return _told(held, outcomes, settings, people, seeds, (time.monotonic() - begun) / 60)


def _everybody(
    held: Collection, parted: Split, settings: Mapping[str, peers.Setting]
) -> Iterator[tuple[str, Ranker]]:
    yield from ours(held, parted.training)
    yield from peers.peers(parted.training, settings)


def judged(ratings: Ratings, parted: Split, ranker: Ranker) -> dict[str, Outcome]:
    """What a ranker's lists are worth at each telling."""
    fame = parted.training.likes_by_film()
    with threadpool_limits(1, "blas"):  # what one person asks is too small to be shared out
        return {
            telling.name: evaluate.judge(ranker, list(evaluate.trials(ratings, parted, telling)), fame)
            for telling in TELLINGS
        }


def tuned(ratings: Ratings) -> dict[str, peers.Setting]:
    """The best setting of each peer by the mean over the four random tellings, on people of the training side."""
    inner = evaluate.split(ratings, seed=0)
    kept = np.ones(ratings.n_people, bool)
    kept[inner.tested] = False
    others = ratings.of_people(kept)
    validation = evaluate.split(others, seed=_TUNING_SEED)
    fame = validation.training.likes_by_film()
    trials = [list(evaluate.trials(others, validation, telling)) for telling in AT_RANDOM]

    def score(ranker: Ranker) -> float:
        with threadpool_limits(1, "blas"):
            return float(np.mean([evaluate.judge(ranker, asked, fame).ndcg.mean() for asked in trials]))

    found = {}
    for name, setting, value in peers.tuned(validation.training, score):
        progress(f"tuned: {name} {dict(setting)}: {value:.4f}")
        found[name] = setting
    return found


def _told(
    held: Collection,
    outcomes: Mapping[str, Mapping[str, Sequence[Outcome]]],
    settings: Mapping[str, peers.Setting],
    people: int,
    seeds: int,
    minutes: float,
) -> str:
    figures = {
        name: {telling: evaluate.figures(by_seed) for telling, by_seed in of.items()}
        for name, of in outcomes.items()
    }
    counts = ", ".join(f"{telling.name}: {figures[OURS][telling.name].people:,}" for telling in TELLINGS)

    def table(value: str, shown: str) -> Table:
        rows = [
            [name, *(shown.format(of[telling.name]) for telling in TELLINGS)] for name, of in figures.items()
        ]
        return Table(heads=[value, *(telling.name for telling in TELLINGS)], rows=rows)

    means = [
        [
            name,
            *(
                f"{np.mean([of[telling.name].ndcg for telling in group]):.3f}"
                for group in (AT_RANDOM, EARLIEST)
            ),
        ]
        for name, of in figures.items()
    ]
    tried = [
        [
            name,
            str(len(peers.GRIDS[name])),
            ", ".join(f"{key} {value}" for key, value in setting.items()) or "-",
        ]
        for name, setting in settings.items()
    ]
    return f"""{seeds} times {people:,} of {held.ratings.n_people:,} people of the MovieLens editions are held out;
everything is learned from the others' ratings, our lists and models as well. Columns: how many of a person's likes are
told, at random or the first that were given; the rest is to be found among {held.ratings.n_films:,} films.
Trials, over all seeds: {counts}.
This run took {minutes:.0f} minutes.

{Table(heads=["nDCG@10, mean", "at random", "first"], rows=means)}

nDCG@10; ± is half of the 95 % interval when people are drawn anew:

{table("nDCG@10", "{0.ndcg:.3f} ± {0.half:.3f}")}

Ours ({OURS}) ahead of the best peer, on the same people, with the 95 % interval:

{_leads(outcomes, figures)}

{table("standard deviation between seeds", "{0.deviation:.4f}")}

{table("recall@20", "{0.recall:.3f}")}

{table("hit@10", "{0.hit:.3f}")}

{table("coverage@10, films", "{0.coverage:,.0f}")}

Coverage of {OURS} to that of {peers.RULE}: {_coverages(figures)}.

{table("median popularity of what is shown, likes", "{0.popularity:,.0f}")}

Settings of the peers, the best of so many tried on {people:,} further people of the training side (`--tune`):

{Table(heads=["peer", "tried", "best"], rows=tried)}"""


def _coverages(figures: Mapping[str, Mapping[str, evaluate.Figures]]) -> str:
    ours, theirs = figures[OURS], figures[peers.RULE]
    return ", ".join(
        f"{telling.name} told {ratio(ours[telling.name].coverage, theirs[telling.name].coverage)}"
        for telling in TELLINGS
    )


def _leads(
    outcomes: Mapping[str, Mapping[str, Sequence[Outcome]]],
    figures: Mapping[str, Mapping[str, evaluate.Figures]],
) -> Table:
    rows = []
    for telling in TELLINGS:
        rival = max(peers.GRIDS, key=lambda name: figures[name][telling.name].ndcg)
        ahead, low, high = evaluate.lead(outcomes[OURS][telling.name], outcomes[rival][telling.name])
        rows.append(
            [telling.name, rival, f"{100 * ahead:+.1f} %", f"{100 * low:+.1f} to {100 * high:+.1f} %"]
        )
    return Table(heads=["told", "best peer", "ahead by", "interval"], rows=rows)
