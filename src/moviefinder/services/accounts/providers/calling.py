"""One call at a time to a sign-in provider, over our own bounded, address-checked connections.

A `Call` is what Authlib's OAuth 2 client takes for a session: it has `post` and `request`, whose answers have
`status_code`, `json` and `raise_for_status`. No environment is read, no redirect followed, no cookie kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from moviefinder import strict_json
from moviefinder.errors import Malformed, NotYet, ProviderFailed, SourceNonsense, SourceUnavailable
from moviefinder.log import get_logger
from moviefinder.sources.addresses import Address, parse
from moviefinder.sources.connections import Connections
from moviefinder.store.hosts import HostLedger

ANSWER_BYTES: Final = 500_000  # descriptions and keys of the large providers have 2 to 20 kB
_ANSWER_VALUES: Final = 20_000
_NOT_NOW: Final = frozenset({408, 425, 429})

log = get_logger(__name__)

Caller = Callable[[str, str, str, float], "Call"]
"""Makes a `Call` of title, host, how written addresses begin, and when it must be over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; of a status other than 200 the body was not read."""

    title: str
    status_code: int
    body: bytes

    def json(self) -> Any:
        """What is in it.

        Raises:
            ValueError: it is no success.
            ProviderFailed: it is not the JSON we accept.
        """
        if self.status_code != 200:
            raise ValueError(f"status {self.status_code}")
        try:
            return strict_json.parse(self.body, name="answer", values=_ANSWER_VALUES)
        except Malformed as error:
            raise ProviderFailed(f"{self.title} answers what is no answer.", why="nonsense") from error

    def raise_for_status(self) -> None:
        """Raises ProviderFailed: it is no success."""
        status = self.status_code
        if status == 200:
            return
        if status in (401, 403):
            raise ProviderFailed(
                f"{self.title} does not know this install. Its operator must look at client_id and client_secret.",
                why="refused",
            )
        if status in _NOT_NOW or status >= 500:
            raise ProviderFailed(f"{self.title} cannot answer now. Try again in a while.", why="silent")
        if status == 400:
            raise ProviderFailed(f"{self.title} did not accept this sign-in. Begin again.", why="refused")
        raise ProviderFailed(f"{self.title} answers with status {status}.", why="nonsense")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The way to one provider, until a moment."""

    title: str
    """How people know it."""
    host: str
    """What stands for it in the ledger of what leaves this machine."""
    connections: Connections
    ledger: HostLedger
    user_agent: str
    written: str
    """How addresses begin that the operator wrote: used as written. All others must be HTTPS and public."""
    until: float
    """When all must be over, by `time.monotonic`."""

    def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        """Ask for JSON. Raises ProviderFailed: there is none to be had."""
        answer = self.request("GET", url, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def post(
        self, url: str, data: Mapping[str, str], headers: Mapping[str, str] | None = None, auth: Any = None
    ) -> Answer:
        """Send a form, as Authlib does to the token endpoint."""
        return self.request("POST", url, headers=headers, auth=auth, body=urlencode(data))

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        body: str = "",
    ) -> Answer:
        """Ask once. Raises ProviderFailed: no answer in time, or none that may be looked at."""
        sent = dict(headers or {})
        if auth is not None:
            url, sent, body = auth.prepare(method, url, sent, body)
        began, status = time.monotonic(), None
        address: Address | None = None
        with suppress(NotYet):  # a person waits, and may try what failed before as often as they like
            self.ledger.admit(self.host, every_s=0, patience_s=0.2)
        try:
            address = self.checked(url)
            reply = self.connections.exchange(
                method,
                address,
                headers={
                    "Host": address.host_header,
                    "User-Agent": self.user_agent,
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                    "Connection": "close",  # the next sign-in may be days away
                    **sent,
                },
                body=body.encode() if method == "POST" else None,
                most=ANSWER_BYTES,
                until=self.until,
            )
            status = reply.status
        except (SourceUnavailable, TimeoutError) as error:
            self.ledger.failed(self.host, str(error))
            raise ProviderFailed(
                f"{self.title} does not answer now. Try again in a while.", why="silent"
            ) from error
        except SourceNonsense as error:
            self.ledger.failed(self.host, error.message)
            raise ProviderFailed(
                f"{self.title} answers what cannot be used: {error.message}", why="nonsense"
            ) from error
        else:
            self.ledger.answered(self.host)
            return Answer(title=self.title, status_code=reply.status, body=reply.body)
        finally:
            took_ms = round((time.monotonic() - began) * 1000)
            log.info("provider.called", host=address and address.name, status=status, took_ms=took_ms)

    def checked(self, url: str) -> Address:
        """Where an address leads. Raises SourceNonsense: not where we go."""
        return parse(url, hosts=[host_of(url)], written=[self.written] if self.written else [])


def origin_of(url: str) -> str:
    """Scheme, host and port, as they are written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def host_of(url: str) -> str:
    """The host's name; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
