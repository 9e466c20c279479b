"""Where film facts come from. Each source is a file here, none knows another, and all pass one conformance suite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from moviefinder.records import FilmRecord, Ref

__all__ = ["Capability", "FilmSource", "OutsideHost"]


class Capability(StrEnum):
    """What a source can be asked."""

    SEARCH = "search"
    FILM = "film"
    SIMILAR = "similar"
    POSTER = "poster"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideHost:
    """A host that a source calls: what for, in English and one sentence, and what it is sent."""

    host: str
    purpose: str
    sends: str


class FilmSource(Protocol):
    """Somewhere that knows films. Implementations hold no database and never guess.

    A film is asked for by any of its references whose namespace the source takes. Every method raises
    `SourceUnavailable` when it does not answer now (`NotYet` when it was not even asked), `SourceRefused` when it does
    not want us, `SourceNonsense` when what it answered cannot be used.
    """

    name: str
    """How settings call it, and how the facts name where they are from: `tmdb`."""
    title: str
    """What people call it: `The Movie Database`."""
    can: frozenset[Capability]
    """What it can be asked as it is set up now; empty where it lacks a key that everything needs."""
    takes: tuple[str, ...]
    """Namespaces of the references by which it can be asked, the one that it likes best first."""
    hosts: tuple[OutsideHost, ...]
    """Every host that it may call; empty for one that needs no network."""
    keeps: timedelta | None
    """How long its terms let its facts be kept; None for as long as one likes."""
    needs: str | None
    """The setting that it lacks to do all that it could, `key` or `client`; None where it lacks nothing."""
    credit: str
    """The words by which its terms want it named, and its licence; empty where nothing is asked."""

    def search(self, title: str, *, year: int | None = None, limit: int = 10) -> list[FilmRecord]:
        """Films by title, best first; empty when there are none."""

    def film(self, ref: Ref) -> FilmRecord:
        """All that is known of one film. Raises FilmNotFound."""

    def similar(self, ref: Ref, *, limit: int = 25) -> list[FilmRecord]:
        """Films the source deems alike, most alike first; records may hold title and id only. Raises FilmNotFound."""

    def poster(self, pointer: str) -> bytes:
        """The image that `FilmRecord.poster` of this source points at, as it came. Raises FilmNotFound."""
