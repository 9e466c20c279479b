"""Looking films up outside, while somebody waits: two seconds at most, whatever the outside does."""

import dataclasses
import threading
import time

import pytest
from sqlalchemy import func, select

from moviefinder import worker
from moviefinder.config import Settings
from moviefinder.records import Ref
from moviefinder.services import lookup
from moviefinder.store import models
from moviefinder.web import create_app
from moviefinder.web.askers import LOOKUPS
from moviefinder.web.posters import ASKINGS
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film

MATRIX = make_film(133093, refs=(Ref("imdb", "tt0133093"), Ref("tmdb", "603")), title="The Matrix", year=1999)


@pytest.fixture
def settings(settings, stand_in):
    """TMDB and IMDb are on, and both are the stand-in; Wikidata is off."""
    return Settings(**stand_in.settings("tmdb", "imdb"), data=settings.data, database=settings.database)


@pytest.fixture
def app(empty_app):
    """An App that knows one film."""
    install(empty_app, make_catalogue([MATRIX, make_film(2)]))
    return empty_app


@pytest.fixture
def look(client):
    """Look something up; gives the answer."""

    def look(q, asker=client, **more):
        answer = asker.post("/api/v1/films/lookup", json={"q": q, **more}, headers=WRITE)
        assert answer.status_code == 200, answer.text
        return answer.json

    return look


def titles(found):
    """What was found."""
    return [(film["title"], film["year"]) for film in found["items"]]


def states(found):
    """How each source took the question."""
    return {row["source"]: row["state"] for row in found["sources"]}


def count(app, table):
    """How many rows there are."""
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_what_is_not_here_is_found_outside(app, client, look, stand_in):
    """Once, though two sources know it; it has a number, can be liked, and shows what the row told."""
    found = look("made 9000001")
    assert titles(found) == [("Made 9000001", 1961)]
    assert states(found) | {"tmdb": "answered", "imdb": "answered"} == states(found)
    film = client.get(f"/api/v1/films/{found['items'][0]['id']}").json
    assert (film["title"], film["pending"], film["has_poster"]) == (
        "Made 9000001",
        {"fetching": 0, "waiting": 0},
        True,
    )
    assert count(app, models.Job) == 0, "to look is not to want"
    assert client.get("/api/v1/films?q=made 9000001").json["items"][0]["id"] == film["id"]
    said = client.patch(f"/api/v1/library/{film['id']}", json={"verdict": "liked"}, headers=WRITE)
    assert said.json["pending"]["fetching"] > 0
    worker.run_due(app)
    assert client.get(f"/api/v1/films/{film['id']}").json["runtime_min"] == 81


