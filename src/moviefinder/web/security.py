"""What is let in, and from whom: host names, same-origin writes, JSON bodies, roles; headers of every answer.

Every view declares with `access` who may use it; a view that does not is refused, and a test walks the routes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from flask import Flask, Response, g, request
from flask import Request as FlaskRequest
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from moviefinder import strict_json
from moviefinder.config import ANY_ADDRESS, LOOPBACK, Settings
from moviefinder.errors import CrossSite, Invalid, Malformed, NotAllowed, SignInAgain, UnknownHost
from moviefinder.services.accounts import roles
from moviefinder.web.askers import bearer_token, host_name, moviefinder, owner, reader, set_cookies

BODY_BYTES: Final = 1_000_000
JSON_VALUES: Final = 10_000
STRING_LENGTH: Final = 10_000

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
    VISITOR = "a write by anybody; it makes no guest"
    ENDING = "a write that works with an ended session too"
    OWNER = "for who has a session, guests too"
    FRESH = "for who has just proved who they are; of a guest the session is enough"
    HOUSEHOLD = "for who runs this install; on a local one for everybody"
    OPERATOR = "for who runs this install; on a local one for everybody until somebody does"
    SYSTEM = "the same whoever asks, and never stored"
    RETURNING = "where a sign-in provider sends a browser back to: the one GET that writes"
    REPORT = "a browser's report: needs no proof of origin"
    CALLBACK = "another service's call, which a signature proves: needs no proof of origin"


_PROVE_NO_ORIGIN: Final = frozenset({Access.REPORT, Access.CALLBACK})
_ASK_NOBODY: Final = frozenset({Access.PUBLIC, Access.SYSTEM, Access.REPORT, Access.CALLBACK})
_FOR_TOKENS: Final = frozenset({Access.READER, Access.WRITER})
_ROLES: Final = frozenset({Access.OWNER, Access.FRESH, Access.HOUSEHOLD, Access.OPERATOR})

View = TypeVar("View", bound=Callable[..., Any])


def access(who: Access) -> Callable[[View], View]:
    """Declare who may use a view."""

    def declare(view: View) -> View:
        view.access = who  # type: ignore[attr-defined]  # functions carry attributes
        parts = inspect.signature(view).parameters
        view.takes_query = "query" in parts  # type: ignore[attr-defined]
        view.takes_body = not parts.keys().isdisjoint(("body", "form", "raw"))  # type: ignore[attr-defined]
        return view

    return declare


def access_of(app: Flask, endpoint: str | None) -> Access | None:
    """What the view of an endpoint declared."""
    return getattr(app.view_functions.get(endpoint or ""), "access", None)


def ask_again() -> None:
    """Have browsers ask by the ETag each time before they use a public answer again: it may change any moment."""
    g.must_ask_again = True


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
        if host_name(request.host) not in hosts:
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
        is_program = bearer_token() is not None  # a page of another site cannot send one
        if request.method not in _SAFE_METHODS and not (is_program or who in _PROVE_NO_ORIGIN):
            _check_origin(origins)
        if is_program and who not in _ASK_NOBODY:
            _check_token(who)
        elif who in _ROLES:
            _check_role(who, settings)
        if request.content_length is not None and request.content_length > BODY_BYTES:
            raise RequestEntityTooLarge(f"A body may have {BODY_BYTES} bytes at most.")
        may_have_body = view.takes_body or who in _PROVE_NO_ORIGIN or not request.content_length
        if not may_have_body and request.path.startswith("/api/") and (fields := request.get_json()):
            raise Invalid("This address takes no body. Leave it out.", field=next(iter(fields))[:60])

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
        set_cookies(response, settings)
        return response


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


# Who may


def _check_token(who: Access) -> None:
    """That a program may do this with its token.

    Raises:
        SessionEnded: the token is unknown.
        NotAllowed: tokens may not, or not this one.
    """
    with moviefinder().reading() as session:
        asker = reader(session)
    if who not in _FOR_TOKENS:
        raise NotAllowed("A token may read and answer, and nothing else. Do this in a browser, signed in.")
    if asker is not None and asker.scope != "write" and request.method not in _SAFE_METHODS:
        raise NotAllowed("This token may only read. Make one that may write on the account page.")


def _check_role(who: Access, settings: Settings) -> None:
    """That who asks has the role; `g.asker` is who that is, where they have a cookie.

    Raises:
        SessionEnded: the session is unknown or over.
        SignInNeeded: nobody asks, and somebody must.
        SignInAgain: it is too long ago that they proved who they are.
        NotAllowed: they do not run this install.
    """
    with moviefinder().reading() as session:
        asker = reader(session)
        runs = who is Access.OPERATOR and roles.may_operate(settings, session, asker)
    if who in (Access.OWNER, Access.FRESH):
        if not owner().is_fresh(datetime.now(UTC)) and who is Access.FRESH:
            raise SignInAgain("For this, prove once more who you are: POST /session/again.")
    elif not (runs or (who is Access.HOUSEHOLD and roles.may_switch(settings, asker))):
        raise NotAllowed("Only the operator of this install may do this.")
