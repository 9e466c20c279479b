"""Writes that may come twice: one that names an `Idempotency-Key` is answered as the first one was, for a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from flask import Response, request
from sqlalchemy.orm import Session

from moviefinder.errors import Invalid
from moviefinder.services import library
from moviefinder.store import limits
from moviefinder.web import schemas
from moviefinder.web.askers import moviefinder, writer

Body = TypeVar("Body", bound=schemas.Answer)


def written_once(write: Callable[[Session, int], Body]) -> Response | Body:
    """One write in one transaction, with the guest it makes and the reply it is remembered by.

    Args:
        write: takes the session and the number of the person who writes, and gives the answer.
    """
    key = _idempotency_key()
    with moviefinder().transaction() as session:
        user_id = writer(session).user_id
        # A repeat that comes at once waits here, and then finds the first reply.
        library.hold(session, user_id)
        if key and (reply := limits.remembered(session, user_id, key)):
            return _repeated(reply)
        answer = write(session, user_id)
        if key:
            reply = limits.RememberedReply(_fingerprint(), 200, answer.model_dump(mode="json"))
            limits.remember(session, user_id, key, reply, now=datetime.now(UTC))
        return answer


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (0 < len(key) <= 200 and key.isascii() and key.isprintable()):
        raise Invalid(
            "Idempotency-Key must have 1 to 200 printable ASCII characters.", field="Idempotency-Key"
        )
    return key


def _fingerprint() -> bytes:
    """What the request asks for: a key that comes back with something else is a mistake of the caller's."""
    return hashlib.sha256(
        b"\n".join((request.method.encode(), request.path.encode(), request.get_data()))
    ).digest()


def _repeated(reply: limits.RememberedReply) -> Response:
    if reply.request_hash != _fingerprint():
        raise Invalid(
            "This Idempotency-Key was used for another request. Take a new one.", field="Idempotency-Key"
        )
    # The very bytes of the first time.
    body = json.dumps(reply.body, ensure_ascii=False, separators=(",", ":"))
    return Response(body, reply.status, mimetype="application/json")
