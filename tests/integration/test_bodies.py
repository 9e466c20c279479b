"""What may be sent: JSON within limits, the fields that a view names, and nothing else."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from conftest import MEASURED
from moviefinder.config import Settings
from moviefinder.store import models
from tests.conftest import WRITE
from tests.roles import come
from tests.routes import routes

LIKE = "/api/v1/library/imdb:tt0000001"
HOSTILE_JSON = Path(__file__).resolve().parents[3] / "shared" / "fixtures-hostile" / "json"


@pytest.fixture
def settings(tmp_path):
    """SQLite is enough here; nobody is called outside."""
    return Settings(data=tmp_path / "data", offline=True)


BODIES = {
    "broken": (b"{", 400),
    "empty": (b"", 400),
    "not UTF-8": (b'{"verdict": "\xff"}', 400),
    "doubled key": (b'{"rating": 1, "rating": 2}', 400),
    "NaN": (b'{"rating": NaN}', 400),
    "infinite": (b'{"rating": 1e999}', 400),
    "NUL": (b'{"verdict": "a\\u0000"}', 400),
    "NUL in a key": (b'{"a\\u0000": 1}', 400),
    "lone surrogate": (b'{"verdict": "\\ud800"}', 400),
    "beyond 64 bits": (b'{"rating": 1180591620717411303424}', 400),
    "a thousand digits": (b'{"rating": ' + b"9" * 5000 + b"}", 400),
    "deep": (b'{"verdict": ' + b"[" * 65 + b"]" * 65 + b"}", 400),
    "very deep": (b"[" * 100_000, 400),
    "many values": (b'{"verdict": [' + b"1," * 10_000 + b"1]}", 400),
    "long text": (b'{"verdict": "' + b"x" * 10_001 + b'"}', 400),
    "byte order mark": (b'\xef\xbb\xbf{"rating": 1}', 400),
    "a list": (b"[1]", 422),
    "null": (b"null", 422),
    "a text": (b'"{}"', 422),
    "nothing said": (b"{}", 422),
    "unknown field": (b'{"colour": "red"}', 422),
    "a list for a text": (b'{"verdict": ["liked"]}', 422),
    "a text for a number": (b'{"rating": "7"}', 422),
    "a fraction": (b'{"rating": 7.5}', 422),
    "a number for a time": (b'{"seen": true, "said_at": 0}', 422),
    "a time before all times": (b'{"seen": true, "said_at": "0001-01-01T00:00:00+14:00"}', 422),
    "a number for a day": (b'{"seen_on": 0}', 422),
    "a number for yes": (b'{"seen": 1}', 422),
    "yes for a number": (b'{"rating": true}', 422),
    "out of range": (b'{"rating": 11}', 422),
    "no such verdict": (b'{"verdict": "great"}', 422),
    "no such day": (b'{"seen_on": "2026-02-30"}', 422),
    "a time without a zone": (b'{"seen": true, "said_at": "2026-01-01T00:00:00"}', 422),
    "too large": (b'{"verdict": "' + b" " * 1_000_000 + b'"}', 413),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_gets_a_problem_and_changes_nothing(client, app, name):
    """4xx, with a document that says what was wrong."""
    body, status = BODIES[name]
    response = client.patch(LIKE, data=body, content_type="application/json", headers=WRITE)
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    assert response.json["detail"]
    assert response.json["request_id"] == response.headers["X-Request-ID"]
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(models.UserFilm)) == 0


def test_a_body_must_say_that_it_is_json(client):
    """A form of another site cannot."""
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        response = client.patch(LIKE, data=b'{"rating": 5}', content_type=media_type, headers=WRITE)
        assert response.status_code == 415


@pytest.mark.parametrize(
    ("film", "status"),
    [
        ("imdb:tt9999999", 404),
        ("tmdb:5555", 404),
        ("999999", 404),
        (str(2**31), 404),
        (str(10**17), 404),
        ("imdb:0133093", 422),
        ("imdb:tt", 422),
        ("rotten:1", 422),
        ("0", 422),
        ("-1", 422),
        ("1.5", 422),
        (str(2**70), 422),
        ("tt0133093", 422),
        ("imdb%3Att0000001", 200),
        ("%00", 400),
        ("a" * 3000, 422),
        ("%ED%A0%80", 422),
    ],
)
def test_a_film_that_is_none_is_refused_everywhere(client, film, status):
    """Unknown is 404, malformed 422, NUL 400; an answer to a film that others number is kept until it is known."""
    for address in (f"/api/v1/films/{film}", f"/api/v1/films/{film}/similar"):
        response = client.get(address)
        assert response.status_code == status
        if status == 422:
            assert "imdb:tt0133093" in response.json["errors"][0]["problem"]  # what one looks like
    said = client.patch(f"/api/v1/library/{film}", json={"seen": True}, headers=WRITE)
    assert said.status_code == (200 if film.startswith(("imdb:tt9", "tmdb:")) else status)


def test_problems_have_one_shape(client):
    """RFC 9457, also for what the framework refuses."""
    for response in (
        client.get("/api/v1/films/999"),
        client.get("/api/v1/nothing"),
        client.post("/api/v1/films", headers=WRITE),
        client.get("/api/v1/films?limit=x"),
        client.get("/api/v1/films?q=%00"),
        client.patch(LIKE, json={"verdict": "liked"}),
    ):
        assert response.mimetype == "application/problem+json"
        assert {"type", "title", "status", "instance", "request_id"} <= response.json.keys()
        assert response.json["status"] == response.status_code
    assert "GET" in client.post("/api/v1/films", headers=WRITE).headers["Allow"]


@pytest.mark.skipif(
    not HOSTILE_JSON.is_dir(), reason="needs ../shared, which only this project's own machines have"
)
def test_the_json_test_suite_is_read_as_it_says(client):
    """n_ is refused with 400; y_ is read (and then refused by shape, if at all); i_ is either; never 5xx."""
    for path in sorted(HOSTILE_JSON.iterdir()):
        if path.suffix != ".json":
            continue
        response = client.patch(LIKE, data=path.read_bytes(), content_type="application/json", headers=WRITE)
        if path.name.startswith("n_"):
            assert response.status_code == 400, path.name
        elif path.name.startswith("y_") and not _is_stricter_here(path.read_bytes()):
            assert response.status_code in (200, 422), path.name
        assert response.status_code in (200, 400, 422), path.name


def _is_stricter_here(body):
    """Doubled keys and U+0000 are JSON, and refused in our bodies all the same."""
    try:
        pairs = json.loads(body, object_pairs_hook=lambda pairs: pairs)
    except ValueError:
        return False
    is_object = isinstance(pairs, list) and bool(pairs) and isinstance(pairs[0], tuple)
    keys = [key for key, _ in pairs] if is_object else []
    return len(keys) != len(set(keys)) or "\\u0000" in json.dumps(pairs)


def kept(app):
    """Every row of every table but those of sessions' and users' last sight, which asking moves on."""
    with app.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table)).all()))
            for table in models.Base.metadata.sorted_tables
            if table.name not in ("limits", "titles", "external_ids", "film_people")
        }


def test_no_route_takes_a_field_that_it_does_not_name(client, app):
    """Nor a body where it takes none; whoever asks, nothing is changed."""
    operator = come(app, "operator")
    before, client = kept(app), client.application.test_client(use_cookies=False)
    for route in routes(client.application):
        if not route.is_write or not route.address().startswith("/api/") or route.access.name == "CALLBACK":
            continue
        for extra in ("colour", "__class__", "user_id"):
            body = {**(route.least_body() or {}), extra: 1}
            told = client.open(
                route.address(), method=route.method, json=body, headers=WRITE | operator.headers
            )
            assert told.status_code == 422, (str(route), extra, told.text[:200])
            assert [row["field"] for row in told.json["errors"]] == [extra], (str(route), told.text[:200])
    assert kept(app) == before


def test_every_column_of_every_table_posted_everywhere_changes_nothing(client, app, record_property):
    """Only fields that a view names are taken, so no name of a column gets in by itself."""
    columns = {
        column.name: column.type.python_type
        for table in models.Base.metadata.sorted_tables
        for column in table.columns
    }
    samples = {int: 1, bool: True, str: "x", float: 1.0, dict: {"a": 1}, bytes: "eA=="}
    operator = come(app, "operator")
    before, posted = kept(app), 0
    client = client.application.test_client(use_cookies=False)
    for route in routes(client.application):
        if not route.is_write or not route.address().startswith("/api/") or route.access.name == "CALLBACK":
            continue
        named = (
            {field.alias or name for name, field in route.body.model_fields.items()} if route.body else set()
        )
        least = route.least_body() or {}
        for column, kind in columns.items():
            if column in named:
                continue
            told = client.open(
                route.address(),
                method=route.method,
                json={**least, column: samples.get(kind, "2026-01-01T00:00:00Z")},
                headers=WRITE | operator.headers,
            )
            assert told.status_code == 422, (str(route), column, told.text[:200])
            posted += 1
    assert kept(app) == before
    record_property(MEASURED, {"names_of_columns": len(columns), "posted": posted, "taken": 0})
