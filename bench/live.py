"""Films that arrive live: how well they are placed, what they change for everybody else, and what they cost.

Films of the catalogue are hidden from a learned model, as if they had come after it, and looked for in the lists: with
what content alone tells of them, and with a list of ten neighbours, as an outside source gives one. Then the real
server is asked with more and more live films beside the catalogue, and while films change.
"""

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

import numpy as np
from flask.testing import FlaskClient
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from threadpoolctl import threadpool_limits

from bench import quality
from bench.report import Table, percentile, progress
from bench.serving import Client
from moviefinder.app import App, make_app
from moviefinder.catalogue import readers
from moviefinder.config import Settings
from moviefinder.recommend import Places, Taste, best, evaluate
from moviefinder.recommend.content import STAND_INS
from moviefinder.recommend.evaluate import AT_RANDOM, CUT, LONG_CUT, Trial
from moviefinder.recommend.learned import Learned
from moviefinder.recommend.linear import Linear
from moviefinder.recommend.live import Beside, Live
from moviefinder.records import FilmRecord, Kind, Ref
from moviefinder.services import facts, training
from moviefinder.services.placing import WELL_RATED
from moviefinder.store import insert_or
from moviefinder.store.models import Job, SimilarList
from moviefinder.web import create_app
from tests.server import running

HIDDEN = 300
ENOUGH_LIKES = 20
"""Films are hidden of those that so many training people like, so that there is something to find."""
NEIGHBOURS = 10

LIVE = (0, 100, 2_000)
REQUESTS = 300
LIKES = 20
CHANGES = 15
CHANGE_EVERY_S = 0.1
_FIRST_YEAR = 1870
"""Of films for which a filter asks; none of the catalogue is so old."""

_OURS = {"X-Requested-With": "moviefinder"}

Values = Callable[[Taste], NDArray[np.float32]]
"""What each film gets, by its row of the catalogue."""


def measure() -> str | None:
    """Hide, look, ask; None when the data sets are not there."""
    if not (quality.DATA / readers.FACTS).is_file():
        return None
    return f"{_placing()}\n\n{_serving()}"


# How well live films are placed


@dataclass(frozen=True, slots=True)
class _Cut:
    """The catalogue parted: `known` rows, then `hidden` ones; the model over all, and over the known alone."""

    known: NDArray[np.int64]
    hidden: NDArray[np.int64]
    whole: Learned
    learned: Learned

    def values(self, linear: Linear) -> Values:
        """By row, what an engine over the known films first, then the hidden ones, gives; nothing where it ends."""
        order = np.concatenate([self.known, self.hidden])

        def of(taste: Taste) -> NDArray[np.float32]:
            given, by_row = linear.values(taste), np.zeros(len(order), np.float32)
            by_row[order[: len(given)]] = given
            return by_row

        return of


@dataclass(frozen=True, slots=True)
class _Found:
    """Means over people.

    Of the hidden films recall, nDCG, recall among themselves, and how many were shown; nDCG of all lists, of the known
    films in them, and of these for people who told a hidden film.
    """

    recall: float
    ndcg: float
    among: float
    shown: int
    whole: float
    known: float
    of_tellers: float


