"""Learning again: which film is meant, whose ratings count, and that no bad model gets into use."""

import gzip

import numpy as np
import pytest

from moviefinder.catalogue import open_catalogue
from moviefinder.errors import Invalid
from moviefinder.recommend.rating_files import read
from moviefinder.services import training
from moviefinder.web import create_app
from tests.conftest import WRITE
from tests.factories import make_catalogue, make_film, make_model
from tests.tastes import co_likes, two_tastes, written

FILMS = make_catalogue([make_film(number) for number in range(1, 41)])
LINKS = "movieId,imdbId,tmdbId\n5,0000003,\n6,9999999,4\n7,9999998,\n8,,\n9,tt0000001,77777\n"


def files(folder, *, links=LINKS, name="links.csv"):
    """Ratings with a file of links beside them."""
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,5,4.0,9\n")
    if links is not None:
        (folder / name).write_text(links)
    return [folder / "ratings.csv"]


def as_dict(films):
    """A map as MovieLens id -> row."""
    return dict(zip(films.ids.tolist(), films.rows.tolist(), strict=True))


def test_films_are_found_by_imdb_else_by_tmdb(tmp_path):
    """Beside the ratings; a film of neither number is outside."""
    assert as_dict(training.film_map(FILMS, files(tmp_path))) == {5: 2, 6: 3, 9: 0}


def test_links_may_be_packed_or_named(tmp_path):
    """What is named goes before what stands beside."""
    ratings = files(tmp_path)
    named = tmp_path / "other.gz"
    named.write_bytes(gzip.compress(b"movieId,imdbId,tmdbId\n1,0000009,\n"))
    assert as_dict(training.film_map(FILMS, ratings, links=named)) == {1: 8}


def test_the_model_knows_films_where_no_file_does(tmp_path):
    """By the ids it was learned from; a file of links goes before it."""
    model = make_model([[(1, 5, 5)], [(0, 5, 5)]])
    ratings = files(tmp_path, links=None)
    assert as_dict(training.film_map(FILMS, ratings, model=model)) == {10: 0, 11: 1}
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n11,0000005,\n")
    assert as_dict(training.film_map(FILMS, ratings, model=model)) == {10: 0, 11: 4}


@pytest.mark.parametrize(
    ("links", "said"),
    [
        (None, "--links"),
        ("movieId,tmdbId\n1,2\n", "line 1"),
        ("movieId,imdbId,tmdbId\n1,abc,2\n", "line 2"),
        ("movieId,imdbId,tmdbId\n1,0000001,2\n\n", "line 3"),
        ("movieId,imdbId,tmdbId\n99999999999,0000001,2\n", "line 2"),
    ],
)
def test_links_that_cannot_be_used_are_named(tmp_path, links, said):
    """With file, line and remedy."""
    with pytest.raises(Invalid, match=said):
        training.film_map(FILMS, files(tmp_path, links=links))


def test_ratings_of_other_films_are_refused(tmp_path):
    """Nothing can be learned of a catalogue that none of them is about."""
    ratings = files(tmp_path, links="movieId,imdbId,tmdbId\n77,0000001,\n")
    films = training.film_map(FILMS, ratings)
    with pytest.raises(Invalid, match="None of the ratings"):
        training.read_ratings(ratings, films)


def test_who_stands_in_two_files_is_counted_once(tmp_path):
    """Found without a list, and said."""
    films = two_tastes(n_people=6, n_films=40)
    numbers = np.arange(1, 41)
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text(written(films, numbers))
    other.write_text(written(films.of_people(np.arange(6) > 3), numbers))
    (tmp_path / "links.csv").write_text(
        "movieId,imdbId,tmdbId\n" + "".join(f"{number},{number:07d},\n" for number in numbers)
    )
    assert read([one, other]).n_people == 8
    said = []
    ratings = training.read_ratings([one, other], training.film_map(FILMS, [one, other]), say=said.append)
    assert ratings.n_people == 6
    assert len(ratings) == len(films)
    assert any("2 people stand in two files" in line for line in said)


def test_a_model_is_checked_on_people_whom_it_has_not_seen():
    """And learned once more from everybody, where people are few."""
    ratings = two_tastes()
    seen = []

    def learn(given):
        seen.append(given.n_people)
        return co_likes(given)

    model, check = training.train(ratings, learn)
    assert check.ndcg > check.popularity
    assert seen == [240 - check.people, 240]
    assert len(model) == 120


def test_a_model_that_is_no_better_than_the_most_liked_is_refused():
    """One that learned nothing, and one that learned the contrary."""
    ratings = two_tastes()
    turned = make_model([[((i + 1) % 120, 100, 0)] for i in range(120)])
    empty = make_model([[] for _ in range(120)])
    for model in (turned, empty):
        with pytest.raises(Invalid, match="no better"):
            training.train(ratings, always(model))


def always(model):
    """A learner that has made up its mind."""

    def learn(ratings):
        return model

    return learn


def test_too_few_people_are_said():
    """There must be somebody to learn from and somebody to check with."""
    with pytest.raises(Invalid, match="Only 20 people"):
        training.train(two_tastes(n_people=20), co_likes)


def judge(app, liked, disliked=(), *, not_for_taste=()):
    """Somebody new says what they think of films, by number."""
    somebody = create_app(app).test_client()
    for verdict, numbers in (("liked", liked), ("disliked", disliked)):
        for number in numbers:
            body = {"verdict": verdict, "taste": number not in not_for_taste}
            answer = somebody.patch(f"/api/v1/library/imdb:tt{number:07d}", json=body, headers=WRITE)
            assert answer.status_code == 200


def own(app):
    """What joins of this install's people, as person -> row -> stars."""
    with app.reading() as session:
        ratings = training.own_ratings(session, FILMS)
    found = {}
    for person, row, stars in zip(
        ratings.people.tolist(), ratings.films.tolist(), ratings.stars.tolist(), strict=True
    ):
        found.setdefault(person, {})[row] = stars
    return found


def test_what_fewer_than_five_share_never_joins(app):
    """Neither a film nor a pair of films; what may not shape the taste counts for nobody."""
    for _ in range(4):
        judge(app, liked=[1, 2, 3])
    assert own(app) == {}
    judge(app, liked=[1, 2], disliked=[4], not_for_taste=[2])
    assert own(app) == {person: {0: 5.0} for person in range(5)}
    judge(app, liked=[2])
    assert own(app) == {person: {0: 5.0} for person in range(5)} | {5: {1: 5.0}}
    judge(app, liked=[1], disliked=[2])
    assert own(app)[6] == {0: 5.0, 1: 1.5}
    assert own(app)[0] == {0: 5.0, 1: 5.0}


def test_own_answers_join_what_is_learned_from():
    """As further people, who never check the model."""
    ratings, more = two_tastes(), two_tastes(n_people=10, seed=2)
    seen = []

    def learn(given):
        seen.append(given.n_people)
        return co_likes(given)

    _, check = training.train(ratings, learn, own=more)
    assert seen == [250 - check.people, 250]


def test_the_shipped_films_have_references_that_a_model_finds():
    """A model is laid over the catalogue by them."""
    catalogue = open_catalogue()
    refs = tuple(str(catalogue.refs(row)[0]) for row in (5, 3, 9))
    model = make_model([[], [], []], refs=refs)
    assert training.positions_of(model, catalogue).tolist() == [5, 3, 9]
