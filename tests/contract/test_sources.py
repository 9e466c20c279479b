"""What every film source must hold. A new one joins by its line in `SOURCES`."""

import pytest

from moviefinder.errors import FilmNotFound
from moviefinder.records import FilmRecord, Kind, Ref
from moviefinder.sources import Capability
from moviefinder.sources.embedded import EmbeddedSource

SOURCES = {"embedded": (EmbeddedSource, Ref("imdb", "tt0133093"), Ref("imdb", "tt9999999"))}


@pytest.fixture(params=SOURCES, scope="module")
def known(request):
    """Each source, with an id of The Matrix in it and one that it does not have."""
    make, matrix, missing = SOURCES[request.param]
    return make(), matrix, missing


def test_a_source_has_a_name_and_says_what_it_can(known):
    """Its name is also how settings call it."""
    source, _, _ = known
    assert source.name in SOURCES
    assert source.can <= set(Capability)


def test_a_film_comes_as_a_record(known):
    """With what was asked for, and a source for what is known."""
    source, matrix, _ = known
    film = source.film(matrix)
    assert isinstance(film, FilmRecord)
    assert (film.title, film.year, film.kind) == ("The Matrix", 1999, Kind.MOVIE)
    assert film.refs
    assert {"title", "year"} <= film.sources.keys()


def test_an_unknown_film_is_not_found(known):
    """And nothing is guessed."""
    source, _, missing = known
    with pytest.raises(FilmNotFound):
        source.film(missing)
    with pytest.raises(FilmNotFound):
        source.similar(missing)


def test_a_search_gives_records_best_first(known):
    """Narrowed by year, cut at the limit, empty when there is none."""
    source, matrix, _ = known
    assert source.search("the matrix")[0].refs == source.film(matrix).refs
    assert source.search("The Matrix", year=1950) == []
    assert source.search("no film is called this") == []
    assert len(source.search("Hamlet", limit=2)) == 2


def test_similar_films_are_others_without_repeats(known):
    """At most as many as asked for."""
    source, matrix, _ = known
    similar = source.similar(matrix, limit=10)
    refs = [film.refs for film in similar]
    assert len(refs) == len(set(refs)) == 10
    assert source.film(matrix).refs not in refs
