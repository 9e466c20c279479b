"""Lanes: what waits on the network does not stand in the way of what uses the processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

FETCH: Final = "fetch"
"""The lane of what waits on the network: many threads."""
WORK: Final = "work"
"""The lane of what uses the processor: one thread in a process."""
LANES: Final = (FETCH, WORK)
WAITING: Final = ("fetch_", "send_")
"""How the kinds begin that wait on the network."""


def lane_of(kind: str) -> str:
    """The lane of a kind of job, told by its name."""
    return FETCH if kind.startswith(WAITING) else WORK


class Bell(Protocol):
    """Tells workers that there are jobs. Never raises, and never makes a request wait."""

    def ring(self, jobs: Sequence[tuple[int, str]]) -> None:
        """Tell of these jobs, each by id and kind; they are in the table already."""

    def close(self) -> None:
        """Tell what is still to be told, in two seconds at most."""
