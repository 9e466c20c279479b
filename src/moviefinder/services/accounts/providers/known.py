"""The providers that the settings name, and the bounds within which all of them are asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from moviefinder import __version__
from moviefinder.config import Settings
from moviefinder.errors import NotFound, ProviderFailed
from moviefinder.services.accounts.providers.calling import Call
from moviefinder.services.accounts.providers.facebook import FacebookProvider
from moviefinder.services.accounts.providers.keeping import AGAIN_S
from moviefinder.services.accounts.providers.oidc import OidcProvider
from moviefinder.services.accounts.providers.proof import Beginning, Proof, Provider
from moviefinder.sources.connections import Connections
from moviefinder.store.hosts import HostLedger

BEGIN_S: Final = 4.0
"""Seconds that somebody waits before the browser is sent away; most often it needs no call at all,"""
FINISH_S: Final = 8.0
"""and when it is back: a code to exchange, and now and then keys to fetch."""
_PLACE_S: Final = 0.5
"""So long somebody waits where others wait for providers already: who waits holds a thread up, too."""
_CONNECT_S: Final = 3.0
_READ_S: Final = 5.0


def offered(settings: Settings) -> dict[str, str]:
    """Names and titles of the providers that can be used here."""
    if settings.offline:
        return {}
    return {name: each.title or name.capitalize() for name, each in settings.providers.items()}


class Providers:
    """The providers of one process."""

    def __init__(
        self,
        settings: Settings,
        ledger: HostLedger,
        *,
        begin_s: float = BEGIN_S,
        finish_s: float = FINISH_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._begin_s, self._finish_s, self._ledger = begin_s, finish_s, ledger
        about = settings.contact or "a self-hosted film recommender; urllib3"
        self._user_agent = f"MovieFinder/{__version__} ({about})"
        self._connections = Connections(connect_s=_CONNECT_S, read_s=_READ_S)
        # A provider that hangs may hold up a quarter of the threads that answer people, never all.
        self._places = threading.BoundedSemaphore(max(1, settings.threads // 4))
        self._by_name: dict[str, Provider] = {}
        for name in offered(settings):
            each = settings.providers[name]
            self._by_name[name] = (
                FacebookProvider(each, self._call)
                if name == "facebook"
                else OidcProvider(name, each, self._call, again_s=again_s)
            )

    def check(self, name: str) -> None:
        """Raises NotFound: no such provider is set up, or this install is offline."""
        self._named(name)

    def begin(self, name: str, redirect_uri: str, *, anew: bool) -> Beginning:
        """Send a browser to a provider.

        Raises:
            NotFound: no such provider is set up.
            ProviderFailed: it does not answer, or not as it should.
        """
        provider = self._named(name)
        with self._place(provider.title, time.monotonic() + self._begin_s) as until:
            return provider.begin(redirect_uri, anew=anew, until=until)

    def finish(
        self,
        name: str,
        said: Mapping[str, str],
        remembered: Mapping[str, Any],
        redirect_uri: str,
        *,
        now: datetime,
    ) -> Proof:
        """Make of what a browser brought back who its person is; else as `begin`."""
        provider = self._named(name)
        with self._place(provider.title, time.monotonic() + self._finish_s) as until:
            return provider.finish(said, remembered, redirect_uri, until=until, now=now)

    def close(self) -> None:
        """Close what is open."""
        self._connections.close()

    def _named(self, name: str) -> Provider:
        if name not in self._by_name:
            raise NotFound("Nobody of this name is set up here to sign in with.")
        return self._by_name[name]

    def _call(self, title: str, host: str, written: str, until: float) -> Call:
        return Call(
            title=title,
            host=host,
            connections=self._connections,
            ledger=self._ledger,
            user_agent=self._user_agent,
            written=written,
            until=until,
        )

    @contextmanager
    def _place(self, title: str, until: float) -> Iterator[float]:
        """Be one of the few that ask at a time."""
        if not self._places.acquire(timeout=_PLACE_S):
            raise ProviderFailed(f"Too many wait for {title} just now. Try again in a moment.", why="silent")
        try:
            yield until
        finally:
            self._places.release()
