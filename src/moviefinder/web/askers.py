"""Who asks, by cookie or by token; the guest that a first write makes; what an address may do how often."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from sqlalchemy.orm import Session

from moviefinder.app import App
from moviefinder.config import LOOPBACK, Settings
from moviefinder.errors import Busy, NotAllowed, SessionEnded, SignInNeeded
from moviefinder.services.accounts import sessions
from moviefinder.services.accounts.sessions import Asker
from moviefinder.store import limits, writing

_BEARER: Final = "bearer "


def moviefinder() -> App:
    """The App behind the request in hand."""
    app: App = current_app.extensions["moviefinder"]
    return app


def host_name(host: str) -> str:
    """The name in a Host header, without the port; empty when it is none."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port  # raises where it is no number
    except ValueError:
        return ""
    return (parts.hostname or "").lower() if port != 0 else ""


def cookie_name(settings: Settings) -> str:
    """The session cookie; over HTTPS its name binds it to this host."""
    return "__Host-moviefinder" if settings.is_https else "moviefinder"


def flow_cookie_name(settings: Settings) -> str:
    """The cookie of what a browser has begun (`services.accounts.flows`)."""
    return f"{cookie_name(settings)}-flow"


def bearer_token() -> str | None:
    """The token of a program; where there is one, no cookie counts."""
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header[: len(_BEARER)].lower() == _BEARER else None


def session_token() -> str | None:
    """The token in the session cookie."""
    return request.cookies.get(cookie_name(moviefinder().settings))


def flow_token() -> str | None:
    """The token in the cookie of what this browser has begun."""
    return request.cookies.get(flow_cookie_name(moviefinder().settings))


def reader(session: Session) -> Asker | None:
    """Who asks; None without a cookie or token.

    Raises:
        SessionEnded: the session is unknown or over, or the token unknown.
    """
    if (program := bearer_token()) is not None:
        asker = sessions.asker_of_token(session, program)
    elif (token := session_token()) is not None:
        asker = sessions.asker_of(session, token, now=datetime.now(UTC))
    else:
        return None
    g.asker = asker
    return asker


def visitor(session: Session) -> Asker | None:
    """Who asks, where an ended session is no reason to refuse: somebody who signs in has often come back with one."""
    try:
        return reader(session)
    except SessionEnded:
        return None


def owner() -> Asker:
    """Who asks, where the view's rule has seen to it that somebody does.

    Raises:
        SignInNeeded: nobody does.
    """
    asker: Asker | None = g.get("asker")
    if asker is None:
        raise SignInNeeded("Only somebody with a session may do this. Sign in, or answer to a film first.")
    return asker


def writer(session: Session) -> Asker:
    """Who writes; without a cookie a new guest, in the transaction of the write.

    Raises:
        SessionEnded: the session is unknown or over; that never makes a guest.
        TooMany: this address has made too many guests.
        SignInNeeded: this install takes no guests.
        NotAllowed: this install is reached over plain HTTP and its operator has not allowed that.
    """
    now = datetime.now(UTC)
    asker = reader(session)
    if asker is not None:
        _renew(session, asker, now)
        return asker
    settings = moviefinder().settings
    require_cookies(settings)
    if not settings.guests:
        raise SignInNeeded("This install takes no guests. Sign in first.")
    asker, token = sessions.make_guest(
        session,
        address=address(),
        user_agent=user_agent(),
        per_hour=None if settings.is_local else settings.guests_per_hour,
        now=now,
    )
    give_session(asker, token)
    return asker


def require_cookies(settings: Settings) -> None:
    """That a cookie may be given to who asks.

    Raises:
        NotAllowed: this install is reached over plain HTTP and its operator has not allowed that.
    """
    if not (settings.is_https or host_name(request.host) in LOOPBACK or settings.plain_http):
        raise NotAllowed(
            "Over plain HTTP nothing is kept on this address. The operator can set 'base_url' to an https address, "
            "or allow it with 'plain_http = true'."
        )


def give_session(asker: Asker, token: str) -> None:
    """Have the browser keep the token of a session, if the answer is a success."""
    g.asker = asker
    g.new_token = (token, sessions.GUEST_IDLE if asker.is_guest else sessions.ACCOUNT_IDLE)


def give_flow(token: str, *, lasts: timedelta) -> None:
    """Have the browser keep the token of what it has begun, if the answer is a success."""
    g.new_flow = (token, lasts)


def forget_flow() -> None:
    """Have the browser forget what it had begun."""
    g.forget_flow = True


def forget_session() -> None:
    """Have the browser forget its session, and all that it keeps of this site."""
    g.forget_cookie = True


def end_session() -> None:
    """End the session of the cookie, known or not, and have the browser forget it."""
    if token := session_token():
        with moviefinder().transaction() as session:
            sessions.end_session(session, token)
    forget_session()


def keep_session_alive() -> None:
    """Push the end of a reader's session back; a busy database is no reason to fail a read."""
    asker: Asker | None = g.get("asker")
    now = datetime.now(UTC)
    if asker is None or sessions.is_seen_lately(asker, now):
        return
    try:
        with writing(moviefinder().engine, patience_ms=50) as session:
            _renew(session, asker, now)
    except Busy:
        pass


def _renew(session: Session, asker: Asker, now: datetime) -> None:
    """Push the session's end back, and the cookie's with it."""
    if sessions.note_seen(session, asker, now=now) and (token := session_token()):
        give_session(asker, token)


# What an address may do how often

LOOKUPS: Final = 60
"""So many questions in five minutes an address may have put to the outside, on an install that others reach."""


def limit_lookups() -> None:
    """Count a question to the outside for which somebody waits.

    Raises:
        TooMany: the address has had so many put.
    """
    limit_strangers("lookup", limit=LOOKUPS, window=timedelta(minutes=5))


def limit_strangers(what: str, *, limit: int, window: timedelta) -> None:
    """Count what an address does, on an install that others reach.

    Raises:
        TooMany: it has done that so often.
    """
    app = moviefinder()
    if app.settings.is_local:
        return
    with app.transaction(lasting=False) as session:
        limits.count(session, f"{what}:{address()}", limit=limit, window=window, now=datetime.now(UTC))


def user_agent() -> str:
    """What the asking program calls itself."""
    return request.headers.get("User-Agent", "")


def address() -> str:
    """The address that asks, as it is counted: IPv6 by /64, as a household has it."""
    try:
        found = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:  # an IPv4 client of a socket that serves both
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


# Cookies of an answer


def set_cookies(response: Response, settings: Settings) -> None:
    """Give and take the cookies that the request called for; a failure gives none."""
    name, flow_name = cookie_name(settings), flow_cookie_name(settings)
    options: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "Lax", "secure": settings.is_https}
    if g.get("forget_cookie"):
        response.delete_cookie(name, **options)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    elif response.status_code < 400 and (given := g.get("new_token")):
        token, lasts = given
        response.set_cookie(name, token, max_age=int(lasts.total_seconds()), **options)
    if response.status_code < 400 and (begun := g.get("new_flow")):
        token, lasts = begun
        response.set_cookie(flow_name, token, max_age=int(lasts.total_seconds()), **options)
    elif g.get("forget_flow"):
        response.delete_cookie(flow_name, **options)
