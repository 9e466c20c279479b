"""How long a call may take: waiting for its turn, trying, reading, and all that somebody in a hurry asks at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["Limits", "Until", "left_s", "within"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take; tests have less patience."""

    turn_s: float = 5.0
    """Waiting for the host's turn."""
    whole_s: float = 10.0
    """The call with its tries and pauses, from that turn on."""
    connect_s: float = 3.0
    read_s: float = 5.0
    tries: int = 3
    pause_s: float = 0.3
    """Before the second try; three times that before the third, each give or take half of it."""
    parallel: int = 4
    """Calls to one host at a time, of each process; over all processes the pace is kept."""


_until: ContextVar[float] = ContextVar("until", default=float("inf"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all calls that this thread makes inside the block together: waiting for a turn, tries and pauses."""
    token = _until.set(min(_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


def left_s() -> float:
    """Seconds that are left of the block; endless outside of one."""
    return _until.get() - time.monotonic()


class Until:
    """When a turn must have come, and when all must be over."""

    def __init__(self, limits: Limits) -> None:
        now = time.monotonic()
        self._whole_s = limits.whole_s
        self.whole = min(_until.get(), now + limits.turn_s + limits.whole_s)
        self.turn = min(self.whole, now + limits.turn_s)

    def begin(self) -> None:
        """The turn has come; later ones are part of the call."""
        if self.turn != self.whole:
            self.turn = self.whole = min(self.whole, time.monotonic() + self._whole_s)

    @property
    def turn_s(self) -> float:
        """Seconds that are left for the turn to come."""
        return max(0.0, self.turn - time.monotonic())
