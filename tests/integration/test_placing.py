"""A film that no rating knows is placed by what it is like, as soon as its facts are there."""

import pytest

from moviefinder.recommend.model_file import save
from moviefinder.records import Credit, Kind, Ref, Role
from moviefinder.services import facts, films, models, placing
from moviefinder.store import jobs
from moviefinder.store.jobs import Claim
from moviefinder.store.models import Film, Job
from tests.conftest import NOW, WRITE, install
from tests.factories import make_catalogue, make_film, make_model

N = 60
VILLENEUVE = Credit(name="Denis Villeneuve", role=Role.DIRECTOR, position=0)


@pytest.fixture
def app(empty_app):
    """Sixty films, every other one a science fiction film of one director; the last ten were rated by few."""
    films = [
        make_film(
            number,
            genres=("sci-fi",) if number % 2 else ("romance",),
            credits=(VILLENEUVE,)
            if number % 2
            else (Credit(name=f"D{number}", role=Role.DIRECTOR, position=0),),
            year=2010,
            votes=5_000 if number <= 50 else 10,
        )
        for number in range(1, N + 1)
    ]
    install(empty_app, make_catalogue(films))
    return empty_app


def stranger(**changed):
    """A new science fiction film of that director."""
    values = {
        "refs": (Ref("tmdb", "900001"),), "title": "Sand", "genres": ("sci-fi",), "credits": (VILLENEUVE,),
        "year": 2011, "sources": {},
    }  # fmt: skip
    return make_film(1, **(values | changed))


def keep(app, record, source="tmdb"):
    """Let facts of a film arrive; gives our number."""
    with app.transaction() as session:
        return facts.keep(session, record, source, whole=True, now=NOW, keeps=None)


def place(app, film):
    """Do the job; gives what the film is like, best first, with the sources that say so."""
    claim = Claim(id=1, kind="place_film", key=str(film), payload={}, film_id=film, attempts=1, claims=1)
    write = placing.place_film(app, claim)
    with app.transaction() as session:
        write(session, NOW)
    with app.reading() as session:
        similar = films.similar(session, app.films.newest(session), film, limit=100)
        found = films.films(session, [row.film_id for row in similar])
        return [(found[row.film_id].record, row.sources) for row in similar]


def changes(app):
    """The number of the last change."""
    with app.reading() as session:
        return max(session.scalars(Film.__table__.select().with_only_columns(Film.changed)))


def test_a_film_is_placed_among_those_it_is_like(app):
    """Its stand-ins are well-rated films of the catalogue, the likest first."""
    placed = place(app, keep(app, stranger()))
    assert len(placed) == 30
    assert [record.genres for record, _ in placed[:25]] == [("sci-fi",)] * 25
    assert {record.votes for record, _ in placed} == {5_000}
    assert {source for _, sources in placed for source, _ in sources} == {"placed"}


def test_a_bare_title_is_not_placed(app):
    """It would be like everything; what was known before goes."""
    film = keep(app, stranger())
    assert place(app, film)
    bare = keep(app, stranger(refs=(Ref("tmdb", "900002"),), genres=(), credits=()))
    before = changes(app)
    assert place(app, bare) == []
    assert changes(app) == before


def test_a_film_of_the_catalogue_is_left_where_it_is(app):
    """The model knows it."""
    film = keep(app, make_film(3, runtime_min=99))
    before = changes(app)
    assert all(source == "catalogue" for _, sources in place(app, film) for source, _ in sources)
    assert changes(app) == before


def test_placing_twice_changes_nothing(app):
    """A job may run again."""
    film = keep(app, stranger())
    first, before = place(app, film), changes(app)
    assert place(app, film) == first
    assert changes(app) == before


def test_new_facts_place_a_film_anew(app):
    """It moves to where it belongs."""
    film = keep(app, stranger(genres=("romance",), credits=()))
    assert {record.genres for record, _ in place(app, film)[:20]} == {("romance",)}
    keep(app, stranger())
    assert {record.genres for record, _ in place(app, film)[:20]} == {("sci-fi",)}


def test_a_film_that_has_gone_meanwhile_is_not_placed(app):
    """Nothing is written for it."""
    film = keep(app, stranger())
    claim = Claim(id=1, kind="place_film", key=str(film), payload={}, film_id=film, attempts=1, claims=1)
    write = placing.place_film(app, claim)
    with app.transaction() as session:
        session.execute(Film.__table__.update().where(Film.id == film).values(merged_into=1))
    before = changes(app)
    with app.transaction() as session:
        write(session, NOW)
    assert changes(app) == before


def test_series_stand_in_for_series(app):
    """Where two films have the rest in common."""
    with app.transaction() as session:
        rows = Film.__table__
        session.execute(rows.update().where(rows.c.popularity.in_([1, 3, 5])).values(kind="series"))
    fresh = keep(app, stranger(kind=Kind.SERIES, refs=(Ref("tmdb-tv", "1"),)))
    with app.transaction() as session:
        ids = session.scalars(rows.select().with_only_columns(Film.id).where(Film.kind == "series")).all()
        facts.touch(session, ids)
    assert [record.kind for record, _ in place(app, fresh)[:3]] == [Kind.SERIES] * 3


def test_facts_that_arrive_ask_for_placing_and_a_placed_film_is_recommended(app, tmp_path):
    """To those who like what its stand-ins are liked with; they are its reasons."""
    from moviefinder.web import create_app

    rows = [
        [((i + step) % N, 120 - 2 * step, 10) for step in range(2, 20, 2)] for i in range(N)
    ]  # each speaks for those of its genre
    save(make_model(rows), tmp_path / "trained.npz")
    with app.transaction() as session:
        models.publish(session, app.settings.data / "models", tmp_path / "trained.npz", now=NOW)
    film = keep(app, stranger())
    with app.transaction() as session:
        asked = session.query(Job).filter_by(kind="place_film", film_id=film, state="queued").all()
        assert [job.key for job in asked] == [str(film)]
        assert jobs.pending(session, now=NOW, film_ids=[film]).fetching == 1
    place(app, film)
    client = create_app(app).test_client()
    for number in (1, 3):
        said = client.patch(f"/api/v1/library/imdb:tt{number:07d}", json={"verdict": "liked"}, headers=WRITE)
        assert said.status_code == 200
    items = client.get("/api/v1/recommendations", query_string={"limit": 60}).json["items"]
    reasons = {item["film"]["title"]: item["because"] for item in items}
    assert {reason["film"]["title"] for reason in reasons["Sand"]} == {"Film 1", "Film 3"}
    assert sum(reason["share"] for reason in reasons["Sand"]) == pytest.approx(1, abs=0.001)
