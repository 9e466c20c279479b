"""Who asks, and what is let in: host names, same-origin writes, JSON bodies, cookies, headers of every answer.

Every view declares with `access` who may use it; a view that does not is refused, and a test walks the routes.
"""

from __future__ import annotations

import inspect
import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask import Request as FlaskRequest
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from moviefinder import strict_json
from moviefinder.app import App
from moviefinder.config import ANY_ADDRESS, LOOPBACK, Settings
from moviefinder.errors import Busy, CrossSite, Invalid, Malformed, NotAllowed, UnknownHost
from moviefinder.services import accounts, sources
from moviefinder.services.accounts import Asker
from moviefinder.store import limits, writing

BODY_BYTES: Final = 1_000_000
JSON_VALUES: Final = 10_000
STRING_LENGTH: Final = 10_000
COOKIE_SECONDS: Final = int(accounts.GUEST_IDLE.total_seconds())

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types moviefinder",
    "report-to csp",
)
_TRAILERS: Final = "frame-src https://www.youtube-nocookie.com"

_HEADERS: Final = {
    "Reporting-Endpoints": 'csp="/csp-reports"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # YouTube's player fails without a Referer
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Access(Enum):
    """Who may use a view, and how its answer may be kept."""

    PUBLIC = "the same for everyone: cacheable, holds nothing personal"
    READER = "depends on who asks; nobody is fine: never stored"
    WRITER = "a write by its owner; the first one makes a guest"
    ENDING = "a write that works with an ended session too"
    SYSTEM = "for machines: never stored"
    OPERATOR = "for who runs this install; on a local one that is everybody"
    REPORT = "a browser's report; the one write that needs no proof of origin"


View = TypeVar("View", bound=Callable[..., Any])


def access(who: Access) -> Callable[[View], View]:
    """Declare who may use a view."""

    def declare(view: View) -> View:
        view.access = who  # type: ignore[attr-defined]  # functions carry attributes
        view.takes_query = "query" in inspect.signature(view).parameters  # type: ignore[attr-defined]
        return view

    return declare


def access_of(app: Flask, endpoint: str | None) -> Access | None:
    """What the view of an endpoint declared."""
    return getattr(app.view_functions.get(endpoint or ""), "access", None)


def ask_again() -> None:
    """Have browsers ask by the ETag each time before they use a public answer again: it may change any moment."""
    g.must_ask_again = True


def moviefinder() -> App:
    """The App behind the request in hand."""
    app: App = current_app.extensions["moviefinder"]
    return app


class JsonRequest(FlaskRequest):
    """A request whose JSON body is read strictly, once."""

    max_content_length = BODY_BYTES

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """The body: an object of JSON as RFC 8259 has it, within the limits above.

        Raises:
            Malformed: broken, too deep, too long, doubled keys, NaN, NUL, lone surrogates, beyond 64 bits.
            Invalid: well-formed, but no object.
        """
        if self.mimetype != "application/json":
            raise UnsupportedMediaType("Send the body as Content-Type: application/json.")
        data = self.get_data(cache=True)
        if self.content_length is None and len(data) >= BODY_BYTES:  # sent in chunks, and cut
            raise RequestEntityTooLarge(f"A body may have {BODY_BYTES} bytes at most.")
        value = parse_json(data)
        if not isinstance(value, dict):
            raise Invalid("The body must be a JSON object.", field="body")
        return value


def parse_json(data: bytes) -> Any:
    """Strict JSON; see `JsonRequest.get_json`."""
    return strict_json.parse(data, values=JSON_VALUES, text=STRING_LENGTH)


def install(app: Flask, settings: Settings) -> None:
    """Let in and send out by these rules on every route of the app."""
    hosts = settings.known_hosts
    origins = _own_origins(settings)
    policy = "; ".join(_POLICY if settings.offline else (*_POLICY, _TRAILERS))

    @app.before_request
    def let_in() -> None:
        if _host_name(request.host) not in hosts:
            raise UnknownHost(
                "This host name is not known here. Add it to the setting 'hosts', or use the configured address."
            )
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            raise Malformed("The address holds the character U+0000.", field="address")
        if request.endpoint is None:  # an address or method without a view; it gets its 404 or 405
            return
        who = access_of(app, request.endpoint)
        if who is None:
            raise NotAllowed("Nobody may use this.")
        view: Any = app.view_functions[request.endpoint]
        if request.args and request.path.startswith("/api/") and not view.takes_query:
            field = next(iter(request.args))
            raise Invalid("This address takes no query. Leave it out.", field=field[:60])
        if request.method not in _SAFE_METHODS and who is not Access.REPORT:
            _check_origin(origins)
        if who is Access.OPERATOR:
            _check_operator(settings)
        if request.content_length is not None and request.content_length > BODY_BYTES:
            raise RequestEntityTooLarge(f"A body may have {BODY_BYTES} bytes at most.")

    @app.after_request
    def send_out(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy)
        if settings.is_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        who = access_of(app, request.endpoint)
        is_page = "Cache-Control" in response.headers
        if not is_page:
            is_public = who is Access.PUBLIC and response.status_code in (200, 304)
            kept = "public, no-cache" if g.get("must_ask_again") else "public, max-age=300"
            response.headers["Cache-Control"] = kept if is_public else "no-store"
            if request.method in ("GET", "HEAD") and response.status_code == 200:
                response.add_etag()
                response.make_conditional(request)
        _set_cookie(response, settings)
        return response


def _host_name(host: str) -> str:
    """The name in a Host header, without the port; empty when it is none."""
    try:
        parts = urlsplit(f"//{host}")
        port = parts.port  # raises where it is no number
    except ValueError:
        return ""
    return (parts.hostname or "").lower() if port != 0 else ""


def _own_origins(settings: Settings) -> frozenset[str]:
    """The origins our own page can have; never taken from the Host header, which a rebinding page controls."""
    own = {settings.address}
    bound = {settings.host} - ANY_ADDRESS
    for name in LOOPBACK | bound:
        host = f"[{name}]" if ":" in name else name
        own.add(f"http://{host}" if settings.port == 80 else f"http://{host}:{settings.port}")
    for name in settings.hosts:
        own |= {f"https://{name}", f"http://{name}", f"http://{name}:{settings.port}"}
    return frozenset(origin.lower() for origin in own)


def _check_origin(origins: frozenset[str]) -> None:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site.lower() not in ("same-origin", "none"):
            raise CrossSite("This write came from another site.")
        return
    origin = request.headers.get("Origin")
    if origin is not None:
        if origin.lower() not in origins:
            raise CrossSite(
                "This write came from another site. If it is yours, add its host to the setting 'hosts'."
            )
        return
    if request.headers.get("X-Requested-With") != "moviefinder":
        raise CrossSite("Programs must send the header X-Requested-With: moviefinder with every write.")


# Who asks


def cookie_name(settings: Settings) -> str:
    """The session cookie; over HTTPS its name binds it to this host."""
    return "__Host-moviefinder" if settings.is_https else "moviefinder"


def reader(session: Session) -> Asker | None:
    """Who asks; None without a cookie.

    Raises:
        SessionEnded: the cookie's session is unknown or over.
    """
    token = request.cookies.get(cookie_name(moviefinder().settings))
    if token is None:
        return None
    asker = accounts.asker_of(session, token, now=datetime.now(UTC))
    g.asker = asker
    return asker


def writer(session: Session) -> Asker:
    """Who writes; without a cookie a new guest, in the transaction of the write.

    Raises:
        SessionEnded: the cookie's session is unknown or over; that never makes a guest.
        TooMany: this address has made too many guests.
        NotAllowed: this install is reached over plain HTTP and its operator has not allowed that.
    """
    now = datetime.now(UTC)
    asker = reader(session)
    if asker is not None:
        _renew(session, asker, now)
        return asker
    settings = moviefinder().settings
    if not (settings.is_https or _host_name(request.host) in LOOPBACK or settings.plain_http):
        raise NotAllowed(
            "Over plain HTTP nothing is kept on this address. The operator can set 'base_url' to an https address, "
            "or allow it with 'plain_http = true'."
        )
    asker, g.new_token = accounts.make_guest(
        session,
        address=_address(request.remote_addr or ""),
        user_agent=request.headers.get("User-Agent", ""),
        per_hour=None if settings.is_local else settings.guests_per_hour,
        now=now,
    )
    return asker


def _check_operator(settings: Settings) -> None:
    """That who asks may run this install; `g.asker` is who that is, where they have a cookie."""
    with moviefinder().reading() as session:
        if not sources.may_operate(settings, session, reader(session)):
            raise NotAllowed("Only the operator of this install may do this.")


def end_session() -> None:
    """End the session of the cookie, known or not, and have the browser forget it."""
    app = moviefinder()
    if token := request.cookies.get(cookie_name(app.settings)):
        with app.transaction() as session:
            accounts.end_session(session, token)
    g.forget_cookie = True


def keep_session_alive() -> None:
    """Push the end of a reader's session back; a busy database is no reason to fail a read."""
    asker: Asker | None = g.get("asker")
    if asker is None or datetime.now(UTC) - asker.last_seen_at < accounts.SEEN_EVERY:
        return
    try:
        with writing(moviefinder().engine, patience_ms=50) as session:
            _renew(session, asker, datetime.now(UTC))
    except Busy:
        pass


def _renew(session: Session, asker: Asker, now: datetime) -> None:
    """Push the session's end back, and the cookie's with it."""
    if accounts.note_seen(session, asker, now=now):
        g.new_token = request.cookies[cookie_name(moviefinder().settings)]


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
    key = f"{what}:{_address(request.remote_addr or '')}"
    with app.transaction(lasting=False) as session:
        limits.count(session, key, limit=limit, window=window, now=datetime.now(UTC))


def _address(remote: str) -> str:
    """An address as it is counted: IPv6 by /64, as a household has it."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:  # an IPv4 client of a socket that serves both
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _set_cookie(response: Response, settings: Settings) -> None:
    options: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "Lax", "secure": settings.is_https}
    if g.get("forget_cookie"):
        response.delete_cookie(cookie_name(settings), **options)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    elif response.status_code < 400 and (token := g.get("new_token")):
        response.set_cookie(cookie_name(settings), token, max_age=COOKIE_SECONDS, **options)
