"""What a reply means: an answer, a redirect, a refusal, a fault; and what is in it once it is read. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from moviefinder import strict_json
from moviefinder.errors import Malformed, NotFound, SourceNonsense, SourceRefused, SourceUnavailable
from moviefinder.sources.connections import Reply

__all__ = ["NotThere", "Shape", "judge", "moved_to", "retry_after_s", "shaped", "validator"]

JSON_VALUES = 200_000
"""The largest answers known, of Wikidata, hold 20,000; five megabytes of empty lists would take 110 MB."""
RETRY_AFTER_S = (1.0, 3600.0)

_JSON = re.compile(r"application/(?:[a-z0-9.-]+\+)?json")  # GraphQL and SPARQL have names of their own
_REFUSALS = frozenset({202, 401, 403, 407, 451})  # 202: a challenge, which we neither solve nor work around
_NOT_NOW = frozenset({408, 425, 429})
_MOVED = frozenset({301, 302, 303, 307, 308})
_VALIDATOR = re.compile(r"[\x20-\x7e]{1,200}")

Shape = Callable[[Any], Any]


class NotThere(NotFound):
    """The host answers, and has nothing at this address (404, 410)."""


def judge(name: str, reply: Reply, *, types: Collection[str] | None, may_be_same: bool) -> bool:
    """Whether the reply is an answer; else it leads elsewhere.

    Args:
        name: of the host, for the messages.
        reply: any.
        types: media types that were asked for; None: JSON.
        may_be_same: it was asked whether a kept answer still holds.

    Raises:
        NotThere, SourceRefused, SourceUnavailable, SourceNonsense: it is neither.
    """
    status = reply.status
    if status == 200:
        media_type = reply.headers.get("content-type", "").split(";")[0].strip().lower()
        if not (media_type in types if types is not None else _JSON.fullmatch(media_type)):
            raise SourceNonsense(f"{name} answers with something else than was asked for.")
        if not reply.body:
            raise SourceNonsense(f"{name} answers with nothing.")
        return True
    if status == 304 and may_be_same:
        return True
    if status in _MOVED:
        return False
    if status in (404, 410):
        raise NotThere(f"{name} has nothing of this.")
    if status == 403 and types is not None:
        # Stores of files say so of a file that they do not have; that is no reason to leave the host alone.
        raise SourceNonsense(f"{name} keeps a file back (status 403).")
    if status in _REFUSALS:
        raise SourceRefused(f"{name} refuses us ({'a challenge' if status == 202 else f'status {status}'}).")
    if status in _NOT_NOW or status >= 500:
        raise SourceUnavailable(
            f"{name} cannot answer now (status {status}).", retry_after_s=retry_after_s(reply)
        )
    raise SourceNonsense(f"{name} answers with status {status}.")


def moved_to(name: str, reply: Reply, *, url: str) -> str:
    """Where a redirect leads, as a whole address that is still to be checked. Raises SourceNonsense: nowhere."""
    try:
        return urljoin(url, reply.headers["location"])
    except (KeyError, ValueError) as error:
        raise SourceNonsense(f"{name} sends us on, and does not say where.") from error


def retry_after_s(reply: Reply, *, now: datetime | None = None) -> float | None:
    """The seconds, or the date, after which to come back (RFC 9110, 10.2.3): a second at least and an hour at most."""
    told = reply.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        seconds = float(told)
    else:
        try:
            date = parsedate_to_datetime(told)
        except ValueError:
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    least, most = RETRY_AFTER_S
    return min(max(seconds, least), most)


def validator(reply: Reply, name: str) -> str | None:
    """A validator of the answer, if it has one that can be sent back."""
    told = reply.headers.get(name, "").strip()
    return told if _VALIDATOR.fullmatch(told) else None


def shaped(name: str, body: bytes, shape: Shape | None) -> Any:
    """What is in an answer of JSON.

    Raises:
        SourceNonsense: it is not the JSON we accept, or not of the shape that was expected.
    """
    try:
        values = strict_json.parse(body, name="answer", values=JSON_VALUES)
    except Malformed as error:
        raise SourceNonsense(f"{name}: {error.message}") from error
    if shape is None:
        return values
    try:
        return shape(values)
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # a parser that met what it did not foresee
        raise SourceNonsense(f"{name} answers in a form that was not expected.") from error
