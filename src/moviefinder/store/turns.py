"""One writer at a time within a process, in the order in which they came.

SQLite has those that wait for its write lock look again after longer and longer pauses. Where a dozen threads write,
late ones then pass early ones, and the unlucky wait for seconds; in line, each waits for those before it alone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from moviefinder.errors import Busy


class Turns:
    """A lock that is handed on in line."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self, patience_s: float) -> Iterator[None]:
        """Hold the turn for the length of a block.

        Raises:
            Busy: it did not come within the time.
        """
        self._take(patience_s)
        try:
            yield
        finally:
            self._hand_on()

    def _take(self, patience_s: float) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(patience_s):
            return
        with self._guard:
            if not mine.is_set():
                self._waiting.remove(mine)
                raise Busy(
                    "The database cannot store this now (locked). Nothing was changed.", retry_after_s=5
                )

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
