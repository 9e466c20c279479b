"""The title index: finds films as their titles are typed, with an error in any word.

Each typed word is looked up among the sorted words of all titles, as it is and with one error; the titles that have
all of them are put in order by `fit`. Everything is an array that can be mapped from a file, so that an index of
28,000 titles takes a few megabytes and loads in a few milliseconds.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moviefinder.records import Kind
from moviefinder.titles import index_file
from moviefinder.titles.fit import COSTS, Costs
from moviefinder.titles.fold import bare
from moviefinder.titles.query import Query, Word, other_forms, parse, year_in, years_beginning_with
from moviefinder.titles.vocabulary import Span, Vocabulary

_KINDS = tuple(Kind)
_LEADING = 254  # the place of a leading article
_NOWHERE = 255  # the place of a year that is no word of the title
_LATE = 253  # all places from here on
_REMEMBERED = 400_000  # matches kept of words typed before: about 4 MB

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleRow:
    """One title of a film."""

    film_id: int
    folded: str
    year: int | None
    kind: Kind
    popularity: int
    """Rank of the film, 1 is best known."""
    is_main: bool


class Match(NamedTuple):
    """A film that was found."""

    film_id: int
    fit: float
    """In nats; only the order means something."""


class _Found(NamedTuple):
    """The titles that have one typed word, each once, in the order of rows."""

    rows: NDArray[np.int32]
    cost: _Floats
    place: _Ints
    whole: NDArray[np.bool_]


class TitleIndex:
    """Titles of films; searching is safe from several threads at once."""

    def __init__(self, arrays: dict[str, NDArray[Any]], *, costs: Costs = COSTS) -> None:
        """Take the arrays that `build` makes and `index_file` keeps.

        n titles in the order of popularity; p words in titles; c joined titles.

        film_id int64[n], popularity int32[n], year int16[n] (0: unknown), kind uint8[n], is_main bool[n];
        n_words uint8[n] and n_letters uint16[n], both without a leading article;
        joined_at, joined_bare_at int32[n]: position among the joined titles, with and without the article;
        words, joined: uint8, UTF-8, one a line, sorted; word_from int32[words + 1]: first posting of each word;
        postings int64[p]: row << 20 | 1 << 8 | place; joined_row int32[c].
        """
        self._arrays = arrays
        self._film_id, self._year, self._kind = arrays["film_id"], arrays["year"], arrays["kind"]
        self._n_words, self._n_letters = arrays["n_words"], arrays["n_letters"]
        self._joined_at, self._joined_bare_at = arrays["joined_at"], arrays["joined_bare_at"]
        self._joined_row, self._postings = arrays["joined_row"], arrays["postings"]
        self._word_from: Sequence[int] = arrays["word_from"].tolist()
        self._words = Vocabulary(_lines(arrays["words"]))
        self._joined = Vocabulary(_lines(arrays["joined"]))
        self._costs = costs
        self._prior = (
            -costs.popularity * np.log(arrays["popularity"] + np.float32(costs.rank_offset))
            - costs.alternative * ~arrays["is_main"]
            - costs.uncovered * np.log(np.maximum(self._n_letters, 1))
        ).astype(np.float32)
        self._remembered = _Remembered()

    @classmethod
    def build(cls, rows: Iterable[TitleRow], *, costs: Costs = COSTS) -> "TitleIndex":
        """Make the index of these titles; the order in which they come does not matter."""
        ordered = sorted(rows, key=lambda row: (row.popularity, not row.is_main, row.film_id, row.folded))
        postings_by_word: dict[str, array[int]] = {}
        joined: list[tuple[str, int]] = []
        n_words, n_letters = [], []
        for n, row in enumerate(ordered):
            words = row.folded.split()
            shift = len(bare(row.folded)) < len(row.folded)
            n_words.append(min(len(words) - shift, 255))
            for place, word in enumerate(words, -shift):
                posting = n << 20 | 1 << 8 | (_LEADING if place < 0 else min(place, _LATE))
                postings_by_word.setdefault(word, array("q")).append(posting)
            together = "".join(words)
            n_letters.append(min(len(together), 65535))
            joined.append((together, n))
            if shift:
                n_letters[-1] -= min(len(words[0]), n_letters[-1])
                joined.append((together[len(words[0]) :], n))
        joined.sort()
        vocabulary = sorted(postings_by_word)
        joined_row = np.array([n for _, n in joined], dtype=np.int32)
        longest_first = np.argsort([-len(text) for text, _ in joined], kind="stable")
        joined_at = np.zeros(len(ordered), dtype=np.int32)
        joined_at[joined_row[longest_first[::-1]]] = longest_first[::-1]
        joined_bare_at = np.zeros(len(ordered), dtype=np.int32)
        joined_bare_at[joined_row[longest_first]] = longest_first
        return cls(
            {
                "film_id": np.array([row.film_id for row in ordered], dtype=np.int64),
                "popularity": np.array([row.popularity for row in ordered], dtype=np.int32),
                "year": np.array([row.year or 0 for row in ordered], dtype=np.int16),
                "kind": np.array([_KINDS.index(row.kind) for row in ordered], dtype=np.uint8),
                "is_main": np.array([row.is_main for row in ordered], dtype=np.bool_),
                "n_words": np.array(n_words, dtype=np.uint8),
                "n_letters": np.array(n_letters, dtype=np.uint16),
                "joined_at": joined_at,
                "joined_bare_at": joined_bare_at,
                "joined_row": joined_row,
                "joined": _as_bytes([text for text, _ in joined]),
                "words": _as_bytes(vocabulary),
                "word_from": np.cumsum(
                    [0, *(len(postings_by_word[word]) for word in vocabulary)], dtype=np.int32
                ),
                "postings": np.concatenate(
                    [
                        np.empty(0, np.int64),
                        *(np.frombuffer(postings_by_word[word], np.int64) for word in vocabulary),
                    ]
                ),
            },
            costs=costs,
        )

    def save(self, path: Path) -> None:
        """Write the index to a file, which appears whole or not at all."""
        index_file.save(path, self._arrays)

    @classmethod
    def load(cls, path: Path) -> "TitleIndex":
        """Map an index from a file that `save` wrote.

        Raises:
            Invalid: the file is damaged or of another version; make it anew.
            OSError: it cannot be read.
        """
        return cls(index_file.load(path))

    def __len__(self) -> int:
        return len(self._film_id)

    def search(self, query: str, *, kind: Kind | None = None, limit: int = 10) -> list[Match]:
        """Give the films whose titles fit what was typed so far, best first, each film once.

        Any text is safe, however long; the same query always gives the same answer.
        """
        parsed = parse(query)
        if parsed is None or limit < 1:
            return []
        found = [self._found(word, alone=len(parsed.words) == 1) for word in parsed.words]
        rows = self._rows_with_all(parsed, found)
        more = [self._rows_joined(parsed), self._rows_with_last_wrong(parsed, found)]
        rows = _distinct(np.concatenate([rows, *more])) if any(map(len, more)) else rows
        if not len(rows):
            rows = self._rows_with_all_but_one(parsed, found)
        if kind is not None:
            rows = rows[self._kind[rows] == _KINDS.index(kind)]
        return self._best(rows, self._fit(parsed, found, rows), limit)

    def _found(self, word: Word, *, alone: bool) -> _Found:
        """Look a word up, in the titles and among the words that were typed lately."""
        key = (word, alone)
        if (found := self._remembered.get(key)) is None:
            found = self._look_up(word, alone=alone)
            self._remembered.put(key, found, len(found.rows))
        return found

    def _look_up(self, word: Word, *, alone: bool) -> _Found:
        costs, text = self._costs, word.text
        unfinished = costs.unfinished_last if word.last else costs.unfinished
        keys: list[_Ints] = []

        def collect(span: Span, cost: float, *, whole_only: bool = False) -> None:
            start = span.start
            if span.whole:
                keys.append(self._keys(start, start + 1, cost, whole=True))
                start += 1
            if not whole_only and start < span.end:
                keys.append(self._keys(start, span.end, cost + unfinished, whole=False))

        collect(self._words.beginning_with(text), 0.0)
        for other in other_forms(text):
            collect(self._words.beginning_with(other), costs.other_number, whole_only=True)
        if len(text) > (2 if alone else 1) or (len(text) == 1 and not word.last):
            # the shorter a word, the more others are one error away: short ones must be typed to their end
            whole_only = not word.last and len(text) <= 3
            for span in self._words.within_one_error(text):
                cost = costs.error[span.error] + costs.first_letter * (span.at == 0)
                collect(span, cost + costs.short_word * (len(text) <= 3), whole_only=whole_only)
        keys += self._year_keys(text, last=word.last, alone=alone)
        # of places that cost the same the expected one comes first: any number with itself is 0
        expected = word.place if word.place >= 0 else _LEADING
        key = np.sort(np.concatenate([np.empty(0, np.int64), *keys]) ^ expected)
        key = key[_firsts(key >> 20)]  # of each title the way that costs least
        return _Found(
            rows=(key >> 20).astype(np.int32),
            cost=(key >> 9 & 0x7FF).astype(np.float32) / np.float32(50),
            place=(key & 0xFF ^ expected).astype(np.int64),
            whole=key & 0x100 == 0,
        )

    def _keys(self, start: int, end: int, cost: float, *, whole: bool) -> _Ints:
        """Give the titles with words start to end as row << 20 | cost << 9 | unfinished << 8 | place."""
        postings = self._postings[self._word_from[start] : self._word_from[end]]
        return postings + ((min(round(cost * 50), 0x7FF) << 9) - (whole << 8))

    def _year_keys(self, text: str, *, last: bool, alone: bool) -> list[_Ints]:
        """Give the titles whose year a word means, as `_keys` does."""
        costs = self._costs
        year, decade = year_in(text), years_beginning_with(text) if last and not alone else None
        if year is not None:
            spans = [
                (year, year, costs.year),
                (year - 1, year - 1, costs.near_year),
                (year + 1, year + 1, costs.near_year),
            ]
        elif decade is not None:
            spans = [(*decade, costs.year_begun)]
        else:
            spans = []
        return [
            np.flatnonzero((self._year >= first) & (self._year <= until)) << 20
            | round(cost * 50) << 9
            | _NOWHERE
            for first, until, cost in spans
        ]

    def _rows_with_all(self, query: Query, found: Sequence[_Found]) -> NDArray[np.int32]:
        """Give the titles that have every word but the optional ones."""
        needed = sorted(
            (f.rows for word, f in zip(query.words, found, strict=True) if not word.optional), key=len
        )
        rows = needed[0]
        for others in needed[1:]:
            rows = rows[_places_in(others, rows)[1]]
        return rows

    @staticmethod
    def _in_all(needed: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
        rows, *others = sorted(needed, key=len)
        for other in others:
            rows = rows[_places_in(other, rows)[1]]
        return rows

    def _rows_with_all_but_one(self, query: Query, found: Sequence[_Found]) -> NDArray[np.int32]:
        """Give the titles that lack just one word, for queries that no title answers."""
        if len(query.words) < 2:
            return np.empty(0, np.int32)
        rows = np.sort(np.concatenate([f.rows for f in found]))
        spread = len(query.words) - 2  # a title with all words but one stands so many places after itself
        return _distinct(rows[spread:][rows[spread:] == rows[: len(rows) - spread]])

    def _rows_with_last_wrong(self, query: Query, found: Sequence[_Found]) -> NDArray[np.int32]:
        """Give the titles that have all words but the last, where a wrong letter leaves nothing of that."""
        if len(query.words) < 2 or len(query.words[-1].text) > 2:
            return np.empty(0, np.int32)
        needed = [f.rows for word, f in zip(query.words[:-1], found[:-1], strict=True) if not word.optional]
        return self._in_all(needed) if needed else np.empty(0, np.int32)

    def _rows_joined(self, query: Query) -> NDArray[np.int32]:
        """Give the titles that begin with what was typed when no spaces are counted."""
        span = self._joined.beginning_with(query.joined_bare)
        rows = self._joined_row[span.start : span.end]
        if query.year is not None:
            without = self._joined.beginning_with(query.joined_bare[:-4])
            more = self._joined_row[without.start : without.end]
            rows = np.concatenate([rows, more[self._year[more] == query.year]])
        return rows

    def _fit(self, query: Query, found: Sequence[_Found], rows: NDArray[np.int32]) -> _Floats:
        """Add up what speaks for and against each of these titles; float32[rows]."""
        costs = self._costs
        cost = np.zeros(len(rows), np.float32)
        in_order = np.ones(len(rows), np.bool_)
        to_its_end = np.ones(len(rows), np.bool_)
        n_words = np.zeros(len(rows), np.int64)
        misspelt_article = np.zeros(len(rows), np.int64)  # 1: the first word stands for the title's article
        taken = np.zeros(len(rows), np.int64)  # a bit for each place in the title that a word has taken
        for n, (word, matches) in enumerate(zip(query.words, found, strict=True)):
            lacking = costs.no_article if word.optional else costs.left_out
            if word.last and len(query.words) > 1 and len(word.text) <= 2:
                lacking = costs.last_wrong
            if not len(matches.rows):
                cost += lacking
                in_order &= word.last
                to_its_end[:] = False
                continue
            at, has = _places_in(matches.rows, rows)
            place = matches.place[at]
            cost += np.where(has, matches.cost[at], lacking)
            if n == 0 and word.place == 0:
                misspelt_article += has & (place == _LEADING)
            if word.place >= 0:
                by_year = has & (place == _NOWHERE)
                in_order &= (
                    by_year
                    | (has & ((place == word.place - misspelt_article) | (place == _LEADING)))
                    | (~has if word.last else False)
                )
                n_words += ~by_year & (place != _LEADING)
            bit = np.int64(1) << np.minimum(place, 62)
            cost += costs.twice * (has & (taken & bit != 0) & (place < _LATE))
            taken |= np.where(has, bit, 0)
            to_its_end &= (has | word.optional) & (matches.whole[at] | (place == _NOWHERE) | ~has)
        begins, equals = self._begins_and_equals(query, rows)
        cost = np.where(begins, np.minimum(cost, costs.joined), cost)
        begins |= in_order
        equals |= in_order & to_its_end & (n_words == self._n_words[rows])
        fit: _Floats = self._prior[rows] - cost - costs.begins * begins - costs.equals * equals
        return fit

    def _begins_and_equals(
        self, query: Query, rows: NDArray[np.int32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Tell which of the titles begin with, and equal, what was typed when no spaces are counted."""
        begins = np.zeros(len(rows), np.bool_)
        equals = np.zeros(len(rows), np.bool_)
        forms = [(query.joined, self._joined_at), (query.joined_bare, self._joined_bare_at)]
        for joined, positions in forms:
            span = self._joined.beginning_with(joined)
            if span.start < span.end:
                at = positions[rows]
                begins |= (at >= span.start) & (at < span.end)
                equals |= (at >= span.start) & (at < self._joined.end_of_equals(span))
        if query.year is not None:
            span = self._joined.beginning_with(query.joined_bare[:-4])
            at, right_year = self._joined_bare_at[rows], self._year[rows] == query.year
            begins |= right_year & (at >= span.start) & (at < span.end)
            equals |= right_year & (at >= span.start) & (at < self._joined.end_of_equals(span))
        return begins, equals

    def _best(self, rows: NDArray[np.int32], fit: _Floats, limit: int) -> list[Match]:
        """Put the films in order: by fit, then popularity (which is the order of rows)."""
        keys = (-fit * 1000).astype(np.int64) << 32 | rows
        enough = 4 * limit + 32  # a film has about 1.4 titles
        if len(keys) > 2 * enough:
            best = self._first_of_each(np.sort(np.partition(keys, enough)[:enough]), limit)
            if len(best) == limit:
                return best
        return self._first_of_each(np.sort(keys), limit)

    def _first_of_each(self, keys: _Ints, limit: int) -> list[Match]:
        fit_by_film: dict[int, float] = {}
        film_ids = self._film_id[keys & 0xFFFFFFFF].tolist()
        for film_id, key in zip(film_ids, keys.tolist(), strict=True):
            if film_id not in fit_by_film:
                fit_by_film[film_id] = -(key >> 32) / 1000
                if len(fit_by_film) == limit:
                    break
        return [Match(film_id, fit) for film_id, fit in fit_by_film.items()]


