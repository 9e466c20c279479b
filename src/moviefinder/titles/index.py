"""The title index: finds films as their titles are typed, with an error in any word.

Each typed word is looked up among the sorted words of all titles, as it is and with one error; the titles that have
all of them are put in order by `fit`. Everything is an array that can be mapped from a file, so that an index of
28,000 titles takes a few megabytes and loads in a few milliseconds.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moviefinder import array_file
from moviefinder.records import Kind
from moviefinder.titles.fit import COSTS, Costs
from moviefinder.titles.fold import bare
from moviefinder.titles.joined import JoinedTitles, Stretch
from moviefinder.titles.lookup import LATE, LEADING, NOWHERE, Found, Lookup
from moviefinder.titles.query import Query, parse
from moviefinder.titles.sorted_rows import NO_ROWS, Flags, Ints, Rows, find, firsts, intersection, union

_KINDS = tuple(Kind)
_FEW = 10  # titles; when more answer what was typed, errors in the spaces between words are not looked for
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleRow:
    """One title of a film."""

    film_id: int
    folded: str
    year: int | None
    kind: Kind
    popularity: int | None
    """Rank of the film, 1 is best known; None: not known, after all others."""
    is_main: bool


class Match(NamedTuple):
    """A film that was found."""

    film_id: int
    fit: float
    """In nats; only the order means something."""


class TitleIndex:
    """Titles of films; searching is safe from several threads at once."""

    def __init__(self, arrays: dict[str, NDArray[Any]], *, costs: Costs = COSTS) -> None:
        """Take the arrays that `build` makes and `array_file` keeps.

        n titles in the order of popularity; w different words, p words in all; c joined titles.

        film_id int64[n], popularity int32[n], year int16[n] (0: unknown), kind uint8[n], is_main bool[n];
        n_words uint8[n] and n_letters uint16[n], both without a leading article;
        words: uint8, UTF-8, one a line, sorted; posting_from int32[w + 1]: first posting of each word;
        postings int64[p]: row << 20 | place;
        joined: uint8 like words; joined_row int32[c]; joined_at and joined_bare_at int32[n]: position of the title
        among the joined ones, with and without its article.
        """
        self._arrays = arrays
        self._film_id, self.kind, self._n_words = arrays["film_id"], arrays["kind"], arrays["n_words"]
        self.lookup = Lookup(arrays, costs)
        self.joined = JoinedTitles(arrays, costs)
        self._costs = costs
        self._prior = (
            -costs.popularity * np.log(arrays["popularity"] + np.float32(costs.rank_offset))
            - costs.alternative * ~arrays["is_main"]
            - costs.uncovered * np.log(np.maximum(arrays["n_letters"], 1))
        ).astype(np.float32)

    @classmethod
    def build(cls, rows: Iterable[TitleRow], *, unranked: int = 2**31 - 1) -> "TitleIndex":
        """Make the index of these titles; the order in which they come does not matter.

        Args:
            rows: of all films.
            unranked: the rank of films of which none is known.
        """
        ranked = [(unranked if row.popularity is None else row.popularity, row) for row in rows]
        ranked.sort(key=lambda pair: (pair[0], not pair[1].is_main, pair[1].film_id, pair[1].folded))
        ordered = [row for _, row in ranked]
        postings_by_word: dict[str, array[int]] = {}
        joined: list[tuple[str, int]] = []
        n_words, n_letters = [], []
        for n, row in enumerate(ordered):
            words = row.folded.split()
            n_articles = int(bare(row.folded) != row.folded)
            for place, word in enumerate(words, -n_articles):
                posting = n << 20 | (LEADING if place < 0 else min(place, LATE))
                postings_by_word.setdefault(word, array("q")).append(posting)
            text = "".join(words)
            bare_text = "".join(words[n_articles:])
            n_words.append(min(len(words) - n_articles, 255))
            n_letters.append(min(len(bare_text), 65535))
            joined += [(text, n), (bare_text, n)] if n_articles else [(text, n)]
        joined.sort()
        joined_row = np.array([n for _, n in joined], dtype=np.int32)
        by_length = np.argsort([len(text) for text, _ in joined], kind="stable")
        joined_at, joined_bare_at = np.zeros((2, len(ordered)), dtype=np.int32)
        joined_at[joined_row[by_length]] = by_length  # the longer of a title's two forms is written last
        joined_bare_at[joined_row[by_length[::-1]]] = by_length[::-1]
        vocabulary = sorted(postings_by_word)
        postings = [np.frombuffer(postings_by_word[word], np.int64) for word in vocabulary]
        return cls(
            {
                "film_id": np.array([row.film_id for row in ordered], dtype=np.int64),
                "popularity": np.array([rank for rank, _ in ranked], dtype=np.int32),
                "year": np.array([row.year or 0 for row in ordered], dtype=np.int16),
                "kind": np.array([_KINDS.index(row.kind) for row in ordered], dtype=np.uint8),
                "is_main": np.array([row.is_main for row in ordered], dtype=np.bool_),
                "n_words": np.array(n_words, dtype=np.uint8),
                "n_letters": np.array(n_letters, dtype=np.uint16),
                "words": _lines(vocabulary),
                "posting_from": np.cumsum([0, *map(len, postings)], dtype=np.int32),
                "postings": np.concatenate([np.empty(0, np.int64), *postings]),
                "joined": _lines([text for text, _ in joined]),
                "joined_row": joined_row,
                "joined_at": joined_at,
                "joined_bare_at": joined_bare_at,
            }
        )

    def save(self, path: Path) -> None:
        """Write the index to a file, which appears whole or not at all."""
        array_file.save(path, self._arrays)

    @classmethod
    def load(cls, path: Path) -> "TitleIndex":
        """Map an index from a file that `save` wrote.

        Raises:
            Invalid: the file is damaged or of another version; make it anew.
            OSError: it cannot be read.
        """
        return cls(array_file.load(path))

    def __len__(self) -> int:
        return len(self._film_id)

    @property
    def last_rank(self) -> int:
        """The rank of the least known film; 0 where there is none."""
        return int(self._arrays["popularity"].max(initial=0))

    def search(self, query: str, *, kind: Kind | None = None, limit: int = 10) -> list[Match]:
        """Give the films whose titles fit what was typed so far, best first, each film once.

        Any text is safe, however long; the same query always gives the same answer.
        """
        return search([(self, None)], query, kind=kind, limit=limit)

    def rows_of(self, films: Iterable[int]) -> Flags:
        """Tell which titles are of one of these films."""
        return np.isin(self._film_id, np.fromiter(films, np.int64))

    def fit(self, query: Query, found: Sequence[Found], stretches: Sequence[Stretch], rows: Rows) -> _Floats:
        """Add up what speaks for and against each of these titles; float32[rows]."""
        costs, n = self._costs, len(rows)
        cost = np.zeros(n, np.float32)
        begins, equals = np.ones(n, np.bool_), np.ones(n, np.bool_)
        n_words = np.zeros(n, np.int64)
        shift = np.zeros(n, np.int64)  # 1: the first word stands, misspelt, for the title's article
        taken = np.zeros(n, np.int64)  # a bit for each place in the title that a word has taken
        for word, matches in zip(query.words, found, strict=True):
            lacking = costs.no_article if word.optional else costs.left_out
            if word.last and _may_be_wrong(query):
                lacking = costs.last_wrong
            at, has = find(rows, matches.rows)
            if not has.any():
                cost += lacking
                begins &= word.last
                equals &= word.optional
                continue
            place = matches.place[at]
            cost += np.where(has, matches.cost[at], np.float32(lacking))
            if word.place == 0:
                shift += has & (place == LEADING)
            if word.place >= 0:
                in_place = (place == word.place - shift) | (place >= LEADING)
                begins &= np.where(has, in_place, word.last)
                n_words += has & (place < LEADING)
            bit = np.int64(1) << np.minimum(place, 62)
            cost += costs.twice * (has & (taken & bit != 0) & (place < LATE))
            taken |= np.where(has, bit, 0)
            equals &= np.where(has, matches.whole[at] | (place == NOWHERE), word.optional)
        equals &= begins & (n_words == self._n_words[rows])
        for stretch in stretches:
            begins_here, equals_here = self.joined.within(stretch, rows)
            cost = np.where(begins_here, np.minimum(cost, np.float32(stretch.cost)), cost)
            begins |= begins_here
            equals |= equals_here
        fit: _Floats = self._prior[rows] - cost + costs.begins * begins + costs.equals * equals
        return fit

    def best(self, rows: Rows, fit: _Floats, limit: int) -> "list[_Place]":
        """Put the films in order: by fit, then popularity (which is the order of rows)."""
        keys = (-fit * 1000).astype(np.int64) << 32 | rows
        enough = 4 * limit + 32  # a film has 1.1 titles
        if len(keys) > 2 * enough:
            best = self._first_of_each(np.sort(np.partition(keys, enough)[:enough]), limit)
            if len(best) == limit:
                return best
        return self._first_of_each(np.sort(keys), limit)

    def _first_of_each(self, keys: Ints, limit: int) -> "list[_Place]":
        """Give the films of rows in order, each once."""
        place_by_film: dict[int, _Place] = {}
        rows = keys & 0xFFFFFFFF
        columns = (self._arrays[name][rows].tolist() for name in ("popularity", "is_main", "film_id"))
        for key, popularity, is_main, film_id in zip(keys.tolist(), *columns, strict=True):
            if film_id not in place_by_film:
                place_by_film[film_id] = _Place(key >> 32, popularity, not is_main, film_id)
                if len(place_by_film) == limit:
                    break
        return list(place_by_film.values())


class _Place(NamedTuple):
    """Where a film stands among those that were found: the smaller, the earlier."""

    cost: int  # in thousandths of a nat
    popularity: int
    is_other: bool
    film_id: int


class _Look:
    """What one index has for one query: the titles that come into question so far."""

    def __init__(self, index: TitleIndex, shown: Flags | None, query: Query) -> None:
        self._index, self._shown, self._query = index, shown, query
        self._found = [index.lookup.find(word, alone=len(query.words) == 1) for word in query.words]
        self._needed = [f.rows for word, f in zip(query.words, self._found, strict=True) if not word.optional]
        self._stretches = index.joined.as_typed(query)
        self.rows = NO_ROWS
        self._take(intersection(self._needed), index.joined.rows(self._stretches))

    def with_one_error_between_words(self) -> None:
        self._stretches += self._index.joined.with_one_error(self._query)
        self._take(self._index.joined.rows(self._stretches))

    def without_the_last_word(self) -> None:
        if len(self._needed) > 1:
            self._take(intersection(self._needed[:-1]))

    def with_all_but_one_word(self) -> None:
        self._take(_with_all_but_one(self._found))

    def best(self, kind: Kind | None, limit: int) -> "list[_Place]":
        index, rows = self._index, self.rows
        if kind is not None:
            rows = rows[index.kind[rows] == _KINDS.index(kind)]
        fit = index.fit(self._query, self._found, self._stretches, rows)
        return index.best(rows, fit, limit)

    def _take(self, *sets: Rows) -> None:
        rows = union([self.rows, *sets])
        self.rows = rows if self._shown is None else rows[self._shown[rows]]


def search(
    layers: Sequence[tuple[TitleIndex, Flags | None]], query: str, *, kind: Kind | None, limit: int
) -> list[Match]:
    """Search several indexes as if they were one: no film may be shown by two.

    Args:
        layers: each with the titles that may be found; None for all.
        query: what was typed.
        kind: only films of this kind.
        limit: at most so many.
    """
    parsed = parse(query)
    if parsed is None or limit < 1:
        return []
    looks = [_Look(index, shown, parsed) for index, shown in layers]
    if sum(len(look.rows) for look in looks) < _FEW:
        for look in looks:
            look.with_one_error_between_words()
    if _may_be_wrong(parsed):
        for look in looks:
            look.without_the_last_word()
    if not any(len(look.rows) for look in looks):
        for look in looks:
            look.with_all_but_one_word()
    places = [place for look in looks for place in look.best(kind, limit)]
    return [Match(place.film_id, -place.cost / 1000) for place in sorted(places)[:limit]]


def _may_be_wrong(query: Query) -> bool:
    """Tell whether the last word is only begun, so that one wrong letter leaves nothing to go by."""
    return len(query.words) > 1 and len(query.words[-1].text) == 1


def _with_all_but_one(found: Sequence[Found]) -> Rows:
    """Give the titles that lack just one word, for queries that no title answers."""
    if len(found) < 2:
        return NO_ROWS
    rows = np.sort(np.concatenate([f.rows for f in found]))
    apart = len(found) - 2  # a title with all words but one stands so many places after itself
    lacking: Rows = rows[apart:][rows[apart:] == rows[: len(rows) - apart]]
    return lacking[firsts(lacking)]


def _lines(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)
