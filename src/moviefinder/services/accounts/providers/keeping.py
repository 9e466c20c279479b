"""What a provider tells of itself, fetched when it is wanted, and for a while not again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from moviefinder.errors import ProviderFailed

LASTS_S: Final = 3600.0
"""A key that a provider takes back is believed for so long at most."""
AGAIN_S: Final = 5.0
"""So often at most a provider is asked anew: for keys that are not among those we know, and after a failure."""

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """One value; threads that want it at once wait for the one that fetches it."""

    def __init__(self, *, lasts_s: float = LASTS_S, again_s: float = AGAIN_S) -> None:
        self._lasts_s, self._again_s = lasts_s, again_s
        self._lock = threading.Lock()
        self._found: tuple[float, Value] | None = None
        self._failed: tuple[float, ProviderFailed] | None = None

    def get(self, fetch: Callable[[], Value], *, until: float, anew: bool = False) -> Value:
        """The value; fetched where there is none, it is old, or (`anew`) what was wanted is not in it.

        Raises:
            ProviderFailed: it cannot be fetched, could not be a moment ago, or is not there in time.
        """
        if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
            raise ProviderFailed("The provider does not answer now. Try again in a while.", why="silent")
        try:
            if (found := self._found) and not _is_older(found[0], self._again_s if anew else self._lasts_s):
                return found[1]
            if (failed := self._failed) and not _is_older(failed[0], self._again_s):
                raise ProviderFailed(failed[1].message, why=failed[1].why)
            try:
                value = fetch()
            except ProviderFailed as error:
                self._failed = time.monotonic(), error
                raise
            self._found, self._failed = (time.monotonic(), value), None
            return value
        finally:
            self._lock.release()


def _is_older(since: float, seconds: float) -> bool:
    return time.monotonic() - since >= seconds
