"""Who is let in: host names, origins, cookies, JSON, headers; on every route."""

import io
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, update

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.store import models
from moviefinder.store.schema import prepare
from moviefinder.web import create_app
from moviefinder.web.pages import STATIC
from moviefinder.web.security import Access, access_of
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film
from tests.routes import routes

LIKE = "/api/v1/library/imdb:tt0000001"


@pytest.fixture
def settings(tmp_path):
    """SQLite is enough here."""
    return Settings(data=tmp_path / "data", hosts=("films.example",))


def test_every_route_declares_who_may_use_it(client):
    """One without a rule would be refused."""
    flask = client.application
    for rule in flask.url_map.iter_rules():
        assert isinstance(access_of(flask, rule.endpoint), Access), rule


def test_a_route_without_a_rule_is_refused(app):
    """Deny by default."""
    flask = create_app(app)
    flask.add_url_rule("/forgotten", view_func=lambda: "secret", endpoint="forgotten")
    assert flask.test_client().get("/forgotten").status_code == 403


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize(
    "origin", [None, "http://127.0.0.1:8000", "https://evil.example", "http://127.0.0.1:9999", "null"]
)
@pytest.mark.parametrize("site", [None, "same-origin", "same-site", "cross-site", "none"])
def test_writes_are_let_in_by_their_origin_alone(client, site, origin, marked):
    """All writing routes: Sec-Fetch-Site decides, then Origin, then the header that programs send."""
    headers = {"Sec-Fetch-Site": site, "Origin": origin, **(WRITE if marked else {})}
    headers = {name: value for name, value in headers.items() if value is not None}
    if site is not None:
        allowed = site in ("same-origin", "none")
    elif origin is not None:
        allowed = origin == "http://127.0.0.1:8000"
    else:
        allowed = marked
    for route in routes(client.application):
        if not route.is_write:
            continue
        client.delete_cookie("moviefinder")
        response = client.open(route.address(), method=route.method, headers=headers)
        is_refused = response.status_code == 403 and response.json["type"] == "/problems/cross-site"
        needs_none = route.access in (Access.REPORT, Access.CALLBACK)
        assert is_refused == (not allowed and not needs_none), str(route)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("[::1]:8000", 200),
        ("LOCALHOST:1", 200),
        ("films.example", 200),
        ("evil.example", 421),
        ("films.example.evil.example", 421),
        ("127.0.0.1.evil.example:8000", 421),
        ("films.example:port", 421),
        ("", 421),
    ],
)
def test_only_known_host_names_are_answered(client, host, status):
    """A page that rebinds its name to this machine gets nothing."""
    assert client.get("/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/api/v1/films?q=film", "public, max-age=300"),
        ("/api/v1/films/1", "public, max-age=300"),
        ("/api/v1/genres", "public, max-age=300"),
        ("/suggestion/x/film.json", "public, max-age=300"),
        ("/openapi.json", "public, max-age=300"),
        ("/api/v1/library", "no-store"),
        ("/api/v1/recommendations", "no-store"),
        ("/api/v1/session", "no-store"),
        ("/api/v1/films/random", "no-store"),
        ("/api/v1/films/999", "no-store"),
        ("/healthz", "no-store"),
    ],
)
def test_what_is_personal_is_never_stored(client, say, address, kept):
    """And what is the same for everyone is, also for those with a cookie."""
    say(1, verdict="liked")
    response = client.get(address)
    assert response.headers["Cache-Control"] == kept
    if kept.startswith("public"):
        assert client.get(address, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_the_first_write_makes_a_guest_and_the_cookie_is_its_own(client, say, app):
    """HttpOnly, Lax, for the whole site; only the hash of its token is kept."""
    assert client.get("/api/v1/session").json["user"] is None
    cookie = say(1, verdict="liked").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert say(2, verdict="liked").headers.get("Set-Cookie") is None
    assert client.get("/api/v1/session").json["user"]["guest"] is True
    assert client.get("/api/v1/library").json["count"] == 2
    token = cookie.split("=", 1)[1].split(";")[0]
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.User)) == 1
        assert token.encode() not in session.scalar(select(models.Session.token_hash))


