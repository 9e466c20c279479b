"""The ranked list as it is answered: filters before the cut, stable pages, reasons, hints."""

import pytest

from moviefinder.records import Credit, Kind, Role
from moviefinder.services import recommendations
from tests.conftest import WRITE, install
from tests.factories import make_catalogue, make_film

URL = "/api/v1/recommendations"


def films_of(answer):
    """The titles of a list, in order."""
    return [item["film"]["title"] for item in answer["items"]]


@pytest.fixture
def recommend(client):
    """Ask for recommendations: `recommend(genre="drama")`."""

    def recommend(**query):
        response = client.get(URL, query_string=query)
        assert response.status_code == 200, response.text
        return response.json

    return recommend


def test_an_empty_taste_gets_an_empty_list_with_a_hint(recommend, say):
    """With and without a cookie; a film that is only saved says nothing of taste."""
    assert recommend()["hint"] == "empty_taste"
    say(1, saved=True)
    assert recommend() == {
        "items": [],
        "count": 0,
        "left_out": {},
        "hint": "empty_taste",
        "relax": [],
        "known": recommendations.KNOWN,
        "spread": recommendations.SPREAD,
        "next": None,
        "pending": {"fetching": 0, "waiting": 0},
    }


def test_each_recommendation_names_the_liked_films_that_gave_most(recommend, say):
    """Shares are of what all of them gave."""
    say(1, verdict="liked")
    say(2, verdict="liked")
    answer = recommend(limit=3)
    assert films_of(answer) == ["Film 3", "Film 4", "Film 5"]
    for item in answer["items"]:
        assert {reason["film"]["title"] for reason in item["because"]} == {"Film 1", "Film 2"}
        assert sum(reason["share"] for reason in item["because"]) == pytest.approx(1, abs=0.001)


@pytest.mark.parametrize(
    "answers",
    [
        {"verdict": "liked"},
        {"verdict": "fine"},
        {"verdict": "disliked"},
        {"seen": True},
        {"saved": True},
        {"rating": 2},
        {"snoozed_until": "2999-01-01"},
    ],
)
def test_a_film_that_was_answered_is_never_recommended(recommend, say, answers):
    """Judged, seen, saved or put off: it is decided."""
    say(1, verdict="liked")
    assert "Film 3" in films_of(recommend())
    say(3, **answers)
    assert "Film 3" not in films_of(recommend())


def test_a_snooze_that_is_over_brings_the_film_back(recommend, say):
    """Put off until a day is not put off for ever."""
    say(1, verdict="liked")
    say(3, snoozed_until="2020-01-01")
    assert "Film 3" in films_of(recommend())


def test_a_film_for_somebody_else_does_not_shape_the_taste(recommend, say):
    """`taste: false` takes it out of the votes and leaves it decided."""
    say(1, verdict="liked")
    say(20, verdict="liked", taste=False)
    titles = films_of(recommend(limit=5))
    assert titles == ["Film 2", "Film 3", "Film 4", "Film 5", "Film 6"]


