"""How a worker learns of a waiting job: a local event, so far. The table of jobs is the queue; this is only a bell."""

from __future__ import annotations

import threading


class LocalBell:
    """Wakes the worker threads of this process."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a ring, at most so long; returns whether there was one, and forgets it."""
        rung = self._event.wait(timeout_s)
        self._event.clear()
        return rung
