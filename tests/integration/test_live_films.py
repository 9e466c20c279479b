"""Films that arrive while MovieFinder runs count at once: found, filtered, recommended, named as reasons."""

import threading
import time

import numpy as np
import pytest
from sqlalchemy import delete, event

from moviefinder.app import make_app
from moviefinder.recommend.model_file import save
from moviefinder.records import Credit, Kind, Ref, Role
from moviefinder.services import facts, films, models
from moviefinder.store.models import Film, SimilarList, Version
from moviefinder.web import create_app
from tests.conftest import NOW, WRITE
from tests.factories import make_film, make_model

URL = "/api/v1/recommendations"
N = 40


def live(number, **changed):
    """A film that the catalogue does not have."""
    values = {"refs": (Ref("tmdb", str(900_000 + number)),), "title": f"Stranger {number}", "sources": {}}
    return make_film(number, **(values | changed))


@pytest.fixture
def arrive(app):
    """Let films arrive, each with its neighbours: `arrive(live(1), similar=[make_film(3)])`; gives our number."""

    def arrive(record, *, similar=None, source="tmdb", whole=True):
        with app.transaction() as session:
            film = facts.keep(session, record, source, whole=whole, now=NOW, keeps=None)
            if similar is not None:
                facts.set_similar(session, film, source, similar, now=NOW, keeps=None)
        return film

    return arrive


@pytest.fixture
def like(client):
    """Like a film by our number."""

    def like(film, **answers):
        said = {"verdict": "liked"} | answers
        assert client.patch(f"/api/v1/library/{film}", json=said, headers=WRITE).status_code == 200

    return like


@pytest.fixture
def recommended(client):
    """The list as {title: liked titles that speak for it}, in order: `recommended(genre="western")`."""

    def recommended(**query):
        answer = client.get(URL, query_string={"limit": 50} | query)
        assert answer.status_code == 200, answer.text
        for item in answer.json["items"]:
            assert sum(reason["share"] for reason in item["because"]) <= 1.001
        return {
            item["film"]["title"]: [reason["film"]["title"] for reason in item["because"]]
            for item in answer.json["items"]
        }

    return recommended


@pytest.fixture
def model(app, tmp_path):
    """Put a model of the catalogue into use: each film speaks for the five after it."""
    rows = [[((i + step) % N, 120 - 20 * step, 10) for step in range(1, 6)] for i in range(N)]
    save(make_model(rows), tmp_path / "trained.npz")
    with app.transaction() as session:
        models.publish(session, app.settings.data / "models", tmp_path / "trained.npz", now=NOW)


def found(client, q, **query):
    """The titles of a search."""
    items = client.get("/api/v1/films", query_string={"q": q} | query).json["items"]
    return [item["title"] for item in items]


def test_a_film_that_arrives_is_found_by_its_title(client, arrive):
    """By search and by suggestions, with an error in it, and by its kind."""
    assert found(client, "stranger") == []
    arrive(live(1, title="Stranger Tides", kind=Kind.SERIES, refs=(Ref("tmdb-tv", "1"),)))
    assert found(client, "stranger ti") == found(client, "strnager tides") == ["Stranger Tides"]
    assert found(client, "stranger", kind="movie") == []
    assert found(client, "stranger", kind="series") == ["Stranger Tides"]
    rows = client.get("/suggestion/x/stranger.json").json["d"]
    assert [row["l"] for row in rows] == ["Stranger Tides"]


def test_a_film_of_the_catalogue_comes_before_a_stranger_of_the_same_title(client, arrive):
    """Nobody knows how well known a stranger is."""
    arrive(live(1, title="Film 40", year=1901))
    assert found(client, "film 40")[:2] == ["Film 40", "Film 40"]
    first = client.get("/api/v1/films", query_string={"q": "film 40"}).json["items"][0]
    assert first["year"] != 1901


def test_a_renamed_film_does_not_come_up_twice(client, arrive):
    """It is found by its new title alone."""
    arrive(live(1, title="Quintessence"))
    assert found(client, "quintessence") == ["Quintessence"]
    arrive(live(1, title="Zanzibar"))
    assert found(client, "quintessence") == []
    assert found(client, "zanzibar") == ["Zanzibar"]


def test_a_liked_stranger_brings_its_neighbours_and_is_their_reason(arrive, like, recommended):
    """Without a model, at the next request: those of the catalogue and those that have arrived with it."""
    stranger = arrive(live(1), similar=[make_film(30), live(2), make_film(20)])
    like(stranger)
    ranked = recommended()
    assert list(ranked)[:3] == ["Film 30", "Stranger 2", "Film 20"]
    assert all(ranked[title] == ["Stranger 1"] for title in list(ranked)[:3])
    assert "Stranger 1" not in ranked


