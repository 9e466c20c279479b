"""Where we may go: addresses taken apart strictly, hosts by name from a list, connections to checked numbers only.

A name is resolved once, and the number that was checked is the one that is connected to, so that a name which changes
its mind in between gains nothing. An address that the operator wrote in the settings is used as written.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from moviefinder.errors import SourceNonsense, SourceUnavailable

__all__ = ["Address", "Place", "is_global", "look_up", "name_of", "parse", "resolve"]

LONGEST = 8_000
"""Characters of an address; servers are known to take as many (RFC 9110, 4.1), and a SPARQL query may need them."""

_SEEN = re.compile(r"[\x21-\x7e]+")
# A last label that begins with a letter: no number, in whatever form (127.1, 0x7f.1, 2130706433), is a name.
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)

# Unicast that is given out (RFC 4291, RFC 3587); what stands for an IPv4 address, and NAT64, lies outside or is named.
_UNICAST = IPv6Network("2000::/3")
_NOT_UNICAST = (
    IPv6Network("2001::/23"),  # protocols of their own, Teredo among them
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address in disguise
    IPv6Network("3fff::/20"),  # documentation
)

_PORTS = {"http": 80, "https": 443}

Place = tuple[str, int]
"""A number and a port to connect to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address, taken apart."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query, as they are sent."""
    name: str
    """What stands for the other side in the ledger and in the log: never a query."""
    is_written: bool
    """The operator wrote how it begins: used as written, unchecked."""

    @property
    def host_header(self) -> str:
        """The host as HTTP names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse(url: str, *, hosts: Collection[str], written: Collection[str] = ()) -> Address:
    """Take an address apart and check that we may go there.

    Args:
        url: a whole address.
        hosts: names of hosts to which we may go, by HTTPS and on its port only.
        written: how addresses begin that the operator wrote; these may be anything.

    Raises:
        SourceNonsense: it is malformed, or leads elsewhere.
    """
    if len(url) > LONGEST or not _SEEN.fullmatch(url) or "\\" in url:
        raise SourceNonsense("An address is too long, or holds what no address holds.")
    for base in sorted(written, key=len, reverse=True):
        if url.startswith(base) and url[len(base) : len(base) + 1] in ("", "/", "?"):
            return _written(url, base)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceNonsense("An address cannot be taken apart.") from error
    host = parts.hostname or ""
    if (
        parts.scheme != "https"
        or parts.netloc.lower() not in (host, f"{host}:443")
        or port not in (None, 443)
    ):
        raise SourceNonsense("An address is not plain HTTPS.")
    if not _NAME.fullmatch(host) or host not in hosts:
        raise SourceNonsense("An address leads to a host that is not on the list.")
    return Address(
        scheme="https",
        host=host,
        port=443,
        target=_target(parts.path, parts.query),
        name=host,
        is_written=False,
    )


def _written(url: str, base: str) -> Address:
    begin, all_of_it = urlsplit(base), urlsplit(url)
    scheme = begin.scheme.lower()
    return Address(
        scheme=scheme,
        host=begin.hostname or "",
        port=begin.port or _PORTS[scheme],
        target=_target(all_of_it.path, all_of_it.query),
        name=name_of(base),
        is_written=True,
    )


def _target(path: str, query: str) -> str:
    return (path or "/") + (f"?{query}" if query else "")


def name_of(base: str) -> str:
    """What the ledger and the page call the other side: a host, or all that the operator wrote but the scheme.

    Two sources behind one proxy at home keep their own pace and their own breaks by that.
    """
    parts = urlsplit(base)
    return f"{parts.netloc.rpartition('@')[2].lower()}{parts.path}".rstrip("/")[:255]


def is_global(number: str) -> bool:
    """Whether this is the number of one machine on the public internet, and plainly so.

    What wraps an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is not, whichever address that is.
    """
    try:
        address = ip_address(number)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        fine = address in _UNICAST and not any(address in network for network in _NOT_UNICAST)
        return fine and address.scope_id is None and address.is_global
    return address.is_global and not (address.is_multicast or address.is_reserved)


def look_up(host: str, port: int) -> list[Place]:
    """Numbers of a host by the system's resolver, the one it likes best first. Raises OSError: it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys((str(place[0]), int(place[1])) for *_, place in found))


def resolve(
    address: Address,
    *,
    timeout_s: float,
    look_up: Callable[[str, int], list[Place]] = look_up,
    is_fine: Callable[[str], bool] = is_global,
) -> list[Place]:
    """Resolve a host once and check every number that it has; what the operator wrote is not checked.

    The system's resolver knows no time-out, so it runs in a thread of its own, which is left behind when it is late.

    Raises:
        SourceUnavailable: there is no such name, or no answer in time.
        SourceNonsense: one of its numbers is not public; a name that has such a one may not be trusted with any.
    """
    told: list[list[Place] | OSError] = []

    def ask() -> None:
        try:
            told.append(look_up(address.host, address.port))
        except (OSError, UnicodeError) as error:
            told.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=ask, name=f"resolve {address.host}", daemon=True)
    thread.start()
    thread.join(timeout_s)
    answer = told[0] if told else TimeoutError("no answer in time")
    if isinstance(answer, OSError):
        raise SourceUnavailable(f"{address.name} cannot be found by its name.") from answer
    if not address.is_written and not all(is_fine(number) for number, _ in answer):
        raise SourceNonsense(
            f"{address.name} is said to be at an address that is not on the public internet."
        )
    return answer