def test_the_same_request_gives_the_same_bytes(client, say):
    """And a browser that has them is told so."""
    say(1, verdict="liked")
    first, second = client.get(URL), client.get(URL)
    assert first.data == second.data
    assert first.headers["Cache-Control"] == "no-store"
    assert client.get(URL, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_pages_follow_each_other_without_gap_or_repeat(recommend, say):
    """Until the list ends; the count stays."""
    say(1, verdict="liked")
    whole = recommend(limit=100)
    collected, cursor = [], None
    while True:
        page = recommend(limit=4, **({"cursor": cursor} if cursor else {}))
        assert page["count"] == whole["count"]
        collected += films_of(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert collected == films_of(whole)


def test_a_page_after_a_change_of_taste_repeats_nothing(recommend, say):
    """The list goes on as it is ranked now."""
    say(1, verdict="liked")
    first = recommend(limit=3)
    say(2, verdict="liked")
    say(30, verdict="liked")
    second = recommend(limit=30, cursor=first["next"])
    assert not set(films_of(first)) & set(films_of(second))
    assert "Film 31" in films_of(second)


WORLD = [
    make_film(1, title="Liked"),
    make_film(2, title="Long", runtime_min=240, genres=("drama", "war"), year=1965),
    make_film(3, title="Unknown", runtime_min=None, languages=(), genres=(), year=None, score=None),
    make_film(4, title="Series", kind=Kind.SERIES, genres=("comedy",), languages=("de",), countries=("DE",)),
    make_film(5, title="Short", runtime_min=80, genres=("comedy",), certificate="R", score=9.0, votes=10),
    make_film(
        6,
        title="By Ada",
        credits=(Credit(name="Ada", role=Role.ACTOR, position=0),),
        year=2024,
        genres=("war",),
    ),
]


@pytest.fixture
def world(empty_app, client_of):
    """Six films that differ, the first of which names all the others."""
    install(empty_app, make_catalogue(WORLD, [[(i, 200 - i) for i in range(1, 6)], *[[(0, 9)]] * 5]))
    return client_of(empty_app)


@pytest.fixture
def client_of():
    """Somebody who likes film 1 of an App."""
    from moviefinder.web import create_app

    def make(app):
        client = create_app(app).test_client()
        client.patch("/api/v1/library/imdb:tt0000001", json={"verdict": "liked"}, headers=WRITE)
        return client

    return make


@pytest.mark.parametrize(
    ("query", "titles", "left_out"),
    [
        ("kind=series", ["Series"], {}),
        ("kind=movie", ["Long", "Unknown", "Short", "By Ada"], {}),
        ("genre=comedy", ["Series", "Short"], {"genre": 1}),
        ("genre=drama&genre=war", ["Long"], {"genre": 1}),
        ("genre_out=comedy", ["Long", "By Ada"], {"genre_out": 1}),
        ("language=de", ["Series"], {"language": 1}),
        ("language=de&language=en", ["Long", "Series", "Short", "By Ada"], {"language": 1}),
        ("country=DE", ["Series"], {}),
        ("year_max=1970", ["Long"], {"year_max": 1}),
        ("year_min=2020", ["By Ada"], {"year_min": 1}),
        ("runtime_max=90", ["Short"], {"runtime_max": 1}),
        ("runtime_min=200", ["Long"], {"runtime_min": 1}),
        ("certificate=R", ["Short"], {}),
        ("score_min=8.5", ["Short"], {"score_min": 1}),
        ("votes_min=100&genre_out=comedy", ["Long", "By Ada"], {"genre_out": 1}),
        ("genre=comedy&kind=movie", ["Short"], {"genre": 1}),
    ],
)
def test_a_filter_leaves_what_it_names_and_counts_the_unknown(world, query, titles, left_out):
    """Each filter alone, and two together; the cut comes after."""
    answer = world.get(f"{URL}?{query}&limit=10").json
    assert films_of(answer) == titles
    assert answer["count"] == len(titles)
    assert answer["left_out"] == left_out


def test_a_person_is_filtered_by_number(world):
    """Found by name first."""
    people = {row["name"]: row for row in world.get("/api/v1/people?q=ada").json["items"]}
    person = people["Ada"]
    assert (person["films"], people["Ada Director"]["films"]) == (1, 5)
    assert films_of(world.get(f"{URL}?person={person['id']}").json) == ["By Ada"]


def test_filters_too_tight_name_the_one_to_drop(world):
    """And how many films each would free."""
    answer = world.get(f"{URL}?genre=war&runtime_max=90").json
    assert (answer["items"], answer["hint"]) == ([], "filters_too_tight")
    assert answer["relax"] == [{"filter": "genre", "frees": 1}, {"filter": "runtime_max", "frees": 1}] or (
        answer["relax"] == [{"filter": "runtime_max", "frees": 2}, {"filter": "genre", "frees": 1}]
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("genre=polka", "genre"),
        ("genre_out=polka", "genre_out"),
        ("person=999999", "person"),
        ("year_min=2000&year_max=1990", "year_min"),
        ("runtime_min=200&runtime_max=100", "runtime_min"),
        ("cursor=AAAA", "cursor"),
        ("year_min=12", "year_min"),
        ("year_min=soon", "year_min"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("score_min=11", "score_min"),
        ("country=Germany", "country"),
        ("country=ZZ", "country"),
        ("language=xx", "language"),
        ("certificate=banana", "certificate"),
        ("kind=play", "kind"),
        ("colour=red", "colour"),
        (f"votes_min={2**70}", "votes_min"),
        ("known=1.1", "known"),
        ("known=nan", "known"),
        ("spread=-0.1", "spread"),
        ("by=oracle", "by"),
    ],
)
def test_a_nonsense_filter_is_refused_by_name(world, query, field):
    """422, and the field that is wrong."""
    response = world.get(f"{URL}?{query}")
    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert [error["field"].split(".")[0] for error in response.json["errors"]] == [field]


def test_the_answer_says_where_the_dials_stood(recommend, say):
    """As asked, else where they stand for everybody; they take nothing off the list."""
    say(1, verdict="liked")
    plain = recommend()
    assert (plain["known"], plain["spread"]) == (recommendations.KNOWN, recommendations.SPREAD)
    leaning = recommend(known=0.2, spread=1)
    assert (leaning["known"], leaning["spread"]) == (0.2, 1)
    assert leaning["count"] == plain["count"]