def _placing() -> str:
    held = quality.collection()
    parted = evaluate.split(held.ratings, seed=0)
    fame = parted.training.likes_by_film()
    pool = np.flatnonzero(fame >= ENOUGH_LIKES)
    hidden = np.sort(np.random.default_rng(0).choice(pool, HIDDEN, replace=False))
    known = np.setdiff1d(np.arange(held.ratings.n_films), hidden)
    model = training.learner(held.catalogue, held.films)(parted.training)
    progress("live: learned")
    cut = _Cut(known, hidden, Learned.of_rows(model), Learned.of(model, known, known))
    traits, lists = training.traits_of(held.catalogue), quality.lists(held.facts, parted.training)
    alike = np.concatenate([traits.likeness(row, row + 1) for row in hidden.tolist()])[:, known]
    by_content = _stand_ins(np.square(alike) * (traits.votes[known] >= WELL_RATED))
    listed = np.zeros_like(alike)
    ranks = np.full(alike.shape, -1, np.int64)
    place = np.full(len(traits), -1, np.int64)
    place[known] = np.arange(len(known))
    for at, row in enumerate(hidden.tolist()):
        neighbours = place[lists.named(row)[0]]
        neighbours = neighbours[neighbours >= 0][:NEIGHBOURS]
        listed[at, neighbours] = lists.usual[: len(neighbours)]
        ranks[at, neighbours] = np.arange(len(neighbours))
    content = Linear(cut.learned, Beside(_live(cut, by_content, None), cut.learned))
    with_list = Linear(cut.learned, Beside(_live(cut, _stand_ins(listed), ranks), cut.learned))
    best_known = fame + 0.5 - np.arange(len(traits)) / (2 * len(traits))
    engines: dict[str, Values] = {
        "not known at all": cut.values(Linear(cut.learned)),
        "most liked": lambda taste: _without(best_known, taste),
        "known by content alone": cut.values(content),
        f"known by a list of {NEIGHBOURS}": cut.values(with_list),
        "learned from their ratings": Linear(cut.whole).values,
    }
    trials = [trial for telling in AT_RANDOM for trial in evaluate.trials(held.ratings, parted, telling)]
    rows = []
    for name, values in engines.items():
        with threadpool_limits(1, "blas"):
            found = _look(values, trials, hidden, len(traits))
        progress(f"live: {name}: {found}")
        first = [f"{found.recall:.3f}", f"{found.ndcg:.3f}", f"{found.among:.3f}", f"{found.shown}"]
        rows.append(
            [name, *first, *(f"{value:.4f}" for value in (found.whole, found.known, found.of_tellers))]
        )
    heads = [
        "the hidden films are",
        f"recall@{LONG_CUT}",
        f"nDCG@{CUT}",
        f"recall@{LONG_CUT} among themselves",
    ]
    heads += [
        "shown to anybody",
        f"nDCG@{CUT} of all",
        "of known films",
        "of these, for who told a hidden one",
    ]
    told = np.array(
        [np.isin(trial.liked, hidden).any() or np.isin(trial.disliked, hidden).any() for trial in trials]
    )
    others = [trial for trial, tells in zip(trials, told, strict=True) if not tells]
    plain = Linear(cut.learned)
    same = sum(_same(cut, plain, trial, [content, with_list]) for trial in others)
    return f"""{HIDDEN} of the {len(pool):,} films that {ENOUGH_LIKES} training people like are hidden from a model
that was learned without the {len(parted.tested):,} test people (seed 0), and put beside it again as live films. The
first columns look for the hidden films alone; the last three at whole lists, for {len(trials):,} tastes of 5, 10, 20
and 80 % of likes. "Most liked" and "learned" know their ratings.

{Table(heads=heads, rows=rows)}

Of the {len(others):,} tastes without a hidden film {same:,} rank the known films as before, to the last bit, with
the hidden ones beside them by content and by lists."""


