"""The one way out: asks other machines politely, within limits, and takes nothing they say on trust.

What a source gets is an `Outlet`. Whether the source is switched on, where it may go, whose turn it is, what is kept
and how often it is tried is decided here, once for all sources. Addresses and keys are never logged.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

from moviefinder import __version__
from moviefinder.config import Settings
from moviefinder.errors import (
    NotFound,
    NotYet,
    SourceError,
    SourceNonsense,
    SourceOff,
    SourceRefused,
    SourceUnavailable,
)
from moviefinder.log import get_logger
from moviefinder.sources import OutsideHost
from moviefinder.sources.addresses import Address, parse
from moviefinder.sources.connections import Connections, Reply
from moviefinder.sources.patience import Limits, Until, left_s, within
from moviefinder.sources.replies import NotThere, Shape, judge, moved_to, shaped, validator
from moviefinder.store.hosts import HostLedger
from moviefinder.store.kept import PATIENCE_S, Kept, KeptAnswers

__all__ = ["Limits", "NotThere", "Outlet", "PoliteClient", "anew", "within"]

JSON_BYTES = 5_000_000
FILE_BYTES = 10_000_000
REDIRECTS = 3
HURRY_S = 0.1
"""How long a caller whose time is over waits for its answer to be kept."""
FAIR_S = 1.0
"""A host that was given less time than this has not failed by not answering in it."""

_HEADER = re.compile(r"[\x20-\x7e]*")
_NOT_ASKED_FOR = re.compile(r"(?<=[?&])api_key=[^&]*&?")  # says who asks, not what

log = get_logger("moviefinder.sources")

Taken = TypeVar("Taken")


_is_anew: ContextVar[bool] = ContextVar("is_anew", default=False)


@contextmanager
def anew() -> Iterator[None]:
    """Have all calls that this thread makes inside the block use no kept answer: is the host there now?"""
    token = _is_anew.set(True)
    try:
        yield
    finally:
        _is_anew.reset(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    method: str = "GET"
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    types: Collection[str] | None = None  # None: JSON
    most: int = JSON_BYTES
    is_conditional: bool = False


class _Moved(Exception):
    def __init__(self, url: str) -> None:
        self.url = url


class PoliteClient:
    """Makes the outlets, and holds what they share: settings, ledger, kept answers, open connections."""

    def __init__(
        self,
        settings: Settings,
        ledger: HostLedger,
        kept: KeptAnswers,
        *,
        is_on: Callable[[str], bool],
        limits: Limits | None = None,
        connections: Connections | None = None,
    ) -> None:
        self.settings, self.ledger, self.kept = settings, ledger, kept
        about = settings.contact or "a self-hosted film recommender; urllib3"
        self.user_agent = f"MovieFinder/{__version__} ({about})"
        self.limits = limits = limits or Limits()
        self.connections = connections or Connections(connect_s=limits.connect_s, read_s=limits.read_s)
        self._is_on = is_on
        self._lock = threading.Lock()
        self._places: dict[str, threading.BoundedSemaphore] = {}
        self._asking: dict[bytes, _Asking] = {}

    def outlet(self, name: str, hosts: Sequence[OutsideHost], *, every_s: float = 0.05) -> Outlet:
        """The way out of one source.

        Args:
            name: of the source.
            hosts: where it may go, besides what the operator wrote.
            every_s: its own pace, least seconds between two calls of a host; the settings win.
        """
        return Outlet(self, name, frozenset(host.host for host in hosts), every_s)

    def check_on(self, name: str) -> None:
        """Raises SourceOff: the install is offline, or nobody has switched this source on."""
        if self.settings.offline or not self._is_on(name):
            why = "this install is offline" if self.settings.offline else "nobody has switched it on"
            raise SourceOff(f"{name} is not asked: {why}.")

    @contextmanager
    def turn(self, name: str, every_s: float, until: Until) -> Iterator[None]:
        """Wait for the turn of a host, and be one of the few that ask it at a time.

        Raises:
            NotYet: that would take longer than there is time.
        """
        with self._lock:
            place = self._places.setdefault(name, threading.BoundedSemaphore(self.limits.parallel))
        if not until.turn_s or not place.acquire(timeout=until.turn_s):
            raise NotYet(f"{name} was not asked: its turn did not come in time.", retry_after_s=1)
        try:
            time.sleep(self.ledger.admit(name, every_s, until.turn_s))
            until.begin()
            yield
        finally:
            place.release()

    @contextmanager
    def once(self, key: bytes, until: float) -> Iterator[None]:
        """Let others of this process who ask the same wait, so that they find the answer kept."""
        with self._lock:
            asking = self._asking.setdefault(key, _Asking())
            asking.askers += 1
        is_first = asking.lock.acquire(timeout=max(0.0, until - time.monotonic()))
        try:
            yield
        finally:
            with self._lock:
                if is_first:
                    asking.lock.release()
                asking.askers -= 1
                if not asking.askers:
                    del self._asking[key]

    def close(self) -> None:
        """Close what is open."""
        self.connections.close()


@dataclass(slots=True)
class _Asking:
    lock: threading.Lock = field(default_factory=threading.Lock)
    askers: int = 0


class Outlet:
    """The way out of one source: to its own hosts, while it is switched on.

    Each question raises, beside what it names:
        SourceOff: nobody has switched the source on, or the install is offline.
        NotYet: pace, a break or a refusal of the last hour keeps us from asking; nothing was sent.
        SourceUnavailable: no connection, no whole answer in time, or the host says that it cannot now.
        SourceRefused: a wrong key, a challenge, a block.
        SourceNonsense: the answer is not of the kind, size or form that was asked for, or leads elsewhere.
        NotThere: the host has nothing at this address.
    """

    def __init__(self, client: PoliteClient, name: str, hosts: frozenset[str], every_s: float) -> None:
        settings = client.settings.source(name)
        self._client, self._name, self._hosts = client, name, hosts
        self._every_s = every_s if settings.every_s is None else settings.every_s
        self._written = frozenset(
            base for each in client.settings.sources.values() for base in (each.address, each.images) if base
        )

    def get_json(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        fresh: timedelta | None = None,
        shape: Shape | None = None,
    ) -> Any:
        """Ask for JSON.

        Args:
            url: a whole address: `https` and one of the source's hosts, or what the operator wrote and more.
            headers: beside those that every call has. They are no part of what makes an answer the same.
            fresh: how long the answer is given again without a call; after that its validators are asked. Zero keeps
                it for its validators alone; None neither keeps nor looks.
            shape: makes of the answer what is wanted. What raises SourceNonsense, or breaks over the answer, was
                nonsense: it is not kept, and counts against the host.

        Returns:
            What `shape` gives, without one the values as they are.
        """
        return self._json(_Question(url=url, headers=headers or {}), fresh, shape)

    def post_json(
        self,
        url: str,
        body: Any,
        *,
        headers: Mapping[str, str] | None = None,
        fresh: timedelta | None = None,
        shape: Shape | None = None,
    ) -> Any:
        """Ask by a question in JSON that changes nothing there, so that it may be asked again; else as `get_json`."""
        sent = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
        headers = {"Content-Type": "application/json", **(headers or {})}
        return self._json(_Question(method="POST", url=url, headers=headers, body=sent), fresh, shape)

    def get_bytes(self, url: str, *, types: Collection[str], most: int = FILE_BYTES) -> bytes:
        """Fetch a file of one of these media types, as it comes; nothing is kept."""
        self._client.check_on(self._name)
        question = _Question(url=url, headers={}, types=types, most=most)
        return self._ask(question, lambda reply: reply.body, Until(self._client.limits))

    def _json(self, question: _Question, fresh: timedelta | None, shape: Shape | None) -> Any:
        client = self._client
        client.check_on(self._name)
        until = Until(client.limits)
        if fresh is None:
            return self._ask(question, lambda reply: shaped(self._name, reply.body, shape), until)
        key = _key(question)
        with client.once(key, until.whole):
            kept = None if _is_anew.get() else client.kept.find(key)
            if kept is not None:
                try:
                    value = shaped(self._name, kept.body, shape)
                except SourceNonsense:  # kept by another version of us, for another shape
                    kept = None
                else:
                    if kept.is_fresh:
                        return value
                    question = _if_changed(question, kept)

            def take(reply: Reply) -> tuple[Reply, bytes, Any]:
                body = kept.body if kept is not None and reply.status == 304 else reply.body
                return reply, body, shaped(self._name, body, shape)

            reply, body, value = self._ask(question, take, until)
            etag, last_modified = validator(reply, "etag"), validator(reply, "last-modified")
            if kept is not None and reply.status == 304:
                etag, last_modified = etag or kept.etag, last_modified or kept.last_modified
            if fresh or etag or last_modified:
                validators = {"etag": etag, "last_modified": last_modified}
                patience_s = min(PATIENCE_S, max(HURRY_S, left_s()))
                client.kept.keep(key, self._name, body, **validators, fresh=fresh, patience_s=patience_s)
            return value

    def _ask(self, question: _Question, take: Callable[[Reply], Taken], until: Until) -> Taken:
        """Ask until there is an answer: three times at most, and in the time that there is."""
        limits = self._client.limits
        failure: SourceUnavailable | None = None
        number = 0
        while True:
            number += 1
            try:
                return self._follow(question, take, until)
            except NotYet as error:
                if failure is None:
                    raise
                raise failure from error  # it was asked, so that is what happened
            except SourceUnavailable as error:
                failure = error
            pause_s = limits.pause_s * 3 ** (number - 1) * random.uniform(0.5, 1.5)
            if number == limits.tries or pause_s >= until.turn_s:
                raise failure
            time.sleep(pause_s)

    def _follow(self, question: _Question, take: Callable[[Reply], Taken], until: Until) -> Taken:
        """Ask where the question leads, and on where that leads, each place checked like the first."""
        address = parse(question.url, hosts=self._hosts, written=self._written)
        for _ in range(REDIRECTS + 1):
            try:
                with self._client.turn(address.name, self._every_s, until):
                    self._client.check_on(self._name)  # again: it may have taken a while
                    return self._send(question, address, take, until)
            except _Moved as moved:
                before, address = address, parse(moved.url, hosts=self._hosts)
                question = replace(question, url=moved.url)
                if address.name != before.name:  # told to one, not to another
                    question = replace(question, headers={}, is_conditional=False)
        raise SourceNonsense(f"{address.name} sends us on and on.")

    def _send(
        self, question: _Question, address: Address, take: Callable[[Reply], Taken], until: Until
    ) -> Taken:
        """One request. The ledger learns what came of it, the log how long it took."""
        ledger, name, began = self._client.ledger, address.name, time.monotonic()
        reply: Reply | None = None
        reason: dict[str, str] = {}
        try:
            reply = self._client.connections.exchange(
                question.method,
                address,
                headers=_headers(question, address, self._client.user_agent),
                body=question.body,
                most=question.most,
                until=until.whole,
            )
            if not judge(name, reply, types=question.types, may_be_same=question.is_conditional):
                url = moved_to(name, reply, url=question.url)
                parse(url, hosts=self._hosts)  # here, so that it counts against the host that sends us there
                if question.body is not None:
                    raise SourceNonsense(f"{name} sends a question on.")
                raise _Moved(url)
            taken = take(reply)
        except SourceError as error:
            reason = {"reason": error.message}
            if isinstance(error, SourceRefused):
                ledger.refused(name, error.message)
            elif not (until.whole - began < FAIR_S and time.monotonic() >= until.whole):
                ledger.failed(name, error.message, error.retry_after_s)
            raise
        except (NotFound, _Moved):
            ledger.answered(name)
            raise
        else:
            ledger.answered(name)
            return taken
        finally:
            log.info(
                "source.called",
                source=self._name,
                host=name,
                status=reply.status if reply else None,
                bytes=len(reply.body) if reply else 0,
                took_ms=round((time.monotonic() - began) * 1000),
                **reason,
            )


def _headers(question: _Question, address: Address, user_agent: str) -> dict[str, str]:
    own = {
        "Host": address.host_header,
        "User-Agent": user_agent,
        "Accept": ", ".join(sorted(question.types or ["application/json"])),
        "Accept-Encoding": "gzip" if question.types is None else "identity",  # images are packed already
    }
    if not all(_HEADER.fullmatch(text) for pair in question.headers.items() for text in pair):
        raise SourceNonsense(
            "A header holds what no header holds."
        )  # before the library names it in its error
    return own | dict(question.headers)


def _if_changed(question: _Question, kept: Kept) -> _Question:
    asked = {"If-None-Match": kept.etag, "If-Modified-Since": kept.last_modified}
    conditions = {name: value for name, value in asked.items() if value}
    return replace(question, headers={**question.headers, **conditions}, is_conditional=bool(conditions))


def _key(question: _Question) -> bytes:
    """What makes two questions the same: never who asks."""
    url = _NOT_ASKED_FOR.sub("", question.url).rstrip("?&")
    return hashlib.sha256(b"\0".join((question.method.encode(), url.encode(), question.body or b""))).digest()
