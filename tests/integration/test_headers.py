"""What every answer carries, whatever it is: of every route, every method, every kind of failure."""

import json

import pytest
from sqlalchemy import event

from conftest import MEASURED
from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.errors import Busy, TooMany
from moviefinder.store.schema import prepare
from moviefinder.web import create_app
from moviefinder.web.security import Access, access
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film
from tests.roles import come
from tests.routes import routes

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "frame-src": "https://www.youtube-nocookie.com",
    "require-trusted-types-for": "'script'",
    "trusted-types": "moviefinder",
    "report-to": "csp",
}
"""The whole policy: a word more or less is a decision, and stands in docs/security.md."""

PICTURE_POLICY = {"default-src": "'none'", "sandbox": ""}
HEADERS = {
    "Reporting-Endpoints": 'csp="/csp-reports"',
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}
TELLING = ("Server", "X-Powered-By", "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")


@pytest.fixture
def settings(tmp_path):
    """Over HTTPS, with outside services (and so trailers) allowed."""
    return Settings(data=tmp_path / "data", base_url="https://films.example")


@pytest.fixture
def app(settings):
    """An install that knows some films."""
    settings.data.mkdir()
    app = make_app(settings, shipped_model=settings.data / "none.npz")
    prepare(app.engine)
    install(app, make_catalogue([make_film(number) for number in range(1, 9)]))
    yield app
    app.close()


@pytest.fixture
def flask(app):
    """With three views more, which fail."""
    flask = create_app(app)

    def failing(error):
        @access(Access.READER)
        def view():
            raise error

        return view

    errors = {
        "bug": ZeroDivisionError("inmost"),
        "busy": Busy("busy", retry_after_s=5),
        "many": TooMany("many", retry_after_s=9),
    }
    for name, error in errors.items():
        flask.add_url_rule(f"/fails/{name}", endpoint=name, view_func=failing(error))
    return flask


def check(response, *, of):
    """Hold an answer to all that every answer carries."""
    headers = response.headers
    policy = dict(
        (part.strip() + " ").split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
    )
    policy = {name: value.strip() for name, value in policy.items()}
    assert policy == (
        PICTURE_POLICY if response.mimetype.startswith("image/") and "sandbox" in policy else POLICY
    ), of
    assert {name: headers.get(name) for name in HEADERS} == HEADERS, of
    assert not [name for name in TELLING if name in headers], of
    assert headers["X-Request-ID"], of
    assert "Cache-Control" in headers, of
    if response.status_code >= 400 and response.mimetype != "text/html" and not of.endswith("/readyz"):
        is_unbuilt_page = response.mimetype == "text/plain" and response.status_code == 503
        assert is_unbuilt_page or response.mimetype == "application/problem+json", of
    if response.mimetype == "application/problem+json":
        problem = json.loads(response.data)
        assert {"type", "title", "status", "instance", "request_id"} <= problem.keys(), of
        assert problem["status"] == response.status_code >= 400, of
        assert problem["request_id"] == headers["X-Request-ID"], of
        assert headers["Cache-Control"] == "no-store", of
        assert not [
            word for word in ("Traceback", "SELECT ", "inmost", "site-packages") if word in response.text
        ], of


def test_every_route_carries_every_header(app, flask, record_property):
    """As nobody, as somebody signed in, and as a program; whether it works or is refused."""
    client, seen = flask.test_client(use_cookies=False), 0
    for route in routes(flask):
        if route.endpoint in ("bug", "busy", "many"):
            continue
        for role in ("nobody", "operator", "write token"):
            for body in (route.least_body(), {"colour": "red"}) if route.is_write else (None,):
                person = come(app, role)
                with client.open(
                    route.address(),
                    method=route.method,
                    json=body,
                    headers={**WRITE, **person.headers},
                    base_url=app.settings.address,
                ) as response:
                    check(response, of=str(route))
                    kept = response.headers["Cache-Control"]
                    is_shared = route.access is Access.PUBLIC and response.status_code in (200, 302, 304)
                    assert kept == "no-store" or is_shared or response.mimetype == "text/html", str(route)
                    assert response.status_code < 500 or route.endpoint == "pages.page", str(route)
                    seen += 1
    record_property(MEASURED, {"answers_with_all_headers": seen, "without": 0})


ERRORS = {
    "no such address": ("GET", "/api/v1/nowhere", {}, 404),
    "no such page": ("GET", "/nowhere", {"headers": {"Accept": "text/html"}}, 404),
    "no such method": ("PUT", "/api/v1/films", {}, 405),
    "no JSON": ("PATCH", "/api/v1/library/1", {"data": b"{"}, 400),
    "another media type": ("PATCH", "/api/v1/library/1", {"data": b"a=1", "content_type": "text/plain"}, 415),
    "too large": ("PATCH", "/api/v1/library/1", {"data": b" " * 1_000_001}, 413),
    "the wrong shape": ("PATCH", "/api/v1/library/1", {"json": {"rating": 11}}, 422),
    "nobody asks": ("GET", "/api/v1/library", {"headers": {"Cookie": "__Host-moviefinder=x"}}, 401),
    "another site": ("PATCH", "/api/v1/library/1", {"headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
    "another host": ("GET", "/healthz", {"headers": {"Host": "evil.example"}}, 421),
    "a NUL": ("GET", "/api/v1/films?q=%00", {}, 400),
    "a bug": ("GET", "/fails/bug", {}, 500),
    "a lock": ("GET", "/fails/busy", {}, 503),
    "a limit": ("GET", "/fails/many", {}, 429),
    "options": ("OPTIONS", "/api/v1/library", {}, 200),
    "head": ("HEAD", "/api/v1/films", {}, 200),
}


@pytest.mark.parametrize("name", ERRORS)
def test_every_failure_carries_every_header(app, flask, name):
    """With a problem document that tells nothing of our inside."""
    method, address, given, status = ERRORS[name]
    told = {"content_type": "application/json"} | given if "data" in given else dict(given)
    headers = WRITE | told.pop("headers", {})
    client = flask.test_client(use_cookies=False)
    with client.open(
        address, method=method, headers=headers, base_url=app.settings.address, **told
    ) as response:
        assert response.status_code == status
        check(response, of=f"{method} {address}")
        if status in (429, 503):
            assert int(response.headers["Retry-After"]) >= 1


def test_no_get_writes_or_gives_another_session(app, flask):
    """Of any route, for anybody; where a sign-in provider sends a browser back to is the one exception."""
    written = []
    reading = ("SELECT", "PRAGMA", "BEGIN")
    client = flask.test_client(use_cookies=False)
    people = [come(app, role) for role in ("nobody", "guest", "fresh account", "operator", "read token")]
    event.listen(
        app.engine,
        "before_cursor_execute",
        lambda *args: None if args[2].lstrip().startswith(reading) else written.append(args[2]),
    )
    for route in routes(flask):
        if route.is_write or route.access is Access.RETURNING:
            continue
        for person in people:
            client.get(route.address(), headers=person.headers, base_url=app.settings.address).close()
            assert written == [], str(route)
            cookies = client.get(route.address(), headers=person.headers, base_url=app.settings.address)
            assert "Set-Cookie" not in cookies.headers, str(route)
            cookies.close()


def test_offline_no_trailer_may_be_framed(tmp_path):
    """Nothing outside is left in the policy."""
    app = make_app(Settings(data=tmp_path, offline=True))
    assert "http" not in create_app(app).test_client().get("/healthz").headers["Content-Security-Policy"]
    app.close()