def _stand_ins(weights: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The stand-ins of each row: columns of the largest weights, and these."""
    columns = np.argsort(-weights, axis=1, kind="stable")[:, :STAND_INS]
    return columns, np.take_along_axis(weights, columns, axis=1).astype(np.float32)


def _live(
    cut: _Cut, stand_ins: tuple[NDArray[np.int64], NDArray[np.float32]], ranks: NDArray[np.int64] | None
) -> Live:
    n = len(cut.known)
    films = np.arange(n, n + len(cut.hidden))
    at, targets = np.nonzero(ranks >= 0) if ranks is not None else (films[:0], films[:0])
    return Live(
        places=Places(np.concatenate([cut.known, cut.hidden])),
        sources=films[at],
        targets=targets,
        ranks=ranks[at, targets] if ranks is not None else films[:0],
        placed=films,
        is_listed=np.full(len(films), ranks is not None),
        stand_ins=stand_ins[0],
        weights=stand_ins[1],
        quality=np.full(n + len(films), 0.5, np.float32),
    )


def _without(values: NDArray[np.float64], taste: Taste) -> NDArray[np.float32]:
    left = values.astype(np.float32)
    left[taste.ruled_out()] = 0
    return left


def _taste(trial: Trial) -> Taste:
    return Taste(
        liked=dict.fromkeys(trial.liked.tolist(), 1.0), disliked=dict.fromkeys(trial.disliked.tolist(), 1.0)
    )


def _same(cut: _Cut, plain: Linear, trial: Trial, engines: Sequence[Linear]) -> bool:
    taste, n = _taste(trial), len(cut.known)
    before = plain.values(taste).tobytes()
    return all(engine.values(taste)[:n].tobytes() == before for engine in engines)


def _look(values: Values, trials: Sequence[Trial], hidden: NDArray[np.int64], n: int) -> _Found:
    is_hidden = np.zeros(n, bool)
    is_hidden[hidden] = True
    gains = 1 / np.log2(np.arange(2, CUT + 2))
    columns: dict[str, list[float]] = {
        name: [] for name in ("recall", "ndcg", "among", "whole", "known", "told")
    }
    shown = set[int]()

    def ndcg(films: NDArray[np.int64], wanted: NDArray[np.int32], n_wanted: int) -> float:
        hits = np.isin(films[:CUT], wanted)
        return float(gains[: len(hits)][hits].sum() / gains[: min(n_wanted, CUT)].sum())

    for trial in trials:
        ranked = best(values(_taste(trial)), n)
        of_hidden = is_hidden[ranked]
        columns["whole"].append(ndcg(ranked, trial.hidden, trial.n_hidden))
        columns["known"].append(ndcg(ranked[~of_hidden], trial.hidden, trial.n_hidden))
        if is_hidden[trial.liked].any():
            columns["told"].append(columns["known"][-1])
        shown.update(ranked[:LONG_CUT][of_hidden[:LONG_CUT]].tolist())
        wanted = trial.hidden[is_hidden[trial.hidden]]
        if len(wanted):
            most = min(len(wanted), LONG_CUT)
            columns["recall"].append(np.isin(ranked[:LONG_CUT], wanted).sum() / most)
            columns["ndcg"].append(ndcg(ranked, wanted, len(wanted)))
            columns["among"].append(np.isin(ranked[of_hidden][:LONG_CUT], wanted).sum() / most)
    mean = {name: float(np.mean(of)) for name, of in columns.items()}
    return _Found(
        mean["recall"], mean["ndcg"], mean["among"], len(shown), mean["whole"], mean["known"], mean["told"]
    )


# What live films cost


def _serving() -> str:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as server:
        app = make_app(Settings(data=Path(folder) / "data"))
        rng, numbers = random.Random(2026), count()
        client, page, rows, there = Client(server), create_app(app).test_client(), [], 0
        for film in range(LIKES):
            page.patch(f"/api/v1/library/{7 * film + 1}", json={"verdict": "liked"}, headers=_OURS)
        for wanted in LIVE:
            progress(f"live: {wanted} live films")
            arrived = _arrive(app, rng, numbers, wanted - there)
            there = wanted
            _wait_until_placed(app, client)
            rows.append([f"{wanted:,} live films", *_asked(page)])
        with _changing(app, arrived) as changed:
            rows.append(
                [f"{LIVE[-1]:,}, one more changing every {1000 * CHANGE_EVERY_S:.0f} ms", *_asked(page)]
            )
        progress(f"live: {len(changed)} changes meanwhile")
        counted = _until_counted(app, client, numbers)
        app.close()
    heads = ["20 recommendations, 20 likes", "p50 ms", "p99 ms", "search, p50 ms", "p99 ms"]
    return f"""{REQUESTS} requests of each kind, in process, processor time of the thread that answers; each
live film has two genres and a list of twenty films of the catalogue.

{Table(heads=heads, rows=rows)}

From the commit of a change, with {LIVE[-1]:,} live films, until it counts in the recommendations of the real server,
asked every 10 ms, wall-clock time: p50 {percentile(counted, 0.5):.2f} s, the longest of {len(counted)}
{max(counted):.2f} s."""


def _asked(page: FlaskClient) -> list[str]:
    """Ask for recommendations and for films by title; gives the figures of a row."""
    typed = ("dark ri", "the last", "godfathr", "love", "heat", "the town so")

    def took_ms(path: str) -> float:
        began = time.thread_time()
        status = page.get(path).status_code
        took = 1000 * (time.thread_time() - began)
        if status != 200:
            raise RuntimeError(f"GET {path} answers {status}")
        return took

    took_ms("/api/v1/recommendations?limit=20")
    recommended = [took_ms("/api/v1/recommendations?limit=20") for _ in range(REQUESTS)]
    found = [took_ms(f"/api/v1/films?q={quote(typed[n % len(typed)])}") for n in range(REQUESTS)]
    return [f"{percentile(took, share):.1f}" for took in (recommended, found) for share in (0.5, 0.99)]


def _arrive(app: App, rng: random.Random, numbers: Iterator[int], n: int) -> list[int]:
    """Let so many films arrive, a hundred at a time; gives our numbers of them."""
    films: list[int] = []
    words = ("Dark", "River", "House", "Night", "Town", "Song", "Love", "Last")
    for start in range(0, n, 100):
        now = datetime.now(UTC)
        titles = [
            f"The {rng.choice(words)} {rng.choice(words)} {start + at}" for at in range(min(100, n - start))
        ]
        with app.transaction() as session:
            records = [_record(next(numbers), title) for title in titles]
            ids = facts.keep_all(session, records, "tmdb", whole=True, now=now, keeps=None)
            for film in ids:
                _list(session, film, rng.sample(range(1, 6_000), 20), now)
            facts.touch(session, ids)
        films += ids
    return films


def _wait_until_placed(app: App, client: Client) -> None:
    """Wait until the jobs that arriving films ask for are done; what they cost is the queue's to tell."""
    undone = (
        select(func.count()).select_from(Job).where(Job.state.in_(["queued", "running"]), Job.film_id > 0)
    )
    while True:
        with app.reading() as session:
            if not session.scalar(undone):
                return
        client.ask("GET", "/api/v1/films")  # keeps the connection
        time.sleep(1)


def _record(number: int, title: str, year: int = 2025) -> FilmRecord:
    return FilmRecord(
        refs=(Ref("tmdb", str(90_000_000 + number)),),
        kind=Kind.MOVIE,
        title=title,
        year=year,
        genres=("drama", "western"),
        languages=("en",),
        score=7.0,
        sources={},
    )


def _list(session: Session, film: int, neighbours: Sequence[int], now: datetime) -> None:
    """Put a list by one source in the place of the one before."""
    values = {
        "ids": np.array(neighbours, "<i4").tobytes(),
        "weights": bytes(range(255, 255 - len(neighbours), -1)),
        "fetched_at": now,
    }
    statement = insert_or(session, SimilarList).values(film_id=film, source="tmdb", **values)
    session.execute(statement.on_conflict_do_update(index_elements=["film_id", "source"], set_=values))


@contextmanager
def _changing(app: App, films: Sequence[int]) -> Iterator[list[int]]:
    """Change one film after the other meanwhile; gives those that were changed."""
    over, changed = threading.Event(), list[int]()

    def change() -> None:
        for film in films:
            if over.wait(CHANGE_EVERY_S):
                break
            with app.transaction() as session:
                _list(
                    session,
                    film,
                    [film_id % 6_000 + 1 for film_id in range(film, film + 20)],
                    datetime.now(UTC),
                )
                facts.touch(session, [film])
            changed.append(film)

    thread = threading.Thread(target=change)
    thread.start()
    yield changed
    over.set()
    thread.join()


def _until_counted(app: App, client: Client, numbers: Iterator[int]) -> list[float]:
    """Seconds from the commit of a liked live film's list until the film that it names is recommended."""
    with app.transaction() as session:
        liked = facts.keep(
            session, _record(next(numbers), "Liked"), "tmdb", whole=True, now=datetime.now(UTC), keeps=None
        )
    client.ask("PATCH", f"/api/v1/library/{liked}", {"verdict": "liked"})
    client.answer, took = {}, []
    for year in range(_FIRST_YEAR, _FIRST_YEAR + CHANGES):
        now = datetime.now(UTC)
        with app.transaction() as session:
            arrived = facts.keep(
                session, _record(next(numbers), "Arrived", year), "tmdb", whole=True, now=now, keeps=None
            )
            _list(session, liked, [arrived], now)
            facts.touch(session, [liked])
        began = time.perf_counter()
        while not client.answer.get("items"):
            client.ask("GET", f"/api/v1/recommendations?year_min={year}&year_max={year}")
            time.sleep(0.01)
        took.append(time.perf_counter() - began)
        client.answer = {}
    return took
