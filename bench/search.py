"""How well and how quickly titles are found while they are typed, beside FTS5 and a rapidfuzz scan."""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.keystrokes import Typing, draw_typings
from bench.report import Table, mean, percentile, progress, ratio
from moviefinder.catalogue import Catalogue, open_catalogue
from moviefinder.records import Kind
from moviefinder.titles.fold import bare
from moviefinder.titles.index import TitleIndex, TitleRow

FIRST = 10
"""So many films are looked at; a title further down counts as not found."""

Search = Callable[[str], Iterable[int]]
"""Gives film ids for a folded query, best first."""


def title_rows(catalogue: Catalogue) -> list[TitleRow]:
    """Give the catalogue's titles in the order of popularity, main titles before alternative ones."""
    films, titles = catalogue.films, catalogue.titles
    rows = [
        TitleRow(
            film_id=int(film),
            folded=folded,
            year=films.year[film],
            kind=Kind(films.kind[film]),
            popularity=int(film) + 1,
            is_main=bool(is_main),
        )
        for film, folded, is_main in zip(titles.film, titles.folded, titles.is_main, strict=True)
    ]
    return sorted(rows, key=lambda row: (row.popularity, not row.is_main))


class Fts5:
    """SQLite's full-text search: every word, the last as a prefix."""

    def __init__(self, rows: Sequence[TitleRow], *, order: str) -> None:
        """Order by "rowid", which is popularity, or by "rank", which is bm25."""
        self._database = sqlite3.connect(":memory:")
        self._database.execute(
            "CREATE VIRTUAL TABLE titles USING fts5(title, film UNINDEXED,"
            " tokenize='unicode61 remove_diacritics 2', prefix='1 2 3')"
        )
        self._database.executemany(
            "INSERT INTO titles (rowid, title, film) VALUES (?, ?, ?)",
            [(n, row.folded, row.film_id) for n, row in enumerate(rows, 1)],
        )
        self._database.execute("INSERT INTO titles (titles) VALUES ('optimize')")
        self._select = f"SELECT film FROM titles WHERE titles MATCH ? ORDER BY {order} LIMIT 3 * {FIRST}"

    def __call__(self, query: str) -> Iterable[int]:
        """Give the films of the titles found."""
        words = " ".join(f'"{word}"' for word in query.split())
        return dict.fromkeys(film for (film,) in self._database.execute(self._select, (f"{words} *",)))


class Fts5ThenTrigrams:
    """The usual way to forgive errors: prefixes first, then titles that share rare trigrams with what was typed.

    The latter in the order of rapidfuzz's ratio between what was typed and as many letters of the title.
    """

    def __init__(self, rows: Sequence[TitleRow]) -> None:
        from rapidfuzz import fuzz, process

        self._extract, self._scorer = process.extract, fuzz.ratio
        self._prefix = Fts5(rows, order="rowid")
        self._rows = rows
        self._rows_by_trigram: dict[str, list[int]] = {}
        for n, row in enumerate(rows):
            for trigram in _trigrams(row.folded):
                self._rows_by_trigram.setdefault(trigram, []).append(n)

    def __call__(self, query: str) -> Iterable[int]:
        """Give the films of the titles found."""
        found = list(self._prefix(query))
        if len(found) < FIRST:
            lists = [self._rows_by_trigram.get(trigram, []) for trigram in _trigrams(query)]
            near = sorted(set().union(*sorted(filter(None, lists), key=len)[:8]))
            texts = [bare(self._rows[n].folded)[: len(query)] for n in near]
            best = self._extract(bare(query), texts, scorer=self._scorer, limit=3 * FIRST)
            found += [self._rows[near[position]].film_id for _, _, position in best]
        return dict.fromkeys(found)


def _trigrams(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}


class RapidfuzzScan:
    """rapidfuzz over every title, with the scorer that its `process` module takes by itself."""

    def __init__(self, rows: Sequence[TitleRow]) -> None:
        from rapidfuzz import fuzz, process

        self._extract, self._scorer = process.extract, fuzz.WRatio
        self._titles = [row.folded for row in rows]
        self._films = [row.film_id for row in rows]

    def __call__(self, query: str) -> Iterable[int]:
        """Give the films of the titles found."""
        found = self._extract(query, self._titles, scorer=self._scorer, limit=3 * FIRST)
        return dict.fromkeys(self._films[position] for _, _, position in found)


@dataclass(slots=True)
class Outcome:
    """Reciprocal ranks and times of one way to search."""

    by_key: list[float] = field(default_factory=list)  # after each key, of typings without error
    at_60: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    at_60_wrong: list[float] = field(default_factory=list)  # with an error, and it is typed by then
    whole_wrong: list[float] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)  # of each key


