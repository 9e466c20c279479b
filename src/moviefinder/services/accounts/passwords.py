"""Passwords: hashed with Argon2id, a few at a time, and compared at the same cost whether there is one or not.

Which ones are too weak to be taken is told by `weak`.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from moviefinder.errors import TooMany

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB: Final = 19_456
ROUNDS: Final = 2
LANES: Final = 1
"""The least that OWASP's Password Storage Cheat Sheet asks of Argon2id (2024): 19 MiB, two rounds, one lane."""

QUEUE: Final = 8
"""So many wait for a hash; whoever comes then is sent away at once."""


class Room:
    """How many may hash at a time, and how many may wait: a flood of sign-ins must leave the pages their processor."""

    def __init__(self, *, at_once: int, queue: int = QUEUE) -> None:
        self._free = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._places = at_once + queue

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for one's turn.

        Raises:
            TooMany: too many wait already.
        """
        with self._lock:
            if not self._places:
                raise TooMany("Too many people sign in at this moment. Try again shortly.", retry_after_s=2)
            self._places -= 1
        try:
            with self._free:
                yield
        finally:
            with self._lock:
                self._places += 1

    def limit_places(self, to: int) -> None:
        """Let no more hash and wait, together, than so many; for a process with few threads, before anybody comes."""
        with self._lock:
            self._places = min(self._places, max(1, to))


ROOM: Final = Room(at_once=max(1, (os.cpu_count() or 2) - 1))
"""Of this process."""

_NOBODYS: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$kFbjNXKFlGze+5uIrk3BkQ$sywSCy1UNaMADWdsRck1xN72g0GJU7dAiji238Im92s"
)
"""Of 32 random bytes that nobody has kept; a constant, so that the first unknown address costs no more than others."""


def hash_password(plain: str) -> str:
    """Argon2's text of a password: parameters, salt and hash.

    Raises:
        TooMany: too many hash at this moment.
    """
    with ROOM.place():
        return _hasher().hash(_bytes(plain))


def verify(hashed: str | None, plain: str) -> bool:
    """Whether this is the password; where there is none, the same is computed and the answer is no.

    Raises:
        TooMany: too many hash at this moment.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    with ROOM.place():
        try:
            _hasher().verify(hashed or _NOBODYS, _bytes(plain))
        except (VerificationError, InvalidHashError):
            return False
    return hashed is not None


def needs_rehash(hashed: str) -> bool:
    """Whether it was hashed with other parameters than ours today."""
    return _hasher().check_needs_rehash(hashed)


def _bytes(plain: str) -> bytes:
    """One form for what keyboards write differently (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", plain).encode()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)
