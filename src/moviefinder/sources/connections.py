"""One question and its answer over a connection to a checked number: bounded in time and memory, whatever comes back.

Nothing here knows of sources, turns or tries; see `sources/http.py`. No environment is read: no proxies, no cookies.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from moviefinder.errors import SourceNonsense, SourceUnavailable
from moviefinder.sources.addresses import Address, Place, is_global, look_up, resolve

if TYPE_CHECKING:
    import ssl

    from urllib3 import BaseHTTPResponse
    from urllib3.connection import HTTPConnection

__all__ = ["Connections", "Reply"]

PIECE = 65_536
PLACES = 3
"""Of a host with many numbers so many are tried; the first that connects is asked."""
FOUND_FOR_S = 60
IDLE_S = 30
CERTIFICATE_S = 300

_IMPORTING = threading.Lock()
"""Threads that import parts of one package at once, each another first, get halves of it."""

# Its log lines hold whole addresses, keys included.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; the body of a status other than 200 is left unread."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    body: bytes


class Connections:
    """Connections of one process, kept open for a while."""

    def __init__(
        self,
        *,
        connect_s: float,
        read_s: float,
        trust: Callable[[], ssl.SSLContext] | None = None,
        look_up: Callable[[str, int], list[Place]] = look_up,
        is_fine: Callable[[str], bool] = is_global,
    ) -> None:
        self._connect_s, self._read_s = connect_s, read_s
        self._look_up, self._is_fine = look_up, is_fine
        self._make_trust = trust
        self._trust: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, str, Place], list[tuple[float, HTTPConnection]]] = {}
        self._found: dict[tuple[str, int, bool], tuple[float, list[Place]]] = {}
        self._is_closed = False

    def exchange(
        self,
        method: str,
        address: Address,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        most: int,
        until: float,
    ) -> Reply:
        """Ask once.

        Args:
            method: GET or POST.
            address: where, checked.
            headers: as they are sent.
            body: what is sent.
            most: bytes of the answer at most, unpacked.
            until: when all must be over, by `time.monotonic`.

        Raises:
            SourceUnavailable: no connection, no whole answer in time, or it broke off.
            SourceNonsense: the answer is too long, or packed in a way that we did not offer or that is broken.
        """
        from http.client import HTTPException

        with _IMPORTING:
            import_module("urllib3")
        from urllib3.exceptions import HTTPError

        watch = _Watch(until)
        connection: HTTPConnection | None = None
        try:
            connection = self._connected(address, until)
            connection.timeout = min(self._read_s, _left(until))
            watch.look_at(connection.sock)
            connection.request(
                method,
                address.target,
                body=body,
                headers=headers,
                preload_content=False,
                decode_content=False,
            )
            response = connection.getresponse()
            read = _body(response, most) if response.status == 200 else b""
            watch.stop()  # before somebody else may use the connection
            if watch.is_late:  # an end that we made is none
                raise TimeoutError
            if response.status == 200:
                self._put_back(address, connection)
                connection = None
            return Reply(status=response.status, headers=response.headers, body=read)
        except (HTTPError, HTTPException, OSError) as error:
            raise _unavailable(address.name, error, is_late=watch.is_late) from error
        finally:
            watch.stop()
            if connection is not None:
                connection.close()

    def close(self) -> None:
        """Close what is open, and what is still being used as soon as it is not."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = list(self._idle.values()), {}
        for connections in idle:
            for _, connection in connections:
                connection.close()

    def _connected(self, address: Address, until: float) -> HTTPConnection:
        """A connection that is open, to the first number that answers."""
        from urllib3.exceptions import HTTPError

        failure: Exception = OSError("no number to connect to")
        for place in self._places(address, until)[:PLACES]:
            if kept := self._take(address, place):
                return kept
            connection = self._make(address, place, _left(until))
            try:
                connection.connect()
            except (HTTPError, OSError) as error:
                connection.close()
                failure = error
            else:
                return connection
        self._found.pop(_key(address), None)
        raise failure

    def _make(self, address: Address, place: Place, left_s: float) -> HTTPConnection:
        from urllib3.connection import HTTPConnection, HTTPSConnection

        timeout_s = min(self._connect_s, left_s / 2)  # once for the connection, once for what TLS agrees on
        if address.scheme == "http":
            return HTTPConnection(*place, timeout=timeout_s)
        return HTTPSConnection(
            *place,
            timeout=timeout_s,
            ssl_context=self._context(),  # checks the certificate against the name
            server_hostname=address.host,
        )

    def _context(self) -> ssl.SSLContext:
        import ssl

        with self._lock:
            if self._trust is None:
                self._trust = (self._make_trust or ssl.create_default_context)()
            return self._trust

    def _places(self, address: Address, until: float) -> list[Place]:
        key = _key(address)
        found_until, places = self._found.get(key, (0.0, []))
        if found_until < time.monotonic():
            places = resolve(
                address,
                timeout_s=min(self._connect_s, _left(until)),
                look_up=self._look_up,
                is_fine=self._is_fine,
            )
            self._found[key] = (time.monotonic() + FOUND_FOR_S, places)
        return places

    def _take(self, address: Address, place: Place) -> HTTPConnection | None:
        """An open connection that was kept, the one last used; those that are old or were closed there go."""
        while True:
            with self._lock:
                idle = self._idle.get((address.scheme, address.host, place))
                if not idle:
                    return None
                since, connection = idle.pop()
            if connection.is_connected and time.monotonic() - since < IDLE_S:
                return connection
            connection.close()

    def _put_back(self, address: Address, connection: HTTPConnection) -> None:
        """Keep a connection whose answer was read to its end, unless the other side closes it; those that are old go.

        A host may have other numbers each minute, and nobody comes back for a connection to one that it had.
        """
        if connection.sock is None:
            return
        place, now = (connection.host, connection.port), time.monotonic()
        old = [connection]
        with self._lock:
            if not self._is_closed:
                self._idle.setdefault((address.scheme, address.host, place), []).append((now, connection))
                old = [one for idle in self._idle.values() for since, one in idle if now - since >= IDLE_S]
                fresh = {
                    key: [each for each in idle if now - each[0] < IDLE_S] for key, idle in self._idle.items()
                }
                self._idle = {key: idle for key, idle in fresh.items() if idle}
        for one in old:
            one.close()