@pytest.mark.usefixtures("model")
def test_with_a_model_as_well(arrive, like, recommended):
    """Beside likes that the model knows: the neighbours rise, and the stranger is among their reasons."""
    for film in range(1, 6):
        like(f"imdb:tt{film:07d}")
    before = list(recommended())
    assert "Film 33" not in before[:5]
    stranger = arrive(live(1), similar=[make_film(33), live(2)])
    like(stranger)
    ranked = recommended()
    assert ranked["Film 33"] == ["Stranger 1"]
    assert ranked["Stranger 2"] == ["Stranger 1"]
    assert [title for title in ranked if title in before[:5]] == before[:5]


@pytest.mark.usefixtures("model")
def test_a_stranger_is_recommended_to_those_who_like_what_it_is_like(arrive, like, recommended):
    """By the films of its list: what is said for them is said for it."""
    arrive(live(1), similar=[make_film(3), make_film(4)])
    like("imdb:tt0000001")
    like("imdb:tt0000002")
    assert set(recommended()["Stranger 1"]) == {"Film 1", "Film 2"}


def test_a_stranger_passes_the_filters_that_it_should(arrive, like, recommended):
    """By its own facts, and by its new ones when they arrive."""
    stranger = arrive(live(1), similar=[live(2, genres=())])
    like(stranger)
    assert list(recommended(genre="western")) == []  # only its name is known until it is fetched
    arrive(
        live(
            2, genres=("western",), year=2026, countries=("IS",), languages=("is",), score=8.0, runtime_min=99
        )
    )
    for query in ({"genre": "western"}, {"country": "IS"}, {"year_min": 2025}, {"language": "is"}):
        assert list(recommended(**query)) == ["Stranger 2"], query
    assert "Stranger 2" not in recommended(genre_out=["western"])
    assert "Stranger 2" not in recommended(year_max=2000)


def test_the_filters_offer_what_live_films_have(client, arrive):
    """With their number."""
    arrive(live(1, languages=("is",), countries=("IS",)))
    places = client.get("/api/v1/languages").json["items"]
    assert {"code": "is", "films": 1}.items() <= next(row for row in places if row["code"] == "is").items()


def test_people_of_well_known_films_come_before_those_of_strangers(client, arrive):
    """Nobody knows how well a film is known that came since; people of adult films alone are nobody's."""
    for number, name in enumerate(("Zoe Aa", "Zoe Bb")):
        arrive(live(number, credits=(Credit(name=name, role=Role.CREATOR, position=0),), adult=number == 1))
    before = make_film(5, credits=(Credit(name="Zoe Cc", role=Role.CREATOR, position=0),))
    arrive(before)
    people = client.get("/api/v1/people?q=zoe").json["items"]
    assert [person["name"] for person in people] == ["Zoe Cc", "Zoe Aa"]


def test_an_adult_film_is_neither_found_nor_recommended(client, arrive, like, recommended):
    """Whoever says so, and whenever."""
    stranger = arrive(live(1), similar=[live(2), make_film(20)])
    like(stranger)
    assert "Stranger 2" in recommended()
    arrive(live(2, adult=True))
    assert "Stranger 2" not in recommended()
    assert "Stranger 2" not in found(client, "stranger 2")
    arrive(live(3, refs=(Ref("imdb", "tt9000003"),), adult=True))
    assert found(client, "tt9000003") == []
    similar = client.get(f"/api/v1/films/{stranger}/similar").json["items"]
    assert [item["film"]["title"] for item in similar] == ["Film 20"]


def test_films_that_turn_out_to_be_one_are_one(client, arrive, like, recommended):
    """The list that named the other names the one; neither is found or recommended twice."""
    older = arrive(live(3, title="Zanzibar", refs=(Ref("imdb", "tt9000003"),)))
    like(arrive(live(1), similar=[live(2), make_film(20)]))
    assert list(recommended())[:2] == ["Stranger 2", "Film 20"]
    assert arrive(live(2, title="Zanzibar", refs=(Ref("tmdb", "900002"), Ref("imdb", "tt9000003")))) == older
    assert list(recommended())[:2] == ["Zanzibar", "Film 20"]
    assert found(client, "zanzibar") == ["Zanzibar"]
    assert "Stranger 2" not in found(client, "stranger")