def test_a_refused_write_makes_no_guest(client, say, app):
    """Nothing is half written."""
    for film in ("999", "mf:nowhere"):
        refused = client.patch(f"/api/v1/library/{film}", json={"verdict": "liked"}, headers=WRITE)
        assert refused.status_code == 404
    assert say(1, rating=11).status_code == 422
    response = client.patch(LIKE, data="{", content_type="application/json", headers=WRITE)
    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.User)) == 0


@pytest.mark.parametrize("token", ["unknown", "", "x" * 3000, "\udcff"])
def test_an_unknown_cookie_is_401_and_never_a_new_guest(client, app, token):
    """Reading or writing; and it can be given back."""
    header = f"moviefinder={token}".encode("utf-8", "surrogateescape").decode("latin-1")
    fresh = client.application.test_client(use_cookies=False)
    for response in (
        fresh.get("/api/v1/library", headers={"Cookie": header}),
        fresh.patch(LIKE, json={"verdict": "liked"}, headers={**WRITE, "Cookie": header}),
    ):
        assert response.status_code == 401
        assert response.json["type"] == "/problems/session-ended"
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.User)) == 0
    gone = fresh.delete("/api/v1/session", headers={**WRITE, "Cookie": header})
    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["Set-Cookie"]


def test_a_session_ends_after_180_days_unseen(client, say, app):
    """And is put off by being seen."""
    say(1, verdict="liked")
    long_ago = datetime.now(UTC) - timedelta(days=179)
    with app.transaction() as session:
        session.execute(
            update(models.Session).values(last_seen_at=long_ago, expires_at=long_ago + timedelta(days=180))
        )
    response = client.get("/api/v1/library")
    assert (response.status_code, response.json["count"]) == (200, 1)
    assert "Set-Cookie" in response.headers  # the browser's copy is put off with it
    with app.transaction() as session:
        assert session.scalar(select(models.Session.expires_at)) > datetime.now(UTC) + timedelta(days=179)
        session.execute(update(models.Session).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert client.get("/api/v1/library").status_code == 401


def test_nobody_reads_or_undoes_what_another_said(client, say):
    """Another's change is as if it were not there."""
    change = say(1, verdict="liked").json["change"]["id"]
    other = client.application.test_client()
    other.patch("/api/v1/library/imdb:tt0000002", json={"verdict": "liked"}, headers=WRITE)
    assert other.get(LIKE).status_code == 404
    assert other.post(f"/api/v1/library/changes/{change}/undo", headers=WRITE).status_code == 404
    assert other.get("/api/v1/library").json["count"] == 1
    assert client.get(LIKE).json["verdict"] == "liked"


@pytest.fixture
def make_client(tmp_path):
    """Makes clients of servers with other settings."""
    apps = []

    def make(**settings):
        app = make_app(Settings(data=tmp_path / f"other-{len(apps)}", **settings))
        apps.append(app)
        app.settings.data.mkdir()
        prepare(app.engine)
        install(app, make_catalogue([make_film(number) for number in range(1, 9)]))
        return create_app(app).test_client(use_cookies=False)

    yield make
    for app in apps:
        app.close()


def test_over_https_the_cookie_is_bound_to_the_host(make_client):
    """Its name says so, and browsers are told to stay with HTTPS."""
    client = make_client(base_url="https://films.example")
    headers = {**WRITE, "Host": "films.example"}
    response = client.patch(LIKE, json={"verdict": "liked"}, headers=headers)
    assert response.headers["Set-Cookie"].startswith("__Host-moviefinder=")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age=31536000" in response.headers["Strict-Transport-Security"]


def test_over_plain_http_elsewhere_nothing_is_kept_unless_allowed(make_client):
    """The operator decides, and is told how."""
    headers = {**WRITE, "Host": "192.0.2.7"}
    refusing = make_client(host="192.0.2.7")
    assert "plain_http" in refusing.patch(LIKE, json={"verdict": "liked"}, headers=headers).json["detail"]
    allowing = make_client(host="192.0.2.7", plain_http=True)
    assert allowing.patch(LIKE, json={"verdict": "liked"}, headers=headers).status_code == 200


def test_a_name_of_ours_over_plain_http_is_not_loopback(make_client):
    """However the server is bound: it is the visitor's wire that counts."""
    client = make_client(base_url="http://films.example")
    refused = client.patch(LIKE, json={"verdict": "liked"}, headers={**WRITE, "Host": "films.example"})
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers


def test_ipv4_visitors_of_a_socket_for_both_are_counted_apart(make_client):
    """::ffff:198.51.100.1 is 198.51.100.1."""
    client = make_client(base_url="https://films.example", guests_per_hour=1)
    for address in ("::ffff:198.51.100.1", "::ffff:198.51.100.2"):
        first = client.patch(
            LIKE,
            json={"verdict": "liked"},
            headers={**WRITE, "Host": "films.example"},
            environ_overrides={"REMOTE_ADDR": address},
        )
        assert first.status_code == 200


def test_a_query_where_none_is_taken_is_refused(client):
    """A misspelt filter must not look like one that found everything."""
    response = client.get("/api/v1/genres?kind=movie")
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "kind")
    with client.get("/search?q=heat") as page:
        assert page.status_code in (200, 503)  # a page's own business


