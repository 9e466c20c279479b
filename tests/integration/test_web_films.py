"""Search, look up, show, suggest: over the client, on both databases."""

import pytest
from sqlalchemy import event

from moviefinder.records import Credit, Kind, Ref, Role
from moviefinder.web import create_app
from tests.conftest import install
from tests.factories import make_catalogue, make_film

FILMS = [
    make_film(
        68646,
        title="The Godfather",
        year=1972,
        credits=(
            Credit(name="Francis Ford Coppola", role=Role.DIRECTOR, position=0),
            Credit(name="Marlon Brando", role=Role.ACTOR, position=0),
            Credit(name="Al Pacino", role=Role.ACTOR, position=1),
            Credit(name="James Caan", role=Role.ACTOR, position=2),
        ),
    ),
    make_film(113277, title="Heat", year=1995),
    make_film(
        903747,
        title="Breaking Bad",
        kind=Kind.SERIES,
        year=2008,
        end_year=2013,
        refs=(Ref("imdb", "tt0903747"), Ref("tmdb-tv", "1396")),
        credits=(Credit(name="Vince Gilligan", role=Role.CREATOR, position=0),),
    ),
    make_film(
        317248,
        title="City of God",
        year=2002,
        original_title="Cidade de Deus",
        languages=("pt",),
        countries=("BR",),
    ),
    make_film(93428, title="Heat", year=1986, score=None, votes=None, trailer="abcdefghijk"),
]


@pytest.fixture
def client(empty_app):
    """Nobody, before five films."""
    install(empty_app, make_catalogue(FILMS))
    return create_app(empty_app).test_client()


def titles(response):
    """What a list holds."""
    assert response.status_code == 200, response.text
    return [(film["title"], film["year"]) for film in response.json["items"]]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("q=godfathr", ("The Godfather", 1972)),
        ("q=Godfather, The", ("The Godfather", 1972)),
        ("q=the god", ("The Godfather", 1972)),
        ("q=heat 1986", ("Heat", 1986)),
        ("q=haet", ("Heat", 1995)),
        ("q=CIDADE", ("City of God", 2002)),
        ("q=breaking&kind=series", ("Breaking Bad", 2008)),
        ("q=tt0903747", ("Breaking Bad", 2008)),
        ("", ("The Godfather", 1972)),
        ("kind=series", ("Breaking Bad", 2008)),
    ],
)
def test_a_film_is_found_as_it_is_typed(client, query, first):
    """By any title, with an error, with the year, by IMDb's number; nothing typed gives the best known."""
    assert titles(client.get(f"/api/v1/films?{query}"))[0] == first


@pytest.mark.parametrize(
    "query", ["q=zzzzzzzz", "q=tt9999999", "q=breaking&kind=movie", "q=tt0903747&kind=movie"]
)
def test_what_is_not_there_is_an_empty_list(client, query):
    """Not an error."""
    assert titles(client.get(f"/api/v1/films?{query}")) == []


@pytest.mark.parametrize("address", ["imdb:tt0903747", "tmdb-tv:1396"])
def test_a_film_is_looked_up_by_any_reference(client, address):
    """And then by our own number."""
    film = client.get(f"/api/v1/films/{address}").json
    assert (film["title"], film["kind"], film["end_year"]) == ("Breaking Bad", "series", 2013)
    assert film["creators"][0]["name"] == "Vince Gilligan"
    assert film["sources"] == {"score": "movielens", "title": "movielens"}
    assert client.get(f"/api/v1/films/{film['id']}").json == film


def test_a_score_names_its_source_and_an_unknown_one_is_null(client):
    """Never a score of 0."""
    assert client.get("/api/v1/films/imdb:tt0113277").json["score"] == {
        "value": 7.0,
        "votes": 1000,
        "source": "movielens",
    }
    assert client.get("/api/v1/films/imdb:tt0093428").json["score"] is None


