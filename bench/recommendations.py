"""How quickly recommendations come, in process, beside the same vote as one SQL query and beside popularity."""

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from bench.report import Table, percentile, progress, ratio
from moviefinder.app import App, make_app
from moviefinder.catalogue import Catalogue, open_catalogue
from moviefinder.config import Settings
from moviefinder.recommend.filters import Filters
from moviefinder.records import Kind
from moviefinder.services import films, library, recommendations
from moviefinder.services.accounts import sessions
from moviefinder.services.catalogue import install_if_newer
from moviefinder.store.schema import prepare

LIKES = (5, 20, 50, 500)
PEOPLE = 12
"""So many people with each number of likes, each asked for five times."""

FILTERS = Filters(kind=Kind.MOVIE, year_min=1990, genre_out=("horror",))
_SQL_FILTERS = """AND NOT films.is_series AND films.year >= 1990
    AND EXISTS (SELECT 1 FROM genres WHERE genres.film_id = films.id)
    AND NOT EXISTS (SELECT 1 FROM genres WHERE slug = 'horror' AND genres.film_id = films.id)"""
LIMIT = 20

Ask = Callable[[int, Sequence[int], bool], object]
"""Takes a person, the films they like, and whether to filter."""


class VotesInSql:
    """The vote of 2012 as one query over a table with a row a neighbour, and a second one for the reasons."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._database = database = sqlite3.connect(":memory:")
        database.executescript(
            """CREATE TABLE neighbours (film_id INT, neighbour_id INT, weight INT, PRIMARY KEY (film_id, neighbour_id))
                   WITHOUT ROWID;
               CREATE TABLE films (id INTEGER PRIMARY KEY, is_series INT, year INT);
               CREATE TABLE genres (slug TEXT, film_id INT, PRIMARY KEY (slug, film_id)) WITHOUT ROWID;
               CREATE INDEX genres_film ON genres (film_id);"""
        )
        similar, known = catalogue.similar, catalogue.films
        ends = similar.offsets.tolist()
        neighbours, weights = similar.neighbours.tolist(), similar.weights.tolist()
        database.executemany(
            "INSERT INTO neighbours VALUES (?, ?, ?)",
            (
                (film + 1, neighbours[at] + 1, weights[at])
                for film, (start, end) in enumerate(pairwise(ends))
                for at in range(start, end)
            ),
        )
        database.executemany(
            "INSERT INTO films VALUES (?, ?, ?)",
            (
                (n, kind == Kind.SERIES, year)
                for n, (kind, year) in enumerate(zip(known.kind, known.year, strict=True), 1)
            ),
        )
        database.executemany(
            "INSERT OR IGNORE INTO genres VALUES (?, ?)",
            (
                (code, int(film) + 1)
                for film, code in zip(catalogue.genres.film, catalogue.genres.code, strict=True)
            ),
        )

    def recommend(self, _person: int, likes: Sequence[int], filtered: bool) -> object:
        """Rank by votes, and name the liked films behind each."""
        liked = ",".join(map(str, likes))
        ranked = self._database.execute(
            f"""SELECT neighbour_id, sum(weight) AS score FROM neighbours JOIN films ON films.id = neighbour_id
                WHERE film_id IN ({liked}) AND neighbour_id NOT IN ({liked}) {_SQL_FILTERS if filtered else ""}
                GROUP BY neighbour_id ORDER BY score DESC, neighbour_id LIMIT {LIMIT}"""
        ).fetchall()
        named = ",".join(str(film) for film, _ in ranked)
        return ranked, self._database.execute(
            f"""SELECT neighbour_id, film_id, weight FROM neighbours
                WHERE film_id IN ({liked}) AND neighbour_id IN ({named}) ORDER BY neighbour_id, weight DESC"""
        ).fetchall()

    def best_known(self, _person: int, likes: Sequence[int], filtered: bool) -> object:
        """Give the best-known films that are not liked yet."""
        liked = ",".join(map(str, likes))
        return self._database.execute(
            f"""SELECT id FROM films WHERE id NOT IN ({liked}) {_SQL_FILTERS if filtered else ""}
                ORDER BY id LIMIT {LIMIT}"""
        ).fetchall()


def measure(*, seed: int = 2026) -> str:
    """Measure recommendations for people with few and many likes; gives the text of the section."""
    catalogue = open_catalogue()
    with tempfile.TemporaryDirectory() as folder, installed(Path(folder)) as app:
        peer = VotesInSql(catalogue)
        rng = random.Random(seed)
        rows = []
        for n in LIKES:
            progress(f"recommendations: {n} likes")
            tastes = [draw(rng, len(catalogue), n) for _ in range(PEOPLE)]
            people = [_like(app, taste) for taste in tastes]
            for filtered in (False, True):
                queries: list[int] = []
                ours = _times(partial(_recommend, app, queries), people, tastes, filtered)
                ranked = _times(partial(_rank, app, None), people, tastes, filtered)
                by_votes = _times(partial(_rank, app, "votes"), people, tastes, filtered)
                voted = _times(peer.recommend, people, tastes, filtered)
                known = _times(peer.best_known, people, tastes, filtered)
                p50, p99 = percentile(ranked, 0.5), percentile(ranked, 0.99)
                voted_p50, voted_p99 = percentile(voted, 0.5), percentile(voted, 0.99)
                known_p50, by_votes_p50 = percentile(known, 0.5), percentile(by_votes, 0.5)
                rows.append(
                    [
                        f"{n}{', three filters' if filtered else ''}",
                        f"{percentile(ours, 0.5):.1f}",
                        f"{percentile(ours, 0.99):.1f}",
                        f"{queries[-1]}",
                        f"{p50:.1f}",
                        f"{p99:.1f}",
                        f"{by_votes_p50:.1f} ({ratio(by_votes_p50, p50)})",
                        f"{voted_p50:.1f} ({ratio(voted_p50, p50)})",
                        f"{voted_p99:.1f} ({ratio(voted_p99, p99)})",
                        f"{known_p50:.2f} ({ratio(known_p50, p50)})",
                    ]
                )
        first_ms = _first(app, people[0])
    heads = ["likes", "p50 ms", "p99 ms", "queries", "ranked, p50 ms", "p99 ms"]
    heads += ["by our votes, p50 ms", "votes in SQL, p50 ms", "p99 ms", "best known, p50 ms"]
    return f"""{LIMIT} recommendations out of {len(catalogue):,} films: first with all facts of the films, ready for the
