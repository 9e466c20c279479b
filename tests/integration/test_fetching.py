"""From a like to details and neighbours: with a stand-in for the outside, over real HTTP, and the real worker."""

import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select, update

from moviefinder import worker
from moviefinder.config import Settings
from moviefinder.records import Ref
from moviefinder.services import facts, films, switching
from moviefinder.services import sources as source_service
from moviefinder.services.fetching.asking import renew
from moviefinder.services.fetching.wishes import RENEW_AHEAD
from moviefinder.store import models
from moviefinder.store.jobs import Claim
from moviefinder.web import create_app
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film

MATRIX = make_film(133093, refs=(Ref("imdb", "tt0133093"), Ref("tmdb", "603")), title="The Matrix", year=1999)
HEAT = make_film(113277, refs=(Ref("imdb", "tt0113277"),), title="Heat", year=1995)
MADE = "imdb:tt9000001"


@pytest.fixture
def settings(settings, stand_in):
    """TMDB and IMDb are on, and both are the stand-in."""
    return Settings(**stand_in.settings("tmdb", "imdb"), data=settings.data, database=settings.database)


@pytest.fixture
def app(empty_app):
    """An App that knows two films."""
    install(empty_app, make_catalogue([MATRIX, HEAT]))
    return empty_app


@pytest.fixture
def say(client):
    """Say something of a film: `say("imdb:tt9000001", verdict="liked")`; gives the answer."""

    def say(film, asker=client, **answers):
        answer = asker.patch(f"/api/v1/library/{film}", json=answers, headers=WRITE)
        assert answer.status_code == 200, answer.text
        return answer.json

    return say


def show(client, film):
    """All that is known of a film."""
    answer = client.get(f"/api/v1/films/{film}")
    assert answer.status_code == 200, answer.text
    return answer.json


def asked(stand_in, prefix="/"):
    """What was asked outside: path to how often."""
    return Counter(one["path"] for one in stand_in.journal(prefix) if "images" not in one["path"])


def count(app, table, *conditions):
    """How many rows there are."""
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions))


def let_time_pass(app):
    """As if the waiting of jobs and hosts were over."""
    with app.transaction() as session:
        session.execute(update(models.Job).values(run_after=datetime.now(UTC) - timedelta(seconds=1)))
        session.execute(delete(models.Host))


def test_a_like_brings_details_and_neighbours(app, client, say, stand_in):
    """What nobody here knew is known seconds later, and what is recommended beside it is recommended."""
    said = say(MADE, verdict="liked")
    assert said["entry"]["film"]["title"] == "Made 9000001"
    assert said["pending"]["fetching"] > 0
    worker.run_due(app)
    film = show(client, MADE)
    assert (film["runtime_min"], film["directors"] != [], film["trailer"]) == (81, True, "Made9000001")
    assert film["refs"] == {"imdb": "tt9000001", "tmdb": "9000001"}
    assert film["sources"]["runtime_min"] == "tmdb"
    assert {fact["source"] for fact in film["facts"]} == {"tmdb", "imdb"}
    assert film["pending"] == {"fetching": 0, "waiting": 0}
    similar = client.get(f"/api/v1/films/{MADE}/similar").json["items"]
    titles = [item["film"]["title"] for item in similar]
    assert titles[:11] == [f"Made {number}" for number in range(9_000_002, 9_000_012)] + ["The Matrix"]
    first = similar[0]["film"]
    assert (first["runtime_min"], first["refs"]["imdb"]) == (82, "tt9000002")
    told = client.get("/api/v1/recommendations?by=votes").json
    assert {item["film"]["title"] for item in told["items"]} >= {*titles[:10], "The Matrix"}
    assert all(item["because"][0]["film"]["title"] == "Made 9000001" for item in told["items"])
    assert told["pending"] == {"fetching": 0, "waiting": 0}


def test_neighbours_of_neighbours_are_never_asked_for(app, say, stand_in):
    """What is known grows where people like things, and nowhere else; nothing is asked twice."""
    say(MADE, verdict="liked")
    worker.run_due(app)
    calls = asked(stand_in)
    made = {int(path.rpartition("/")[2]) for path in calls if path.startswith("/tmdb/3/movie/90")}
    assert made == set(range(9_000_001, 9_000_012))
    assert set(calls.values()) == {1}, calls
    with app.reading() as session:
        assert facts.film_of_ref(session, Ref("tmdb", "9000012")) is None
        # By their own lists, of films that are known, the neighbours have their place.
        ninth = facts.film_of_ref(session, Ref("tmdb", "9000009"))
        assert session.get(models.SimilarList, (ninth, "tmdb")).ids != b""