def test_the_lists_of_all_sources_are_shown_as_one(client, arrive):
    """With the sources that name each film, and its place there."""
    arrive(make_film(1), similar=[make_film(9), make_film(2)], source="tmdb")
    arrive(make_film(1), similar=[make_film(9)], source="imdb")
    items = client.get("/api/v1/films/imdb:tt0000001/similar").json["items"]
    named = {item["film"]["title"]: item for item in items}
    assert [item["rank"] for item in items] == list(range(1, len(items) + 1))
    assert named["Film 9"]["sources"] == [{"source": "imdb", "rank": 1}, {"source": "tmdb", "rank": 1}]
    assert named["Film 9"]["source"] == "imdb"
    assert named["Film 2"]["sources"] == [{"source": "catalogue", "rank": 1}, {"source": "tmdb", "rank": 2}]
    assert items[0]["film"]["title"] == "Film 9"


@pytest.mark.usefixtures("model")
def test_nothing_changes_for_those_who_like_nothing_live(client, arrive, like):
    """The same bytes as before it arrived, where nothing live is near."""
    like("imdb:tt0000001")
    before = client.get(URL, query_string={"limit": 5}).json
    arrive(live(1), similar=[live(2), make_film(30)])
    after = client.get(URL, query_string={"limit": 5}).json
    for answer in (before, after):
        del answer["count"], answer["next"]
    assert before == after


def said_of(known):
    """What the models are told of live films, by our numbers."""
    live, ids = known.live, known.facts.ids
    links = zip(ids[live.sources].tolist(), ids[live.targets].tolist(), live.ranks.tolist(), strict=True)
    stand_ins = {
        film: (is_listed, {at: w for at, w in zip(ids[of].tolist(), weights.tolist(), strict=True) if w})
        for film, is_listed, of, weights in zip(
            ids[live.placed].tolist(), live.is_listed.tolist(), live.stand_ins, live.weights, strict=True
        )
    }
    assert len(stand_ins) == len(live.placed)
    return sorted(links), stand_ins


@pytest.mark.usefixtures("model")
def test_a_process_that_saw_each_change_agrees_with_one_that_starts_now(app, arrive, settings):
    """Whatever changed in between, once or twice: the same facts, lists and titles."""
    rng = np.random.default_rng(0)
    for round_ in range(12):
        for number in rng.integers(1, 9, 3).tolist():
            near = [make_film(int(film)) for film in rng.integers(1, N, 3)] + [live(int(rng.integers(1, 20)))]
            arrive(live(number, genres=(["drama", "western"][round_ % 2],), year=1950 + round_), similar=near)
        arrive(make_film(round_ + 1, score=9.0), similar=[live(1)] if round_ % 2 else [])
        with app.reading() as session:
            app.films.newest(session)
            app.titles.newest(session)
    fresh = make_app(settings, shipped_model=settings.data / "none.npz")
    with app.reading() as session:
        ours, theirs = app.films.newest(session), fresh.films.newest(session)
        assert sorted(ours.facts.ids.tolist()) == sorted(theirs.facts.ids.tolist())
        at = theirs.lists.places.find(ours.facts.ids)
        assert ours.facts.year.tolist() == theirs.facts.year[at].tolist()
        assert ours.facts.genres.counts() == theirs.facts.genres.counts()
        for position, there in enumerate(at.tolist()):
            mine, its = ours.lists.named(position), theirs.lists.named(there)
            assert ours.facts.ids[mine[0]].tolist() == theirs.facts.ids[its[0]].tolist()
            assert mine[1].tolist() == its[1].tolist()
        assert said_of(ours) == said_of(theirs)
        for query in ("stranger", "film 1", "strangr 3"):
            assert app.titles.newest(session).search(query) == fresh.titles.newest(session).search(query)
    fresh.close()


def test_only_what_changed_is_read(app, arrive):
    """Not the films that changed before: as many rows as changed, by the index of changes."""
    for number in range(1, 9):
        arrive(live(number))
    with app.reading() as session:
        app.films.newest(session)
    arrive(live(3, title="Changed"))
    fetched = []

    def note(_connection, cursor, statement, *_):
        fetched.append(statement)

    event.listen(app.engine, "after_cursor_execute", note)
    with app.reading() as session:
        before = app.films.newest(session)
        first = len(fetched)
        assert app.films.newest(session) is before
    event.remove(app.engine, "after_cursor_execute", note)
    assert first <= 8
    assert len(fetched) == first + 1  # the versions alone


