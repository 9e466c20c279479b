"""Whole titles without their spaces: "spiderman" for Spider-Man, "god father" for The Godfather."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moviefinder.titles.fit import Costs
from moviefinder.titles.query import Query
from moviefinder.titles.sorted_rows import NO_ROWS, Flags, Rows, union
from moviefinder.titles.vocabulary import Vocabulary

_SHORTEST = 5  # letters in which an error is looked for; fewer are too near to everything


class Stretch(NamedTuple):
    """Joined titles, next to each other in their order, that begin with what was typed."""

    start: int
    end: int
    equal_until: int  # those before it are typed to their end
    cost: float
    bare: bool  # counts for titles without their article
    full: bool  # counts for titles with it
    year: int | None = None  # only films of that year


class JoinedTitles:
    """Each title joined, with and without its leading article, in order."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]], costs: Costs) -> None:
        """Take the arrays of `TitleIndex`."""
        self._vocabulary = Vocabulary(arrays["joined"])
        self._rows = arrays["joined_row"]
        self._full_at, self._bare_at = arrays["joined_at"], arrays["joined_bare_at"]
        self._year = arrays["year"]
        self._costs = costs

    def as_typed(self, query: Query) -> list[Stretch]:
        """Give the titles that begin with what was typed, and with what was typed before a year."""
        stretches = [self._beginning_with(query.joined, bare=True, full=True)]
        if query.joined_bare != query.joined:
            stretches.append(self._beginning_with(query.joined_bare, bare=True, full=False))
        if query.year is not None:
            before = self._beginning_with(query.joined_bare[:-4], bare=True, full=False)
            stretches.append(before._replace(year=query.year))
        return [stretch for stretch in stretches if stretch.start < stretch.end]

    def with_one_error(self, query: Query) -> list[Stretch]:
        """Give the titles that begin with what was typed but for one letter."""
        if len(query.joined_bare) < _SHORTEST:
            return []
        stretches = []
        for span in self._vocabulary.within_one_error(query.joined_bare):
            cost = (
                self._costs.joined + self._costs.error[span.error] + self._costs.first_letter * (span.at == 0)
            )
            equal_until = self._vocabulary.end_of_equals(span)
            stretches.append(Stretch(span.start, span.end, equal_until, cost, bare=True, full=False))
        return stretches

    def rows(self, stretches: Sequence[Stretch]) -> Rows:
        """Give the titles of these stretches, each once, in order."""
        parts = [NO_ROWS]
        for stretch in stretches:
            rows = self._rows[stretch.start : stretch.end]
            parts.append(rows if stretch.year is None else rows[self._year[rows] == stretch.year])
        return union(parts)

    def within(self, stretch: Stretch, rows: Rows) -> tuple[Flags, Flags]:
        """Tell which of these titles begin with what was typed, and which of them equal it."""
        begins, equals = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
        for wanted, positions in ((stretch.bare, self._bare_at), (stretch.full, self._full_at)):
            if wanted:
                at = positions[rows]
                begins |= (at >= stretch.start) & (at < stretch.end)
                equals |= (at >= stretch.start) & (at < stretch.equal_until)
        if stretch.year is not None:
            right_year = self._year[rows] == stretch.year
            return begins & right_year, equals & right_year
        return begins, equals

    def _beginning_with(self, text: str, *, bare: bool, full: bool) -> Stretch:
        span = self._vocabulary.beginning_with(text)
        equal_until = self._vocabulary.end_of_equals(span)
        return Stretch(span.start, span.end, equal_until, self._costs.joined, bare=bare, full=full)