class _Remembered:
    """The matches of words looked up last, up to a total size: each key stroke changes only the last word."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[Word, bool], tuple[_Found, int]] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[Word, bool]) -> _Found | None:
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key][0]

    def put(self, key: tuple[Word, bool], found: _Found, size: int) -> None:
        size += 100  # what an entry takes besides its matches
        with self._lock:
            if key in self._found:
                return
            self._found[key] = (found, size)
            self._size += size
            while self._size > _REMEMBERED:
                self._size -= self._found.popitem(last=False)[1][1]


def _firsts(ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which of the values in order differ from the one before."""
    firsts = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=firsts[1:])
    return firsts


def _distinct(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give the values in order, each once; unlike `np.unique`, whose first call imports 55 ms of `numpy.ma`."""
    ordered = np.sort(values)
    return ordered[_firsts(ordered)]


def _places_in(sorted_rows: NDArray[np.int32], rows: NDArray[np.int32]) -> tuple[_Ints, NDArray[np.bool_]]:
    """Give the position of each row among sorted ones, and whether it is there at all."""
    if not len(sorted_rows):
        return np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
    at = np.minimum(np.searchsorted(sorted_rows, rows), len(sorted_rows) - 1)
    return at, sorted_rows[at] == rows


def _as_bytes(texts: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def _lines(text: NDArray[np.uint8]) -> list[str]:
    return text.tobytes().decode().split("\n") if len(text) else []