answer; then the ranked list with its reasons alone, which is what the peers give, by the learned model where one ships,
and by our own votes. {PEOPLE} people for each number of likes, drawn by popularity; filters: movies, from 1990, no
horror. The peers run in SQLite in memory: the votes as one query over a row for each of
{len(catalogue.similar.neighbours):,} neighbours, with a second query for the reasons but without further steps to
neighbours of neighbours; and the best-known films. Processor time; in brackets the ratio to ours.

{Table(heads=heads, rows=rows)}

The first request of a process, which loads the lists, takes {first_ms:.0f} ms."""


def draw(rng: random.Random, n_films: int, n_likes: int) -> list[int]:
    """Draw films to like, ids from 1 in the order of popularity, the likelier the better known."""
    likes: dict[int, None] = {}
    while len(likes) < n_likes:
        likes[min(int(rng.expovariate(1 / 1500)), n_films - 1) + 1] = None
    return list(likes)


@contextmanager
def installed(folder: Path) -> Iterator[App]:
    """Give an install with the shipped catalogue, in a folder."""
    app = make_app(Settings(data=folder))
    prepare(app.engine)
    install_if_newer(app.engine, now=datetime.now(UTC))
    yield app
    app.close()


def _like(app: App, taste: Sequence[int]) -> int:
    now = datetime.now(UTC)
    with app.transaction() as session:
        asker, _ = sessions.make_guest(
            session, address="127.0.0.1", user_agent="bench", per_hour=None, now=now
        )
        for film_id in taste:
            library.say(session, asker.user_id, film_id, {"verdict": "liked"}, now=now)
        return asker.user_id


def _rank(
    app: App, by: recommendations.By | None, person: int, _likes: Sequence[int], filtered: bool
) -> recommendations.Recommendations:
    with app.reading() as session:
        return _ranked(app, session, person, filtered, by)


def _recommend(app: App, queries: list[int], person: int, _likes: Sequence[int], filtered: bool) -> None:
    """Do what the route does, but for the JSON."""
    with _counted(app.engine) as count, app.reading() as session:
        ranked = _ranked(app, session, person, filtered)
        reasons = {film_id for item in ranked.items for film_id, _ in item.because}
        films.films(session, [*(item.film_id for item in ranked.items), *sorted(reasons)])
    queries.append(count[0])


def _ranked(
    app: App, session: Session, person: int, filtered: bool, by: recommendations.By | None = None
) -> recommendations.Recommendations:
    ranked = recommendations.for_user(
        session,
        app.films.newest(session),
        person,
        learned=app.models.newest(session),
        by=by,
        filters=FILTERS if filtered else Filters(),
        limit=LIMIT,
        cursor=None,
        today=datetime.now(UTC).date(),
    )
    if len(ranked.items) != LIMIT:
        raise RuntimeError(f"{len(ranked.items)} recommendations instead of {LIMIT}.")
    return ranked


@contextmanager
def _counted(engine: Engine) -> Iterator[list[int]]:
    count = [0]

    def note(*_: object) -> None:
        count[0] += 1

    event.listen(engine, "before_cursor_execute", note)
    yield count
    event.remove(engine, "before_cursor_execute", note)


def _times(ask: Ask, people: Sequence[int], tastes: Sequence[Sequence[int]], filtered: bool) -> list[float]:
    """Ask for each person five times; gives processor time in milliseconds."""
    ask(people[0], tastes[0], filtered)  # what is loaded once is measured on its own
    took = []
    for person, taste in [*zip(people, tastes, strict=True)] * 5:
        start = time.process_time()
        ask(person, taste, filtered)
        took.append(1000 * (time.process_time() - start))
    return took


def _first(app: App, person: int) -> float:
    fresh = make_app(app.settings)
    start = time.process_time()
    _recommend(fresh, [], person, [], False)
    took = 1000 * (time.process_time() - start)
    fresh.close()
    return took