def test_a_film_that_goes_altogether_is_forgotten(app, client, arrive):
    """The number of changes rises, and its row is missing."""
    stranger = arrive(live(1))
    assert found(client, "stranger 1") == ["Stranger 1"]
    with app.reading() as session:
        assert stranger in app.films.newest(session).facts.ids
    with app.transaction() as session:
        session.execute(delete(Film).where(Film.id == stranger))
        facts.touch(session, [])
    assert "Stranger 1" not in found(client, "stranger 1")
    with app.reading() as session:
        assert stranger not in app.films.newest(session).facts.ids


def test_a_list_that_goes_gives_way_to_that_of_the_catalogue(app, client, arrive):
    """And a film that has none left has none."""
    film = arrive(make_film(1), similar=[make_film(30)])
    stranger = arrive(live(1), similar=[make_film(30)])
    with app.reading() as session:
        assert len(films.similar(session, app.films.newest(session), stranger, limit=9)) == 1
    with app.transaction() as session:
        session.execute(delete(SimilarList).where(SimilarList.source == "tmdb"))
        facts.touch(session, [film, stranger])
    with app.reading() as session:
        lists = app.films.newest(session).lists
        places = lists.places.find(np.array([film, stranger])).tolist()
        assert [len(lists.named(place)[0]) for place in places] == [5, 0]


def test_changes_are_taken_up_after_a_pause(settings, app, arrive):
    """Meanwhile a process serves what it has, and says that it is behind; a process that starts is never behind."""
    arrive(live(1))
    patient = make_app(settings, shipped_model=settings.data / "none.npz")
    with patient.reading() as session:
        n = len(patient.films.newest(session).facts.ids)
        assert not patient.films.is_behind(session)
    arrive(live(2))
    with patient.reading() as session:
        assert len(patient.films.newest(session).facts.ids) == n
        assert patient.films.is_behind(session)
    for _ in range(100):
        time.sleep(0.02)
        with patient.reading() as session:
            if len(patient.films.newest(session).facts.ids) == n + 1:
                assert not patient.films.is_behind(session)
                break
    else:
        pytest.fail("not within two seconds")
    patient.close()


def test_nobody_waits_while_changes_are_taken_up(settings, app, arrive):
    """Not even the reader that found them: all get what was there, and one thread reads the changes."""
    arrive(live(1))
    patient = make_app(settings, shipped_model=settings.data / "none.npz")
    begun, go_on, reads = threading.Event(), threading.Event(), []
    read = patient.films._read

    def slowly(session, number):
        if reads:
            begun.set()
            go_on.wait(10)
        reads.append(number)
        return read(session, number)

    patient.films._read = slowly

    def newest():
        with patient.reading() as session:
            return patient.films.newest(session)

    before = newest()
    arrive(live(2))
    while not begun.is_set():
        assert newest() is before
        time.sleep(0.01)
    assert all(newest() is before for _ in range(20))
    assert len(reads) == 1
    go_on.set()
    while newest() is before:
        time.sleep(0.01)
    assert len(reads) == 2
    assert len(newest().facts.ids) == len(before.facts.ids) + 1
    patient.close()


def test_who_got_what_was_there_is_told_so_whatever_came_since(settings, app, arrive):
    """The thread may be done before the answer is written; the answer was made without the change all the same."""
    arrive(live(1))
    patient = make_app(settings, shipped_model=settings.data / "none.npz")
    with patient.reading() as session:
        before = patient.films.newest(session)
        assert not patient.films.is_behind(session)
    arrive(live(2))
    while True:
        with patient.reading() as session:
            given = patient.films.newest(session)
            time.sleep(0.3)
            assert patient.films.is_behind(session) == (given is before)
        if given is not before:
            break
    patient.close()


def test_who_likes_what_has_just_come_is_not_told_to_like_something(settings, app, arrive):
    """The first list after such a like waits for the film, where all others get what was there."""
    arrive(live(1))
    patient = make_app(settings, shipped_model=settings.data / "none.npz")
    client = create_app(patient).test_client()
    assert client.get(URL).json["hint"] == "empty_taste"
    film = arrive(live(2), similar=[make_film(number) for number in (1, 2, 3)])
    said = client.patch(f"/api/v1/library/{film}", json={"verdict": "liked"}, headers=WRITE)
    assert said.status_code == 200
    answer = client.get(URL).json
    assert answer["hint"] != "empty_taste"
    assert answer["items"]
    patient.close()


def test_an_install_without_live_films_reads_no_changes(app):
    """What it serves is what is mapped from files."""
    with app.reading() as session:
        known = app.films.newest(session)
        assert session.get(Version, "films") is None or session.get(Version, "films").number == 0
        assert known.live is None
        assert known is app.films.base.newest(session)