def test_many_likes_of_one_film_ask_once(app, say, stand_in):
    """At the same moment, by different people."""
    askers = [create_app(app).test_client() for _ in range(6)]
    threads = [
        threading.Thread(target=say, args=(MADE, asker), kwargs={"verdict": "liked"}) for asker in askers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.run_due(app)
    assert set(asked(stand_in).values()) == {1}
    assert count(app, models.UserFilm) == 6
    assert count(app, models.ExternalId, models.ExternalId.value == "tt9000001") == 1


@pytest.mark.alone
def test_a_like_is_kept_while_nobody_answers_and_filled_in_later(app, client, say, stand_in):
    """Within three seconds, with the reference for a title; nothing is lost and nothing need be said again."""
    stand_in.fault("/tmdb", "silence")
    stand_in.fault("/imdb", "503")
    began = time.monotonic()
    said = say(MADE, verdict="liked", rating=9)
    assert time.monotonic() - began < 3
    assert (said["entry"]["film"]["title"], said["entry"]["rating"]) == ("tt9000001", 9)
    stand_in.clear()
    stand_in.fault("/tmdb", "503")
    stand_in.fault("/imdb", "503")
    let_time_pass(app)
    worker.run_due(app)
    assert show(client, MADE)["title"] == "tt9000001"
    assert sum(show(client, MADE)["pending"].values()) > 0
    stand_in.clear()
    let_time_pass(app)
    worker.run_due(app)
    assert show(client, MADE)["title"] == "Made 9000001"
    entry = client.get(f"/api/v1/library/{MADE}").json
    assert (entry["rating"], entry["film"]["runtime_min"]) == (9, 81)
    assert count(app, models.SimilarList, models.SimilarList.source == "tmdb") > 0


@pytest.mark.parametrize(
    "fault", ["garbage", "wrong-types", "missing-fields", "empty", "503", "truncated-gzip", "null"]
)
def test_a_bad_answer_never_overwrites_a_good_one(app, client, say, stand_in, fault):
    """What was told stays as it was."""
    say(MADE, verdict="liked")
    worker.run_due(app)
    film, before = show(client, MADE), count(app, models.Fact)
    with app.transaction() as session:
        old = datetime.now(UTC) - timedelta(days=100)
        session.execute(update(models.Fact).values(fetched_at=old))
        session.execute(update(models.SimilarList).values(fetched_at=old))
        session.execute(delete(models.KeptAnswer))
    stand_in.clear()
    stand_in.fault("/tmdb", fault)
    stand_in.fault("/imdb", fault)
    say(MADE, rating=7)
    worker.run_due(app)
    assert asked(stand_in), "nobody was asked"
    after = show(client, MADE)
    changing = {"pending": None, "facts": None}
    assert after | changing == film | changing
    assert [fact["fields"] for fact in after["facts"]] == [fact["fields"] for fact in film["facts"]]
    assert count(app, models.Fact) == before


def test_what_is_there_and_fresh_is_not_asked_for_again(app, say, stand_in):
    """However often somebody answers to the film."""
    say(MADE, verdict="liked")
    worker.run_due(app)
    before = sum(asked(stand_in).values())
    for rating in (7, 8, 9):
        say(MADE, rating=rating)
        assert say(MADE, asker=create_app(app).test_client(), verdict="liked")["pending"]["fetching"] == 0
    worker.run_due(app)
    assert sum(asked(stand_in).values()) == before


def test_a_film_of_the_catalogue_is_filled_in(app, client, say, stand_in):
    """With what the catalogue lacks; what it knows stays."""
    say("imdb:tt0133093", verdict="liked")
    worker.run_due(app)
    film = show(client, "imdb:tt0133093")
    assert (film["title"], film["score"]["source"]) == ("The Matrix", "movielens")
    assert (film["description"] is not None, film["description_source"]) == (True, "tmdb")
    assert [fact["source"] for fact in film["facts"]] == ["catalogue", "tmdb", "imdb"]


def test_little_is_asked_for_a_film_that_is_only_kept(app, say, stand_in):
    """Saved or seen: its details, and no neighbours; put away: nothing at all."""
    say("imdb:tt0113277", verdict="disliked")
    worker.run_due(app)
    assert not asked(stand_in)
    say(MADE, saved=True)
    worker.run_due(app)
    assert asked(stand_in)
    assert count(app, models.Film) == 3, "a neighbour became known"


def test_a_film_that_was_put_away_is_at_least_named(app, client, say, stand_in):
    """One that is known by its reference alone is asked for, whatever was said of it."""
    stand_in.fault("/", "503")
    say(MADE, verdict="disliked")
    assert show(client, MADE)["title"] == "tt9000001"
    stand_in.clear()
    let_time_pass(app)
    worker.run_due(app)
    assert show(client, MADE)["title"] == "Made 9000001"
    assert count(app, models.Film) == 3


def test_what_nobody_wants_any_more_is_not_asked_for(app, client, say, stand_in):
    """A like that was taken back before the worker came to it."""
    with app.transaction() as session:  # known by name, so that the like itself asks nobody
        facts.stub(session, Ref("tmdb", "9000001"), now=datetime.now(UTC))
    say("tmdb:9000001", verdict="liked")
    assert count(app, models.Job, models.Job.kind == "fetch_film") == 1
    client.delete("/api/v1/library/tmdb:9000001", headers=WRITE)
    say(MADE.replace("1", "2"), verdict="liked")
    with app.transaction() as session:
        session.execute(update(models.UserFilm).values(verdict=None))
    worker.run_due(app)
    assert not [path for path in asked(stand_in) if path.endswith("/9000001")]
    assert count(app, models.Job, models.Job.state != "done") == 0


def test_a_film_that_no_source_knows_keeps_its_reference(app, client, say, stand_in):
    """And is not asked for again with each answer."""
    say("imdb:tt9999999", verdict="liked")
    worker.run_due(app)
    film = show(client, "imdb:tt9999999")
    assert (film["title"], film["pending"]) == ("tt9999999", {"fetching": 0, "waiting": 0})
    assert [(fact["source"], fact["fields"]) for fact in film["facts"]] == [("tmdb", []), ("imdb", [])]
    stand_in.clear()
    say("imdb:tt9999999", rating=9)
    worker.run_due(app)
    assert not asked(stand_in)


def test_films_that_turn_out_to_be_one_answer_to_both_numbers(app, client, say, stand_in):
    """A neighbour by TMDB's number, and a film that was liked by IMDb's, before TMDB told both."""
    stand_in.fault("/", "503")
    other = say("imdb:tt9000002", verdict="liked", rating=8)["entry"]["film"]["id"]
    with app.transaction() as session:
        stub = facts.stub(session, Ref("tmdb", "9000002"), now=datetime.now(UTC))
    assert client.get(f"/api/v1/films/{stub}").json["title"] == "tmdb:9000002"
    stand_in.clear()
    let_time_pass(app)
    worker.run_due(app)
    one = show(client, "tmdb:9000002")
    assert show(client, other) == show(client, stub) == one
    assert client.get(f"/api/v1/library/{other}").json["rating"] == 8
    assert client.get(f"/api/v1/library?film={other}&film={stub}").json["count"] == 1
    assert say(str(other), rating=9)["entry"]["film"]["id"] == one["id"]
    found = client.get("/api/v1/films?q=made 9000002").json["items"]
    assert [film["id"] for film in found if film["title"] == "Made 9000002"] == [one["id"]]


def test_nothing_is_asked_while_no_source_is_on(settings, stand_in):
    """A like is kept all the same, and asked for when a source is switched on."""
    from moviefinder.app import make_app
    from moviefinder.store.schema import prepare

    off = {name: {**vars(one), "on": None, "key": ""} for name, one in settings.sources.items()}
    settings.data.mkdir()
    app = make_app(Settings(data=settings.data, database=settings.database, sources=off), look_every_s=0)
    prepare(app.engine)
    install(app, make_catalogue([MATRIX, HEAT]))
    client = create_app(app).test_client()
    try:
        for film in (MADE, "imdb:tt0113277"):
            said = client.patch(f"/api/v1/library/{film}", json={"verdict": "liked"}, headers=WRITE).json
            assert said["pending"] == {"fetching": 0, "waiting": 0}
        assert show(client, MADE)["title"] == "tt9000001"
        assert client.get(f"/api/v1/films/{MADE}").headers["Cache-Control"] == "public, max-age=300"
        assert count(app, models.Job) == 0
        with app.transaction() as session:
            switching.switch(app, session, "imdb", is_on=True, by=None, now=datetime.now(UTC))
        worker.run_due(app)
        assert show(client, MADE)["title"] == "Made 9000001"
        assert {path.rpartition("/")[2] for path in asked(stand_in)} == {"tt9000001.json", "tt0113277.json"}
        assert client.get(f"/api/v1/films/{MADE}").headers["Cache-Control"] == "public, no-cache"
        with app.transaction() as session:
            switching.forget(app, session, "imdb")
        assert (show(client, MADE)["title"], show(client, MADE)["cast"]) == ("Made 9000001", [])
    finally:
        app.close()


def test_a_browser_sees_that_a_film_changed(app, client, say, stand_in):
    """The ETag changes with what is pending and with what was told."""
    tags = {client.get("/api/v1/films/imdb:tt0133093").headers["ETag"]}
    say("imdb:tt0133093", verdict="liked")
    tags.add(client.get("/api/v1/films/imdb:tt0133093").headers["ETag"])
    worker.run_due(app)
    answer = client.get("/api/v1/films/imdb:tt0133093")
    tags.add(answer.headers["ETag"])
    assert len(tags) == 3
    again = client.get("/api/v1/films/imdb:tt0133093", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "public, no-cache")


def test_what_must_go_soon_is_asked_for_again(app, client, say, stand_in):
    """Of films that people spoke of and of their neighbours; the rest goes when its time is over."""
    say(MADE, verdict="liked")
    worker.run_due(app)
    with app.transaction() as session:
        lone = facts.keep(
            session, make_film(7, refs=(Ref("tmdb", "9000500"),)), "tmdb", whole=True,
            now=datetime.now(UTC), keeps=timedelta(days=180),
        )  # fmt: skip
        soon = datetime.now(UTC) + RENEW_AHEAD - timedelta(hours=1)
        told = {"expires_at": soon, "fetched_at": datetime.now(UTC) - timedelta(days=2)}
        session.execute(update(models.Fact).where(models.Fact.expires_at.is_not(None)).values(told))
        session.execute(update(models.SimilarList).values(told))
        session.execute(
            update(models.SimilarList).where(models.SimilarList.source == "catalogue").values(expires_at=None)
        )
        session.execute(delete(models.KeptAnswer))
    stand_in.clear()
    worker.ask_for_periodic(app)
    worker.run_due(app)
    numbers = {path.rpartition("/")[2] for path in asked(stand_in, "/tmdb/3/movie")}
    made = {str(number) for number in range(9_000_001, 9_000_012)}
    assert numbers == made | {"13", "155", "550", "680"}  # what the catalogue knows was never asked for
    assert count(app, models.Fact, models.Fact.expires_at > soon, models.Fact.source == "tmdb") == len(made)
    with app.transaction() as session:
        facts.expire(session, now=soon)
    with app.reading() as session:
        assert films.today(session, lone) is None


def test_nothing_is_asked_for_again_once_its_source_is_off(app, client, say, stand_in):
    """What it told goes when its terms end; the name of the film stays."""
    say(MADE, verdict="liked")
    worker.run_due(app)
    with app.transaction() as session:
        session.execute(
            update(models.Fact)
            .where(models.Fact.expires_at.is_not(None))
            .values(expires_at=datetime.now(UTC) - timedelta(days=1))
        )
        renew(session, {}, now=datetime.now(UTC))
        facts.expire(session, now=datetime.now(UTC))
        assert source_service.on(app, session) == {"tmdb", "imdb"}
    film = show(client, MADE)
    assert (film["title"], film["year"], film["description"], film["cast"]) == (
        "Made 9000001",
        1961,
        None,
        [],
    )


def test_what_comes_after_its_source_was_forgotten_is_not_kept(app, say):
    """It was asked before, and what is forgotten must not come back by itself."""
    tmdb = app.settings.source("tmdb").model_copy(update={"on": None})
    app = replace(app, settings=app.settings.model_copy(update={"sources": {"tmdb": tmdb}}))
    film_id = say(MADE, verdict="liked")["entry"]["film"]["id"]
    claims = [
        Claim(id=1, kind=kind, key="", payload={"source": "tmdb"}, film_id=film_id, attempts=1, claims=1)
        for kind in ("fetch_film", "fetch_similar")
    ]
    writes = [worker.HANDLERS[claim.kind].handler(app, claim) for claim in claims]
    now = datetime.now(UTC)
    with app.transaction() as session:
        switching.switch(app, session, "tmdb", is_on=False, by=None, now=now)
        switching.forget(app, session, "tmdb")
    for write in writes:
        with app.transaction() as session:
            write(session, now)
    assert count(app, models.Fact, models.Fact.source == "tmdb") == 0
    assert count(app, models.SimilarList, models.SimilarList.source == "tmdb") == 0
