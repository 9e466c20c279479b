"""Where film facts come from. Each source is a file here, none knows another, and all pass one conformance suite."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from moviefinder.records import FilmRecord

__all__ = ["Capability", "FilmSource"]


class Capability(StrEnum):
    """What a source can be asked."""

    SEARCH = "search"
    FILM = "film"
    SIMILAR = "similar"
    POSTER = "poster"
    ALL = "all"


class FilmSource(Protocol):
    """Somewhere that knows films. Implementations hold no database and never guess."""

    name: str
    """Also the namespace of its ids where it has its own."""
    can: frozenset[Capability]

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Films by title, best first. Empty when none; raises SourceUnavailable."""

    def film(self, external_id: str) -> FilmRecord:
        """All that is known of one film. Raises FilmNotFound, SourceUnavailable."""

    def similar(self, external_id: str, *, limit: int = 25) -> list[FilmRecord]:
        """Films the source deems alike, most alike first; records may hold title and id only."""
