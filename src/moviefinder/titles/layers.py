"""Titles in layers: the index of the catalogue, and over it small ones of the films that changed since.

A search goes through all layers as if they were one index. A film counts in the highest layer that has it, so that one
that was renamed, merged or barred is not found by what it was. The lower of the two small layers is made anew only when
the upper one has grown to a quarter of it: what a change costs does not grow with all that changed before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moviefinder.records import Kind
from moviefinder.titles.index import Match, TitleIndex, TitleRow, search
from moviefinder.titles.sorted_rows import Flags

_FEW: Final = 200  # films; to index so many takes two milliseconds

Changes = Mapping[int, tuple[TitleRow, ...]]
"""The titles of each film that changed; none where it is not to be found."""


class Titles:
    """The titles of all films; searching is safe from several threads at once."""

    def __init__(
        self,
        base: TitleIndex,
        settled: tuple[Changes, TitleIndex] | None = None,
        fresh: tuple[Changes, TitleIndex] | None = None,
    ) -> None:
        self.base, self.settled, self.fresh = base, settled, fresh
        self._layers: list[tuple[TitleIndex, Flags | None]] = []
        over: set[int] = set()
        for layer in (fresh, settled):
            if layer is not None:
                rows, index = layer
                self._layers.append((index, ~index.rows_of(over & rows.keys()) if over else None))
                over |= rows.keys()
        self._layers.append((base, ~base.rows_of(over) if over else None))

    @classmethod
    def of(cls, base: TitleIndex) -> Titles:
        """Nothing has changed yet."""
        return cls(base)

    def laid_over(self, rows: Changes, before: Titles | None = None) -> Titles:
        """These, with the titles of the films that changed in the stead of what they were.

        Args:
            rows: of all films that changed.
            before: what was made with fewer of them.
        """
        unranked = self.base.last_rank + 1
        if before is not None and before.settled is not None:
            settled = before.settled[0]
            fresh = {film: titles for film, titles in rows.items() if settled.get(film) != titles}
            if fresh == (before.fresh[0] if before.fresh else {}) and settled.keys() <= rows.keys():
                return before
            if len(fresh) <= max(_FEW, len(settled) // 4) and settled.keys() <= rows.keys():
                return Titles(self.base, before.settled, (fresh, _index(fresh, unranked)))
        return Titles(self.base, (rows, _index(rows, unranked)))

    def search(self, query: str, *, kind: Kind | None = None, limit: int = 10) -> list[Match]:
        """Give the films whose titles fit what was typed so far, best first, each film once.

        Any text is safe, however long; the same query always gives the same answer.
        """
        return search(self._layers, query, kind=kind, limit=limit)


def _index(rows: Changes, unranked: int) -> TitleIndex:
    return TitleIndex.build((row for titles in rows.values() for row in titles), unranked=unranked)