def _key(address: Address) -> tuple[str, int, bool]:
    """Whose numbers: those of an address that the operator wrote are not checked, and count for no other."""
    return address.host, address.port, address.is_written


class _Watch:
    """Ends what is being read when its time is over: a time-out by the read knows nothing of one byte a second."""

    def __init__(self, until: float) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.is_late = False
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self._end)
        self._timer.daemon = True
        self._timer.start()

    def look_at(self, connected: socket.socket | None) -> None:
        with self._lock:
            self._socket = connected

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None

    def _end(self) -> None:
        with self._lock:
            self.is_late = True
            if self._socket is not None:
                with suppress(OSError):  # it may be closed already
                    # Not the method of the TLS socket, which would take its state from under the reading thread.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _body(response: BaseHTTPResponse, most: int) -> bytes:
    """The body, unpacked as it comes, so that no more of it is ever held than may be."""
    packed_by = response.headers.get("content-encoding", "identity").strip().lower()
    if packed_by not in ("identity", "gzip", "x-gzip", ""):
        raise SourceNonsense("The answer is packed in a way that was not offered.")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:12]) > most:
        raise SourceNonsense(f"The answer is longer than {most:,} bytes.")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packed_by else None
    parts: list[bytes] = []
    packed = size = 0
    while piece := response.read(PIECE, decode_content=False):
        packed += len(piece)
        if unpack is not None:
            try:
                piece = unpack.decompress(piece, most - size + 1)
            except zlib.error as error:
                raise SourceNonsense("The answer is packed, and cannot be unpacked.") from error
        size += len(piece)
        if max(size, packed) > most:
            raise SourceNonsense(f"The answer is longer than {most:,} bytes.")
        parts.append(piece)
    if unpack is not None and packed and (not unpack.eof or unpack.unused_data):
        raise SourceNonsense("The answer is packed, and ends too early or too late.")
    return b"".join(parts)


def _left(until: float) -> float:
    """Seconds until then. Raises TimeoutError: none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _unavailable(name: str, error: Exception, *, is_late: bool) -> SourceUnavailable:
    """What went wrong, in words that name no address."""
    import ssl

    from urllib3.exceptions import ConnectTimeoutError, ReadTimeoutError

    if isinstance(error, ssl.SSLCertVerificationError):  # nothing that passes in a moment
        return SourceUnavailable(
            f"{name} shows no certificate that proves its name.", retry_after_s=CERTIFICATE_S
        )
    if isinstance(error, ConnectTimeoutError):  # a refusal is one of these to urllib3
        return SourceUnavailable(f"{name} cannot be connected to.")
    if is_late or isinstance(error, TimeoutError | ReadTimeoutError):
        return SourceUnavailable(f"{name} does not answer in time.")
    return SourceUnavailable(f"{name} broke the answer off.")