def test_a_chunked_body_counts_like_any_other(client):
    """It is not cut and taken for whole."""
    body = b'{"verdict": "liked"}' + b" " * 1_500_000
    response = client.patch(
        LIKE,
        input_stream=io.BytesIO(body),
        content_type="application/json",
        headers=WRITE,
        environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    )
    assert response.status_code == 413


def test_a_read_does_not_wait_for_a_writer(client, say, app, settings):
    """Putting the session's end off is tried once, not waited for."""
    say(1, verdict="liked")
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    with app.transaction() as session:
        session.execute(update(models.Session).values(last_seen_at=long_ago))
    other = sqlite3.connect(settings.sqlite_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    patience = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: patience.append(args[2]))
    response = client.get("/api/v1/library")
    assert (response.status_code, response.json["count"]) == (200, 1)
    assert "Set-Cookie" not in response.headers  # it could not be put off just now
    assert [statement for statement in patience if "busy_timeout" in statement] == ["PRAGMA busy_timeout=50"]
    other.execute("ROLLBACK")
    other.close()


def test_guests_are_counted_by_address_where_strangers_come(make_client):
    """IPv6 by the /64 that a household has; never on a local install; a spoofed header changes nothing."""
    client = make_client(base_url="https://films.example", guests_per_hour=2)

    def first_write(address):
        return client.patch(
            LIKE,
            json={"verdict": "liked"},
            headers={**WRITE, "Host": "films.example", "X-Forwarded-For": "203.0.113.9"},
            environ_overrides={"REMOTE_ADDR": address},
        )

    assert [first_write("198.51.100.1").status_code for _ in range(3)] == [200, 200, 429]
    assert first_write("198.51.100.2").status_code == 200
    assert [first_write(f"2001:db8::{n}").status_code for n in range(1, 4)] == [200, 200, 429]
    assert int(first_write("198.51.100.1").headers["Retry-After"]) <= 3600


def test_an_address_that_is_none_is_told_to_people_and_to_programs(client):
    """A browser gets the page with 404, a program a problem."""
    for address in ("/nowhere", "/api/v1/nowhere"):
        with client.get(address, headers={"Accept": "text/html,*/*;q=0.8"}) as response:
            assert response.status_code == 404
            is_page = response.mimetype == "text/html"
            assert is_page == (address == "/nowhere" and (STATIC / "index.html").is_file())
        assert client.get(address, headers={"Accept": "*/*"}).mimetype == "application/problem+json"