def test_a_suggestion_file_has_the_shape_that_imdbs_clients_read(client):
    """Rows of `id`, `l`, `y`, `q`, `qid`, `rank`, `s`; at most eight; cacheable."""
    response = client.get("/suggestion/x/godfather.json?includeVideos=0")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.json["v"] == 1
    row = response.json["d"][0]
    assert {name: row[name] for name in ("id", "l", "y", "q", "qid", "rank", "s")} == {
        "id": "tt0068646",
        "l": "The Godfather",
        "y": 1972,
        "q": "feature",
        "qid": "movie",
        "rank": 1,
        "s": "Marlon Brando, Al Pacino",
    }
    series = client.get("/suggestion/titles/b/breaking_bad.json").json["d"][0]
    assert (series["yr"], series["qid"]) == ("2008-2013", "tvSeries")
    assert client.get("/suggestion/x/zzzzzz.json").json["d"] == []
    assert client.get("/suggestion/x/heat%2Fbreaking.json").status_code == 200


def test_the_values_of_filters_are_counted(client):
    """Most frequent first, with English names."""
    assert client.get("/api/v1/languages").json["items"] == [
        {"code": "en", "name": "English", "films": 4},
        {"code": "pt", "name": "Portuguese", "films": 1},
    ]
    assert client.get("/api/v1/countries").json["items"][1] == {"code": "BR", "name": "Brazil", "films": 1}
    assert client.get("/api/v1/genres").json["items"] == [{"slug": "drama", "name": "Drama", "films": 5}]
    assert client.get("/api/v1/certificates").json["items"] == [{"code": "PG", "name": "PG", "films": 5}]


def test_people_are_found_by_the_beginning_of_each_word(client):
    """In any order and without accents; by number afterwards."""
    [person] = client.get("/api/v1/people?q=coppola fran").json["items"]
    assert (person["name"], person["films"]) == ("Francis Ford Coppola", 1)
    assert client.get(f"/api/v1/people/{person['id']}").json == person
    assert client.get("/api/v1/people?q=%25").json["items"] == []
    assert client.get("/api/v1/people/99999").status_code == 404


def test_a_page_address_may_hold_a_reference(client):
    """It leads to the film's own; one that is unknown leads nowhere."""
    number = client.get("/api/v1/films/imdb:tt0113277").json["id"]
    assert client.get("/film/imdb:tt0113277").headers["Location"] == f"/film/{number}"
    for film in ("imdb:tt9999999", "imdb:", "evil.example", "%2F%2Fevil.example"):
        response = client.get(f"/film/{film}", follow_redirects=True)
        assert (response.status_code, response.request.host) == (404, "localhost"), film


def test_a_random_film_is_one_of_the_known(client):
    """And not always the same."""
    found = {client.get("/api/v1/films/random").json["title"] for _ in range(40)}
    assert found <= {film.title for film in FILMS}
    assert len(found) > 1


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/api/v1/films?q=heat&limit=5", 9),
        ("/api/v1/films/imdb:tt0113277", 13),
        ("/api/v1/films/imdb:tt0113277/similar", 11),
        ("/suggestion/x/heat.json", 4),
    ],
)
def test_the_number_of_queries_does_not_grow_with_the_list(client, address, most):
    """So that no query comes to stand in a loop."""
    client.get(address)
    engine = client.application.extensions["moviefinder"].engine
    seen = []
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert client.get(address).status_code == 200
    assert 0 < len([statement for statement in seen if statement != "BEGIN"]) <= most, seen


def test_health_is_told_to_machines(client, empty_app):
    """Ready is more than alive: the catalogue is installed and in memory."""
    assert client.get("/healthz").json["status"] == "ok"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["catalogue"]) == (200, "2026.01.01-test")
    from sqlalchemy import delete

    from moviefinder.store.models import Version

    with empty_app.transaction() as session:
        session.execute(delete(Version))
    assert client.get("/readyz").status_code == 503
