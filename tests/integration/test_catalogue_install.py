"""A newer catalogue replaces facts and leaves alone what people said."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select

from moviefinder.errors import FilmNotFound
from moviefinder.records import Credit, Kind, Ref, Role
from moviefinder.services import catalogue as catalogue_service
from moviefinder.services import films
from moviefinder.store import models
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film


def rows(app, table):
    """How many rows a table has."""
    with app.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def known(app, ref):
    """The film with a reference, with all its titles."""
    with app.reading() as session:
        return films.film(session, films.film_id_of(session, ref))


def test_every_fact_of_the_catalogue_arrives(empty_app):
    """A record comes back as it went in."""
    record = make_film(
        refs=(Ref("imdb", "tt0245429"), Ref("tmdb", "129")),
        title="Spirited Away",
        original_title="千と千尋の神隠し",
        alternative_titles=("Sen to Chihiro no kamikakushi",),
        genres=("animation", "fantasy"),
        languages=("ja", "en"),
        countries=("JP", "US"),
        credits=(
            Credit(name="Hayao Miyazaki", role=Role.DIRECTOR, position=0),
            Credit(name="Rumi Hiiragi", role=Role.ACTOR, position=0),
            Credit(name="Miyu Irino", role=Role.ACTOR, position=1),
        ),
        trailer="ByXuk9QqQkk",
        score=8.4,
        popularity=1,
    )
    install(empty_app, make_catalogue([record, make_film(2)]))
    found = known(empty_app, "tmdb:129").record
    assert replace(found, credits=()) == replace(record, credits=())
    assert sorted(found.credits, key=repr) == sorted(record.credits, key=repr)


def test_the_similar_list_of_a_film_comes_in_order(app):
    """Best first, with its weight and rank."""
    with app.reading() as session:
        neighbours = films.similar(
            session, app.films.newest(session), films.film_id_of(session, "imdb:tt0000001"), limit=3
        )
        titles = [films.film(session, row.film_id).record.title for row in neighbours]
    assert titles == ["Film 2", "Film 3", "Film 4"]
    assert [row.rank for row in neighbours] == [1, 2, 3]
    assert [row.weight for row in neighbours] == [0.922, 0.843, 0.765]


def test_a_newer_catalogue_replaces_facts_and_keeps_numbers(app, say):
    """Same film, same number, new title; what was said stays; a new film gets a new number."""
    say(3, verdict="liked", rating=9)
    before = known(app, "imdb:tt0000003")
    newer = [make_film(3, title="Film Three", year=2020), make_film(1), make_film(99, title="Newcomer")]
    done = install(app, make_catalogue(newer, version="2026.02.01-newer"))
    assert (done.added, done.renewed, done.dropped, done.kept) == (1, 2, 38, 0)
    after = known(app, "imdb:tt0000003")
    assert (after.id, after.record.title, after.record.year) == (before.id, "Film Three", 2020)
    assert after.record.popularity == 1
    assert known(app, "imdb:tt0000099").id > 40
    assert rows(app, models.UserFilm) == 1


def test_a_film_that_left_stays_while_anybody_spoke_of_it(app, say, client):
    """It is still in the library, and still can be answered."""
    say(30, verdict="liked")
    done = install(app, make_catalogue([make_film(1), make_film(2)], version="2026.02.01-small"))
    assert (done.dropped, done.kept) == (37, 1)
    assert client.get("/api/v1/library").json["items"][0]["film"]["title"] == "Film 30"
    assert say(30, rating=7).status_code == 200


def test_a_film_in_an_answered_reason_stays(app, say, client):
    """Both the one that was recommended and the one that was named; a film that was only shown goes."""
    say(30, verdict="liked")
    reason = "/api/v1/recommendations/imdb:tt0000031/because/imdb:tt0000030"
    assert client.put(reason, json={"say": "not"}, headers=WRITE).status_code == 200
    shown = {"films": [{"film": known(app, "imdb:tt0000032").id, "rank": 1}]}
    assert client.post("/api/v1/recommendations/shown", json=shown, headers=WRITE).status_code == 204
    done = install(app, make_catalogue([make_film(1), make_film(2)], version="2026.02.01-small"))
    assert (done.dropped, done.kept) == (36, 2)
    assert (rows(app, models.AnsweredReason), rows(app, models.Shown)) == (1, 0)


def test_a_film_that_left_may_come_back(app, say):
    """With its new facts, and what was said of it."""
    say(30, verdict="liked")
    install(app, make_catalogue([make_film(1), make_film(2)], version="2026.02.01-without"))
    back = [make_film(1), make_film(30, title="Back again")]
    done = install(app, make_catalogue(back, version="2026.03.01-with"))
    assert (done.added, done.renewed) == (0, 2)
    assert known(app, "imdb:tt0000030").record.title == "Back again"
    assert say(30, rating=8).json["entry"]["verdict"] == "liked"


def test_a_dropped_films_number_is_never_given_again(app):
    """A bookmark keeps meaning the film it meant, or nothing."""
    last = known(app, "imdb:tt0000040").id
    install(app, make_catalogue([make_film(1)], version="2026.02.01-a"))
    install(app, make_catalogue([make_film(1), make_film(77)], version="2026.03.01-b"))
    assert known(app, "imdb:tt0000077").id > last


def test_installing_twice_is_installing_once(app):
    """Row for row."""
    tables = (
        models.Film,
        models.ExternalId,
        models.Title,
        models.FilmPerson,
        models.FilmGenre,
        models.SimilarList,
    )
    before = [rows(app, table) for table in tables]
    install(app, make_catalogue([make_film(number) for number in range(1, 41)]))
    assert [rows(app, table) for table in tables] == before


def test_an_installation_that_fails_changes_nothing(app):
    """One transaction: a catalogue that cannot be put in leaves the old one whole."""
    broken = make_catalogue([make_film(1, title="Half"), make_film(2)], version="2026.02.01-broken")
    broken.films.title[1] = None
    with pytest.raises(Exception, match=r"(?i)null"):
        install(app, broken)
    assert known(app, "imdb:tt0000001").record.title == "Film 1"
    assert rows(app, models.Film) == 40


def test_an_older_catalogue_does_not_replace_a_newer_one(app):
    """Going back to an older MovieFinder keeps the facts of the newer."""
    older = make_catalogue([make_film(1)], version="2025.12.31-older").manifest
    newer = make_catalogue([make_film(1)], version="2026.01.02-newer").manifest
    with app.reading() as session:
        assert catalogue_service.is_installed(session, older)
        assert not catalogue_service.is_installed(session, newer)


def test_a_reference_that_changed_is_replaced(app):
    """The new one finds the film, the old one nothing."""
    renumbered = make_film(3, refs=(Ref("imdb", "tt0000003"), Ref("tmdb", "333")))
    install(app, make_catalogue([renumbered], version="2026.02.01-renumbered"))
    assert known(app, "tmdb:333").record.refs == renumbered.refs
    with app.reading() as session, pytest.raises(FilmNotFound):
        films.film_id_of(session, "tmdb:3")


def test_movies_and_series_may_share_a_tmdb_number(empty_app):
    """TMDB numbers them apart."""
    series = make_film(2, kind=Kind.SERIES, refs=(Ref("imdb", "tt0000002"), Ref("tmdb-tv", "1")))
    install(empty_app, make_catalogue([make_film(1), series]))
    assert known(empty_app, "tmdb:1").id != known(empty_app, "tmdb-tv:1").id


def test_the_shelves_follow_a_new_catalogue(app, client):
    """Search and filters see it with the next request."""
    assert client.get("/api/v1/films?q=newcomer").json["items"] == []
    install(
        app, make_catalogue([make_film(1, title="Newcomer", genres=("western",))], version="2026.02.01-x")
    )
    assert client.get("/api/v1/films?q=newcomr").json["items"][0]["title"] == "Newcomer"
    assert [genre["slug"] for genre in client.get("/api/v1/genres").json["items"]] == ["western"]


def test_another_database_in_the_same_folder_has_its_own_derived_files(app, client):
    """Its films have the same numbers, and are others."""
    assert client.get("/api/v1/films?q=film 7").json["items"][0]["title"] == "Film 7"
    with app.transaction() as session:  # as if the database had been dropped and made again
        for table in (models.Version, models.SimilarList, models.ExternalId, models.Film):
            session.execute(delete(table))
    install(app, make_catalogue([make_film(1, title="Something else")]))
    assert client.get("/api/v1/films?q=film 7").json["items"] == []


def test_derived_files_are_made_again_when_they_are_lost_or_damaged(app, client):
    """Losing one costs time, never an answer."""
    from moviefinder.app import make_app
    from moviefinder.web import create_app

    client.get("/api/v1/films?q=film")
    client.get("/api/v1/genres")
    files = list((app.settings.data / "titles").iterdir())
    assert len(files) == 2
    files[0].write_bytes(b"")
    files[1].write_bytes(files[1].read_bytes()[:-9] + b"x" * 9)
    again = make_app(app.settings)
    assert create_app(again).test_client().get("/api/v1/films?q=film 7").json["items"][0]["title"] == "Film 7"
    assert create_app(again).test_client().get("/api/v1/genres").json["items"][0]["films"] == 40
    again.close()
