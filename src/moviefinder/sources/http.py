"""The one way out: asks other machines, politely and within limits, and takes nothing they say on trust."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Protocol

from moviefinder.config import Settings
from moviefinder.errors import NotFound
from moviefinder.sources import OutsideHost

__all__ = ["Kept", "KeptAnswers", "Ledger", "NotThere", "Outlet", "PoliteClient", "within"]

Shape = Callable[[Any], Any]


class NotThere(NotFound):
    """The host answers, and has nothing at this address (404, 410)."""


class Ledger(Protocol):
    """What all processes know together of the hosts: whose turn it is, who is down, who refuses us."""

    def admit(self, host: str, every_s: float, patience_s: float) -> float:
        """Take the next turn of a host; gives the seconds to wait for it. Raises NotYet: it is farther than that."""

    def answered(self, host: str) -> None:
        """The host answered: it is up."""

    def failed(self, host: str, reason: str, retry_after_s: float | None = None) -> None:
        """The host did not answer, or with nothing that can be used; it may have said when to come back."""

    def refused(self, host: str, reason: str) -> None:
        """The host does not want us."""

    def unblock(self, host: str) -> None:
        """Forget breaks and refusals: the operator wants to know how it is now."""


class Kept(Protocol):
    """A kept answer."""

    body: bytes
    etag: str | None
    last_modified: str | None
    is_fresh: bool


class KeptAnswers(Protocol):
    """Answers that may be used again."""

    def find(self, key: bytes) -> Kept | None:
        """The answer under this key, fresh or not."""

    def keep(
        self,
        key: bytes,
        source: str,
        body: bytes,
        *,
        etag: str | None,
        last_modified: str | None,
        fresh: timedelta,
    ) -> None:
        """Keep an answer, over what was kept before."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Bound all calls that this thread makes inside the block together: waiting for a turn, tries and pauses."""
    raise NotImplementedError
    yield


class Outlet:
    """The way out of one source: to its own hosts, while it is switched on."""

    def get_json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        fresh: timedelta | None = None,
        shape: Shape | None = None,
    ) -> Any:
        """Ask for JSON."""
        raise NotImplementedError

    def post_json(
        self,
        url: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        fresh: timedelta | None = None,
        shape: Shape | None = None,
    ) -> Any:
        """Ask by a question in JSON that changes nothing there, so that it may be asked again."""
        raise NotImplementedError

    def get_bytes(self, url: str, *, types: Collection[str], most: int = 10_000_000) -> bytes:
        """Fetch an image, as it comes."""
        raise NotImplementedError

    def unblock(self) -> None:
        """Forget breaks and refusals of this source's hosts."""
        raise NotImplementedError


class PoliteClient:
    """Makes outlets; what they share."""

    def __init__(
        self, settings: Settings, ledger: Ledger, kept: KeptAnswers, *, is_on: Callable[[str], bool]
    ) -> None:
        raise NotImplementedError

    def outlet(self, name: str, hosts: Sequence[OutsideHost], *, every_s: float = 0.05) -> Outlet:
        """The way out of one source."""
        raise NotImplementedError