def test_the_same_question_costs_one_call(app, look, stand_in):
    """One after the other, and at the same time by different people."""
    first = look("made 9000001")
    stand_in.fault("/", "delay", seconds=0.4)
    asked = len(stand_in.journal())
    assert look("  Made   9000001 ") == first
    assert len(stand_in.journal()) == asked
    found, askers = [], [create_app(app).test_client() for _ in range(5)]
    threads = [
        threading.Thread(target=lambda one: found.append(look("made 9000002", one)), args=(asker,))
        for asker in askers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [titles(one) for one in found] == [[("Made 9000002", 1962)]] * 5
    assert len(stand_in.journal()) == asked + 2
    assert count(app, models.Film) == 4


def test_a_film_that_is_here_is_shown_as_ours(app, look, stand_in):
    """By its reference; nothing is written."""
    found = look("tt0133093")
    assert titles(found) == [("The Matrix", 1999)]
    assert found["items"][0]["score"]["source"] == "movielens"
    assert (count(app, models.Film), count(app, models.Fact)) == (2, 0)


def test_nobody_is_made_a_guest_for_having_looked(app, client, look, stand_in):
    """And nobody needs to be anybody."""
    look("made 9000001")
    assert client.get_cookie("moviefinder") is None
    assert count(app, models.User) == 0


@pytest.mark.alone
def test_a_late_source_is_not_waited_for(look, stand_in):
    """The others' answers are shown after two seconds at most."""
    stand_in.fault("/tmdb", "delay", seconds=5)
    began = time.monotonic()
    found = look("made 9000001")
    assert time.monotonic() - began < lookup.BUDGET_S + 0.5
    assert titles(found) == [("Made 9000001", 1961)]
    assert states(found)["imdb"] == "answered"
    assert states(found)["tmdb"] in ("late", "failed")


@pytest.mark.parametrize(
    "fault", ["503", "429", "403", "reset", "garbage", "wrong-types", "deep", "empty", "huge"]
)
def test_a_source_that_fails_is_told_of_and_fails_nothing_else(look, stand_in, fault):
    """Never an error of ours."""
    stand_in.fault("/imdb", fault)
    found = look("made 9000001")
    assert titles(found) == [("Made 9000001", 1961)]
    assert states(found)["tmdb"] == "answered"
    told = {row["source"]: row for row in found["sources"]}["imdb"]
    assert told["state"] in ("failed", "late"), told
    assert told["reason"]


def test_with_everything_down_the_answer_is_empty(look, stand_in):
    """And says who did not answer."""
    stand_in.fault("/", "503")
    found = look("made 9000001")
    assert found["items"] == []
    assert {states(found)["tmdb"], states(found)["imdb"]} == {"failed"}


def test_one_source_can_be_named(client, look, stand_in):
    """Then the others are not asked; one that is off is not asked either, one that cannot be is refused."""
    assert states(look("made 9000001", source="imdb")) == {"imdb": "answered"}
    assert {one["path"].split("/")[1] for one in stand_in.journal()} == {"imdb"}
    wrong = client.post("/api/v1/films/lookup", json={"q": "made", "source": "nobody"}, headers=WRITE)
    assert wrong.status_code == 404
    assert states(look("made 9000001", source="wikipedia")) == {"wikipedia": "failed"}


@pytest.mark.parametrize("q", ["", "a", " " * 9, "x" * 201])
def test_too_little_or_too_much_is_not_asked(client, stand_in, q):
    """A letter would bring anything."""
    assert client.post("/api/v1/films/lookup", json={"q": q}, headers=WRITE).status_code == 422
    assert stand_in.journal() == []


def test_offline_nobody_is_asked(settings, stand_in):
    """Whatever else is set."""
    from moviefinder.app import make_app
    from moviefinder.store.schema import prepare

    settings.data.mkdir()
    app = make_app(settings.model_copy(update={"offline": True}), look_every_s=0)
    prepare(app.engine)
    install(app, make_catalogue([MATRIX]))
    client = create_app(app).test_client()
    try:
        found = client.post("/api/v1/films/lookup", json={"q": "made 9000001"}, headers=WRITE).json
        assert (found["items"], set(states(found).values())) == ([], {"off"})
        liked = client.patch("/api/v1/library/imdb:tt9000001", json={"verdict": "liked"}, headers=WRITE)
        assert liked.json["entry"]["film"]["title"] == "tt9000001"
        assert stand_in.journal() == []
    finally:
        app.close()


@pytest.mark.parametrize(
    ("path", "body", "status", "most"),
    [
        ("/api/v1/films/lookup", {"q": "made 9000001"}, 200, LOOKUPS),
        ("/api/v1/posters", {"films": [1]}, 202, ASKINGS),
    ],
)
def test_strangers_may_not_have_us_ask_without_end(app, stand_in, path, body, status, most):
    """Where others reach the install, an address has so many questions in five minutes."""
    open_settings = app.settings.model_copy(update={"base_url": "https://films.example.org"})
    client = create_app(dataclasses.replace(app, settings=open_settings)).test_client()
    ours = {**WRITE, "Host": "films.example.org"}
    codes = [client.post(path, json=body, headers=ours).status_code for _ in range(most + 1)]
    assert codes == [status] * most + [429]


def test_a_film_of_the_same_name_and_year_is_taken_for_ours(empty_app, stand_in):
    """Where nothing says that it is another; it gets no reference by that."""
    ours = make_film(5, refs=(Ref("imdb", "tt0000005"),), title="Made 9000001", year=1961)
    install(empty_app, make_catalogue([ours, make_film(2)]))
    client = create_app(empty_app).test_client()
    found = client.post(
        "/api/v1/films/lookup", json={"q": "made 9000001", "source": "tmdb"}, headers=WRITE
    ).json
    assert [film["refs"] for film in found["items"]] == [{"imdb": "tt0000005"}]
    found = client.post(
        "/api/v1/films/lookup", json={"q": "made 9000001", "source": "imdb"}, headers=WRITE
    ).json
    assert [film["refs"] for film in found["items"]] == [{"imdb": "tt9000001"}]


def test_an_answer_is_kept_though_strangers_have_asked_too_much(app, stand_in):
    """Films that nobody knows count as questions; beyond them the queue asks at its own pace."""
    open_settings = app.settings.model_copy(update={"base_url": "https://films.example.org"})
    client = create_app(dataclasses.replace(app, settings=open_settings)).test_client()
    ours = {**WRITE, "Host": "films.example.org"}
    for _ in range(LOOKUPS):
        client.post("/api/v1/films/lookup", json={"q": "made 9000001"}, headers=ours)
    stand_in.clear()
    liked = client.patch("/api/v1/library/imdb:tt9000077", json={"verdict": "liked"}, headers=ours)
    assert (liked.status_code, liked.json["entry"]["film"]["title"]) == (200, "tt9000077")
    assert stand_in.journal() == []