def type_all(search: Search, typings: Iterable[Typing], films_by_title: Mapping[str, set[int]]) -> Outcome:
    """Type titles key by key and look where the meant one stands."""
    outcome = Outcome()
    for typing in typings:
        wanted = films_by_title[typing.meant]

        def ask(query: str, wanted: set[int] = wanted) -> float:
            start = time.thread_time()
            found = list(search(query))
            outcome.took_ms.append(1000 * (time.thread_time() - start))
            return next((1 / rank for rank, film in enumerate(found[:FIRST], 1) if film in wanted), 0.0)

        at_60 = typing.at(0.6)
        rank_by_text = {text: ask(text) for text in (*typing.prefixes(), at_60)}
        if typing.error_at is None:
            outcome.by_key += rank_by_text.values()
            outcome.at_60.append(rank_by_text[at_60])
            outcome.whole.append(rank_by_text[typing.typed])
        else:
            outcome.whole_wrong.append(rank_by_text[typing.typed])
            if typing.error_at < len(at_60):
                outcome.at_60_wrong.append(rank_by_text[at_60])
    return outcome


def measure(*, n: int = 2000, seed: int = 2026) -> str:
    """Measure search on n typings of the shipped catalogue's titles; gives the text of the section."""
    rows = title_rows(open_catalogue())
    titles = [row.folded for row in rows]
    films_by_title: dict[str, set[int]] = {}
    for row in rows:
        films_by_title.setdefault(bare(row.folded), set()).add(row.film_id)
    index, facts = _build_and_load(rows)
    peers: dict[str, tuple[Search, int]] = {
        "MovieFinder": (lambda query: [match.film_id for match in index.search(query, limit=FIRST)], 1),
        "FTS5 prefix, by bm25": (Fts5(rows, order="rank"), 1),
        "FTS5 prefix, by popularity": (Fts5(rows, order="rowid"), 1),
        "the same, then trigrams": (Fts5ThenTrigrams(rows), 1),
        "rapidfuzz scan (every 20th typing)": (RapidfuzzScan(rows), 20),
    }
    typings = draw_typings(titles, n, errors=0.15, seed=seed)
    first_wrong = draw_typings(titles, n // 4, errors=1, seed=seed + 1, first_letter=True)
    quality, speed = [], []
    ours: Outcome | None = None
    for name, (search, step) in peers.items():
        progress(f"search: {name}")
        outcome = type_all(search, typings[::step], films_by_title)
        first = type_all(search, first_wrong[::step], films_by_title)
        ours = ours or outcome
        quality.append(
            [
                name,
                *(
                    f"{mean(ranks):.2f}"
                    for ranks in (
                        outcome.by_key,
                        outcome.at_60,
                        outcome.whole,
                        outcome.at_60_wrong,
                        outcome.whole_wrong,
                        first.at_60_wrong,
                        first.whole_wrong,
                    )
                ),
            ]
        )
        p50, p99 = percentile(outcome.took_ms, 0.5), percentile(outcome.took_ms, 0.99)
        our_p50, our_p99 = percentile(ours.took_ms, 0.5), percentile(ours.took_ms, 0.99)
        speed.append([name, f"{p50:.2f}", f"{p99:.2f}", ratio(p50, our_p50), ratio(p99, our_p99)])
    return "\n\n".join(
        [
            f"""{n:,} typings of the {len(rows):,} titles of {len({row.film_id for row in rows}):,} films, half of
them drawn by popularity and half at random, 15 % with one wrong, missing, extra or swapped letter; all ways to search
get the same folded text. Mean reciprocal rank of the first film that bears the meant title, among {FIRST}:""",
            str(
                Table(
                    heads=[
                        "",
                        "each key from the 2nd",
                        "60 % typed",
                        "whole",
                        "error, 60 %",
                        "error, whole",
                        "first letter of a word wrong, 60 %",
                        "first letter wrong, whole",
                    ],
                    rows=quality,
                )
            ),
            "Processor time per key, in process, one thread, typed in order so that the words before are remembered:",
            str(Table(heads=["", "p50 ms", "p99 ms", "p50 to ours", "p99 to ours"], rows=speed)),
            facts,
        ]
    )


def _build_and_load(rows: Sequence[TitleRow]) -> tuple[TitleIndex, str]:
    start = time.perf_counter()
    built = TitleIndex.build(rows)
    build_ms = 1000 * (time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "titles"
        built.save(path)
        start = time.perf_counter()
        index = TitleIndex.load(path)
        load_ms = 1000 * (time.perf_counter() - start)
        size = path.stat().st_size
    return (
        index,
        f"The index takes {build_ms:.0f} ms to build, {load_ms:.0f} ms to load and {size / 1e6:.1f} MB on disk.",
    )
