"""Looking up one typed word: the titles that have it, as it is or with an error, and at what cost."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moviefinder.titles.fit import Costs
from moviefinder.titles.query import Word, other_forms, year_in, years_beginning_with
from moviefinder.titles.sorted_rows import Flags, Ints, Rows, firsts
from moviefinder.titles.vocabulary import Span, Vocabulary

LATE = 253
"""The place of all words of a title from here on."""
LEADING = 254
"""The place of a leading article."""
NOWHERE = 255
"""The place of a year that is no word of the title."""

_REMEMBERED = 200_000  # matches kept of words typed before: about 4 MB
_COST_STEPS = 50  # of a nat; costs are kept in 11 bits


class Found(NamedTuple):
    """The titles that have one typed word, each once, in the order of rows."""

    rows: Rows
    cost: NDArray[np.float32]
    place: Ints
    whole: Flags  # the word of the title is typed to its end


class Lookup:
    """The words of all titles, and the titles of each."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], costs: Costs) -> None:
        """Take the arrays of `TitleIndex`."""
        self._vocabulary = Vocabulary(arrays["words"])
        self._posting_from: list[int] = arrays["posting_from"].tolist()
        self._postings, self._year = arrays["postings"], arrays["year"]
        self._costs = costs
        self._remembered = _Remembered()

    def find(self, word: Word, *, alone: bool) -> Found:
        """Look a word up, in the titles or among the words that were typed lately.

        Args:
            word: what was typed.
            alone: it is the only word, so that no other narrows down what so few letters may mean.
        """
        found = self._remembered.get((word, alone))
        if found is None:
            found = self._search(word, alone=alone)
            self._remembered.put((word, alone), found)
        return found

    def _search(self, word: Word, *, alone: bool) -> Found:
        costs, text = self._costs, word.text
        unfinished = costs.unfinished_last if word.last else costs.unfinished
        keys: list[Ints] = [np.empty(0, np.int64)]

        def collect(span: Span, cost: float, *, whole_only: bool = False) -> None:
            start = span.start
            if span.whole:
                keys.append(self._keys(start, start + 1, cost, whole=True))
                start += 1
            if not whole_only and start < span.end:
                keys.append(self._keys(start, span.end, cost + unfinished, whole=False))

        collect(self._vocabulary.beginning_with(text), 0.0)
        for other in other_forms(word):
            collect(self._vocabulary.beginning_with(other), costs.other_number, whole_only=True)
        if len(text) > 1 or not word.last:
            # The shorter a word, the more others are one error away: short ones must be typed to their end.
            whole_only = len(text) <= (2 if alone else 0) if word.last else len(text) <= 3
            for span in self._vocabulary.within_one_error(text):
                cost = costs.error[span.error] + costs.first_letter * (span.at == 0)
                collect(span, cost + costs.short_word * (len(text) <= 3), whole_only=whole_only)
        keys += self._year_keys(text, last=word.last, alone=alone)
        # Of one title's words the one that costs least is kept; of those that cost the same, the one in the expected
        # place: any number with itself is 0.
        expected = word.place if word.place >= 0 else LEADING
        key = np.sort(np.concatenate(keys) ^ expected)
        key = key[firsts(key >> 20)]
        return Found(
            rows=(key >> 20).astype(np.int32),
            cost=(key >> 9 & 0x7FF).astype(np.float32) / np.float32(_COST_STEPS),
            place=key & 0xFF ^ expected,
            whole=key & 0x100 == 0,
        )

    def _keys(self, start: int, end: int, cost: float, *, whole: bool) -> Ints:
        """Give the titles with words start to end as row << 20 | cost << 9 | unfinished << 8 | place."""
        postings = self._postings[self._posting_from[start] : self._posting_from[end]]
        keys: Ints = postings + ((min(round(cost * _COST_STEPS), 0x7FF) << 9) + (not whole) * 0x100)
        return keys

    def _year_keys(self, text: str, *, last: bool, alone: bool) -> list[Ints]:
        """Give the titles whose year a word means, as `_keys` does."""
        costs = self._costs
        year, years = year_in(text), years_beginning_with(text) if last and not alone else None
        spans: list[tuple[int, int, float]] = []
        if year is not None and alone:
            spans = [(year, year, costs.year_alone)]
        elif year is not None:
            near = costs.near_year
            spans = [(year, year, costs.year), (year - 1, year - 1, near), (year + 1, year + 1, near)]
        elif years is not None:
            spans = [(*years, costs.year_begun)]
        return [
            np.flatnonzero((self._year >= first) & (self._year <= final)) << 20
            | round(cost * _COST_STEPS) << 9
            | NOWHERE
            for first, final, cost in spans
        ]


class _Remembered:
    """What was found for the words typed last, up to a total size: each key stroke changes only the last word."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[tuple[Word, bool], Found] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[Word, bool]) -> Found | None:
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key]

    def put(self, key: tuple[Word, bool], found: Found) -> None:
        with self._lock:
            if key in self._found:
                return
            self._found[key] = found
            self._size += _size(found)
            while self._size > _REMEMBERED:
                self._size -= _size(self._found.popitem(last=False)[1])


def _size(found: Found) -> int:
    return len(found.rows) + 100  # an entry takes something even when it is empty
